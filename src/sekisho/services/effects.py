"""All I/O an operation can ask for, beside invoking functions. A closed set.

Log streams and events live in the log store (they are many, and ordered), not among the documents; log groups are
documents.
"""

from __future__ import annotations

from typing import NamedTuple

from sekisho.functions.invocation import InvokeFunction


class LogGroupRef(NamedTuple):
    """A log group of one account and region."""

    account: str
    region: str
    name: str


class LogEvent(NamedTuple):
    """One event. Times are milliseconds since the epoch."""

    timestamp: int
    message: str
    ingestion: int = 0
    stream: str = ""
    id: str = ""
    """Sortable, unique: 56 digits as AWS's event ids."""


class LogStream(NamedTuple):
    """A stream's description; None for times that are not known."""

    name: str
    created: int
    first_event: int | None
    last_event: int | None
    last_ingestion: int | None
    stored_bytes: int


class WriteLogs(NamedTuple):
    """Append events, in the kernel before the result. Result: None."""

    group: LogGroupRef
    stream: str
    events: tuple[LogEvent, ...]


class CreateLogStream(NamedTuple):
    """Result: True, or False when it exists."""

    group: LogGroupRef
    stream: str
    now: float


class DeleteLogStream(NamedTuple):
    """Result: True, or False when it does not exist."""

    group: LogGroupRef
    stream: str


class DeleteLogEvents(NamedTuple):
    """Forget a whole group's streams and events (DeleteLogGroup). Result: None."""

    group: LogGroupRef


class ListLogStreams(NamedTuple):
    """Result: every LogStream of the group whose name starts with ``prefix``, by name."""

    group: LogGroupRef
    prefix: str = ""


class ReadLogs(NamedTuple):
    """Events in order of (timestamp, arrival).

    Result: list of LogEvent, at most ``limit``. ``after`` is the position (see ``id``) to start behind; with
    ``backward`` the newest events before ``after`` are read (and still given in ascending order).
    """

    group: LogGroupRef
    streams: tuple[str, ...] | None
    """None: all streams."""
    start: int | None
    """Inclusive, milliseconds."""
    end: int | None
    """Exclusive."""
    limit: int
    after: str = ""
    backward: bool = False


class CountLogBytes(NamedTuple):
    """Result: stored bytes of each group, by name (``storedBytes`` of DescribeLogGroups)."""

    account: str
    region: str


class ReadCode(NamedTuple):
    """Result: the blob's bytes, or None when it is lost."""

    sha256: str


LogEffect = (
    WriteLogs | CreateLogStream | DeleteLogStream | DeleteLogEvents | ListLogStreams | ReadLogs | CountLogBytes
)
Effect = InvokeFunction | LogEffect | ReadCode
