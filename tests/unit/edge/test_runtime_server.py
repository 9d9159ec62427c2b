from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sekisho.edge.runtime_server import RuntimeConnection, belongs_to, listen, protocol_for
from sekisho.functions.runtime_api import MAX_RESPONSE, Runtime, State, invocation_head


class Speaker:
    """A sandbox that writes down what it hears."""

    def __init__(self, allowed: bool = True) -> None:
        self.runtime = Runtime()
        self.heard: list[object] = []
        self.settled: list[int] = []
        """How much had been heard each time that a read came to its end."""
        self.connection: RuntimeConnection | None = None
        self.allowed = allowed

    def may_connect(self, peer_port: int, own_port: int) -> bool:
        self.ports = (peer_port, own_port)
        return self.allowed

    def wants_work(self, connection: RuntimeConnection) -> None:
        self.connection = connection
        self.heard.append("next")

    def has_answer(self, body: bytes, failed: bool) -> None:
        self.heard.append((body, failed))

    def answered_too_much(self) -> None:
        self.heard.append("too much")

    def failed_to_start(self, body: bytes) -> None:
        self.heard.append(("init", body))

    def settle(self) -> None:
        self.settled.append(len(self.heard))

    def work(self) -> None:
        assert self.connection is not None
        self.runtime.begin("r1")
        self.connection.deliver(invocation_head("r1", 1, "arn", 2, "", ""), b"{}")


@asynccontextmanager
async def talking(speaker: Speaker) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    sock = listen()
    server = await asyncio.get_running_loop().create_server(lambda: protocol_for(speaker), sock=sock)
    reader, writer = await asyncio.open_connection(*sock.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        await asyncio.sleep(0)


NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def post(what: str, body: bytes) -> bytes:
    head = f"POST /2018-06-01/runtime/{what} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    return int(head[9:12]), await reader.readexactly(int(fields[b"content-length"]))


def test_one_question_after_the_other() -> None:
    async def scene() -> None:
        speaker = Speaker()
        async with talking(speaker) as (reader, writer):
            writer.write(NEXT)
            while not speaker.heard:
                await asyncio.sleep(0.001)
            speaker.work()
            assert await answer(reader) == (200, b"{}")
            writer.write(post("invocation/r1/response", b"[1]"))
            assert await answer(reader) == (202, b'{"status":"OK"}\n')
            writer.write(NEXT)
            while len(speaker.heard) < 3:
                await asyncio.sleep(0.001)
            assert speaker.heard == ["next", (b"[1]", False), "next"]
            assert speaker.ports[1] == writer.get_extra_info("peername")[1]

    asyncio.run(scene())


def test_answer_and_next_question_together_are_answered_together() -> None:
    async def scene() -> None:
        speaker = Speaker()
        async with talking(speaker) as (reader, writer):
            writer.write(NEXT)
            while not speaker.heard:
                await asyncio.sleep(0.001)
            speaker.work()
            await answer(reader)
            writer.write(post("invocation/r1/error", b"{}") + NEXT)
            while len(speaker.heard) < 3:
                await asyncio.sleep(0.001)
            with pytest.raises(TimeoutError):  # nothing is sent before there is work
                await asyncio.wait_for(reader.read(1), 0.02)
            speaker.work()
            assert (await answer(reader))[0] == 202
            assert await answer(reader) == (200, b"{}")
            assert speaker.heard[1] == (b"{}", True)
            assert speaker.settled[-1] == 3, "the answer is passed on when the next question has been heard"

    asyncio.run(scene())


def test_refusals_keep_the_connection() -> None:
    async def scene() -> None:
        speaker = Speaker()
        async with talking(speaker) as (reader, writer):
            writer.write(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await answer(reader))[0] == 404
            writer.write(post("invocation/r1/response", b""))
            assert (await answer(reader))[0] == 403
            writer.write(post("init/error", b"{}"))
            assert (await answer(reader))[0] == 202
            assert speaker.heard == [("init", b"{}")]

    asyncio.run(scene())


@pytest.mark.parametrize(("size", "status", "heard"), [(MAX_RESPONSE, 202, None), (MAX_RESPONSE + 1, 413, "too much")])
def test_the_limit_of_a_response(size: int, status: int, heard: str | None) -> None:
    async def scene() -> None:
        speaker = Speaker()
        async with talking(speaker) as (reader, writer):
            writer.write(NEXT)
            while not speaker.heard:
                await asyncio.sleep(0.001)
            speaker.work()
            await answer(reader)
            body = b"x" * size
            writer.write(post("invocation/r1/response", body))
            assert (await answer(reader))[0] == status
            assert speaker.heard[1] == (heard or (body, False))
            assert speaker.runtime.state is State.ANSWERED

    asyncio.run(scene())


def test_strangers_and_noise_are_cut_off() -> None:
    async def scene() -> None:
        async with talking(Speaker(allowed=False)) as (reader, writer):
            writer.write(NEXT)
            with pytest.raises(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 2) == b""
                raise ConnectionResetError  # a clean end says the same
        async with talking(Speaker()) as (reader, writer):
            writer.write(b"\x00\x01\r\n\r\n")
            with pytest.raises(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 2) == b""
                raise ConnectionResetError

    asyncio.run(scene())


def test_belongs_to_tells_processes_apart() -> None:
    async def scene() -> None:
        async with talking(Speaker()) as (_, writer):
            own, peer = writer.get_extra_info("sockname")[1], writer.get_extra_info("peername")[1]
            assert belongs_to(os.getpid(), own, peer)
            assert not belongs_to(1, own, peer) or os.getpid() == 1 or os.getsid(0) == 1
            assert not belongs_to(os.getpid(), 1, peer)

    asyncio.run(scene())
