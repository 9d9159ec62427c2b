"""Log streams: created, described in both orders, deleted."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT, NOW, REGION
from tests.scenes.functions import Functions
from tests.scenes.logs import LogMemory

MS = int(NOW * 1000)


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.answers = LogMemory()
    out("CreateLogGroup", "logs", logGroupName="g")
    return out


def test_a_stream_exists_once(cloud: Functions) -> None:
    assert cloud("CreateLogStream", "logs", logGroupName="g", logStreamName="2023/[$LATEST]x") == {}
    error = cloud.refused("CreateLogStream", "logs", logGroupName="g", logStreamName="2023/[$LATEST]x")
    assert (error.code, error.message) == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    assert cloud.refused("CreateLogStream", "logs", logGroupName="h", logStreamName="s").message == (
        "The specified log group does not exist."
    )
    assert cloud.refused("CreateLogStream", "logs", logGroupName="g", logStreamName="a:b").status == 400


def test_streams_are_described(cloud: Functions) -> None:
    cloud("CreateLogStream", "logs", logGroupName="g", logStreamName="s")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:log-stream:s"
    (row,) = cloud("DescribeLogStreams", "logs", logGroupName="g")["logStreams"]
    assert row == {"logStreamName": "s", "creationTime": MS, "arn": arn, "storedBytes": 0}
    events = [{"timestamp": MS - 5, "message": "a"}, {"timestamp": MS, "message": "b"}]
    cloud("PutLogEvents", "logs", logGroupName="g", logStreamName="s", logEvents=events)
    (row,) = cloud("DescribeLogStreams", "logs", logGroupIdentifier="g")["logStreams"]
    assert (row["firstEventTimestamp"], row["lastEventTimestamp"], row["lastIngestionTime"]) == (MS - 5, MS, MS)


def test_orders_and_pages(cloud: Functions) -> None:
    for number, name in enumerate(("c", "a", "b", "d")):
        cloud("CreateLogStream", "logs", logGroupName="g", logStreamName=name)
        if name != "d":
            event = {"timestamp": MS + number, "message": "x"}
            cloud("PutLogEvents", "logs", logGroupName="g", logStreamName=name, logEvents=[event])

    def walk(**params: object) -> list[str]:
        out: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = cloud("DescribeLogStreams", "logs", logGroupName="g", limit=2, **params, **token)
            out += [row["logStreamName"] for row in page["logStreams"]]
            if "nextToken" not in page:
                return out
            token = {"nextToken": page["nextToken"]}

    assert walk() == ["a", "b", "c", "d"]
    assert walk(descending=True) == ["d", "c", "b", "a"]
    assert walk(orderBy="LastEventTime") == ["d", "c", "a", "b"]
    assert walk(orderBy="LastEventTime", descending=True) == ["b", "a", "c", "d"]
    assert walk(logStreamNamePrefix="b") == ["b"]


def test_what_cannot_be_described(cloud: Functions) -> None:
    params = {"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"}
    error = cloud.refused("DescribeLogStreams", "logs", **params)
    assert error.message == "Cannot order by LastEventTime with a logStreamNamePrefix."
    assert cloud.refused("DescribeLogStreams", "logs", logGroupName="g", limit=51).status == 400
    for token in ("ü", "e30=", "W10="):
        error = cloud.refused("DescribeLogStreams", "logs", logGroupName="g", nextToken=token)
        assert error.message == "The specified nextToken is invalid."
    assert cloud.refused("DescribeLogStreams", "logs").code == "InvalidParameterException"
    both = cloud.refused("DescribeLogStreams", "logs", logGroupName="g", logGroupIdentifier="g")
    assert "mutually exclusive" in both.message


def test_deleting(cloud: Functions) -> None:
    cloud("CreateLogStream", "logs", logGroupName="g", logStreamName="s")
    cloud("DeleteLogStream", "logs", logGroupName="g", logStreamName="s")
    error = cloud.refused("DeleteLogStream", "logs", logGroupName="g", logStreamName="s")
    assert (error.code, error.message) == ("ResourceNotFoundException", "The specified log stream does not exist.")
