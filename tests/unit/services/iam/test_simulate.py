"""The policy simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.iam import LAMBDA_TRUST, Account, statement

OBJECT = "arn:aws:s3:::bucket/key"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.fixture
def account() -> Account:
    return Account()


def custom(account: Account, *policies: str, action: str = "s3:GetObject", **more: Any) -> dict[str, Any]:
    results = account.iam(
        "SimulateCustomPolicy",
        PolicyInputList=list(policies),
        ActionNames=[action],
        **{"ResourceArns": [OBJECT], **more},
    )["EvaluationResults"]
    assert len(results) == 1
    return dict(results[0])


def test_the_three_decisions(account: Account) -> None:
    allow = statement("s3:*")
    deny = statement("s3:GetObject", effect="Deny")
    result = custom(account, allow)
    assert (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"]) == (
        "s3:GetObject",
        OBJECT,
        "allowed",
    )
    assert [found["SourcePolicyId"] for found in result["MatchedStatements"]] == ["PolicyInputList.1"]
    result = custom(account, allow, deny)
    assert result["EvalDecision"] == "explicitDeny"
    assert [found["SourcePolicyId"] for found in result["MatchedStatements"]] == ["PolicyInputList.2"]
    result = custom(account, allow, action="sqs:SendMessage")
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


def test_where_the_statement_stands(account: Account) -> None:
    first = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    second = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [first, second]}, indent=1)
    (found,) = custom(account, text)["MatchedStatements"]
    lines = text.split("\n")
    start, end = found["StartPosition"], found["EndPosition"]
    assert lines[start["Line"] - 1][start["Column"] - 1] == "{"
    assert start["Line"] == 9
    assert lines[end["Line"] - 1][: end["Column"] - 1].endswith("}")


def test_condition_keys_are_absent_until_given(account: Account) -> None:
    policy = statement("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    result = custom(account, policy)
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:PrincipalTag/team"])
    entry = {"ContextKeyName": "aws:principaltag/team", "ContextKeyValues": ["red"], "ContextKeyType": "string"}
    result = custom(account, policy, ContextEntries=[entry])
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])


def test_a_boundary_limits(account: Account) -> None:
    result = custom(account, statement("s3:*"), PermissionsBoundaryPolicyInputList=[statement("s3:PutObject")])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_a_resource_policy_needs_a_caller(account: Account) -> None:
    body = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "s3:GetObject", "Resource": OBJECT}
    policy = json.dumps({"Version": "2012-10-17", "Statement": body})
    other = statement("sqs:*")
    result = custom(account, other, ResourcePolicy=policy, CallerArn=ALICE)
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"
    code, message, status = account.refused(
        "iam", "SimulateCustomPolicy", PolicyInputList=[other], ActionNames=["s3:GetObject"], ResourcePolicy=policy
    )
    assert (code, status) == ("InvalidInput", 400) and "CallerArn" in message


def test_a_principals_own_policies_are_taken(account: Account) -> None:
    account.user("alice", own=statement("s3:GetObject"))
    account.iam("CreateGroup", GroupName="g")
    account.iam("AttachGroupPolicy", GroupName="g", PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess")
    account.iam("AddUserToGroup", GroupName="g", UserName="alice")
    results = account.iam(
        "SimulatePrincipalPolicy",
        PolicySourceArn=ALICE,
        ActionNames=["s3:GetObject", "logs:GetLogEvents", "s3:PutObject"],
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "allowed", "implicitDeny"]
    assert [result["MatchedStatements"][0]["SourcePolicyId"] for result in results[:2]] == [
        "user_alice_own",
        "CloudWatchLogsReadOnlyAccess",
    ]


def test_a_roles_boundary_is_taken(account: Account) -> None:
    account.iam(
        "CreateRole",
        RoleName="r",
        AssumeRolePolicyDocument=LAMBDA_TRUST,
        PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    )
    account.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=statement("*"))
    results = account.iam(
        "SimulatePrincipalPolicy",
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        ActionNames=["iam:GetRole", "iam:CreateRole"],
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny"]


def test_every_action_with_every_resource_page_by_page(account: Account) -> None:
    params: dict[str, Any] = {
        "PolicyInputList": [statement("s3:*", OBJECT)],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [OBJECT, "arn:aws:s3:::other/key"],
        "MaxItems": 3,
    }
    first = account.iam("SimulateCustomPolicy", **params)
    second = account.iam("SimulateCustomPolicy", Marker=first["Marker"], **params)
    results = first["EvaluationResults"] + second["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny"] * 2
    assert second["IsTruncated"] is False


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"PolicyInputList": ["{"]}, "InvalidInput"),
        ({"ActionNames": ["GetObject"]}, "InvalidInput"),
        ({"CallerArn": f"arn:aws:iam::{ACCOUNT}:role/r"}, "InvalidInput"),
    ],
)
def test_bad_input(account: Account, params: dict[str, Any], code: str) -> None:
    given = {"PolicyInputList": [statement("a:b")], "ActionNames": ["s3:GetObject"], **params}
    assert account.refused("iam", "SimulateCustomPolicy", **given)[0] == code


def test_unknown_entities(account: Account) -> None:
    code, _, _ = account.refused("iam", "SimulatePrincipalPolicy", PolicySourceArn=ALICE, ActionNames=["s3:GetObject"])
    assert code == "NoSuchEntity"
    code, _, _ = account.refused("iam", "GetContextKeysForPrincipalPolicy", PolicySourceArn="arn:aws:s3:::bucket-name")
    assert code == "InvalidInput"


def test_context_keys(account: Account) -> None:
    policy = statement(
        "s3:GetObject",
        "arn:aws:s3:::b/${aws:username}/${aws:PrincipalTag/team, 'none'}",
        Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"AWS:sourceip": "true"}},
    )
    keys = account.iam("GetContextKeysForCustomPolicy", PolicyInputList=[policy])["ContextKeyNames"]
    assert keys == ["aws:PrincipalTag/team", "aws:SourceIp", "aws:username"]
