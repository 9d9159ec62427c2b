"""The stand-in for awslambdaric's extension, against a socket. Processes: ``tests/unit/edge/test_sandboxes.py``."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from sekisho.edge.runtimes.python_bootstrap import RuntimeClient

WORK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: r1\r\n"
    b"Lambda-Runtime-Deadline-Ms: 5\r\nContent-Length: 2\r\n\r\n{}"
)
OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers the n-th read with the n-th piece."""

    def __init__(self, *answers: bytes) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.client = RuntimeClient(f"127.0.0.1:{self._listener.getsockname()[1]}")
        self._answers = answers
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            for answer in self._answers:
                heard = connection.recv(1 << 20)
                while b"Content-Length: 2000000" in heard and len(heard) < 2_000_000:
                    heard += connection.recv(1 << 20)
                self.heard.append(heard)
                for start in range(0, len(answer), 50):  # in pieces, as the network may
                    connection.sendall(answer[start : start + 50])

    def close(self) -> None:
        self._thread.join(2)
        self._listener.close()
        if self.client._socket is not None:
            self.client._socket.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    made = Server(*request.param)
    yield made
    made.close()


@pytest.mark.parametrize("server", [(WORK, OK + WORK)], indirect=True)
def test_a_small_answer_travels_with_the_next_question(server: Server) -> None:
    body, headers = server.client.next()
    assert body == b"{}"
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "r1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == 5
    server.client.post_invocation_result("r1", b"[1]")
    assert server.client.next()[0] == b"{}"
    first, second = server.heard
    assert first.startswith(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n")
    assert second.startswith(b"POST /2018-06-01/runtime/invocation/r1/response HTTP/1.1\r\n")
    assert b"\r\n\r\n[1]GET " in second


@pytest.mark.parametrize("server", [(WORK, TOO_LARGE)], indirect=True)
def test_a_large_answer_is_checked_at_once(server: Server) -> None:
    server.client.next()
    with pytest.raises(RuntimeError, match="413"):
        server.client.post_invocation_result("r1", b"x" * 2_000_000)


@pytest.mark.parametrize("server", [(WORK, TOO_LARGE + WORK)], indirect=True)
def test_a_refused_small_answer_is_noticed_with_the_next_question(server: Server) -> None:
    server.client.next()
    server.client.post_invocation_result("r1", b"x")
    with pytest.raises(RuntimeError, match="413"):
        server.client.next()


@pytest.mark.parametrize("server", [(WORK, OK)], indirect=True)
def test_errors(server: Server) -> None:
    server.client.next()
    server.client.post_error("r1", '{"errorMessage": "é\ud800"}', "{}")
    assert server.heard[1].startswith(b"POST /2018-06-01/runtime/invocation/r1/error ")


@pytest.mark.parametrize("server", [(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",), (b"HTTP/1.1 2",)], indirect=True)
def test_a_server_that_goes(server: Server) -> None:
    with pytest.raises(RuntimeError):
        server.client.next()
