"""AddPermission writes resource policies letter by letter as AWS does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.functions import ROLE, Functions, arn

from sekisho.services.operation import ServiceError

SOURCE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123/*/GET/pets"
GRANT = {"StatementId": "s1", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.create(Publish=True)
    out("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1")
    return out


def test_the_document_is_compact_and_in_aws_order(cloud: Functions) -> None:
    out = cloud("AddPermission", FunctionName="orders", SourceArn=SOURCE, SourceAccount=ACCOUNT, **GRANT)
    statement = (
        '{"Sid":"s1","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},'
        f'"Action":"lambda:InvokeFunction","Resource":"{arn("orders")}",'
        f'"Condition":{{"StringEquals":{{"AWS:SourceAccount":"{ACCOUNT}"}},"ArnLike":{{"AWS:SourceArn":"{SOURCE}"}}}}}}'
    )
    assert out == {"Statement": statement}
    got = cloud("GetPolicy", FunctionName="orders")
    assert got["Policy"] == f'{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}'
    assert got["RevisionId"] == cloud("GetFunctionConfiguration", FunctionName="orders")["RevisionId"]


@pytest.mark.parametrize(
    ("principal", "written"),
    [
        ("*", "*"),
        ("111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:root", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:role/x", {"AWS": "arn:aws:iam::111122223333:role/x"}),
        (ROLE, {"AWS": ROLE}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("elasticloadbalancing.amazonaws.com", {"Service": "elasticloadbalancing.amazonaws.com"}),
    ],
)
def test_principals(cloud: Functions, principal: str, written: Any) -> None:
    out = cloud("AddPermission", FunctionName="orders", **{**GRANT, "Principal": principal})
    assert json.loads(out["Statement"])["Principal"] == written


@pytest.mark.parametrize(
    "principal",
    ["nonsense", f"arn:aws:iam::{ACCOUNT}:user/nobody", "arn:aws:s3:::bucket", "arn:aws:iam::1:root", "amazonaws.com"],
)
def test_principals_that_do_not_exist(cloud: Functions, principal: str) -> None:
    error = cloud.refused("AddPermission", FunctionName="orders", **{**GRANT, "Principal": principal})
    assert (error.code, error.message) == (
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
    )


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"PrincipalOrgID": "o-1234567890"}, {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
        ({"EventSourceToken": "amzn1.x"}, {"StringEquals": {"lambda:EventSourceToken": "amzn1.x"}}),
        (
            {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
        ({"InvokedViaFunctionUrl": True}, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
        ({"SourceArn": "arn:aws:s3:::bucket"}, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}}),
        ({}, None),
    ],
)
def test_conditions(cloud: Functions, params: dict[str, Any], condition: Any) -> None:
    out = cloud("AddPermission", FunctionName="orders", **{**GRANT, **params})
    assert json.loads(out["Statement"]).get("Condition") == condition


def test_statement_ids_are_unique_per_qualifier(cloud: Functions) -> None:
    cloud("AddPermission", FunctionName="orders", **GRANT)
    error = cloud.refused("AddPermission", FunctionName="orders", **GRANT)
    assert (error.code, error.status, error.message) == (
        "ResourceConflictException",
        409,
        "The statement id (s1) provided already exists. "
        "Please provide a new statement id, or remove the existing statement.",
    )
    cloud("AddPermission", FunctionName="orders", Qualifier="live", **GRANT)
    cloud("AddPermission", FunctionName="orders:1", **GRANT)


@pytest.mark.parametrize("qualifier", ["live", "1"])
def test_every_qualifier_has_its_own_policy(cloud: Functions, qualifier: str) -> None:
    cloud("AddPermission", FunctionName="orders", Qualifier=qualifier, **GRANT)
    error = cloud.refused("GetPolicy", FunctionName="orders")
    assert (error.code, error.status, error.message) == (
        "ResourceNotFoundException",
        404,
        "The resource you requested does not exist.",
    )
    policy = json.loads(cloud("GetPolicy", FunctionName="orders", Qualifier=qualifier)["Policy"])
    assert [s["Resource"] for s in policy["Statement"]] == [arn("orders", qualifier)]


def test_latest_has_no_policy_of_its_own(cloud: Functions) -> None:
    error = cloud.refused("AddPermission", FunctionName="orders", Qualifier="$LATEST", **GRANT)
    assert error.code == "InvalidParameterValueException"
    assert error.message == "We currently do not support adding policies for $LATEST."


def test_unknown_qualifiers(cloud: Functions) -> None:
    error = cloud.refused("AddPermission", FunctionName="orders", Qualifier="9", **GRANT)
    assert (error.status, error.message) == (404, f"Function not found: {arn('orders', '9')}")
    error = cloud.refused("AddPermission", FunctionName="orders", Qualifier="nope", **GRANT)
    assert (error.status, error.message) == (404, f"Cannot find alias arn: {arn('orders', 'nope')}")
    assert cloud.refused("AddPermission", FunctionName="missing", **GRANT).status == 404


def test_statements_are_removed_one_by_one(cloud: Functions) -> None:
    cloud("AddPermission", FunctionName="orders", **GRANT)
    cloud("AddPermission", FunctionName="orders", **{**GRANT, "StatementId": "s2"})
    cloud("RemovePermission", FunctionName="orders", StatementId="s1")
    policy = json.loads(cloud("GetPolicy", FunctionName="orders")["Policy"])
    assert [s["Sid"] for s in policy["Statement"]] == ["s2"]
    error = cloud.refused("RemovePermission", FunctionName="orders", StatementId="s1")
    assert (error.status, error.message) == (404, "Statement s1 is not found in resource policy.")
    cloud("RemovePermission", FunctionName="orders", StatementId="s2")
    assert cloud.refused("GetPolicy", FunctionName="orders").status == 404
    error = cloud.refused("RemovePermission", FunctionName="orders", StatementId="s2")
    assert error.message == "No policy is associated with the given resource."


def test_revisions_guard_the_policy(cloud: Functions) -> None:
    cloud("AddPermission", FunctionName="orders", **GRANT)
    old = cloud("GetPolicy", FunctionName="orders")["RevisionId"]
    second = {**GRANT, "StatementId": "s2"}
    cloud("AddPermission", FunctionName="orders", RevisionId=old, **second)
    error = cloud.refused("AddPermission", FunctionName="orders", RevisionId=old, **{**GRANT, "StatementId": "s3"})
    assert (error.code, error.status) == ("PreconditionFailedException", 412)
    error = cloud.refused("RemovePermission", FunctionName="orders", StatementId="s2", RevisionId=old)
    assert error.status == 412


def test_policies_have_a_limit(cloud: Functions) -> None:
    with pytest.raises(
        ServiceError, match=r"The final policy size \(\d+\) is bigger than the limit \(20480\)\."
    ) as caught:
        for number in range(200):
            cloud("AddPermission", FunctionName="orders", SourceArn=SOURCE, **{**GRANT, "StatementId": f"s{number}"})
    assert caught.value.code == "PolicyLengthExceededException"
    assert len(cloud("GetPolicy", FunctionName="orders")["Policy"]) <= 20480


@pytest.mark.parametrize(
    "params",
    [
        {"StatementId": "a b"},
        {"Action": "s3:GetObject"},
        {"SourceArn": "not an arn"},
        {"SourceAccount": "12"},
        {"PrincipalOrgID": "x"},
        {"FunctionUrlAuthType": "NONE"},
    ],
)
def test_malformed_members_are_refused(cloud: Functions, params: dict[str, Any]) -> None:
    assert cloud.refused("AddPermission", FunctionName="orders", **{**GRANT, **params}).status == 400
