"""The log store: everything written through the journal, read back in order.

Theory of operation. The event loop appends to the journal (``outbox``) and goes on. One thread owns the database: it
reads the journal behind, and runs every question after first reading the journal up to the moment the question was
asked, so that a reader sees all that was acknowledged before. The position reached is stored with the events it
covers: after a crash the rest is read once more, nothing twice.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from sekisho.edge import logschema
from sekisho.edge.journal import Journal, Position, segment_path, segments
from sekisho.services.effects import (
    CountLogBytes,
    CreateLogStream,
    DeleteLogEvents,
    DeleteLogStream,
    ListLogStreams,
    LogGroupRef,
    ReadLogs,
)

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]

_CHUNK = 1024 * 1024
_POLL_SECONDS = 0.5
_POKE_BYTES = 128 * 1024 * 1024
"""While the journal grows, it is read when so many bytes wait or somebody asks; otherwise when it has come to rest.
Reading it takes the processor from the requests that write it."""
_LOOKS = 20
"""After so many looks at a journal that grows all the time, it is read all the same."""
_RETRY_SECONDS = 1.0
TRACES_KEPT = 10_000


class LogStore:
    """The reading end of the journal, and the database behind it."""

    def __init__(self, folder: Path, journal: Journal, traces_kept: int = TRACES_KEPT) -> None:
        self._folder = folder
        self._journal = journal
        self._traces_kept = traces_kept
        self._db = logschema.open_database(folder / "logs.sqlite")
        first = segments(folder)
        self._read = Position(
            logschema.read_meta(self._db, "segment", first[0] if first else 1),
            logschema.read_meta(self._db, "offset", 0),
        )
        self._ingested = -self._behind_at_start()
        self._jobs: queue.SimpleQueue[tuple[asyncio.Future[Any] | None, Job | None]] = queue.SimpleQueue()
        self._poked = False
        self._stopping = False
        self._looked = 0
        self._patience = 0
        self.unreadable = 0
        """Journal lines that could not be read (damaged by a power loss)."""
        self._thread = threading.Thread(target=self._work, name="sekisho-logs", daemon=True)

    def _behind_at_start(self) -> int:
        behind = 0
        for number in segments(self._folder):
            if number >= self._read.segment:
                size = segment_path(self._folder, number).stat().st_size
                behind += size - (self._read.offset if number == self._read.segment else 0)
        return behind

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Read the journal to its end, and close. Blocks."""
        self._stopping = True
        self._jobs.put((None, None))
        if self._thread.is_alive():
            self._thread.join()
        self._db.close()

    # --- the event loop's side

    def lag(self) -> int:
        """Bytes of journal not yet stored."""
        return self._journal.written - self._ingested

    def wake(self) -> None:
        """The journal has grown."""
        if not self._poked and self._journal.written - self._ingested > _POKE_BYTES:
            self._poked = True
            self._jobs.put((None, None))

    async def ask(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` in the store's thread when the journal has been read up to now."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((future, job))
        return await future

    async def perform(self, effect: Any) -> Any:
        """The log effects, except writing. Results as ``services.effects`` says."""
        if isinstance(effect, ReadLogs):
            question = effect
            return await self.ask(lambda db: logschema.read_events(db, question))
        if isinstance(effect, ListLogStreams):
            group, prefix = effect
            return await self.ask(lambda db: logschema.list_streams(db, group, prefix))
        if isinstance(effect, CreateLogStream):
            group, stream, now = effect
            return await self.ask(lambda db: logschema.create_stream(db, group, stream, now))
        if isinstance(effect, DeleteLogStream):
            group, stream = effect
            return await self.ask(lambda db: logschema.delete_stream(db, group, stream))
        if isinstance(effect, DeleteLogEvents):
            group = effect.group
            return await self.ask(lambda db: logschema.delete_group(db, group))
        if isinstance(effect, CountLogBytes):
            account, region = effect
            return await self.ask(lambda db: logschema.count_bytes(db, account, region))
        raise TypeError(f"not a log effect: {effect!r}")

    async def trace(self, request_id: str) -> logschema.Stored | None:
        """A stored trace."""
        return await self.ask(lambda db: logschema.read_trace(db, request_id))

    async def recent_traces(self, limit: int) -> list[dict[str, Any]]:
        """Documents of the newest stored traces, newest first."""

        def find(db: sqlite3.Connection) -> list[str]:
            rows = db.execute("SELECT document FROM traces ORDER BY received DESC LIMIT ?", (limit,))
            return [str(row[0]) for row in rows]

        return [orjson.loads(text) for text in await self.ask(find)]

    async def oldest_revision(self) -> int | None:
        """The revision of the oldest configuration a stored trace was judged by."""
        row = await self.ask(lambda db: db.execute("SELECT min(revision) FROM traces").fetchone())
        return None if row is None else row[0]

    async def prune(self, horizons: Iterable[tuple[LogGroupRef, int]]) -> None:
        """Delete events older than each group's horizon (milliseconds)."""

        def run(db: sqlite3.Connection) -> None:
            for group, before in horizons:
                logschema.prune_events(db, group, before)
            logschema.prune_traces(db, self._traces_kept)

        await self.ask(run)

    async def forget(self) -> None:
        """Delete every stream, event and trace."""
        await self.ask(logschema.delete_everything)

    # --- the thread's side

    def _work(self) -> None:
        while True:
            try:
                future, job = self._jobs.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                future, job = None, None
                if self._growing() and not self._stopping:
                    continue
            self._poked = False
            result: Any = None
            problem: BaseException | None = None
            try:
                self._drain()
                if job is not None:
                    result = job(self._db)
            except (sqlite3.Error, OSError) as caught:
                problem = caught
                if future is None:
                    print(f"sekisho: log lines wait in the journal: {caught}", file=sys.stderr, flush=True)
                    time.sleep(0 if self._stopping else _RETRY_SECONDS)
            if future is not None:
                _settle(future, result, problem)
            elif self._stopping and self._jobs.empty():
                return

    def _growing(self) -> bool:
        """Whether lines have come since the last look; not for ever, so that nothing waits too long."""
        written, looked = self._journal.written, self._looked
        self._looked = written
        self._patience = self._patience + 1 if written != looked else 0
        return 0 < self._patience < _LOOKS

    def _drain(self) -> None:
        """Store the journal up to where it is now."""
        goal = self._journal.position
        while self._read < goal:
            segment, offset = self._read
            path = segment_path(self._folder, segment)
            chunk = b""
            if path.exists():
                with path.open("rb") as file:
                    file.seek(offset)
                    chunk = file.read(_CHUNK)
                    while chunk and b"\n" not in chunk:
                        more = file.read(_CHUNK)
                        if not more:
                            break
                        chunk += more
            end = chunk.rfind(b"\n") + 1
            if end == 0:
                if segment >= goal.segment:
                    return
                self._next_segment(segment)
                continue
            reached = Position(segment, offset + end)
            self.unreadable += logschema.ingest(self._db, chunk[:end], reached)
            self._read = reached
            self._ingested += end

    def _next_segment(self, segment: int) -> None:
        """Go on to the next segment. The one before stays until the database has surely been synced."""
        self._read = Position(segment + 1, 0)
        logschema.prune_traces(self._db, self._traces_kept)
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        for number in segments(self._folder):
            if number < segment:
                segment_path(self._folder, number).unlink(missing_ok=True)


def _settle(future: asyncio.Future[Any], result: Any, problem: BaseException | None) -> None:
    def settle() -> None:
        if future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)

    try:
        future.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        pass  # The loop is closed: nobody waits any more.
