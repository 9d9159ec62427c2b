"""All I/O an operation can ask for, beside invoking functions. A closed set.

Log streams and events live in the log store (they are many, and ordered), not among the documents; log groups are
documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sekisho.config.api_keys import Quota
from sekisho.config.identities import Principal
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


class ReadUsage(NamedTuple):
    """What keys have used of a usage plan. Result: key → ``[used, remaining]`` for each day, both ends included."""

    plan: str
    keys: tuple[str, ...]
    quota: Quota | None
    start: str
    """``YYYY-MM-DD``."""
    end: str


class LeaveUsage(NamedTuple):
    """Set what is left of a key's quota until its period ends. Result: None."""

    plan: str
    key: str
    quota: Quota
    remaining: int


class RunRequest(NamedTuple):
    """Play a request on an API as it stands, deployed or not. Functions really run. Result: Ran."""

    account: str
    region: str
    api: Mapping[str, Any]
    """The ``restapi`` document."""
    deployment: Mapping[str, Any]
    """What a deployment would freeze: the resource with its method, authorizers, validators, models."""
    stage: Mapping[str, Any]
    """A ``stage`` document."""
    path: str
    """As given, or the resource's own."""
    resource_path: str
    method: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    caller: Principal
    user_agent: str
    authorizer: str = ""
    """The id of an authorizer to be asked instead of the method's integration."""


class Ran(NamedTuple):
    """How a played request ended."""

    status: int
    """For authorizers what the client would have got; 0: they may pass on."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    log: str
    latency: int
    """Milliseconds."""
    principal: str | None = None
    policy: str | None = None
    """JSON."""
    claims: Mapping[str, str] | None = None


LogEffect = WriteLogs | CreateLogStream | DeleteLogStream | DeleteLogEvents | ListLogStreams | ReadLogs | CountLogBytes
Effect = InvokeFunction | LogEffect | ReadCode | ReadUsage | LeaveUsage | RunRequest
