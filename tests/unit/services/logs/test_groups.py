"""Log groups, their tags and retention, and resource policies."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT, NOW, REGION
from tests.scenes.functions import Functions
from tests.scenes.logs import LogMemory
from tests.scenes.shapes import model

from sekisho.services.effects import LogGroupRef
from sekisho.services.logs import OPERATIONS

ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.answers = LogMemory()
    return out


def test_a_group_is_described_with_both_arns(cloud: Functions) -> None:
    assert cloud("CreateLogGroup", "logs", logGroupName="/aws/lambda/f", tags={"a": "b"}) == {}
    assert cloud("DescribeLogGroups", "logs")["logGroups"] == [
        {
            "logGroupName": "/aws/lambda/f",
            "creationTime": int(NOW * 1000),
            "metricFilterCount": 0,
            "arn": f"{ARN}/aws/lambda/f:*",
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
            "logGroupArn": f"{ARN}/aws/lambda/f",
            "deletionProtectionEnabled": False,
        }
    ]
    error = cloud.refused("CreateLogGroup", "logs", logGroupName="/aws/lambda/f")
    assert (error.code, error.status, error.message) == (
        "ResourceAlreadyExistsException",
        400,
        "The specified log group already exists",
    )


@pytest.mark.parametrize("params", [{"logGroupName": "a b"}, {"logGroupName": "a", "kmsKeyId": "k"}])
def test_groups_that_cannot_be(cloud: Functions, params: dict[str, str]) -> None:
    assert cloud.refused("CreateLogGroup", "logs", **params).code == "InvalidParameterException"


def test_groups_are_found_by_prefix_pattern_and_page(cloud: Functions) -> None:
    for name in ("a/1", "a/2", "a/3", "bbb/1"):
        cloud("CreateLogGroup", "logs", logGroupName=name)

    def names(**params: object) -> list[str]:
        return [row["logGroupName"] for row in cloud("DescribeLogGroups", "logs", **params)["logGroups"]]

    assert names(logGroupNamePrefix="a/") == ["a/1", "a/2", "a/3"]
    assert names(logGroupNamePattern="/1") == ["a/1", "bbb/1"]
    assert names(logGroupIdentifiers=["bbb/1", f"{ARN}a/2"]) == ["a/2", "bbb/1"]
    first = cloud("DescribeLogGroups", "logs", logGroupNamePrefix="a/", limit=2)
    assert names(logGroupNamePrefix="a/", limit=2, nextToken=first["nextToken"]) == ["a/3"]
    assert cloud.refused("DescribeLogGroups", "logs", limit=51).code == "InvalidParameterException"
    assert cloud.refused("DescribeLogGroups", "logs", nextToken="ü").code == "InvalidParameterException"
    both = {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}
    assert "mutually exclusive" in cloud.refused("DescribeLogGroups", "logs", **both).message
    listed = cloud("ListLogGroups", "logs", logGroupNamePattern="^bbb/|/2x|a/1")["logGroups"]
    assert [row["logGroupArn"] for row in listed] == [f"{ARN}a/1", f"{ARN}bbb/1"]


def test_retention(cloud: Functions) -> None:
    cloud("CreateLogGroup", "logs", logGroupName="g")
    cloud("PutRetentionPolicy", "logs", logGroupName="g", retentionInDays=14)
    assert cloud("DescribeLogGroups", "logs")["logGroups"][0]["retentionInDays"] == 14
    error = cloud.refused("PutRetentionPolicy", "logs", logGroupName="g", retentionInDays=2)
    assert error.message.startswith("Invalid retention value. Valid values are: [1, 3, 5,")
    cloud("DeleteRetentionPolicy", "logs", logGroupName="g")
    assert "retentionInDays" not in cloud("DescribeLogGroups", "logs")["logGroups"][0]
    error = cloud.refused("PutRetentionPolicy", "logs", logGroupName="h", retentionInDays=1)
    assert (error.code, error.message) == ("ResourceNotFoundException", "The specified log group does not exist.")


def test_tags_of_both_generations(cloud: Functions) -> None:
    cloud("CreateLogGroup", "logs", logGroupName="g", tags={"a": "1"})
    cloud("TagResource", "logs", resourceArn=f"{ARN}g", tags={"b": "2"})
    cloud("TagLogGroup", "logs", logGroupName="g", tags={"c": "3"})
    assert cloud("ListTagsForResource", "logs", resourceArn=f"{ARN}g") == {"tags": {"a": "1", "b": "2", "c": "3"}}
    cloud("UntagResource", "logs", resourceArn=f"{ARN}g", tagKeys=["a"])
    cloud("UntagLogGroup", "logs", logGroupName="g", tags=["c"])
    assert cloud("ListTagsLogGroup", "logs", logGroupName="g") == {"tags": {"b": "2"}}
    many = {f"k{number}": "v" for number in range(50)}
    assert cloud.refused("TagLogGroup", "logs", logGroupName="g", tags=many).code == "TooManyTagsException"
    assert cloud.refused("ListTagsForResource", "logs", resourceArn="nope").code == "InvalidParameterException"


def test_deleting_takes_streams_and_events(cloud: Functions) -> None:
    memory = cloud.answers
    assert isinstance(memory, LogMemory)
    for name in ("g", "h"):
        cloud("CreateLogGroup", "logs", logGroupName=name)
        cloud("CreateLogStream", "logs", logGroupName=name, logStreamName="s")
    cloud("DeleteLogGroup", "logs", logGroupName="g")
    assert set(memory.streams) == {(LogGroupRef(ACCOUNT, REGION, "h"), "s")}
    assert [row["logGroupName"] for row in cloud("DescribeLogGroups", "logs")["logGroups"]] == ["h"]
    assert cloud.refused("DeleteLogGroup", "logs", logGroupName="g").code == "ResourceNotFoundException"


def test_protected_groups_stay(cloud: Functions) -> None:
    cloud("CreateLogGroup", "logs", logGroupName="g", deletionProtectionEnabled=True)
    assert cloud.refused("DeleteLogGroup", "logs", logGroupName="g").code == "ValidationException"
    cloud("PutLogGroupDeletionProtection", "logs", logGroupIdentifier=f"{ARN}g", deletionProtectionEnabled=False)
    cloud("DeleteLogGroup", "logs", logGroupName="g")


def test_resource_policies_are_stored(cloud: Functions) -> None:
    document = '{"Version":"2012-10-17","Statement":[]}'
    put = cloud("PutResourcePolicy", "logs", policyName="p", policyDocument=document)["resourcePolicy"]
    assert put == {"policyName": "p", "policyDocument": document, "lastUpdatedTime": int(NOW * 1000)}
    assert cloud("DescribeResourcePolicies", "logs")["resourcePolicies"] == [put]
    assert cloud("DescribeResourcePolicies", "logs", policyScope="RESOURCE") == {"resourcePolicies": []}
    cloud("DeleteResourcePolicy", "logs", policyName="p")
    assert cloud.refused("DeleteResourcePolicy", "logs", policyName="p").code == "ResourceNotFoundException"
    bad = cloud.refused("PutResourcePolicy", "logs", policyName="p", policyDocument="{")
    assert bad.message == "Invalid policy document"
    for number in range(10):
        cloud("PutResourcePolicy", "logs", policyName=f"p{number}", policyDocument=document)
    error = cloud.refused("PutResourcePolicy", "logs", policyName="p10", policyDocument=document)
    assert error.code == "LimitExceededException"


def test_every_operation_is_one_of_the_model_and_asks_iam_about_an_arn(cloud: Functions) -> None:
    assert set(OPERATIONS) <= set(model("logs").operation_names)
    for name, row in OPERATIONS.items():
        if callable(row.resource):
            assert row.resource(cloud.call(name, "logs", logGroupName="?", logStreamName="s")).startswith(ARN)
    call = cloud.call("PutLogEvents", "logs", logGroupName="g", logStreamName="s")
    resource = OPERATIONS["PutLogEvents"].resource
    assert callable(resource)
    assert resource(call) == f"{ARN}g:log-stream:s"
    resource = OPERATIONS["FilterLogEvents"].resource
    assert callable(resource)
    assert resource(cloud.call("FilterLogEvents", "logs", logGroupIdentifier=f"{ARN}g")) == f"{ARN}g:log-stream:"
    resource = OPERATIONS["DescribeLogGroups"].resource
    assert callable(resource)
    assert resource(cloud.call("DescribeLogGroups", "logs")) == f"{ARN}:log-stream:"
