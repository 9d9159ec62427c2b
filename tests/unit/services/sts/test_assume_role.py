"""AssumeRole: who may, for how long, and what the session carries."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, make_call, run
from tests.scenes.iam import LAMBDA_TRUST, Account, statement, trust

from sekisho.policy.combine import decide
from sekisho.policy.request import SubjectKind
from sekisho.services.operation import ServiceError
from sekisho.services.sts import OPERATIONS

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/target"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
OTHER = "999999999999"


@pytest.fixture
def account() -> Account:
    return Account()


def role(account: Account, document: str, name: str = "target", **more: Any) -> None:
    account.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **more)


def assume(account: Account, caller: Any = None, name: str = "target", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return account.sts("AssumeRole", caller, **{"RoleArn": arn, "RoleSessionName": "sess", **more})


def refused(account: Account, caller: Any = None, **more: Any) -> tuple[str, str, int]:
    return account.refused("sts", "AssumeRole", caller, **{"RoleArn": ROLE, "RoleSessionName": "sess", **more})


def denied(arn: str, action: str = "sts:AssumeRole") -> tuple[str, str, int]:
    return ("AccessDenied", f"User: {arn} is not authorized to perform: {action} on resource: {ROLE}", 403)


def test_a_session_is_issued_and_signs(account: Account) -> None:
    role(account, trust(ROOT), Path="/team/")
    arn = f"arn:aws:iam::{ACCOUNT}:role/team/target"
    out = account.sts("AssumeRole", RoleArn=arn, RoleSessionName="sess")
    role_id = account.identities.roles[arn].unique_id
    assert out["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role_id}:sess",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/target/sess",
    }
    assert "PackedPolicySize" not in out
    credentials = out["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert credentials["Expiration"] == account.now + 3600
    key = account.sessions.find(credentials["AccessKeyId"], account.snapshot)
    assert key is not None
    assert (key.secret, key.session_token, key.expires_at) == (
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        credentials["Expiration"],
    )
    caller = account.caller(credentials)
    assert caller.subject.kind is SubjectKind.ROLE_SESSION
    assert caller.subject.principal_arn == arn
    assert account.sts("GetCallerIdentity", caller) == {
        "UserId": f"{role_id}:sess",
        "Account": ACCOUNT,
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/target/sess",
    }


def test_the_trust_policy_is_judged_for_the_root_too(account: Account) -> None:
    role(account, LAMBDA_TRUST)
    assert refused(account) == denied(ROOT)


def test_a_role_that_does_not_exist_is_denied_like_any_other(account: Account) -> None:
    assert refused(account) == denied(ROOT)


def test_trust_in_the_account_leaves_it_to_identity_policies(account: Account) -> None:
    role(account, trust(ROOT))
    alice = account.user("alice")
    assert refused(account, alice) == denied(ALICE)
    account.iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=statement("sts:AssumeRole", ROLE))
    assume(account, account.identities.users[ALICE].principal)


def test_trust_in_the_user_itself_is_enough_in_the_same_account(account: Account) -> None:
    alice = account.user("alice")
    role(account, trust(ALICE))
    assume(account, alice)


def test_another_account_needs_both_sides(account: Account) -> None:
    role(account, trust(OTHER))
    other = Account(OTHER)
    silent = other.user("bob")
    allowed = other.user("eve", p=statement("sts:AssumeRole", ROLE))
    assert refused(account, silent) == denied(silent.subject.arn)
    out = assume(account, allowed)
    assert out["AssumedRoleUser"]["Arn"].startswith(f"arn:aws:sts::{ACCOUNT}:")
    # The session belongs to the role's account.
    assert account.sessions.find(out["Credentials"]["AccessKeyId"], account.snapshot) is not None


def test_external_id_and_session_name_are_condition_keys(account: Account) -> None:
    role(account, trust(ROOT, Condition={"StringEquals": {"sts:ExternalId": "abc", "sts:RoleSessionName": "sess"}}))
    assert refused(account) == denied(ROOT)
    assert refused(account, ExternalId="abd") == denied(ROOT)
    assert refused(account, ExternalId="abc", RoleSessionName="other") == denied(ROOT)
    assume(account, ExternalId="abc")


def test_a_refusal_carries_what_it_was_decided_from(account: Account) -> None:
    role(account, LAMBDA_TRUST)
    call = make_call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "sess"}, snapshot=account.snapshot)
    with pytest.raises(ServiceError) as caught:
        run(OPERATIONS["AssumeRole"], call)
    denied = caught.value.denied
    assert denied.question.action == "sts:AssumeRole"
    assert denied.resource_policy is account.identities.roles[ROLE].trust
    assert decide(denied.question, denied.stack, denied.resource_policy) == denied.decision


def test_an_explicit_deny_wins(account: Account) -> None:
    alice = account.user("alice", p=statement("sts:*", effect="Deny"))
    role(account, trust(ALICE))
    assert refused(account, alice) == denied(ALICE)


class TestDuration:
    def test_bounds(self, account: Account) -> None:
        role(account, trust(ROOT))
        for seconds, bound in ((899, "greater than or equal to 900"), (43201, "less than or equal to 43200")):
            code, message, _ = refused(account, DurationSeconds=seconds)
            assert code == "ValidationError"
            assert message == (
                f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
                f"Member must have value {bound}"
            )

    def test_the_roles_own_limit(self, account: Account) -> None:
        role(account, trust(ROOT), MaxSessionDuration=7200)
        assert assume(account, DurationSeconds=7200)["Credentials"]["Expiration"] == account.now + 7200
        assert refused(account, DurationSeconds=7201) == (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            400,
        )

    def test_chained_roles_get_an_hour(self, account: Account) -> None:
        role(account, trust(ROOT), "first")
        account.iam("PutRolePolicy", RoleName="first", PolicyName="p", PolicyDocument=statement("sts:*"))
        role(account, trust(ROOT), MaxSessionDuration=43200)
        caller = account.caller(assume(account, name="first")["Credentials"])
        assume(account, caller, DurationSeconds=3600)
        assert refused(account, caller, DurationSeconds=3601) == (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            400,
        )


@pytest.mark.parametrize(
    ("params", "start"),
    [
        ({"RoleSessionName": "a b"}, "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy"),
        ({"RoleSessionName": "a"}, "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy"),
        ({"ExternalId": "a"}, "1 validation error detected: Value 'a' at 'externalId' failed to satisfy"),
        ({"RoleArn": "arn:aws:s3:::bucket-name"}, "Request ARN is invalid"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/alice"}, "Request ARN is invalid"),
        ({"RoleArn": "short"}, "1 validation error detected: Value 'short' at 'roleArn' failed to satisfy"),
    ],
)
def test_malformed_requests(account: Account, params: dict[str, str], start: str) -> None:
    role(account, trust(ROOT))
    code, message, status = refused(account, **params)
    assert (code, status) == ("ValidationError", 400)
    assert message.startswith(start)


def test_session_policies(account: Account) -> None:
    role(account, trust(ROOT))
    document = statement("s3:GetObject")
    managed = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    out = assume(account, Policy=document, PolicyArns=[{"arn": managed}])
    assert 0 < out["PackedPolicySize"] <= 100
    caller = account.caller(out["Credentials"])
    assert caller.stack.session is not None
    assert caller.stack.session[0].document["Statement"][0]["Action"] == "s3:GetObject"
    assert len(caller.stack.session) == 2
    assert account.caller(assume(account)["Credentials"]).stack.session is None
    assert refused(account, Policy="{")[0] == "MalformedPolicyDocument"
    code, message, _ = refused(account, Policy=statement("s3:GetObject", "arn:aws:s3:::" + "x" * 3000))
    assert code == "PackedPolicyTooLarge" and "% of allotted space" in message
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    assert refused(account, PolicyArns=[{"arn": missing}])[0] == "ValidationError"


class TestTags:
    TRUST = trust(ROOT, ["sts:AssumeRole", "sts:TagSession"])

    def test_need_tag_session(self, account: Account) -> None:
        role(account, trust(ROOT))
        assert refused(account, Tags=[{"Key": "k", "Value": "v"}]) == denied(ROOT, "sts:TagSession")

    def test_override_the_roles(self, account: Account) -> None:
        role(account, self.TRUST, Tags=[{"Key": "Team", "Value": "role"}, {"Key": "x", "Value": "1"}])
        caller = account.caller(assume(account, Tags=[{"Key": "team", "Value": "session"}])["Credentials"])
        assert caller.tags == {"x": "1", "team": "session"}

    def test_are_condition_keys(self, account: Account) -> None:
        condition = {
            "StringEquals": {"aws:RequestTag/team": "red"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        }
        role(account, trust(ROOT, ["sts:AssumeRole", "sts:TagSession"], Condition=condition))
        assert refused(account, Tags=[{"Key": "team", "Value": "blue"}]) == denied(ROOT)
        assert refused(account, Tags=[{"Key": "team", "Value": "red"}, {"Key": "b", "Value": ""}]) == denied(ROOT)
        assume(account, Tags=[{"Key": "team", "Value": "red"}])

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            (
                {"Tags": [{"Key": "k", "Value": "v"}, {"Key": "K", "Value": "w"}]},
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ),
            (
                {"Tags": [{"Key": "k", "Value": "v"}], "TransitiveTagKeys": ["other"]},
                "The specified transitive tag key must be included in the requested tags.",
            ),
        ],
    )
    def test_errors(self, account: Account, params: dict[str, Any], message: str) -> None:
        role(account, self.TRUST)
        assert refused(account, **params) == ("InvalidParameterValue", message, 400)

    def test_transitive_ones_are_inherited_and_fixed(self, account: Account) -> None:
        role(account, self.TRUST, "first")
        account.iam("PutRolePolicy", RoleName="first", PolicyName="p", PolicyDocument=statement("sts:*"))
        role(account, self.TRUST)
        tags = [{"Key": "Team", "Value": "red"}, {"Key": "own", "Value": "1"}]
        first = account.caller(assume(account, name="first", Tags=tags, TransitiveTagKeys=["team"])["Credentials"])
        assert first.tags == {"Team": "red", "own": "1"}
        second = account.caller(assume(account, first)["Credentials"])
        assert second.tags == {"Team": "red"}
        assert second.transitive_tags == {"team"}
        assert refused(account, first, Tags=[{"Key": "TEAM", "Value": "blue"}]) == (
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
            400,
        )

    def test_inherited_ones_need_tag_session_as_well(self, account: Account) -> None:
        role(account, self.TRUST, "first")
        account.iam("PutRolePolicy", RoleName="first", PolicyName="p", PolicyDocument=statement("sts:*"))
        role(account, trust(ROOT))
        tags = [{"Key": "team", "Value": "red"}]
        out = assume(account, name="first", Tags=tags, TransitiveTagKeys=["team"])
        first = account.caller(out["Credentials"])
        assert refused(account, first) == denied(first.subject.arn, "sts:TagSession")


def test_source_identity_needs_permission_and_stays(account: Account) -> None:
    role(account, trust(ROOT))
    assert refused(account, SourceIdentity="ann") == denied(ROOT, "sts:SetSourceIdentity")
    document = trust(ROOT, ["sts:AssumeRole", "sts:SetSourceIdentity"])
    role(account, document, "first")
    account.iam("PutRolePolicy", RoleName="first", PolicyName="p", PolicyDocument=statement("sts:*"))
    out = assume(account, name="first", SourceIdentity="ann")
    assert out["SourceIdentity"] == "ann"
    first = account.caller(out["Credentials"])
    account.iam("UpdateAssumeRolePolicy", RoleName="target", PolicyDocument=document)
    assert account.caller(assume(account, first)["Credentials"]).source_identity == "ann"
    assert refused(account, first, SourceIdentity="bob") == denied(first.subject.arn, "sts:SetSourceIdentity")


def test_sessions_end_with_their_role(account: Account) -> None:
    role(account, trust(ROOT))
    id_ = assume(account)["Credentials"]["AccessKeyId"]
    before = account.sessions.find(id_, account.snapshot)
    assert before is account.sessions.find(id_, account.snapshot)
    account.iam("PutRolePolicy", RoleName="target", PolicyName="p", PolicyDocument=statement("s3:*"))
    after = account.sessions.find(id_, account.snapshot)
    assert after is not None and len(after.principal.stack.identity) == 1
    account.iam("DeleteRolePolicy", RoleName="target", PolicyName="p")
    account.iam("DeleteRole", RoleName="target")
    assert account.sessions.find(id_, account.snapshot) is None
    role(account, trust(ROOT))
    assert account.sessions.find(id_, account.snapshot) is None
