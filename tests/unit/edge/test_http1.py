"""HTTP/1.1 on a raw socket: what is kept, what is refused, what is survived."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from tests.scenes.edge_server import Fakes, Wire, run, served

from sekisho.edge import http1
from sekisho.edge.http1 import MAX_API_BODY, DateLine, Request, encode
from sekisho.kit.headers import Headers

API = b"Host: abcde12345.execute-api.us-east-1.amazonaws.com\r\n"
GET = b"GET /prod/a HTTP/1.1\r\n" + API + b"\r\n"


def exchange(*pieces: bytes, answers: int = 1, pause: float = 0.0) -> list[tuple[int, dict[str, str], Any]]:
    """Send pieces, read answers; bodies are parsed. A last entry with status 0 says that the server closed."""
    found: list[tuple[int, dict[str, str], Any]] = []

    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            for piece in pieces:
                wire.send(piece)
                await asyncio.sleep(pause)
            for _ in range(answers):
                status, headers, body = await wire.answer()
                found.append((status, headers, orjson.loads(body) if body else None))
            if found and found[-1][1].get("connection") == "close":
                assert await wire.ended()
            else:
                # The server still lives.
                other = await Wire.to(server)
                other.send(GET)
                assert (await other.answer())[0] == 200
                other.close()
            wire.close()

    run(work)
    return found


def test_spelling_order_and_target_are_kept() -> None:
    [(status, headers, body)] = exchange(
        b"GET /prod/a%2Fb//c?x=%20&x=1+2 HTTP/1.1\r\nx-B: 1\r\n" + API + b"X-a:  two words \t\r\nX-A: 2\r\n\r\n"
    )
    assert status == 200 and headers["content-type"] == "application/json"
    assert body["raw_path"] == "/prod/a%2Fb//c" and body["query"] == "x=%20&x=1+2"
    assert body["headers"] == [
        ["x-B", "1"],
        ["Host", "abcde12345.execute-api.us-east-1.amazonaws.com"],
        ["X-a", "two words"],
        ["X-A", "2"],
    ]


def test_byte_by_byte() -> None:
    request = b"POST /prod/a HTTP/1.1\r\n" + API + b"Content-Length: 3\r\n\r\nabc"
    [(status, _, body)] = exchange(*(request[i : i + 1] for i in range(len(request))), pause=0.0005)
    assert status == 200 and body["body"] == "abc"


def test_chunked_body_with_trailers() -> None:
    [(status, _, body)] = exchange(
        b"POST /prod/a HTTP/1.1\r\n" + API + b"Transfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    assert status == 200 and body["body"] == "abcde"
    assert "X-Trailer" not in dict(body["headers"])


def test_pipelined_requests_are_answered_in_order() -> None:
    slow = b"GET /prod/function HTTP/1.1\r\n" + API + b"\r\n"
    fakes = Fakes()
    fakes.delay = 0.1

    async def work() -> None:
        async with served(fakes=fakes) as server:
            wire = await Wire.to(server)
            wire.send(b"".join(GET.replace(b"/a", b"/%d" % i) for i in range(50)) + slow + GET * 30)
            for i in range(50):
                assert orjson.loads((await wire.answer())[2])["path"] == f"/prod/{i}"
            assert b"Returned" in (await wire.answer())[2]
            for _ in range(30):
                assert (await wire.answer())[0] == 200

    run(work)


def test_expect_continue() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(b"POST /prod/a HTTP/1.1\r\n" + API + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert (await wire.answer())[0] == 100
            wire.send(b"ok")
            status, _, body = await wire.answer()
            assert status == 200 and orjson.loads(body)["body"] == "ok"

    run(work)


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_beyond_the_limit_reaches_the_gateway_as_one_byte_too_many(expect: bytes) -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(b"POST /prod/a HTTP/1.1\r\n" + API + b"Content-Length: 20000000\r\n" + expect + b"\r\n")
            status, headers, body = await wire.answer()
            assert status == 200 and orjson.loads(body)["length"] == MAX_API_BODY + 1
            assert headers["connection"] == "close"
            wire.send(b"x" * 1000)
            assert await wire.ended()

    run(work)


def test_a_chunked_body_beyond_the_limit() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(b"POST /prod/a HTTP/1.1\r\n" + API + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(12):
                wire.send(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            status, _, body = await wire.answer()
            assert status == 200 and orjson.loads(body)["length"] == MAX_API_BODY + 1

    run(work)


def test_a_body_at_the_limit() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            head = b"POST /prod/a HTTP/1.1\r\n" + API + b"Content-Length: %d\r\n\r\n" % MAX_API_BODY
            wire.send(head + b"x" * MAX_API_BODY)
            assert orjson.loads((await wire.answer())[2])["length"] == MAX_API_BODY

    run(work)


def test_head_has_no_body() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(b"HEAD /prod/a HTTP/1.1\r\n" + API + b"\r\n" + GET)
            status, headers, _ = await wire.answer(head=True)
            assert status == 200 and int(headers["content-length"]) > 0
            assert (await wire.answer())[0] == 200

    run(work)


def test_connection_close_is_obeyed_and_what_follows_ignored() -> None:
    [(status, headers, _)] = exchange(b"GET /prod/a HTTP/1.1\r\nConnection: close\r\n" + API + b"\r\n" + GET)
    assert status == 200 and headers["connection"] == "close"


def test_http_1_0() -> None:
    [(status, headers, _)] = exchange(b"GET /prod/a HTTP/1.0\r\n" + API + b"\r\n")
    assert status == 200 and headers["connection"] == "close"
    [(status, headers, _)] = exchange(b"GET /prod/a HTTP/1.0\r\nConnection: keep-alive\r\n" + API + b"\r\n")
    assert status == 200 and headers["connection"] == "keep-alive"


def test_half_closed_clients_get_their_answers() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.send(GET * 3)
            wire.writer.write_eof()
            for _ in range(3):
                assert (await wire.answer())[0] == 200
            assert await wire.ended()

    run(work)


def test_an_upgrade_is_declined_by_answering() -> None:
    ask = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP\r\n"
    bodies = exchange(
        b"GET /prod/a HTTP/1.1\r\n" + API + ask + b"\r\n" + GET,
        b"POST /prod/a HTTP/1.1\r\n" + API + ask + b"Content-Length: 4\r\n\r\nab",
        b"cd",
        b"POST /prod/a HTTP/1.1\r\n" + API + ask + b"Transfer-Encoding: chunked\r\n\r\n2\r\nef\r\n0\r\n\r\n" + GET,
        answers=5,
        pause=0.02,
    )
    assert [status for status, _, _ in bodies] == [200] * 5
    assert [body["body"] for _, _, body in bodies] == ["", "", "abcd", "ef", ""]


def test_absolute_form() -> None:
    [(status, _, body)] = exchange(
        b"GET http://zzzzz12345.execute-api.eu-west-1.amazonaws.com/prod/a?b HTTP/1.1\r\nHost: other\r\n\r\n"
    )
    assert status == 200 and body["api"] == "zzzzz12345" and body["path"] == "/prod/a"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 201 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000, 431),
        (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    ],
)
def test_what_is_refused(request_: bytes, status: int) -> None:
    [(found, headers, body)] = exchange(request_)
    assert found == status and headers["connection"] == "close" and body["message"]


def test_what_came_before_is_answered_before_the_refusal() -> None:
    found = exchange(GET + GET + b"GARBAGE\r\n\r\n", answers=3)
    assert [status for status, _, _ in found] == [200, 200, 400]


def test_a_slow_sender_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(http1, "BODY_SECONDS", 0.5)
    monkeypatch.setattr(http1, "IDLE_SECONDS", 2.0)

    async def work() -> None:
        async with served() as server:
            head, body, idle = [await Wire.to(server) for _ in range(3)]
            head.send(b"GET /prod/a HTTP/1.1\r\nHo")
            body.send(b"POST /prod/a HTTP/1.1\r\n" + API + b"Content-Length: 10\r\n\r\nabc")
            assert (await head.answer())[0] == 408
            assert (await body.answer())[0] == 408
            assert await idle.ended()

    run(work)


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    async def work() -> None:
        async with served() as server:
            wire = await Wire.to(server)
            wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
            big = b"GET /prod/" + b"y" * 30_000 + b" HTTP/1.1\r\n" + API + b"\r\n"
            sent = 0
            while sent < 3000:
                wire.send(big)
                sent += 1
                try:
                    await asyncio.wait_for(wire.writer.drain(), 1)
                except TimeoutError:
                    break
            assert sent < 3000, "the server read on though nobody took its answers"
            [connection] = [one for one in server.front.connections if one.stalled]
            assert len(connection.waiting) < 200
            wire.reader._transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(sent):
                assert (await wire.answer())[0] == 200

    run(work)


def test_disconnecting_cancels_nothing() -> None:
    fakes = Fakes()
    fakes.delay = 0.2

    async def work() -> None:
        async with served(fakes=fakes) as server:
            wire = await Wire.to(server)
            wire.send(b"GET /prod/function HTTP/1.1\r\n" + API + b"\r\n")
            await asyncio.sleep(0.05)
            wire.writer.transport.abort()
            await asyncio.sleep(0.4)
            assert fakes.finished == 1
            assert len(server.recorder.recent(10)) == 1

    run(work)


def test_header_injection_is_neutralised() -> None:
    [(_, headers, _)] = exchange(b"GET /prod/inject HTTP/1.1\r\n" + API + b"\r\n")
    assert headers["x-bad"] == "a  x-evil: 1" and "x-evil" not in headers


def test_encoding() -> None:
    request = Request("GET", "/", Headers(), "1.1", True)
    assert encode(request, 204, [("Content-Length", "9")], b"x", "now", True) == (
        b"HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n"
    )
    assert encode(request, 599, [("Date", "then"), ("é", "€")], b"x", "now", True).startswith(
        b"HTTP/1.1 599 Unknown\r\nDate: then\r\n"
    )


def test_the_date_changes_with_the_second() -> None:
    line = DateLine(lambda: 0.0)
    assert line.at(0.5) == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert line.at(1.5) == "Thu, 01 Jan 1970 00:00:01 GMT"
