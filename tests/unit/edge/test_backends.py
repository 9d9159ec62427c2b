"""Calls to backends: what is answered, and that failures are answers."""

from __future__ import annotations

import asyncio

from tests.scenes.edge_server import run, served

from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed


def effect(url: str, patience: float = 5.0) -> CallHttp:
    return CallHttp("PUT", url, (("X-One", "1"), ("host", "backend.example")), b"body", patience)


def test_a_backend_on_this_machine() -> None:
    async def work() -> None:
        seen: list[bytes] = []

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\nbody"))
            writer.write(b"HTTP/1.1 418 Teapot\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nhi")
            writer.close()

        backend = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{backend.sockets[0].getsockname()[1]}/a?b=c"
        async with served() as server:
            found = await server.driver.perform(effect(url))
            assert found == HttpAnswer(418, (("X-Two", "2"), ("Content-Length", "2")), b"hi")
        backend.close()
        assert seen[0].startswith(b"PUT /a?b=c HTTP/1.1\r\nX-One: 1\r\nhost: backend.example\r\nContent-Length: 4\r\n")

    run(work)


def test_failures_are_answers() -> None:
    async def work() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        backend = await asyncio.start_server(silent, "127.0.0.1", 0)
        slow = f"http://127.0.0.1:{backend.sockets[0].getsockname()[1]}/"
        async with served() as server:
            for url, kind in (
                (slow, "timeout"),
                ("http://127.0.0.1:1/", "connect"),
                ("http://169.254.169.254/latest/meta-data/", "address"),
                ("ftp://host/", "address"),
                (f"{server.endpoint_url}/_sekisho/reset", "address"),
                (f"http://localhost:{server.address[1]}/", "address"),
            ):
                found = await server.driver.perform(effect(url, 0.2))
                assert isinstance(found, HttpFailed), url
                assert found.kind == kind, url
        backend.close()

    run(work)
