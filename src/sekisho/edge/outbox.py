"""Answers and log lines of one turn of the event loop, released together.

All lines go to the journal in one ``write``; then the answers go to their transports. So a record is in the kernel
before its answer leaves, and a burst of requests pays for one system call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sekisho.edge.journal import Journal


class Receiver(Protocol):
    """What an answer is delivered to."""

    def deliver(self, data: bytes, keep_alive: bool) -> None: ...


class Outbox:
    """Collects until the end of the turn."""

    __slots__ = (
        "_answers",
        "_flush",
        "_lines",
        "_loop",
        "_scheduled",
        "_wake",
        "journal",
        "lag_limit",
        "reader_lag",
    )

    SLOW_SECONDS = 0.02

    def __init__(
        self, loop: asyncio.AbstractEventLoop, journal: Journal, wake: Callable[[], None], reader_lag: Callable[[], int]
    ) -> None:
        self._loop = loop
        self.journal = journal
        self._wake = wake
        self.reader_lag = reader_lag
        self.lag_limit = 256 * 1024 * 1024
        """Bytes by which the log store may be behind before answers are slowed down. Nothing is dropped."""
        self._lines: list[bytes] = []
        self._answers: list[tuple[Receiver, bytes, bool]] = []
        self._scheduled = False
        self._flush = self.flush

    def put(self, receiver: Receiver, data: bytes, keep_alive: bool) -> None:
        """An answer to deliver at the end of this turn."""
        self._answers.append((receiver, data, keep_alive))
        if not self._scheduled:
            self._schedule()

    def line(self, line: bytes) -> None:
        """A line for the journal, to be written at the end of this turn."""
        self._lines.append(line)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        if self._lines and self.reader_lag() > self.lag_limit:
            self._loop.call_later(self.SLOW_SECONDS, self._flush)
        else:
            self._loop.call_soon(self._flush)

    def flush(self) -> None:
        """Write what was logged, then answer."""
        self._scheduled = False
        if self._lines:
            lines = self._lines
            self._lines = []
            self.journal.append(lines[0] if len(lines) == 1 else b"".join(lines))
            self._wake()
        if self._answers:
            answers = self._answers
            self._answers = []
            for receiver, data, keep_alive in answers:
                receiver.deliver(data, keep_alive)

    def write_now(self, line: bytes) -> None:
        """Lines whose writer waits for them to be in the kernel (with those of this turn, in order)."""
        self._lines.append(line)
        lines = self._lines
        self._lines = []
        self.journal.append(b"".join(lines))
        self._wake()
