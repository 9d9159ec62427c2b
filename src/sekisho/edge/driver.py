"""Runs generators that ask for effects: performs each, sends the result back, until there is an answer.

Three deadlines, kept apart: the asker's patience (``InvokeFunction.patience``) ends the waiting and not the function,
the function's own timeout is the sandboxes' business, and a client that leaves cancels nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from sekisho.edge.logstore import LogStore, event_line, line_prefix
from sekisho.edge.outbox import Outbox
from sekisho.functions.invocation import GaveUp, InvocationResult, InvokeFunction
from sekisho.gateway.effects import CallHttp, FetchKeys, HttpAnswer, HttpFailed, Keys, KeysUnavailable
from sekisho.services.effects import ReadCode, WriteLogs

R = TypeVar("R")


class Functions(Protocol):
    """Whoever runs functions."""

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None:
        """Invoke; ``done`` gets the result, perhaps before this returns. Never raises."""
        ...

    async def invoke(self, effect: InvokeFunction) -> InvocationResult: ...


class JournalFull(OSError):
    """The disk takes no more log lines."""


class Driver:
    """Performs effects."""

    def __init__(
        self,
        functions: Functions,
        logs: LogStore,
        outbox: Outbox,
        read_code: Callable[[str], Awaitable[bytes | None]],
        wall: Callable[[], float],
        fetch_keys: Callable[[FetchKeys], Awaitable[Keys | KeysUnavailable]],
        call_http: Callable[[CallHttp], Awaitable[HttpAnswer | HttpFailed]],
        accept: Callable[[InvokeFunction], Awaitable[GaveUp]],
    ) -> None:
        """``accept`` takes asynchronous invocations over."""
        self._functions = functions
        self._logs = logs
        self._outbox = outbox
        self._read_code = read_code
        self._wall = wall
        self._fetch_keys = fetch_keys
        self._call_http = call_http
        self._accept = accept
        self._running: set[asyncio.Task[InvocationResult]] = set()
        self._calls = 0
        """Functions started by ``call`` that have not ended."""

    def call(self, effect: InvokeFunction, conclude: Callable[[InvocationResult], None]) -> None:
        """Run a function; ``conclude`` gets its result, or GaveUp when the patience ends first. Once, never both."""
        waiting = True
        timer: asyncio.TimerHandle | None = None
        self._calls += 1

        def done(result: InvocationResult) -> None:
            nonlocal waiting
            self._calls -= 1
            if waiting:
                waiting = False
                if timer is not None:
                    timer.cancel()
                conclude(result)

        def give_up() -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                conclude(GaveUp(effect.request_id, effect.patience))

        if not math.isinf(effect.patience):
            timer = asyncio.get_running_loop().call_later(effect.patience, give_up)
        self._functions.start(effect, done)

    async def run(self, work: Generator[Any, Any, R], effect: Any) -> R:
        """Continue ``work``, which has asked for ``effect``, to its end."""
        while True:
            try:
                result = await self.perform(effect)
            except Exception as problem:
                # The asker may know what to do; most do not, and it comes back out of throw().
                try:
                    effect = work.throw(problem)
                except StopIteration as stop:
                    late: R = stop.value
                    return late
                continue
            try:
                effect = work.send(result)
            except StopIteration as stop:
                ended: R = stop.value
                return ended

    async def perform(self, effect: Any) -> Any:
        """The result of one effect."""
        if isinstance(effect, InvokeFunction):
            return await self._invoke(effect)
        if isinstance(effect, WriteLogs):
            return self.write_logs(effect)
        if isinstance(effect, ReadCode):
            return await self._read_code(effect.sha256)
        if isinstance(effect, FetchKeys):
            return await self._fetch_keys(effect)
        if isinstance(effect, CallHttp):
            return await self._call_http(effect)
        return await self._logs.perform(effect)

    async def _invoke(self, effect: InvokeFunction) -> InvocationResult:
        if effect.asynchronous:
            return await self._accept(effect)
        task = asyncio.get_running_loop().create_task(self._functions.invoke(effect))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if math.isinf(effect.patience):
            return await asyncio.shield(task)
        done, _ = await asyncio.wait((task,), timeout=effect.patience)
        return task.result() if done else GaveUp(effect.request_id, effect.patience)

    def write_logs(self, effect: WriteLogs) -> None:
        """Append events; they are in the kernel when this returns. Raises JournalFull."""
        group = effect.group
        prefix = line_prefix(group.account, group.region, group.name, effect.stream)
        now = int(self._wall() * 1000)
        lines = [event_line(prefix, event.timestamp, event.ingestion or now, event.message) for event in effect.events]
        if lines:
            self._outbox.write_now(b"".join(lines))
            if self._outbox.journal.lost_sight:
                raise JournalFull(self._outbox.journal.lost_sight)

    async def drain(self, seconds: float) -> None:
        """Wait for functions that are still running, at most ``seconds``."""
        end = self._wall() + seconds
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        while self._calls and self._wall() < end:
            await asyncio.sleep(0.02)
