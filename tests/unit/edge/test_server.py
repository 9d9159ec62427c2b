"""The planes around a made-up product: commits, effects, unforeseen exceptions, the test header."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from tests.scenes.edge_server import Fakes, Wire, run, served

LOCAL = b" HTTP/1.1\r\nHost: localhost\r\n"
API = b" HTTP/1.1\r\nHost: abcde12345.execute-api.us-east-1.amazonaws.com\r\n"


def test_commits_survive_and_failed_ones_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with served(tmp_path) as server:
            wire = await Wire.to(server)
            wire.send(b"PUT /doc/a" + LOCAL + b"Content-Length: 3\r\n\r\none")
            assert (await wire.answer())[0] == 200 and server.world.revision == 1

            def full(*_: object) -> None:
                raise OSError(28, "No space left on device")

            with monkeypatch.context() as patch:
                patch.setattr(server.storage, "commit", full)
                wire.send(b"PUT /doc/a" + LOCAL + b"Content-Length: 3\r\n\r\ntwo")
                status, _, body = await wire.answer()
                assert status == 500 and b"No space left" in body
            wire.send(b"GET /doc/a" + LOCAL + b"\r\n")
            assert orjson.loads((await wire.answer())[2])["body"] == "one"
        async with served(tmp_path) as server:
            wire = await Wire.to(server)
            wire.send(b"GET /doc/a" + LOCAL + b"\r\n")
            assert orjson.loads((await wire.answer())[2])["body"] == "one"

    run(work)


def test_a_call_that_waits_for_a_function_lets_others_commit() -> None:
    fakes = Fakes()
    fakes.delay = 0.3

    async def work() -> None:
        async with served(fakes=fakes) as server:
            slow, quick = await Wire.to(server), await Wire.to(server)
            slow.send(b"POST /invoke/slow" + LOCAL + b"\r\n")
            await asyncio.sleep(0.05)
            quick.send(b"PUT /doc/b" + LOCAL + b"Content-Length: 1\r\n\r\nx")
            assert (await quick.answer())[0] == 200 and fakes.finished == 0
            assert (await slow.answer())[0] == 200 and fakes.finished == 1
            assert server.world.revision == 2

    run(work)


def test_patience_ends_the_waiting_not_the_function() -> None:
    fakes = Fakes()
    fakes.delay = 0.5

    async def work() -> None:
        async with served(fakes=fakes) as server:
            wire = await Wire.to(server)
            wire.send(b"GET /prod/function?impatient" + API + b"\r\n")
            assert orjson.loads((await wire.answer())[2]) == {"result": "GaveUp"} and fakes.finished == 0
            await asyncio.sleep(0.5)
            assert fakes.finished == 1

    run(work)


def test_an_unforeseen_exception_is_answered_and_recorded(capfd: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(b"GET /prod/crash" + API + b"\r\n")
            status, _, body = await wire.answer()
            assert status == 500 and orjson.loads(body) == {"message": "Internal server error"}
            wire.send(b"GET /prod/a" + API + b"\r\n")
            assert (await wire.answer())[0] == 200
            assert len(server.recorder.recent(5)) == 2

    run(work)
    assert "nobody foresaw this" in capfd.readouterr().err


def test_the_source_address_can_be_chosen_and_the_header_is_gone() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            for _ in range(2):
                wire.send(b"GET /prod/a" + API + b"X-Sekisho-Source-Ip: 203.0.113.9\r\n\r\n")
                found = orjson.loads((await wire.answer())[2])
                assert found["ip"] == "203.0.113.9" and len(found["headers"]) == 1
            wire.send(b"GET /prod/a" + API + b"\r\n")
            assert orjson.loads((await wire.answer())[2])["ip"] == "127.0.0.1"

    run(work)


def test_repeated_requests_are_the_same_requests() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            one, other = b"GET /prod/1" + API + b"\r\n", b"GET /prod/2" + API + b"\r\n"
            for request in (one, one, one, other, one, other, other, one + other, one, one[:20], one[20:], one):
                wire.send(request)
                await asyncio.sleep(0.005)
            paths = [orjson.loads((await wire.answer())[2])["path"][-1] for _ in range(12)]
            assert "".join(paths) == "111212212111"

    run(work)
