"""Lines before answers, once per turn, and slower when the log store is behind."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from tests.scenes.edge_server import run

from sekisho.edge.journal import Journal
from sekisho.edge.outbox import Outbox


class Scene:
    """Notes everything in order."""

    def __init__(self, lag: int = 0) -> None:
        self.seen: list[Any] = []
        self.lag = lag
        self.at: list[float] = []
        loop = asyncio.get_running_loop()
        self.outbox = Outbox(loop, cast(Journal, self), lambda: None, lambda: self.lag)

    def append(self, data: bytes) -> None:
        self.seen.append(data)

    def deliver(self, data: bytes, keep_alive: bool) -> None:
        self.seen.append((data, keep_alive))
        self.at.append(asyncio.get_running_loop().time())


def test_one_write_before_the_answers_of_a_turn() -> None:
    async def work() -> None:
        it = Scene()
        it.outbox.line(b"1\n")
        it.outbox.put(it, b"a", True)
        it.outbox.line(b"2\n")
        it.outbox.put(it, b"b", False)
        assert it.seen == []
        await asyncio.sleep(0)
        assert it.seen == [b"1\n2\n", (b"a", True), (b"b", False)]

    run(work)


def test_what_is_awaited_is_written_at_once_and_in_order() -> None:
    async def work() -> None:
        it = Scene()
        it.outbox.line(b"1\n")
        it.outbox.write_now(b"2\n")
        assert it.seen == [b"1\n2\n"]
        await asyncio.sleep(0)
        assert it.seen == [b"1\n2\n"]

    run(work)


def test_answers_that_log_wait_while_the_log_store_is_behind() -> None:
    async def work() -> None:
        it = Scene()
        it.lag = it.outbox.lag_limit + 1
        begun = asyncio.get_running_loop().time()
        it.outbox.line(b"1\n")
        it.outbox.put(it, b"a", True)
        async with asyncio.timeout(5):
            while not it.at:
                await asyncio.sleep(0.001)
        assert it.at[0] - begun >= it.outbox.SLOW_SECONDS * 0.9
        assert it.seen[0] == b"1\n", "nothing is dropped"
        it.outbox.put(it, b"b", True)
        await asyncio.sleep(0)
        assert it.seen[-1] == (b"b", True), "what logs nothing does not wait"
        it.lag = 0
        it.outbox.line(b"2\n")
        await asyncio.sleep(0)
        assert it.seen[-1] == b"2\n"

    run(work)
