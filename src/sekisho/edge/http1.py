"""HTTP/1.1 over a socket: bytes ↔ requests and answers, with limits and timeouts.

Theory of operation. One ``Connection`` per client feeds httptools. Whole requests are put in a queue and handed to the
application one at a time, so that pipelined requests are answered in order; a connection with requests waiting, or
whose client does not read its answers, is not read from. The sender's spelling of header names, their order and the
raw target are kept, because SigV4 is verified over what was sent and REST proxy events show it.

httptools rejects Content-Length together with Transfer-Encoding, repeated Content-Length, bare line feeds and folded
headers. What it lets pass and is refused here: no Host or two, other transfer codings than ``chunked``, heads that are
too large, and bodies beyond the limit of what is addressed (given to the application as a body one byte too long, for
it to answer as AWS does). Upgrades are not accepted: such a request is answered as a plain one (RFC 9110, 7.8).

Clients on kept connections often send the same bytes again. A request without body that came whole in one chunk is
remembered with it, and the same chunk at a request boundary is the same request, without parsing.

Nothing here keeps a timer per connection: a sweep once a second closes those whose deadline has passed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

import httptools

from sekisho.edge.addressing import ApiPath, read_host, read_path
from sekisho.gateway.request import GatewayRequest
from sekisho.kit.headers import Headers
from sekisho.kit.instants import http_date

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 200
MAX_API_BODY: Final = 10 * 1024 * 1024
"""API Gateway's payload limit. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
MAX_CONTROL_BODY: Final = 70 * 1024 * 1024
"""A 50 MB deployment package in base64 within JSON."""

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
IDLE_SECONDS = 75.0
STALL_SECONDS = 60.0
LINGER_SECONDS = 5.0
LINGER_BYTES: Final = 128 * 1024 * 1024
FOREVER: Final = float("inf")

_WAITING_LIMIT: Final = 8
_REMEMBERED_BYTES: Final = 4096
_UNREPEATABLE: Final = frozenset(
    (
        "content-length",
        "transfer-encoding",
        "expect",
        "upgrade",
        "connection",
        "x-sekisho-source-ip",
        "x-sekisho-source-vpce",
    )
)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Request:
    """One request as it was sent."""

    __slots__ = (
        "api_id",
        "api_path",
        "arrived",
        "body",
        "headers",
        "host",
        "keep_alive",
        "method",
        "path",
        "query",
        "region",
        "source_ip",
        "source_vpce",
        "version",
    )

    def __init__(self, method: str, target: str, headers: Headers, version: str, keep_alive: bool) -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        """The raw path and query string, percent-encoded as sent."""
        self.headers = headers
        self.version = version
        """``1.0`` or ``1.1``."""
        self.keep_alive = keep_alive
        self.body = b""
        self.host = ""
        """The Host header without port."""
        self.api_id = ""
        """Empty: the request is for the control plane."""
        self.api_path: ApiPath | None = None
        """How it was addressed, when by path."""
        self.region = ""
        self.source_ip = ""
        self.source_vpce = ""
        self.arrived: GatewayRequest | None = None
        """What the gateway is given; made when the request is first served (a remembered one is served again)."""


class Ticker:
    """Loop time, at most a second old."""

    __slots__ = ("now",)

    def __init__(self, now: float) -> None:
        self.now = now


class Application(Protocol):
    """What connections hand requests to."""

    ticker: Ticker

    def joined(self, connection: Connection) -> None: ...

    def left(self, connection: Connection) -> None: ...

    def dispatch(self, connection: Connection, request: Request) -> None:
        """Answer, now or later, by exactly one ``connection.finish`` and, in order, ``connection.deliver``."""
        ...


class Connection:
    """One client. An ``asyncio.Protocol``, though not by inheritance, which would keep it from being compiled."""

    __slots__ = (
        "_dispatch",
        "_ticker",
        "app",
        "begun",
        "busy",
        "chunk_bytes",
        "chunks",
        "closing",
        "current",
        "deadline",
        "discard",
        "due",
        "head_bytes",
        "in_head",
        "lingering",
        "pairs",
        "parser",
        "paused",
        "peer",
        "received",
        "repeat",
        "repeat_bytes",
        "resumed",
        "stalled",
        "target",
        "transport",
        "waiting",
    )

    def __init__(self, app: Application) -> None:
        self.app = app
        self._dispatch = app.dispatch
        self._ticker = app.ticker
        self.waiting: deque[Request] = deque()
        self.busy = False
        self.closing = False
        """No further request is read from this connection."""
        self.stalled = False
        """The client does not read."""
        self.paused = False
        self.lingering = -1
        """Bytes thrown away after an answer that came before the end of the request; -1: not lingering."""
        self.deadline = FOREVER
        self.current: Request | None = None
        self.pairs: list[tuple[str, str]] = []
        self.target = b""
        self.chunks: list[bytes] = []
        self.received = 0
        self.in_head = False
        self.head_bytes = 0
        self.chunk_bytes = 0
        self.begun = 0
        """Requests that began in the chunk being parsed."""
        self.due = 0
        """Requests handed over whose answers are not delivered yet."""
        self.discard = False
        self.resumed = False
        self.peer = ""
        self.repeat: Request | None = None
        self.repeat_bytes = b""

    # --- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.peer = name[0] if name else "127.0.0.1"
        self.parser: Any = httptools.HttpRequestParser(self)
        self.deadline = self._ticker.now + IDLE_SECONDS
        self.app.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        # A client that leaves cancels nothing: what it asked for runs to its end (and is logged).
        self.closing = True
        self.waiting.clear()
        self.parser = None
        self.app.left(self)

    def eof_received(self) -> bool:
        # A half-closed client still gets the answers to what it sent whole.
        self.closing = True
        return self.due > 0 or bool(self.waiting)

    def pause_writing(self) -> None:
        self.stalled = True
        self.deadline = self._ticker.now + STALL_SECONDS
        self._hold()

    def resume_writing(self) -> None:
        self.stalled = False
        self.deadline = FOREVER if self.busy else self._ticker.now + IDLE_SECONDS
        self._pump()

    def data_received(self, data: bytes) -> None:
        if data == self.repeat_bytes and not (self.in_head or self.closing or self.current):
            assert self.repeat is not None
            if self.busy or self.stalled or self.waiting:
                self.waiting.append(self.repeat)
                self._pump()
            else:
                self.busy = True
                self.due += 1
                self.deadline = FOREVER
                self._dispatch(self, self.repeat)
            return
        if self.lingering >= 0:
            self.lingering += len(data)
            if self.lingering > LINGER_BYTES:
                self.transport.abort()
            return
        if self.closing:
            return
        self.chunk_bytes = len(data)
        self.begun = 0
        whole = not self.in_head and self.current is None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            if not self.closing:
                self._refuse(400)
        if self.in_head:
            if not self.head_bytes:
                self.deadline = self._ticker.now + HEAD_SECONDS
            if self.begun < 2:
                # Of a chunk in which several requests begin it is not known how much is the last one's head.
                self.head_bytes += len(data)
            if self.head_bytes > MAX_HEAD_BYTES and not self.closing:
                self._refuse(431)
        if self.waiting:
            if whole and self.begun == 1 and not self.in_head:
                self._remember(data)
            if not self.busy:
                self._pump()

    def _remember(self, data: bytes) -> None:
        """The chunk was exactly one request; if it will mean the same next time, remember it."""
        request = self.waiting[-1]
        if request.api_id and request.keep_alive and data[-4:] == b"\r\n\r\n" and len(data) <= _REMEMBERED_BYTES:
            index = request.headers.index()
            if not _UNREPEATABLE.intersection(index):
                self.repeat = request
                self.repeat_bytes = data

    def _decline_upgrade(self, rest: bytes) -> None:
        """Go on as if no upgrade had been asked for: the body, if any, is still to be read."""
        self.parser = httptools.HttpRequestParser(self)
        if self.resumed:
            index = self.current.headers.index() if self.current else {}
            framing = (
                f"Content-Length: {index['content-length'][0]}"
                if "content-length" in index
                else "Transfer-Encoding: chunked"
            )
            self.parser.feed_data(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode())
        if rest:
            self.data_received(rest)
        elif self.waiting and not self.busy:
            self._pump()

    # --- the parser's side

    def on_message_begin(self) -> None:
        if self.resumed:
            return
        self.target = b""
        self.pairs = []
        self.in_head = True
        self.head_bytes = 0
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        if not self.resumed:
            self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # Header fields after the head are trailers, which nobody here reads.
        if self.in_head:
            self.pairs.append((name.decode("latin-1"), value.decode("latin-1").rstrip(" \t")))

    def on_headers_complete(self) -> None:
        if self.resumed:
            return
        self.in_head = False
        if self.closing:
            return
        parser = self.parser
        headers = Headers(self.pairs)
        index = headers.index()
        version = parser.get_http_version()
        hosts = index.get("host")
        request = Request(
            parser.get_method().decode("latin-1"),
            self.target.decode("latin-1"),
            headers,
            version,
            parser.should_keep_alive(),
        )
        problem = self._head_problem(request, index, hosts)
        if problem:
            self._refuse(problem)
            return
        self._address(request, hosts[0] if hosts else "")
        self.current = request
        self.chunks = []
        self.received = 0
        if "content-length" in index or "transfer-encoding" in index:
            self._expect_body(request, index)

    def _head_problem(self, request: Request, index: dict[str, list[str]], hosts: list[str] | None) -> int:
        """The status to refuse a head with, or 0."""
        if len(self.pairs) > MAX_HEADERS:
            return 431
        if self.chunk_bytes > MAX_HEAD_BYTES or self.head_bytes:
            size = len(self.target) + sum(len(name) + len(value) + 4 for name, value in self.pairs)
            if size > MAX_HEAD_BYTES:
                return 431
        if hosts is None:
            if request.version != "1.0":
                return 400
        elif len(hosts) != 1:
            return 400
        if request.method == "CONNECT":
            return 405
        codings = index.get("transfer-encoding")
        if codings and (len(codings) != 1 or codings[0].lower() != "chunked" or request.version == "1.0"):
            return 501
        return 0

    def _address(self, request: Request, host: str) -> None:
        path = request.path
        if not path.startswith("/"):
            # The absolute form (RFC 9112, 3.2.2): the target's own authority is what counts.
            scheme, mark, rest = path.partition("://")
            if mark and scheme.lower() in ("http", "https"):
                host, slash, path = rest.partition("/")
                request.path = slash + path if slash else "/"
        named = read_host(host)
        request.host = named.name
        request.source_ip = self.peer
        if named.api_id:
            request.api_id = named.api_id
            request.region = named.region
        else:
            styled = read_path(request.path)
            if styled:
                request.api_id = styled.api_id
                request.api_path = styled

    def _expect_body(self, request: Request, index: dict[str, list[str]]) -> None:
        limit = MAX_API_BODY if request.api_id else MAX_CONTROL_BODY
        lengths = index.get("content-length")
        if lengths and int(lengths[0]) > limit:
            self._overflow(request, limit)
            return
        self.deadline = self._ticker.now + BODY_SECONDS
        expectation = index.get("expect")
        if expectation and expectation[0].lower() == "100-continue" and request.version == "1.1" and not self.busy:
            self.transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        request = self.current
        if self.closing or request is None:
            return
        self.received += len(body)
        limit = MAX_API_BODY if request.api_id else MAX_CONTROL_BODY
        if self.received > limit:
            self._overflow(request, limit)
            return
        self.chunks.append(body)
        self.deadline = self._ticker.now + BODY_SECONDS

    def _overflow(self, request: Request, limit: int) -> None:
        """Answer now, without the rest: the application sees a body one byte beyond the limit."""
        request.body = bytes(limit + 1)
        request.keep_alive = False
        self.chunks = []
        self.current = None
        self.closing = True
        self.discard = True
        self.deadline = FOREVER
        self.waiting.append(request)

    def on_message_complete(self) -> None:
        request = self.current
        if self.closing or request is None:
            return
        if not self.resumed and self.parser.should_upgrade():
            index = request.headers.index()
            if "content-length" in index or "transfer-encoding" in index:
                self.resumed = True
                return
        self.resumed = False
        chunks = self.chunks
        if chunks:
            request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            self.chunks = []
        self.current = None
        self.deadline = FOREVER
        if not request.keep_alive:
            self.closing = True
        self.waiting.append(request)

    # --- requests and answers

    def _pump(self) -> None:
        """Hand over waiting requests until one is not answered at once."""
        waiting = self.waiting
        while waiting and not self.busy and not self.stalled:
            self.busy = True
            self.due += 1
            self._dispatch(self, waiting.popleft())
        if len(waiting) >= _WAITING_LIMIT or self.stalled:
            self._hold()
        elif self.paused and not self.transport.is_closing():
            self.paused = False
            self.transport.resume_reading()

    def _hold(self) -> None:
        if not self.paused and not self.transport.is_closing():
            self.paused = True
            self.transport.pause_reading()

    def finish(self) -> None:
        """The answer to the request in hand is made (though not delivered): the next one may begin."""
        self.busy = False

    def deliver(self, data: bytes, keep_alive: bool) -> None:
        """Send an answer's bytes. Answers are delivered in the order of their requests."""
        transport = self.transport
        self.due -= 1
        if transport.is_closing():
            return
        transport.write(data)
        if not keep_alive:
            self._close()
        elif not self.busy:
            if self.deadline == FOREVER:
                self.deadline = self._ticker.now + IDLE_SECONDS
            if self.waiting:
                self._pump()
            elif self.closing and not self.due:
                transport.close()

    def _close(self) -> None:
        self.closing = True
        self.waiting.clear()
        if self.discard and self.lingering < 0:
            # Closing with unread bytes would reset the connection, and the client would never read the answer.
            self.lingering = 0
            self.deadline = self._ticker.now + LINGER_SECONDS
            if self.transport.can_write_eof():
                self.transport.write_eof()
            if self.paused:
                self.paused = False
                self.transport.resume_reading()
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """A request that cannot be understood: say so after the answers that are still due, and close."""
        self.closing = True
        self.discard = True
        self.current = None
        self.in_head = False
        refused = Request("", "/", Headers(), "1.1", False)
        refused.host = str(status)
        self.waiting.append(refused)

    def expire(self) -> None:
        """The deadline has passed."""
        if self.busy and not self.stalled:
            return
        self.deadline = FOREVER
        if (self.in_head or self.current is not None) and not self.stalled and self.lingering < 0:
            self._refuse(408)
            self._pump()
        else:
            self.transport.abort() if self.stalled else self.transport.close()


REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_status_lines: Final[dict[int, str]] = {}
_BODILESS: Final = frozenset((204, 304))
_OURS: Final = "ours"
_DATE: Final = "date"
_header_starts: Final[dict[str, str]] = {}
"""Each header name that was seen → what its line begins with (and the line before ends with), ``_DATE``, or ``_OURS``
when it is written here. Bounded, because functions choose names."""
_KNOWN_NAMES: Final = 2048


def _header_start(name: str) -> str:
    lower = name.lower()
    if lower in ("content-length", "connection", "transfer-encoding"):
        start = _OURS
    else:
        start = _DATE if lower == "date" else f"\r\n{name}: "
    if len(_header_starts) >= _KNOWN_NAMES:
        _header_starts.clear()
    _header_starts[name] = start
    return start


class DateLine:
    """The ``Date`` header, made once a second."""

    __slots__ = ("_clock", "_second", "text")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = -1
        self.text = ""

    def at(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second = second
            self.text = http_date(now)
        return self.text


def encode(
    request: Request, status: int, headers: list[tuple[str, str]], body: bytes, date: str, keep_alive: bool
) -> bytes:
    """An answer as bytes. ``Content-Length``, ``Connection`` and a missing ``Date`` are added here."""
    line = _status_lines.get(status)
    if line is None:
        line = _status_lines[status] = f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"
    parts = [line]
    count = 0
    dated = False
    length = len(body)
    starts = _header_starts
    for name, value in headers:
        start = starts.get(name)
        if start is None:
            start = _header_start(name)
        if start == _OURS:
            if request.method == "HEAD" and not body and value.isdigit() and name.lower() == "content-length":
                length = int(value)
            continue
        if start == _DATE:
            dated = True
            start = f"\r\n{name}: "
        parts.append(start)
        parts.append(value)
        count += 1
    if not dated:
        parts.append("\r\nDate: ")
        parts.append(date)
        count += 1
    bodiless = status in _BODILESS
    if not bodiless and status >= 200:
        parts.append("\r\nContent-Length: ")
        parts.append(str(length))
        count += 1
    if not keep_alive:
        parts.append("\r\nConnection: close")
        count += 1
    elif request.version == "1.0":
        parts.append("\r\nConnection: keep-alive")
        count += 1
    parts.append("\r\n\r\n")
    count += 2
    head = "".join(parts)
    # A header with a line end in it would be a second header, or a body of the function's choosing.
    if head.count("\n") != count or head.count("\r") != count:
        return encode(request, status, [(_one_line(n), _one_line(v)) for n, v in headers], body, date, keep_alive)
    try:
        first = head.encode("latin-1")
    except UnicodeEncodeError:
        first = head.encode("utf-8", "replace")
    if bodiless or request.method == "HEAD":
        return first
    return first + body if body else first


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
