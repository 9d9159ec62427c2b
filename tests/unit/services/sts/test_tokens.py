"""GetSessionToken, GetFederationToken, GetCallerIdentity, GetAccessKeyInfo."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.iam import Account, statement, trust

from sekisho.policy.combine import decide
from sekisho.policy.request import Question, SubjectKind

OBJECT = "arn:aws:s3:::bucket/key"


@pytest.fixture
def account() -> Account:
    return Account()


def test_caller_identity_of_the_root_and_of_a_user(account: Account) -> None:
    assert account.sts("GetCallerIdentity") == {
        "UserId": ACCOUNT,
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:root",
    }
    alice = account.user("alice")
    assert account.sts("GetCallerIdentity", alice)["UserId"] == alice.subject.unique_id


def test_session_token_is_the_same_user_with_temporary_credentials(account: Account) -> None:
    alice = account.user("alice", p=statement("s3:*"))
    credentials = account.sts("GetSessionToken", alice)["Credentials"]
    assert credentials["Expiration"] == account.now + 43200
    caller = account.caller(credentials)
    assert caller.subject == alice.subject
    assert (caller.mfa, caller.issued_at, caller.name) == (False, account.now, "alice")
    assert caller.stack is alice.stack
    assert account.refused("sts", "GetSessionToken", caller) == (
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
        403,
    )
    assert (
        account.refused("sts", "GetSessionToken", alice, SerialNumber="arn:aws:iam::1:mfa/x", TokenCode="123456")[0]
        == "AccessDenied"
    )


def test_the_roots_sessions_last_an_hour(account: Account) -> None:
    credentials = account.sts("GetSessionToken")["Credentials"]
    assert credentials["Expiration"] == account.now + 3600
    assert account.caller(credentials).subject.kind is SubjectKind.ROOT
    assert account.refused("sts", "GetSessionToken", DurationSeconds=10)[0] == "ValidationError"


def allowed(account: Account, credentials: dict[str, str], action: str) -> bool:
    caller = account.caller(credentials)
    return decide(Question(caller.subject, action, OBJECT, ACCOUNT), caller.stack, None).allowed


def test_a_federated_user_has_what_both_policies_allow(account: Account) -> None:
    alice = account.user("alice", p=statement(["s3:GetObject", "s3:PutObject"]))
    out = account.sts("GetFederationToken", alice, Name="fred", Policy=statement(["s3:GetObject", "s3:DeleteObject"]))
    assert out["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:fred",
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/fred",
    }
    assert allowed(account, out["Credentials"], "s3:GetObject")
    assert not allowed(account, out["Credentials"], "s3:PutObject")
    assert not allowed(account, out["Credentials"], "s3:DeleteObject")


def test_without_a_session_policy_a_federated_user_may_do_nothing(account: Account) -> None:
    alice = account.user("alice", p=statement("s3:*"))
    assert not allowed(account, account.sts("GetFederationToken", alice, Name="fred")["Credentials"], "s3:GetObject")


def test_the_root_can_federate(account: Account) -> None:
    credentials = account.sts("GetFederationToken", Name="fred", Policy=statement("s3:GetObject"))["Credentials"]
    assert credentials["Expiration"] == account.now + 3600
    assert allowed(account, credentials, "s3:GetObject")
    assert not allowed(account, credentials, "s3:PutObject")


def test_federated_users_assume_nothing(account: Account) -> None:
    fred = account.caller(account.sts("GetFederationToken", Name="fred", Policy=statement("*"))["Credentials"])
    account.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust("*"))
    arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    assert account.refused("sts", "AssumeRole", fred, RoleArn=arn, RoleSessionName="s1")[0] == "AccessDenied"
    assert account.refused("sts", "GetFederationToken", fred, Name="again")[0] == "AccessDenied"


def test_iam_does_not_serve_such_sessions(account: Account) -> None:
    alice = account.user("alice", p=statement("*"))
    session = account.caller(account.sts("GetSessionToken", alice)["Credentials"])
    fred = account.caller(account.sts("GetFederationToken", alice, Name="fred", Policy=statement("*"))["Credentials"])
    for caller in (session, fred):
        assert account.refused("iam", "ListUsers", caller) == (
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
            403,
        )
    account.iam("ListUsers", alice)


def test_bad_names_and_policies(account: Account) -> None:
    assert account.refused("sts", "GetFederationToken", Name="a")[0] == "ValidationError"
    assert account.refused("sts", "GetFederationToken", Name="fred", Policy="x" * 2049)[0] == "ValidationError"
    assert account.refused("sts", "GetFederationToken", Name="fred", Policy="{")[0] == "MalformedPolicyDocument"


def test_whose_key_is_this(account: Account) -> None:
    account.iam("CreateUser", UserName="alice")
    key = account.iam("CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    assert account.sts("GetAccessKeyInfo", AccessKeyId=key) == {"Account": ACCOUNT}
    assert account.refused("sts", "GetAccessKeyInfo", AccessKeyId="AKIANOBODYNOBODYNOBO")[0] == "ValidationError"


def test_sessions_that_expired_long_ago_are_forgotten(account: Account) -> None:
    first = account.sts("GetSessionToken")["Credentials"]["AccessKeyId"]
    account.now += 10 * 86400
    for _ in range(400):
        account.sts("GetSessionToken")
        if account.sessions.find(first, account.snapshot) is None:
            return
    raise AssertionError("the old session is still there")
