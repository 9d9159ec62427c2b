"""PutLogEvents, GetLogEvents, FilterLogEvents."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, NOW, REGION
from tests.scenes.functions import Functions
from tests.scenes.logs import LogMemory

from sekisho.services.logs import events as module

MS = int(NOW * 1000)
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.answers = LogMemory()
    out("CreateLogGroup", "logs", logGroupName="g")
    for stream in ("s", "t"):
        out("CreateLogStream", "logs", logGroupName="g", logStreamName=stream)
    return out


def put(cloud: Functions, *events: tuple[int, str], stream: str = "s") -> dict[str, Any]:
    given = [{"timestamp": MS + time, "message": message} for time, message in events]
    return cloud("PutLogEvents", "logs", logGroupName="g", logStreamName=stream, logEvents=given)


def refused(cloud: Functions, *events: tuple[int, str]) -> Any:
    given = [{"timestamp": MS + time, "message": message} for time, message in events]
    return cloud.refused("PutLogEvents", "logs", logGroupName="g", logStreamName="s", logEvents=given)


def get(cloud: Functions, **params: Any) -> dict[str, Any]:
    return cloud("GetLogEvents", "logs", logGroupName="g", logStreamName="s", **params)


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_events_come_back_as_they_were_put(cloud: Functions) -> None:
    out = put(cloud, (-5, "one"), (0, "two ü"))
    assert len(out["nextSequenceToken"]) == 56
    assert get(cloud)["events"] == [
        {"timestamp": MS - 5, "message": "one", "ingestionTime": MS},
        {"timestamp": MS, "message": "two ü", "ingestionTime": MS},
    ]


def test_batches_that_cannot_be_taken(cloud: Functions) -> None:
    assert refused(cloud, (1, "a"), (0, "b")).message == (
        "Log events in a single PutLogEvents request must be in chronological order."
    )
    assert refused(cloud, (-DAY - 1, "a"), (0, "b")).message == (
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    )
    assert "Upload too large: 1048577 bytes exceeds limit of 1048576" in refused(cloud, (0, "x" * 1_048_551)).message
    assert "logEvents" in refused(cloud).message
    assert "logEvents" in refused(cloud, *[(0, "x")] * 10_001).message
    assert "message" in refused(cloud, (0, "")).message
    memory = cloud.answers
    assert isinstance(memory, LogMemory)
    assert memory.events == []
    put(cloud, (0, "x" * 1_048_550))


def test_events_too_old_and_too_new_are_left_out_and_told(cloud: Functions) -> None:
    out = put(
        cloud, (-15 * DAY, "old"), (-1000, "fine"), (2 * HOUR, "edge"), (2 * HOUR + 1, "new"), (3 * HOUR, "newer")
    )
    assert out["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}
    assert texts(get(cloud)) == ["fine", "edge"]
    assert put(cloud, (-15 * DAY, "old"))["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    cloud("PutRetentionPolicy", "logs", logGroupName="g", retentionInDays=1)
    out = put(cloud, (-DAY - 1, "expired"), (0, "kept"))
    assert out["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


def test_missing_places(cloud: Functions) -> None:
    event = [{"timestamp": MS, "message": "x"}]
    error = cloud.refused("PutLogEvents", "logs", logGroupName="g", logStreamName="nope", logEvents=event)
    assert (error.code, error.message) == ("ResourceNotFoundException", "The specified log stream does not exist.")
    error = cloud.refused("PutLogEvents", "logs", logGroupName="nope", logStreamName="s", logEvents=event)
    assert error.message == "The specified log group does not exist."
    # A stream whose name only begins alike is another stream.
    cloud("CreateLogStream", "logs", logGroupName="g", logStreamName="long")
    assert cloud.refused("GetLogEvents", "logs", logGroupName="g", logStreamName="lon").status == 400


def test_tokens_walk_forward_and_stay_at_the_end(cloud: Functions) -> None:
    put(cloud, *[(number, f"m{number}") for number in range(5)])
    first = get(cloud, startFromHead=True, limit=2)
    assert texts(first) == ["m0", "m1"]
    second = get(cloud, nextToken=first["nextForwardToken"], limit=2)
    third = get(cloud, nextToken=second["nextForwardToken"], limit=2)
    assert (texts(second), texts(third)) == (["m2", "m3"], ["m4"])
    end = get(cloud, nextToken=third["nextForwardToken"], limit=2)
    assert texts(end) == []
    assert end["nextForwardToken"] == third["nextForwardToken"]
    put(cloud, (9, "later"))
    assert texts(get(cloud, nextToken=end["nextForwardToken"])) == ["later"]


def test_without_a_start_the_newest_come_and_tokens_walk_back(cloud: Functions) -> None:
    put(cloud, *[(number, f"m{number}") for number in range(5)])
    newest = get(cloud, limit=2)
    assert texts(newest) == ["m3", "m4"]
    older = get(cloud, nextToken=newest["nextBackwardToken"], limit=2)
    oldest = get(cloud, nextToken=older["nextBackwardToken"], limit=2)
    assert (texts(older), texts(oldest)) == (["m1", "m2"], ["m0"])
    end = get(cloud, nextToken=oldest["nextBackwardToken"], limit=2)
    assert (texts(end), end["nextBackwardToken"]) == ([], oldest["nextBackwardToken"])


def test_an_empty_stream_gives_tokens_that_find_the_first_event(cloud: Functions) -> None:
    empty = get(cloud, startFromHead=True)
    assert empty["events"] == []
    put(cloud, (0, "first"))
    assert texts(get(cloud, nextToken=empty["nextForwardToken"])) == ["first"]


def test_times_bound_and_the_end_is_exclusive(cloud: Functions) -> None:
    put(cloud, *[(number, f"m{number}") for number in range(5)])
    assert texts(get(cloud, startTime=MS + 1, endTime=MS + 3)) == ["m1", "m2"]


def test_answers_hold_a_megabyte(cloud: Functions) -> None:
    big = "x" * 400_000
    for number in range(4):
        put(cloud, (number, f"{number}{big}"))
    head = get(cloud, startFromHead=True)
    assert [text[0] for text in texts(head)] == ["0", "1"]
    assert [text[0] for text in texts(get(cloud, nextToken=head["nextForwardToken"]))] == ["2", "3"]
    tail = get(cloud)
    assert [text[0] for text in texts(tail)] == ["2", "3"]
    assert [text[0] for text in texts(get(cloud, nextToken=tail["nextBackwardToken"]))] == ["0", "1"]


@pytest.mark.parametrize("token", ["x", "f/1/s", "f/" + "1" * 56, "f/" + "x" * 56 + "/s"])
def test_tokens_of_others_are_refused(cloud: Functions, token: str) -> None:
    params = {"logGroupName": "g", "logStreamName": "s", "nextToken": token}
    assert cloud.refused("GetLogEvents", "logs", **params).message == "The specified nextToken is invalid."
    error = cloud.refused("FilterLogEvents", "logs", logGroupName="g", nextToken=token)
    assert error.message == "The specified nextToken is invalid."


def filtered(cloud: Functions, **params: Any) -> dict[str, Any]:
    return cloud("FilterLogEvents", "logs", logGroupName="g", **params)


@pytest.fixture
def full(cloud: Functions) -> Functions:
    put(cloud, (0, "ERROR one"), (2, "fine"), (4, "ERROR two"))
    put(cloud, (1, "ERROR other"), (3, "fine"), stream="t")
    return cloud


def test_all_streams_are_searched_in_order_of_time(full: Functions) -> None:
    out = filtered(full, filterPattern="ERROR")
    assert [(e["logStreamName"], e["message"]) for e in out["events"]] == [
        ("s", "ERROR one"),
        ("t", "ERROR other"),
        ("s", "ERROR two"),
    ]
    assert set(out["events"][0]) == {"logStreamName", "timestamp", "message", "ingestionTime", "eventId"}
    assert out["searchedLogStreams"] == []
    assert "nextToken" not in out


def test_streams_can_be_chosen(full: Functions) -> None:
    assert texts(filtered(full, logStreamNames=["t"])) == ["ERROR other", "fine"]
    assert texts(filtered(full, logStreamNamePrefix="s")) == ["ERROR one", "fine", "ERROR two"]
    assert texts(filtered(full, logStreamNamePrefix="zzz")) == []
    error = full.refused("FilterLogEvents", "logs", logGroupName="g", logStreamNames=["s", "nope"])
    assert error.message == "The specified log stream does not exist."
    both = {"logStreamNames": ["s"], "logStreamNamePrefix": "s"}
    assert "mutually exclusive" in full.refused("FilterLogEvents", "logs", logGroupName="g", **both).message


def test_times_bound_and_the_end_is_inclusive(full: Functions) -> None:
    assert texts(filtered(full, startTime=MS + 1, endTime=MS + 3)) == ["ERROR other", "fine", "fine"]


def test_pages_cover_everything_once(full: Functions) -> None:
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        out = filtered(full, limit=1, filterPattern="ERROR", **token)
        seen += texts(out)
        if "nextToken" not in out:
            break
        token = {"nextToken": out["nextToken"]}
    assert seen == ["ERROR one", "ERROR other", "ERROR two"]


def test_newest_first(full: Functions) -> None:
    full.now = NOW + 40_000_000
    late = int(full.now * 1000)
    given = [{"timestamp": late + number, "message": f"m{number}"} for number in range(3)]
    full("PutLogEvents", "logs", logGroupName="g", logStreamName="s", logEvents=given)
    out = filtered(full, startFromHead=False, startTime=late, limit=2)
    assert texts(out) == ["m2", "m1"]
    assert texts(filtered(full, startTime=late, nextToken=out["nextToken"])) == ["m0"]
    error = full.refused("FilterLogEvents", "logs", logGroupName="g", startFromHead=False)
    assert error.code == "InvalidParameterException"


def test_rare_matches_are_looked_for_piece_by_piece(cloud: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 10)
    monkeypatch.setattr(module, "PIECES", 3)
    put(cloud, *[(number, "needle" if number == 44 else "hay") for number in range(50)])
    first = filtered(cloud, filterPattern="needle")
    assert first["events"] == []
    memory = cloud.answers
    assert isinstance(memory, LogMemory)
    assert len(memory.reads) == 3
    second = filtered(cloud, filterPattern="needle", nextToken=first["nextToken"])
    assert texts(second) == ["needle"]
    assert "nextToken" not in second


def test_groups_can_be_named_by_arn(full: Functions) -> None:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    for identifier in (arn, "g"):
        assert len(full("FilterLogEvents", "logs", logGroupIdentifier=identifier)["events"]) == 5
    assert full.refused("FilterLogEvents", "logs", logGroupIdentifier="arn:aws:s3:::x").status == 400


def test_limits_are_checked(full: Functions) -> None:
    for limit in (0, 10_001):
        assert full.refused("FilterLogEvents", "logs", logGroupName="g", limit=limit).status == 400
