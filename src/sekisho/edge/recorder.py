"""Recent requests, for "why?": in memory within bounds, and on disk those that were refused or failed."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import orjson

from sekisho.gateway.trace import Trace

KEPT: Final = 1000
SERVED_PER_SECOND: Final = 250
"""Of requests that were served, so many of each second are kept: under load the newest thousand would be the last few
milliseconds, and keeping every one costs more than serving it. Refused and failed ones are all kept."""
KEPT_BYTES: Final = 64 * 1024 * 1024
KEPT_BODY: Final = 256 * 1024
WAITING: Final = 1000
_TRACE_BYTES: Final = 4096
_BATCH: Final = 20
_BATCH_SECONDS: Final = 0.05

Document = dict[str, Any]


def trace_line(request_id: str, received: float, revision: int, document: Document, kept: Document) -> bytes:
    """The journal line of a trace to be stored."""
    head = orjson.dumps({"trace": request_id, "received": received, "revision": revision})
    body = orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS)
    return b'%b,"document":%b,"kept":%b}\n' % (head[:-1], body, orjson.dumps(kept, default=str))


class Recorder:
    """Keeps traces. ``describe`` makes the display form of one (secrets masked, bodies cut)."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        describe: Callable[[Trace], Document],
        keep: Callable[[Trace], Document],
        write: Callable[[bytes], None],
        *,
        kept: int = KEPT,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._loop = loop
        self.describe = describe
        self._keep = keep
        self._write = write
        self._kept = kept
        self._kept_bytes = kept_bytes
        self._traces: deque[tuple[Trace, int]] = deque()
        self._bytes = 0
        self._calls: deque[Document] = deque(maxlen=kept)
        self._unwritten: deque[Trace] = deque(maxlen=WAITING)
        self._scheduled = False
        self._second = 0
        self._served = 0

    def note(self, trace: Trace) -> None:
        """Remember a request that ended."""
        served = trace.rejection is None and trace.status < 400
        if served:
            second = int(trace.received)
            if second != self._second:
                self._second = second
                self._served = 0
            self._served += 1
            if self._served > SERVED_PER_SECOND:
                return
        size = _TRACE_BYTES
        body = len(trace.request.body)
        if body > KEPT_BODY:
            trace.request = trace.request._replace(body=trace.request.body[:KEPT_BODY])
            body = KEPT_BODY
        size += body
        self._traces.append((trace, size))
        self._bytes += size
        while len(self._traces) > self._kept or self._bytes > self._kept_bytes:
            self._bytes -= self._traces.popleft()[1]
        if not served:
            self._unwritten.append(trace)
            if not self._scheduled:
                self._scheduled = True
                self._loop.call_later(_BATCH_SECONDS, self._write_some)

    def note_call(self, document: Document, revision: int) -> None:
        """Remember a control-plane call that was refused. ``document`` has ``requestId`` and ``received``."""
        self._calls.append(document)
        self._write(trace_line(document["requestId"], document["received"], revision, document, {}))

    def _write_some(self) -> None:
        """Describing costs more than serving: a few at a time, behind the answers."""
        self._scheduled = False
        for _ in range(min(_BATCH, len(self._unwritten))):
            self._write_one(self._unwritten.popleft())
        if self._unwritten:
            self._scheduled = True
            self._loop.call_later(_BATCH_SECONDS, self._write_some)

    def _write_one(self, trace: Trace) -> None:
        try:
            document, kept = self.describe(trace), self._keep(trace)
            line = trace_line(trace.request_id, trace.received, trace.snapshot.revision, document, kept)
        except Exception:
            # One trace that cannot be written down must not keep others from it.
            traceback.print_exc(file=sys.stderr)
        else:
            self._write(line)

    def flush(self) -> None:
        """Write everything that waits (at the server's end)."""
        while self._unwritten:
            self._write_one(self._unwritten.popleft())

    def find(self, request_id: str) -> Trace | None:
        """The trace of a recent request."""
        for trace, _ in reversed(self._traces):
            if trace.request_id == request_id or trace.extended_id == request_id:
                return trace
        return None

    def find_call(self, request_id: str) -> Document | None:
        """A recent control-plane call that was refused."""
        for document in reversed(self._calls):
            if document["requestId"] == request_id:
                return document
        return None

    def recent(self, limit: int) -> list[Document]:
        """Display forms, newest first."""
        newest = [trace for trace, _ in list(self._traces)[: -limit - 1 : -1]]
        found = [(trace.received, self.describe(trace)) for trace in newest]
        found += [(float(document["received"]), document) for document in list(self._calls)[: -limit - 1 : -1]]
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [document for _, document in found[:limit]]

    def forget(self) -> None:
        self._traces.clear()
        self._calls.clear()
        self._unwritten.clear()
        self._bytes = 0
