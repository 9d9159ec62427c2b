"""Log streams: create, describe, delete. They live in the log store, so every operation here asks the edge."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from sekisho.kit.outcome import Ask
from sekisho.services.effects import (
    CreateLogStream,
    DeleteLogStream,
    Effect,
    ListLogStreams,
    LogGroupRef,
    LogStream,
)
from sekisho.services.logs.names import (
    group,
    group_arn,
    group_resource,
    reference,
    stream_resource,
)
from sekisho.services.logs.refusals import exists, invalid, no_stream
from sekisho.services.operation import Call, Operations, Result

ops = Operations("logs")

PAGE = 50


def with_stream(found: LogGroupRef, stream: str, then: Callable[[Call], Result]) -> Result:
    """Continue with ``then`` when the stream exists, else answer that it does not."""

    def look(call: Call, streams: list[LogStream]) -> Result:
        if not any(candidate.name == stream for candidate in streams):
            raise no_stream()
        return then(call)

    return Ask[Effect, Call](ListLogStreams(found, stream), look)


@ops("CreateLogStream", resource=stream_resource)
def create_log_stream(call: Call) -> Result:
    found = reference(call)
    stream: str = call.params["logStreamName"]
    group(call, found)

    def conclude(_: Call, created: bool) -> Mapping[str, Any]:
        if not created:
            raise exists("log stream")
        return {}

    return Ask[Effect, Call](CreateLogStream(found, stream, call.now), conclude)


@ops("DeleteLogStream", resource=stream_resource)
def delete_log_stream(call: Call) -> Result:
    found = reference(call)
    stream: str = call.params["logStreamName"]
    group(call, found)

    def conclude(_: Call, deleted: bool) -> Mapping[str, Any]:
        if not deleted:
            raise no_stream()
        return {}

    return Ask[Effect, Call](DeleteLogStream(found, stream), conclude)


@ops("DescribeLogStreams", resource=group_resource)
def describe_log_streams(call: Call) -> Result:
    params = call.params
    found = reference(call)
    order = params.get("orderBy") or "LogStreamName"
    prefix = params.get("logStreamNamePrefix") or ""
    if order == "LastEventTime" and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    limit = params.get("limit") or PAGE
    group(call, found)
    descending = bool(params.get("descending"))
    after = _read_token(params.get("nextToken"))

    def conclude(_: Call, streams: list[LogStream]) -> Mapping[str, Any]:
        rows = sorted(streams, key=lambda stream: _place(stream, order), reverse=descending)
        if after is not None:
            rows = [row for row in rows if (_place(row, order) < after if descending else _place(row, order) > after)]
        out: dict[str, Any] = {"logStreams": [_describe(found, row) for row in rows[:limit]]}
        if len(rows) > limit:
            out["nextToken"] = _token(_place(rows[limit - 1], order))
        return out

    return Ask[Effect, Call](ListLogStreams(found, prefix), conclude)


def _place(stream: LogStream, order: str) -> tuple[int, str]:
    """Where a stream stands; its name decides between equal times."""
    return (stream.last_event or 0, stream.name) if order == "LastEventTime" else (0, stream.name)


def _token(place: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_token(token: str | None) -> tuple[int, str] | None:
    if not token:
        return None
    try:
        time, name = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
        return int(time), str(name)
    except (ValueError, TypeError, UnicodeError, RecursionError):
        raise invalid("The specified nextToken is invalid.") from None


def _describe(found: LogGroupRef, stream: LogStream) -> dict[str, Any]:
    """``storedBytes`` of streams is always 0, as AWS documents since 2019."""
    times = {
        "firstEventTimestamp": stream.first_event,
        "lastEventTimestamp": stream.last_event,
        "lastIngestionTime": stream.last_ingestion,
    }
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        **{member: time for member, time in times.items() if time is not None},
        "arn": f"{group_arn(found.account, found.region, found.name)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
