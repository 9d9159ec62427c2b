"""Users, their access keys and groups."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT, user
from tests.scenes.iam import LAMBDA_TRUST, Account, statement

from sekisho.policy.request import SubjectKind


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_user_and_its_key(account: Account) -> None:
    made = account.iam("CreateUser", UserName="alice", Path="/a/", Tags=[{"Key": "k", "Value": "v"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/a/alice"
    assert made["UserId"].startswith("AIDA")
    key = account.iam("CreateAccessKey", UserName="alice")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20 and len(key["SecretAccessKey"]) == 40
    found = account.sessions.find(key["AccessKeyId"], account.snapshot)
    assert found is not None and found.secret == key["SecretAccessKey"] and found.active
    assert found.principal.subject.arn == made["Arn"]
    assert found.principal.tags == {"k": "v"}
    account.iam("UpdateAccessKey", UserName="alice", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    found = account.sessions.find(key["AccessKeyId"], account.snapshot)
    assert found is not None and not found.active
    listed = account.iam("ListAccessKeys", UserName="alice")["AccessKeyMetadata"]
    assert [(k["AccessKeyId"], k["Status"]) for k in listed] == [(key["AccessKeyId"], "Inactive")]
    assert account.iam("GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])["UserName"] == "alice"
    assert account.refused("iam", "DeleteUser", UserName="alice") == (
        "DeleteConflict",
        "Cannot delete entity, must delete access keys first.",
        409,
    )
    account.iam("DeleteAccessKey", UserName="alice", AccessKeyId=key["AccessKeyId"])
    assert account.sessions.find(key["AccessKeyId"], account.snapshot) is None
    account.iam("DeleteUser", UserName="alice")


def test_keys_are_limited_and_belong_to_their_user(account: Account) -> None:
    account.iam("CreateUser", UserName="alice")
    account.iam("CreateUser", UserName="bob")
    key = account.iam("CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    account.iam("CreateAccessKey", UserName="alice")
    assert account.refused("iam", "CreateAccessKey", UserName="alice") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
        409,
    )
    assert account.refused("iam", "DeleteAccessKey", UserName="bob", AccessKeyId=key) == (
        "NoSuchEntity",
        f"The Access Key with id {key} cannot be found.",
        404,
    )


def test_operations_without_a_user_name_are_about_the_caller(account: Account) -> None:
    account.iam("CreateUser", UserName="alice")
    caller = user("alice")
    assert account.iam("GetUser", caller)["User"]["UserName"] == "alice"
    key = account.iam("CreateAccessKey", caller)["AccessKey"]
    assert key["UserName"] == "alice"
    assert len(account.iam("ListAccessKeys", caller)["AccessKeyMetadata"]) == 1
    assert account.iam("GetUser")["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert account.iam("ListAccessKeys")["AccessKeyMetadata"] == []
    assert account.refused("iam", "CreateAccessKey") == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
        400,
    )


def test_renaming_a_user_keeps_its_keys(account: Account) -> None:
    account.iam("CreateUser", UserName="alice")
    key = account.iam("CreateAccessKey", UserName="alice")["AccessKey"]
    account.iam("UpdateUser", UserName="alice", NewUserName="eve", NewPath="/new/")
    caller = account.caller(key)
    assert (caller.name, caller.subject.arn) == ("eve", f"arn:aws:iam::{ACCOUNT}:user/new/eve")
    assert account.refused("iam", "GetUser", UserName="alice")[0] == "NoSuchEntity"


def test_a_group_gives_its_members_its_policies(account: Account) -> None:
    account.iam("CreateGroup", GroupName="team")
    account.iam("PutGroupPolicy", GroupName="team", PolicyName="p", PolicyDocument=statement("s3:*"))
    alice = account.user("alice")
    assert alice.stack.identity == ()
    account.iam("AddUserToGroup", GroupName="team", UserName="alice")
    account.iam("AddUserToGroup", GroupName="team", UserName="alice")
    compiled = account.identities.users[alice.subject.arn].principal
    assert [policy.name for policy in compiled.stack.identity] == ["inline policy 'p' of group 'team'"]
    assert [u["UserName"] for u in account.iam("GetGroup", GroupName="team")["Users"]] == ["alice"]
    assert [g["GroupName"] for g in account.iam("ListGroupsForUser", UserName="alice")["Groups"]] == ["team"]
    account.iam("UpdateGroup", GroupName="team", NewGroupName="crew")
    assert [g["GroupName"] for g in account.iam("ListGroupsForUser", UserName="alice")["Groups"]] == ["crew"]
    assert account.refused("iam", "DeleteGroup", GroupName="crew") == (
        "DeleteConflict",
        "Cannot delete entity, must remove users from group first.",
        409,
    )
    assert account.refused("iam", "DeleteUser", UserName="alice")[0] == "DeleteConflict"
    account.iam("RemoveUserFromGroup", GroupName="crew", UserName="alice")
    assert account.identities.users[alice.subject.arn].principal.stack.identity == ()
    assert account.refused("iam", "RemoveUserFromGroup", GroupName="crew", UserName="alice")[0] == "NoSuchEntity"
    account.iam("DeleteGroupPolicy", GroupName="crew", PolicyName="p")
    account.iam("DeleteGroup", GroupName="crew")
    assert account.iam("ListGroups")["Groups"] == []


def test_a_user_may_be_in_ten_groups(account: Account) -> None:
    account.iam("CreateUser", UserName="alice")
    for number in range(11):
        account.iam("CreateGroup", GroupName=f"g{number}")
    for number in range(10):
        account.iam("AddUserToGroup", GroupName=f"g{number}", UserName="alice")
    assert account.refused("iam", "AddUserToGroup", GroupName="g10", UserName="alice") == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
        409,
    )


def test_tags_are_merged_without_regard_to_case(account: Account) -> None:
    account.iam("CreateUser", UserName="alice", Tags=[{"Key": "Team", "Value": "red"}])
    account.iam("TagUser", UserName="alice", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": ""}])
    tags = account.iam("ListUserTags", UserName="alice")["Tags"]
    assert tags == [{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": ""}]
    assert account.refused(
        "iam", "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    ) == ("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400)
    account.iam("UntagUser", UserName="alice", TagKeys=["TEAM"])
    assert account.iam("ListUserTags", UserName="alice")["Tags"] == [{"Key": "x", "Value": ""}]
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    assert account.refused("iam", "TagUser", UserName="alice", Tags=many)[0] == "LimitExceeded"


def test_the_account_as_a_whole(account: Account) -> None:
    account.user("alice", p=statement("s3:*"))
    account.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA_TRUST)
    account.iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    details = account.iam("GetAccountAuthorizationDetails")
    assert [u["UserName"] for u in details["UserDetailList"]] == ["alice"]
    assert [r["RoleName"] for r in details["RoleDetailList"]] == ["r"]
    assert [p["PolicyName"] for p in details["Policies"]] == ["AdministratorAccess"]
    only = account.iam("GetAccountAuthorizationDetails", Filter=["Role"])
    assert only["UserDetailList"] == [] and len(only["RoleDetailList"]) == 1
    assert account.iam("GetAccountSummary")["SummaryMap"]["Roles"] == 1
    account.iam("CreateAccountAlias", AccountAlias="my-team")
    assert account.iam("ListAccountAliases")["AccountAliases"] == ["my-team"]
    assert account.refused("iam", "DeleteAccountAlias", AccountAlias="other")[0] == "NoSuchEntity"
    account.iam("DeleteAccountAlias", AccountAlias="my-team")
    assert account.refused("iam", "CreateAccountAlias", AccountAlias="No")[0] == "ValidationError"


def test_the_root_signs_for_its_account(account: Account) -> None:
    found = account.sessions.find("AKIAROOTROOTROOTROOT", account.snapshot)
    assert found is not None
    assert (found.principal.subject.kind, found.principal.account) == (SubjectKind.ROOT, ACCOUNT)
    other = account.sessions.find("999999999999", account.snapshot)
    assert other is not None and other.secret == found.secret and other.principal.account == "999999999999"
    assert account.sessions.find("AKIANOBODY", account.snapshot) is None
    assert account.sessions.find("１２３４５６７８９０１２", account.snapshot) is None
