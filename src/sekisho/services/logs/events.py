"""Log events: put, get, filter.

Theory of operation. An event's position is its id, 56 digits in order of time and arrival; tokens of GetLogEvents are
positions with a direction, so a token given at the end of a stream stays good and finds what is written later.
FilterLogEvents reads the store in pieces and matches here; after some pieces it answers what it has with a token, as
AWS does, so that a rare pattern in a large group never makes one call endless.

Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sekisho.kit.instants import millis
from sekisho.kit.outcome import Ask
from sekisho.services.effects import (
    Effect,
    ListLogStreams,
    LogEvent,
    LogStream,
    ReadLogs,
    WriteLogs,
)
from sekisho.services.logs.names import group, group_resource, reference, stream_resource
from sekisho.services.logs.patterns import Matcher, compile_pattern
from sekisho.services.logs.refusals import invalid, no_stream
from sekisho.services.logs.streams import with_stream
from sekisho.services.operation import Call, Operations, Result

ops = Operations("logs")

MAX_BATCH = 1_048_576
"""Bytes of a batch, and of the events of an answer."""
OVERHEAD = 26
"""Bytes counted for an event beside its message."""
MAX_EVENTS = 10_000
DAY = 86_400_000
TOO_OLD = 14 * DAY
TOO_NEW = 2 * 3_600_000
PIECE = 5_000
"""Events read at once by FilterLogEvents."""
PIECES = 20
"""Pieces read by one FilterLogEvents."""
BACKWARD_SINCE = 1_704_067_200_000
"""2024-01-01: ``startFromHead`` false needs a ``startTime`` not before it (API_FilterLogEvents)."""
_TOKEN = re.compile(r"([fb])/(\d{56})/s", re.ASCII)
_ORIGIN = "3" + "0" * 55
"""A position before every event."""


@ops("PutLogEvents", resource=stream_resource)
def put_log_events(call: Call) -> Result:
    params = call.params
    found = reference(call)
    stream: str = params["logStreamName"]
    given: Sequence[Mapping[str, Any]] = params["logEvents"]
    _check_batch(given)
    record = group(call, found)
    now = millis(call.now)
    kept, rejected = _sort_out(given, now, record["RetentionInDays"])
    if kept and kept[-1]["timestamp"] - kept[0]["timestamp"] > DAY:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    out: dict[str, Any] = {"nextSequenceToken": _sequence_token(stream, now)}
    if rejected:
        out["rejectedLogEventsInfo"] = rejected
    events = tuple(LogEvent(event["timestamp"], event["message"], now, stream) for event in kept)

    def write(_: Call) -> Result:
        if not events:
            return out
        return Ask[Effect, Call](WriteLogs(found, stream, events), lambda _, __: out)

    return with_stream(found, stream, write)


def _check_batch(given: Sequence[Mapping[str, Any]]) -> None:
    size = 0
    last = 0
    for event in given:
        if event["timestamp"] < last:
            raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
        last = event["timestamp"]
        size += _size(event["message"])
    if size > MAX_BATCH:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {MAX_BATCH}")


def _size(message: str) -> int:
    return len(message.encode("utf-8", "replace")) + OVERHEAD


def _sort_out(
    given: Sequence[Mapping[str, Any]], now: int, retention: int | None
) -> tuple[Sequence[Mapping[str, Any]], dict[str, int]]:
    """The acceptable events, which are consecutive because batches are ordered, and what is said about the others."""
    times = [event["timestamp"] for event in given]
    old = sum(1 for time in times if time < now - TOO_OLD)
    expired = sum(1 for time in times if retention is not None and time < now - retention * DAY)
    new = next((index for index, time in enumerate(times) if time > now + TOO_NEW), len(times))
    rejected: dict[str, int] = {}
    if new < len(times):
        rejected["tooNewLogEventStartIndex"] = new
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    return given[max(old, expired) : new], rejected


def _sequence_token(stream: str, now: int) -> str:
    """Fifty-six digits. Tokens are accepted and ignored, as AWS documents."""
    digest = hashlib.sha256(f"{stream}/{now}".encode("utf-8", "replace")).digest()
    return f"49{int.from_bytes(digest, 'big') % 10**54:054d}"


@ops("GetLogEvents", resource=stream_resource)
def get_log_events(call: Call) -> Result:
    params = call.params
    found = reference(call)
    stream: str = params["logStreamName"]
    limit = params.get("limit") or MAX_EVENTS
    token = params.get("nextToken")
    backward, after = not params.get("startFromHead"), ""
    if token:
        place = _TOKEN.fullmatch(token)
        if place is None:
            raise invalid("The specified nextToken is invalid.")
        backward, after = place[1] == "b", place[2]
    group(call, found)
    question = ReadLogs(
        found, (stream,), params.get("startTime"), params.get("endTime"), limit, after=after, backward=backward
    )

    def conclude(_: Call, events: list[LogEvent]) -> Mapping[str, Any]:
        shown = _fitting(events, backward)
        first = shown[0].id if shown else after or _ORIGIN
        last = shown[-1].id if shown else after or _ORIGIN
        return {
            "events": [
                {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingestion}
                for event in shown
            ],
            "nextForwardToken": f"f/{last}/s",
            "nextBackwardToken": f"b/{first}/s",
        }

    return with_stream(found, stream, lambda _: Ask[Effect, Call](question, conclude))


def _fitting(events: list[LogEvent], backward: bool) -> list[LogEvent]:
    """As many as one answer holds, at least one; those next to where reading began."""
    size = 0
    for count, event in enumerate(reversed(events) if backward else events):
        size += _size(event.message)
        if size > MAX_BATCH and count:
            return events[len(events) - count :] if backward else events[:count]
    return events


class _Search(NamedTuple):
    """A FilterLogEvents on its way."""

    question: ReadLogs
    matches: Matcher
    wanted: int
    found: tuple[LogEvent, ...]
    size: int
    pieces: int


@ops("FilterLogEvents", resource=group_resource)
def filter_log_events(call: Call) -> Result:
    params = call.params
    found = reference(call)
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
    wanted = params.get("limit") or MAX_EVENTS
    matches = compile_pattern(params.get("filterPattern") or "")
    start, end = params.get("startTime"), params.get("endTime")
    if start is not None and end is not None and end < start:
        raise invalid("endTime must not be before startTime.")
    backward, after = _direction(params)
    group(call, found)
    # The store's end is exclusive, the operation's is not: events later than it are left out.
    question = ReadLogs(found, None, start, None if end is None else end + 1, PIECE, after=after, backward=backward)
    search = _Search(question, matches, wanted, (), 0, 0)
    if not names and not prefix:
        return _read(search)

    def choose(_: Call, streams: list[LogStream]) -> Result:
        chosen = tuple(stream.name for stream in streams if not names or stream.name in names)
        if names and set(names) - set(chosen):
            raise no_stream()
        if not chosen:
            return {"events": [], "searchedLogStreams": []}
        return _read(search._replace(question=question._replace(streams=chosen)))

    return Ask[Effect, Call](ListLogStreams(found, prefix or ""), choose)


def _direction(params: Mapping[str, Any]) -> tuple[bool, str]:
    """Backward or not, and the position to go on from. Raises ServiceError."""
    token = params.get("nextToken")
    if not token:
        backward = params.get("startFromHead") is False
        if backward and (params.get("startTime") or 0) < BACKWARD_SINCE:
            raise invalid("startFromHead false requires a startTime on or after January 1, 2024 00:00:00 UTC.")
        return backward, ""
    try:
        place = _TOKEN.fullmatch(base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii"))
    except ValueError:
        place = None
    if place is None:
        raise invalid("The specified nextToken is invalid.")
    return place[1] == "b", place[2]


def _read(search: _Search) -> Result:
    def look(_: Call, events: list[LogEvent]) -> Result:
        return _match(search, events)

    return Ask[Effect, Call](search.question, look)


def _match(search: _Search, events: list[LogEvent]) -> Result:
    """Take what matches from one piece; answer when enough was found, read or the end is reached."""
    question = search.question
    taken = list(search.found)
    size = search.size
    position = question.after
    for event in reversed(events) if question.backward else events:
        if search.matches(event.message):
            size += _size(event.message)
            if taken and size > MAX_BATCH:
                return _found(taken, _filter_token(question.backward, position))
            taken.append(event)
        position = event.id
        if len(taken) == search.wanted:
            return _found(taken, _filter_token(question.backward, position))
    if len(events) < question.limit:
        return _found(taken, None)
    if search.pieces + 1 == PIECES:
        return _found(taken, _filter_token(question.backward, position))
    onward = question._replace(after=position)
    return _read(search._replace(question=onward, found=tuple(taken), size=size, pieces=search.pieces + 1))


def _filter_token(backward: bool, position: str) -> str:
    return base64.urlsafe_b64encode(f"{'b' if backward else 'f'}/{position}/s".encode()).decode()


def _found(events: Sequence[LogEvent], token: str | None) -> Mapping[str, Any]:
    out: dict[str, Any] = {
        "events": [
            {
                "logStreamName": event.stream,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingestion,
                "eventId": event.id,
            }
            for event in events
        ],
        "searchedLogStreams": [],
    }
    if token:
        out["nextToken"] = token
    return out
