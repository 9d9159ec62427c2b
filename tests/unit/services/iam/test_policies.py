"""Managed policies, inline policies, attachments and boundaries."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.iam import LAMBDA_TRUST, Account, statement

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def account() -> Account:
    made = Account()
    made.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA_TRUST)
    return made


def create(account: Account, name: str = "p", document: str = "", **more: Any) -> str:
    made = account.iam("CreatePolicy", PolicyName=name, PolicyDocument=document or statement("s3:GetObject"), **more)
    return str(made["Policy"]["Arn"])


def test_versions(account: Account) -> None:
    arn = create(account, Path="/team/", Description="reads")
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/team/p"
    for number in range(2, 6):
        version = account.iam(
            "CreatePolicyVersion",
            PolicyArn=arn,
            PolicyDocument=statement(f"s3:Get{number}"),
            SetAsDefault=number == 3,
        )["PolicyVersion"]
        assert (version["VersionId"], version["IsDefaultVersion"]) == (f"v{number}", number == 3)
    code, message, status = account.refused(
        "iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=statement("a:b")
    )
    assert (code, status) == ("LimitExceeded", 409)
    assert message.startswith("A managed policy can have up to 5 versions.")
    read = account.iam("GetPolicyVersion", PolicyArn=arn, VersionId="v3")["PolicyVersion"]
    assert json.loads(unquote(read["Document"]))["Statement"][0]["Action"] == "s3:Get3"
    listed = account.iam("ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert [v["VersionId"] for v in listed] == ["v5", "v4", "v3", "v2", "v1"]
    assert account.refused("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId="v3") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
        409,
    )
    assert account.refused("iam", "DeletePolicy", PolicyArn=arn)[1].startswith("This policy has more than one version.")
    account.iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")
    assert account.identities.managed[arn].document["Statement"][0]["Action"] == "s3:GetObject"
    for version in ("v2", "v3", "v4", "v5"):
        account.iam("DeletePolicyVersion", PolicyArn=arn, VersionId=version)
    assert account.refused("iam", "GetPolicyVersion", PolicyArn=arn, VersionId="v2")[0] == "NoSuchEntity"
    assert (
        account.iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=statement("a:b"))["PolicyVersion"]["VersionId"]
        == "v6"
    )


def test_attachment_is_counted_shared_and_blocks_deletion(account: Account) -> None:
    arn = create(account)
    account.iam("CreateUser", UserName="alice")
    account.iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)
    account.iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)
    account.iam("AttachUserPolicy", UserName="alice", PolicyArn=arn)
    assert account.iam("GetPolicy", PolicyArn=arn)["Policy"]["AttachmentCount"] == 2
    assert account.iam("ListAttachedRolePolicies", RoleName="r")["AttachedPolicies"] == [
        {"PolicyName": "p", "PolicyArn": arn}
    ]
    entities = account.iam("ListEntitiesForPolicy", PolicyArn=arn)
    assert [u["UserName"] for u in entities["PolicyUsers"]] == ["alice"]
    assert [r["RoleName"] for r in entities["PolicyRoles"]] == ["r"]
    assert account.iam("ListEntitiesForPolicy", PolicyArn=arn, EntityFilter="Role")["PolicyUsers"] == []
    role = account.identities.roles[f"arn:aws:iam::{ACCOUNT}:role/r"]
    alice = account.identities.users[f"arn:aws:iam::{ACCOUNT}:user/alice"]
    assert role.stack.identity[0] is alice.principal.stack.identity[0] is account.identities.managed[arn]
    assert account.refused("iam", "DeletePolicy", PolicyArn=arn) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
        409,
    )
    account.iam("DetachRolePolicy", RoleName="r", PolicyArn=arn)
    assert account.refused("iam", "DetachRolePolicy", RoleName="r", PolicyArn=arn) == (
        "NoSuchEntity",
        f"Policy {arn} was not found.",
        404,
    )
    account.iam("DetachUserPolicy", UserName="alice", PolicyArn=arn)
    account.iam("DeletePolicy", PolicyArn=arn)
    assert arn not in account.identities.managed


def test_what_cannot_be_attached(account: Account) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    assert account.refused("iam", "AttachRolePolicy", RoleName="r", PolicyArn=missing) == (
        "NoSuchEntity",
        f"Policy {missing} does not exist or is not attachable.",
        404,
    )
    assert account.refused("iam", "AttachRolePolicy", RoleName="r", PolicyArn="x" * 30)[0] == "ValidationError"
    assert account.refused("iam", "AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:s3:::bucket-of-mine")[0] == (
        "InvalidInput"
    )
    for number in range(10):
        account.iam("AttachRolePolicy", RoleName="r", PolicyArn=create(account, f"p{number}"))
    assert account.refused("iam", "AttachRolePolicy", RoleName="r", PolicyArn=BASIC) == (
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
        409,
    )


def test_aws_managed_policies_are_there_and_out_of_reach(account: Account) -> None:
    policy = account.iam("GetPolicy", PolicyArn=BASIC)["Policy"]
    assert (policy["PolicyName"], policy["Path"], policy["DefaultVersionId"]) == (
        "AWSLambdaBasicExecutionRole",
        "/service-role/",
        "v1",
    )
    version = account.iam("GetPolicyVersion", PolicyArn=BASIC, VersionId="v1")["PolicyVersion"]
    assert json.loads(unquote(version["Document"]))["Statement"][0]["Action"] == [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]
    assert account.refused("iam", "DeletePolicy", PolicyArn=BASIC)[0] == "AccessDenied"
    assert account.refused("iam", "TagPolicy", PolicyArn=BASIC, Tags=[])[0] == "AccessDenied"
    missing = "arn:aws:iam::aws:policy/NoSuchPolicyAtAll"
    assert account.refused("iam", "GetPolicy", PolicyArn=missing) == (
        "NoSuchEntity",
        f"Policy {missing} was not found.",
        404,
    )


def test_listing_by_scope_path_and_use(account: Account) -> None:
    arn = create(account, Path="/team/")
    create(account, "q")
    assert [p["PolicyName"] for p in account.iam("ListPolicies", Scope="Local")["Policies"]] == ["q", "p"]
    assert [p["Arn"] for p in account.iam("ListPolicies", PathPrefix="/team/")["Policies"]] == [arn]
    assert account.iam("ListPolicies", OnlyAttached=True)["Policies"] == []
    account.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    assert [p["Arn"] for p in account.iam("ListPolicies", OnlyAttached=True)["Policies"]] == [BASIC]
    assert len(account.iam("ListPolicies", Scope="AWS")["Policies"]) > 15
    bounded = account.iam("ListPolicies", PolicyUsageFilter="PermissionsBoundary")["Policies"]
    assert bounded == []


def test_inline_policies(account: Account) -> None:
    account.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=statement("s3:*"))
    read = account.iam("GetRolePolicy", RoleName="r", PolicyName="p")
    assert (read["RoleName"], unquote(read["PolicyDocument"])) == ("r", statement("s3:*"))
    assert account.iam("ListRolePolicies", RoleName="r")["PolicyNames"] == ["p"]
    assert account.identities.roles[f"arn:aws:iam::{ACCOUNT}:role/r"].stack.identity[0].name == (
        "inline policy 'p' of role 'r'"
    )
    account.iam("DeleteRolePolicy", RoleName="r", PolicyName="p")
    assert account.refused("iam", "GetRolePolicy", RoleName="r", PolicyName="p") == (
        "NoSuchEntity",
        "The role policy with name p cannot be found.",
        404,
    )


@pytest.mark.parametrize(("kind", "quota"), [("User", 2048), ("Group", 5120), ("Role", 10240)])
def test_inline_policies_share_a_quota_that_ignores_white_space(account: Account, kind: str, quota: int) -> None:
    name: dict[str, Any] = {f"{kind}Name": "someone"}
    more: dict[str, Any] = {"AssumeRolePolicyDocument": LAMBDA_TRUST} if kind == "Role" else {}
    account.iam(f"Create{kind}", **name, **more)
    shell = len("".join(statement("s3:GetObject", "arn:aws:s3:::").split()))
    half = statement("s3:GetObject", "arn:aws:s3:::" + "x" * (quota // 2 - shell)) + " " * quota
    account.iam(f"Put{kind}Policy", **name, PolicyName="a", PolicyDocument=half)
    account.iam(f"Put{kind}Policy", **name, PolicyName="b", PolicyDocument=half)
    answer = account.refused("iam", f"Put{kind}Policy", **name, PolicyName="c", PolicyDocument=statement("a:b"))
    assert answer == (
        "LimitExceeded",
        f"Maximum policy size of {quota} bytes exceeded for {kind.lower()} someone",
        409,
    )


def test_a_managed_policy_that_is_too_long(account: Account) -> None:
    document = statement("s3:GetObject", ["arn:aws:s3:::" + "x" * 1000 for _ in range(7)])
    answer = account.refused("iam", "CreatePolicy", PolicyName="p", PolicyDocument=document)
    assert answer == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)


def test_names_are_unique_across_paths(account: Account) -> None:
    create(account)
    answer = account.refused("iam", "CreatePolicy", PolicyName="P", Path="/x/", PolicyDocument=statement("a:b"))
    assert answer == ("EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed.", 409)


def test_malformed_documents(account: Account) -> None:
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("CreatePolicy", {"PolicyName": "p"}),
        ("PutRolePolicy", {"RoleName": "r", "PolicyName": "p"}),
    )
    for operation, params in cases:
        for document in ("{", "[]", '"x"', "[" * 100_000):
            code, message, status = account.refused("iam", operation, PolicyDocument=document, **params)
            assert (code, status) == ("MalformedPolicyDocument", 400), document[:10]
            assert message == "Syntax errors in policy."


def test_boundaries(account: Account) -> None:
    arn = create(account)
    account.iam("CreateUser", UserName="alice", PermissionsBoundary=arn)
    boundary = account.iam("GetUser", UserName="alice")["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == arn
    assert account.iam("GetPolicy", PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    user_arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert account.identities.users[user_arn].principal.stack.boundary is account.identities.managed[arn]
    assert account.refused("iam", "DeletePolicy", PolicyArn=arn)[0] == "DeleteConflict"
    account.iam("PutRolePermissionsBoundary", RoleName="r", PermissionsBoundary=BASIC)
    account.iam("DeleteUserPermissionsBoundary", UserName="alice")
    assert "PermissionsBoundary" not in account.iam("GetUser", UserName="alice")["User"]
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    code, message, _ = account.refused("iam", "PutRolePermissionsBoundary", RoleName="r", PermissionsBoundary=missing)
    assert (code, message) == ("NoSuchEntity", f"Scope ARN: {missing} does not exist or is not attachable.")
