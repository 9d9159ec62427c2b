"""Nonsense on real sockets: every connection gets an answer or an end, and the server stays without a stack trace."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from bench.mock import mock_api

SEED = 20260101


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, str]]:
    errors = tmp_path_factory.mktemp("log") / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--ephemeral"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        yield "127.0.0.1", int(url.rpartition(":")[2]), mock_api(url)
        assert requests.get(f"{url}/_sekisho/health", timeout=10).status_code == 200
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()
    assert "Traceback" not in Path(errors).read_text()


def talk(server: tuple[str, int, str], data: bytes, *, abort: bool = False) -> bytes:
    """Everything the server says to ``data``."""
    with socket.create_connection(server[:2], timeout=20) as client:
        client.settimeout(20)
        try:
            client.sendall(data)
            if abort:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return b""
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while more := client.recv(65536):
                answer += more
            return answer
        except (ConnectionResetError, BrokenPipeError):
            return b""


def requests_of(server: tuple[str, int, str]) -> list[bytes]:
    """Well-formed requests of every kind."""
    api = server[2]
    host = f"Host: {api}.execute-api.us-east-1.amazonaws.com\r\n".encode()
    return [
        b"GET /prod/mock HTTP/1.1\r\n" + host + b"\r\n",
        b"POST /prod/mock HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
        b"POST /prod/mock HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET /_sekisho/requests?limit=3 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /restapis/{api}/prod/_user_request_/mock?a=%ff&b HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        b"GET /restapis HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 "
        b"Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 43\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Logs_20140328.DescribeLogGroups\r\n"
        b"Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n[[[[[[[[",
    ]


def test_well_formed_ones_are_answered(server: tuple[str, int, str]) -> None:
    for data in requests_of(server):
        assert talk(server, data).startswith(b"HTTP/1.1 "), data


def test_mutations(server: tuple[str, int, str]) -> None:
    chance = random.Random(SEED)
    originals = requests_of(server)
    for _ in range(600):
        data = bytearray(b"".join(chance.choices(originals, k=chance.randint(1, 3))))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            action = chance.randrange(5)
            if action == 0:
                data[place] = chance.randrange(256)
            elif action == 1:
                del data[place : place + chance.randint(1, 20)]
            elif action == 2:
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            elif action == 3:
                data[place:place] = chance.choice([b"\r\n", b"\n", b"\0", b": ", b"%", b"\xff", b"{", b"Host: x\r\n"])
            else:
                data[place:place] = data[: chance.randint(1, 60)]
            if not data:
                break
        answer = talk(server, bytes(data), abort=chance.random() < 0.1)
        assert not answer or answer.startswith(b"HTTP/1.1 "), (data, answer[:100])


def test_noise(server: tuple[str, int, str]) -> None:
    chance = random.Random(SEED + 1)
    for size in (1, 10, 100, 1000, 100_000):
        for _ in range(5):
            answer = talk(server, chance.randbytes(size))
            assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


def test_requests_inside_requests(server: tuple[str, int, str]) -> None:
    """What one reader takes for a body and another for a request must not be served."""
    api = server[2]
    inner = b"GET /_sekisho/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    host = f"Host: {api}.execute-api.us-east-1.amazonaws.com\r\n".encode()
    for framing in (
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Content-Length: 0\r\nContent-Length: 5\r\n",
        b"Content-Length: +0\r\n",
        b"Content-Length: 0x0\r\n",
        b"X: a\n\r\nContent-Length: 5\r\n",
    ):
        answer = talk(server, b"POST /prod/mock HTTP/1.1\r\n" + host + framing + b"\r\n0\r\n\r\n" + inner)
        assert b'"status":"ok"' not in answer, framing
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), (framing, answer)


def test_many_idle_connections(server: tuple[str, int, str]) -> None:
    idle = [socket.create_connection(server[:2]) for _ in range(300)]
    try:
        assert talk(server, requests_of(server)[0]).startswith(b"HTTP/1.1 200 ")
    finally:
        for client in idle:
            client.close()
