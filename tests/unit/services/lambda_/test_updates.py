"""UpdateFunctionCode, UpdateFunctionConfiguration, concurrency, tags, account settings."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.functions import OTHER_ROLE, Functions, arn, zipped


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.create(Environment={"Variables": {"AA": "1", "BB": "2"}})
    return out


def test_new_code_replaces_the_old(cloud: Functions) -> None:
    before = cloud("GetFunctionConfiguration", FunctionName="orders")
    cloud.now += 60
    code = zipped({"app.py": "x = 2"})
    out = cloud("UpdateFunctionCode", FunctionName="orders", ZipFile=code, RevisionId=before["RevisionId"])
    assert out["CodeSha256"] != before["CodeSha256"]
    assert out["LastModified"] == "2023-11-14T22:14:20.000+0000"
    assert out["RevisionId"] != before["RevisionId"]
    assert code in cloud.blobs.values()
    error = cloud.refused("UpdateFunctionCode", FunctionName="orders", ZipFile=code, RevisionId=before["RevisionId"])
    assert (error.code, error.status) == ("PreconditionFailedException", 412)


def test_a_dry_run_changes_nothing(cloud: Functions) -> None:
    before = cloud("GetFunctionConfiguration", FunctionName="orders")
    code = zipped({"app.py": "x = 2"})
    out = cloud("UpdateFunctionCode", FunctionName="orders", ZipFile=code, DryRun=True)
    assert out["CodeSize"] == len(code)
    assert cloud.changes == ()
    assert code not in cloud.blobs.values()
    assert cloud("GetFunctionConfiguration", FunctionName="orders") == before


def test_new_code_can_be_published_at_once(cloud: Functions) -> None:
    out = cloud("UpdateFunctionCode", FunctionName="orders", ZipFile=zipped({"a.py": "1"}), Publish=True)
    assert (out["Version"], out["FunctionArn"]) == ("1", arn("orders", "1"))


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"ZipFile": b"x"}, "Could not unzip uploaded file"),
        ({"S3Bucket": "bucket", "S3Key": "k"}, "S3Bucket is not supported"),
        ({"ImageUri": "i"}, "ImageUri is not supported"),
    ],
)
def test_bad_code(cloud: Functions, params: dict[str, Any], text: str) -> None:
    assert text in cloud.refused("UpdateFunctionCode", FunctionName="orders", **params).message


def test_only_what_is_given_changes_and_the_environment_as_a_whole(cloud: Functions) -> None:
    out = cloud("UpdateFunctionConfiguration", FunctionName="orders", Timeout=30, Description="new")
    assert (out["Timeout"], out["Description"], out["MemorySize"]) == (30, "new", 128)
    assert out["Environment"] == {"Variables": {"AA": "1", "BB": "2"}}
    out = cloud("UpdateFunctionConfiguration", FunctionName="orders", Environment={"Variables": {"CC": "3"}})
    assert out["Environment"] == {"Variables": {"CC": "3"}}
    out = cloud("UpdateFunctionConfiguration", FunctionName="orders", Environment={})
    assert "Environment" not in out
    assert out["LastUpdateStatus"] == "Successful"


def test_a_new_role_is_checked_like_the_first(cloud: Functions) -> None:
    error = cloud.refused("UpdateFunctionConfiguration", FunctionName="orders", Role=OTHER_ROLE)
    assert error.message == "The role defined for the function cannot be assumed by Lambda."


def test_updates_are_checked(cloud: Functions) -> None:
    assert cloud.refused("UpdateFunctionConfiguration", FunctionName="orders", Timeout=0).code == "ValidationException"
    error = cloud.refused(
        "UpdateFunctionConfiguration",
        FunctionName="orders",
        FileSystemConfigs=[
            {
                "Arn": "arn:aws:elasticfilesystem:us-east-1:111122223333:access-point/fsap-0123456789abcdef0",
                "LocalMountPath": "/mnt/x",
            }
        ],
    )
    assert "FileSystemConfigs is not supported" in error.message
    assert cloud.refused("UpdateFunctionConfiguration", FunctionName="nope", Timeout=1).status == 404
    error = cloud.refused("UpdateFunctionConfiguration", FunctionName="orders:live", Timeout=1)
    assert "Aliases and versions do not support this operation" in error.message


def test_reserved_concurrency(cloud: Functions) -> None:
    cloud.create("other")
    assert cloud("GetFunctionConcurrency", FunctionName="orders") == {}
    assert cloud("PutFunctionConcurrency", FunctionName="orders", ReservedConcurrentExecutions=600) == {
        "ReservedConcurrentExecutions": 600
    }
    assert cloud("GetFunction", FunctionName="orders")["Concurrency"] == {"ReservedConcurrentExecutions": 600}
    error = cloud.refused("PutFunctionConcurrency", FunctionName="other", ReservedConcurrentExecutions=301)
    assert error.message == (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
        "below its minimum value of [100]."
    )
    cloud("PutFunctionConcurrency", FunctionName="other", ReservedConcurrentExecutions=300)
    cloud("PutFunctionConcurrency", FunctionName="orders", ReservedConcurrentExecutions=0)
    assert cloud.snapshot.functions[arn("orders")].versions["$LATEST"].reserved_concurrency == 0
    assert cloud("GetAccountSettings")["AccountLimit"]["UnreservedConcurrentExecutions"] == 700
    cloud("DeleteFunctionConcurrency", FunctionName="orders")
    assert cloud("GetFunctionConcurrency", FunctionName="orders") == {}


def test_tags(cloud: Functions) -> None:
    cloud("TagResource", Resource=arn("orders"), Tags={"a": "1", "b": "2"})
    cloud("UntagResource", Resource=arn("orders"), TagKeys=["a"])
    assert cloud("ListTags", Resource=arn("orders")) == {"Tags": {"b": "2"}}
    error = cloud.refused("TagResource", Resource=arn("orders", "1"), Tags={"a": "1"})
    assert error.message == "Tags on function aliases and versions are not supported. Please specify a function ARN."
    assert cloud.refused("ListTags", Resource=arn("nope")).status == 404
    assert cloud.refused("ListTags", Resource="nope").status == 400
    many = {f"k{number}": "" for number in range(50)}
    assert "exceeds function tag limit" in cloud.refused("TagResource", Resource=arn("orders"), Tags=many).message


def test_account_usage(cloud: Functions) -> None:
    cloud("PublishVersion", FunctionName="orders")
    usage = cloud("GetAccountSettings")["AccountUsage"]
    assert usage == {"TotalCodeSize": 2 * len(zipped()), "FunctionCount": 1}
