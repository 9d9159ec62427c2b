"""HTTP ↔ the control plane and ``/_sekisho/``."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import traceback
from collections.abc import Callable, Generator
from typing import Any, Generic, Protocol, TypeVar

import orjson

from sekisho.edge.commits import Commits
from sekisho.edge.crosssite import CrossSite
from sekisho.edge.dataplane import chosen_source
from sekisho.edge.http1 import Connection, DateLine, Request, encode
from sekisho.edge.inspector import PREFIX, Inspector
from sekisho.edge.outbox import Outbox
from sekisho.kit.ids import Entropy, uuid4
from sekisho.state.world import Overlay
from sekisho.wire.message import WireRequest, WireResponse

HeaderList = list[tuple[str, str]]
_JSON: HeaderList = [("Content-Type", "application/json")]


class Outcome(Protocol):
    """What a control-plane call ends with."""

    @property
    def response(self) -> WireResponse: ...

    @property
    def overlay(self) -> Overlay | None: ...


Ended = TypeVar("Ended", bound=Outcome)


class ControlPlane(Generic[Ended]):
    """Serves everything that is not a request to an API."""

    def __init__(
        self,
        *,
        handle: Callable[[WireRequest, str], Generator[Any, Any, Ended]],
        note: Callable[[Ended], None],
        commits: Commits,
        inspector: Inspector,
        guard: CrossSite,
        outbox: Outbox,
        entropy: Entropy,
        date: DateLine,
        wall: Callable[[], float],
    ) -> None:
        self._handle = handle
        self._note = note
        self._commits = commits
        self._inspector = inspector
        self.guard = guard
        self._outbox = outbox
        self._entropy = entropy
        self._date = date
        self._wall = wall
        self._tasks: set[asyncio.Task[None]] = set()
        self.draining = False

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def serve(self, connection: Connection, request: Request) -> None:
        """Answer in a task of its own."""
        if not request.method:
            self.refuse_unreadable(connection, request)
            return
        chosen_source(request)
        objection = self.guard.objection(request.host, request.headers)
        if objection:
            self.refuse(connection, request, objection)
            return
        task = asyncio.get_running_loop().create_task(self._serve(connection, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection, request: Request) -> None:
        headers: HeaderList
        opened = self.guard.allowed_origin(request.headers)
        if opened and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            self.answer(connection, request, 204, _opened(opened, request), b"")
            return
        try:
            if request.path.startswith(PREFIX) or request.path == PREFIX[:-1]:
                status, body = await self._inspector.answer(request)
                headers = list(_JSON)
            else:
                status, headers, body = await self._call(request)
        except Exception as problem:
            traceback.print_exc(file=sys.stderr)
            status, headers, body = self._failure(problem)
        if opened:
            headers += _opened(opened, request)
        self.answer(connection, request, status, headers, body)

    async def _call(self, request: Request) -> tuple[int, HeaderList, bytes]:
        asked = WireRequest(request.method, request.path, request.query, request.headers, request.body)
        outcome = await self._commits.run(lambda: self._handle(asked, request.source_ip))
        self._note(outcome)
        response = outcome.response
        return response.status, list(response.headers), response.body

    def _failure(self, problem: Exception) -> tuple[int, HeaderList, bytes]:
        """500 in the shape that AWS SDKs read in every JSON protocol."""
        if isinstance(problem, OSError | sqlite3.Error):
            message = f"The change was not stored and has not been made: {problem}"
        else:
            message = "An unexpected error occurred in Sekisho; its log has the details."
        code = "ServiceFailureException"
        headers = [*_JSON, ("x-amzn-ErrorType", code), ("x-amzn-RequestId", uuid4(self._entropy))]
        return 500, headers, orjson.dumps({"__type": code, "message": message})

    def refuse(self, connection: Connection, request: Request, objection: str) -> None:
        """403, because of where the request comes from."""
        body = orjson.dumps({"message": f"Refused by Sekisho: {objection}."})
        self.answer(connection, request, 403, list(_JSON), body)

    def refuse_unreadable(self, connection: Connection, request: Request) -> None:
        """What HTTP itself rules out: the connection put the status in the host."""
        status = int(request.host)
        body = orjson.dumps({"message": _UNREADABLE.get(status, "Bad Request")})
        self.answer(connection, request, status, list(_JSON), body)

    def answer(self, connection: Connection, request: Request, status: int, headers: HeaderList, body: bytes) -> None:
        keep_alive = request.keep_alive and not self.draining
        data = encode(request, status, headers, body, self._date.at(self._wall()), keep_alive)
        connection.finish()
        self._outbox.put(connection, data, keep_alive)


_UNREADABLE = {
    400: "Bad Request: this is not a well-formed HTTP/1.1 request.",
    405: "Method Not Allowed",
    408: "Request Timeout: the request was not sent in time.",
    431: "Request Header Fields Too Large: at most 64 KB in 200 fields.",
    501: "Not Implemented: the only transfer coding understood is chunked.",
}


def _opened(origin: str, request: Request) -> HeaderList:
    """The CORS headers for an origin that was opened."""
    headers = [
        ("Access-Control-Allow-Origin", origin),
        ("Vary", "Origin"),
        ("Access-Control-Expose-Headers", "x-amzn-RequestId, x-amz-request-id, x-amzn-ErrorType, Date"),
    ]
    if request.method == "OPTIONS":
        wanted = request.headers.get("access-control-request-headers") or "*"
        headers += [
            ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("Access-Control-Allow-Headers", wanted),
            ("Access-Control-Max-Age", "600"),
        ]
    return headers
