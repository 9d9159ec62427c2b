"""The Runtime API over HTTP: one loopback port per sandbox, so that the port says who is speaking.

Runtime interface clients accept only ``host:port``, so there is no room for a secret; instead the process behind each
connection is looked up once (``belongs_to``). What is sent is kept back until all questions of one read are known: a
client that sends its answer together with its next question gets the acknowledgement together with the next event,
which halves the number of system calls and wake-ups on both sides.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Final, Protocol, cast

import httptools

from sekisho.functions.runtime_api import (
    ACCEPTED,
    ENTITY_TOO_LARGE,
    MAX_RESPONSE,
    NOT_FOUND,
    Answer,
    Question,
    Runtime,
    Said,
    understand,
)

_NEXT: Final = Said.NEXT
_RESPONSE: Final = Said.RESPONSE
_MAX_HEADERS: Final = 2 << 20  # awslambdaric may send a megabyte of X-Ray cause


class Speaker(Protocol):
    """Whom a runtime's words concern: its sandbox."""

    runtime: Runtime

    def may_connect(self, peer_port: int, own_port: int) -> bool:
        """Whether the process behind a new connection is the sandbox's."""

    def wants_work(self, connection: RuntimeConnection) -> None:
        """``next``: the runtime waits on this connection."""

    def has_answer(self, body: bytes, failed: bool) -> None:
        """``response`` or ``error`` of the invocation at hand."""

    def answered_too_much(self) -> None:
        """A ``response`` larger than Lambda takes."""

    def failed_to_start(self, body: bytes) -> None:
        """``init error``."""

    def settle(self) -> None:
        """All that was read has been taken: pass on the answer that was in it, if any."""


class RuntimeConnection:
    """One connection of a runtime. An ``asyncio.Protocol``, though not by inheritance, which would keep it from being
    compiled."""

    __slots__ = (
        "_body",
        "_dead",
        "_head_bytes",
        "_in_head",
        "_out",
        "_parser",
        "_size",
        "_speaker",
        "_transport",
        "_url",
        "waits",
    )

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._body: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._in_head = False
        self._url = b""
        self._dead = False
        self.waits = False
        """A ``next`` stands open on this connection."""

    # -- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses of asyncio's
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not self._speaker.may_connect(peer[1], own[1]):
            self._dead = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._dead:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()
        # An answer is passed on when the runtime has its next event, if it asked for one at once: it works meanwhile.
        self._speaker.settle()
        if self._dead:
            return
        if self._in_head:
            # Header fields mean nothing here, so they are not looked at; but they may not go on for ever.
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEADERS:
                self.abort()
                return
        if self._out and not self.waits:
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._dead = True
        self._transport = None
        self.waits = False

    # -- the sandbox's side

    def deliver(self, head: bytes, event: bytes) -> None:
        """Answer the open ``next`` with work."""
        self.waits = False
        self._out.append(head)
        self._out.append(event)
        self._flush()

    def abort(self) -> None:
        """Close at once."""
        self._dead = True
        if self._transport is not None:
            self._transport.abort()

    @property
    def alive(self) -> bool:
        """Whether something sent now could arrive."""
        return not self._dead

    def _flush(self) -> None:
        out = self._out
        if self._transport is not None:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))
        out.clear()

    def eof_received(self) -> None:
        """A runtime that half-closes is done: the transport closes itself."""

    def pause_writing(self) -> None:
        """One event at a time waits here, of at most 6 MB."""

    def resume_writing(self) -> None: ...

    # -- httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._body.clear()
        self._size = 0
        self._head_bytes = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > 4096:
            self.abort()

    def on_headers_complete(self) -> None:
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= MAX_RESPONSE:
            self._body.append(body)
        else:
            self._body.clear()

    def on_message_complete(self) -> None:
        if self._dead:
            return
        question = understand(self._parser.get_method(), self._url)
        refusal = NOT_FOUND if question is None else self._speaker.runtime.hear(question)
        if refusal is not None:
            self._say(refusal)
        elif question is not None:
            self._take(question)

    def _take(self, question: Question) -> None:
        said, speaker = question.said, self._speaker
        if said is _NEXT:
            self.waits = True
            speaker.wants_work(self)
            return
        if self._size > MAX_RESPONSE:
            self._say(ENTITY_TOO_LARGE)
            speaker.answered_too_much()
            return
        self._say(ACCEPTED)
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if said is _RESPONSE:
            speaker.has_answer(body, False)
        elif said is Said.INIT_ERROR:
            speaker.failed_to_start(body)
        else:
            speaker.has_answer(body, True)

    def _say(self, answer: Answer) -> None:
        if answer is ACCEPTED:
            self._out.append(_ACCEPTED)
        else:
            self._out.append(_http(answer))


def protocol_for(speaker: Speaker) -> asyncio.Protocol:
    """What a server makes of each connection; it has every method of a protocol."""
    return cast("asyncio.Protocol", RuntimeConnection(speaker))


_REASONS = {202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Payload Too Large"}


def _http(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(answer.body)}\r\n\r\n"
    )
    return head.encode() + answer.body


_ACCEPTED = _http(ACCEPTED)


def listen() -> socket.socket:
    """A listening socket on a free loopback port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind(("127.0.0.1", 0))
        sock.listen(8)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def belongs_to(pid: int, peer_port: int, own_port: int) -> bool:
    """Whether the loopback connection ``peer_port`` → ``own_port`` was opened by a process of session ``pid``.

    Read from /proc once per connection (about a millisecond). Where there is no /proc the answer is yes.
    """
    try:
        table = Path("/proc/net/tcp").read_text()
    except OSError:
        return True
    inode = ""
    local, remote = f":{peer_port:04X}", f":{own_port:04X}"
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(local) and fields[2].endswith(remote):
            inode = fields[9]
            break
    if not inode:
        return False
    wanted = f"socket:[{inode}]"
    return _holds(pid, wanted) or any(_holds(other, wanted) for other in _session(pid))


def _holds(pid: int, wanted: str) -> bool:
    try:
        entries = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    for entry in entries:
        try:
            if str(entry.readlink()) == wanted:
                return True
        except OSError:  # closed since: a program that starts opens and closes many
            continue
    return False


def _session(leader: int) -> list[int]:
    """Other processes of the session that ``leader`` leads."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[3] == str(leader) and entry.name != str(leader):
                found.append(int(entry.name))
    return found
