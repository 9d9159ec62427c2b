"""The journal: what must be remembered, appended to segment files before the answer leaves.

One record is one line of JSON. ``append`` hands a batch of lines to the kernel in one ``write``; what the kernel has
survives the death of this process (``kill -9``), power loss may take the newest. The log store reads the segments
behind and remembers, in the transaction that stores the records, how far it has read: each record is stored once.

A write that fails (a full disk) leaves no half record: the segment is cut back to where it was, the lines are kept in
memory and written as soon as the disk takes them again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

SEGMENT_BYTES = 64 * 1024 * 1024
HELD_BYTES = 32 * 1024 * 1024


class JournalFull(OSError):
    """The disk takes no more log lines."""


class Position(NamedTuple):
    """A place in the journal: segment number and offset in it."""

    segment: int
    offset: int


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"journal-{number:08d}.log"


def segments(folder: Path) -> list[int]:
    """The numbers of the segments there are, ascending."""
    return sorted(int(path.stem[8:]) for path in folder.glob("journal-*.log") if path.stem[8:].isdigit())


class Journal:
    """The writing end. Belongs to the event loop's thread."""

    __slots__ = (
        "_fd",
        "_held",
        "_held_bytes",
        "folder",
        "lost_sight",
        "overloaded",
        "position",
        "segment_bytes",
        "written",
    )

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.segment_bytes = segment_bytes
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.overloaded = False
        """The disk has refused so long that nothing more can be held: requests must be refused."""
        self.lost_sight = ""
        """Why lines are being held in memory; empty when they are not."""
        self.written = 0
        """Bytes appended since this process began."""
        found = segments(folder)
        number = found[-1] if found else 1
        self._fd = self._open(number)
        size = _cut_torn_tail(self._fd)
        self.position = Position(number, size)

    def _open(self, number: int) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(segment_path(self.folder, number), flags, 0o600)

    def append(self, lines: bytes) -> bool:
        """Append whole lines. False when the disk refused them and they are held for later."""
        if self._held:
            self._hold(lines)
            lines = b"".join(self._held)
        segment, offset = self.position
        if offset >= self.segment_bytes:
            try:
                fresh = self._open(segment + 1)
            except OSError as problem:
                return self._refused(problem, lines)
            os.close(self._fd)
            self._fd = fresh
            segment, offset = segment + 1, 0
            self.position = Position(segment, offset)
        size = len(lines)
        try:
            done = os.write(self._fd, lines)
            while done < size:
                done += os.write(self._fd, memoryview(lines)[done:])
        except OSError as problem:
            os.ftruncate(self._fd, offset)
            return self._refused(problem, lines)
        if self._held:
            self._held.clear()
            self._held_bytes = 0
            self.overloaded = False
            self.lost_sight = ""
            print("sekisho: the journal accepts log lines again", file=sys.stderr, flush=True)
        self.position = Position(segment, offset + size)
        self.written += size
        return True

    def retry(self) -> None:
        """Write what is held, if the disk takes it now."""
        if self._held:
            self.append(b"")

    def _hold(self, lines: bytes) -> None:
        if lines:
            self._held.append(lines)
            self._held_bytes += len(lines)
            self.overloaded = self._held_bytes > HELD_BYTES

    def _refused(self, problem: OSError, lines: bytes) -> bool:
        if not self._held:
            self._hold(lines)
        if not self.lost_sight:
            self.lost_sight = problem.strerror or str(problem)
            print(f"sekisho: log lines are held in memory: {self.lost_sight}", file=sys.stderr, flush=True)
        return False

    def close(self) -> None:
        self.retry()
        os.close(self._fd)


def _cut_torn_tail(fd: int) -> int:
    """Cut an unfinished last line (its answer never left) off, and return the size."""
    size = os.fstat(fd).st_size
    end = size
    while end > 0:
        start = max(0, end - 65536)
        block = os.pread(fd, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(fd, end)
    return end
