"""What a change of IAM's documents compiles again, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.iam import LAMBDA_TRUST, Account, statement, trust

from sekisho.config.identities import NO_IDENTITIES, Identities
from sekisho.policy.compile import CompiledPolicy
from sekisho.publish.identities import identities
from sekisho.state.world import GLOBAL, Change, Key

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def account() -> Account:
    """alice (in group g, with a managed policy and a key), bob (with nothing), role r."""
    made = Account()
    made.iam("CreatePolicy", PolicyName="m", PolicyDocument=statement("s3:GetObject"))
    made.iam("CreateGroup", GroupName="g")
    made.iam("PutGroupPolicy", GroupName="g", PolicyName="gp", PolicyDocument=statement("sqs:*"))
    made.user("alice", own=statement("sns:*"))
    made.iam("AttachUserPolicy", UserName="alice", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/m")
    made.iam("AddUserToGroup", UserName="alice", GroupName="g")
    made.user("bob")
    made.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA_TRUST)
    made.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    return made


def names(policies: tuple[CompiledPolicy, ...]) -> list[tuple[str, str]]:
    return [(policy.name, policy.arn) for policy in policies]


def test_policies_are_called_what_explanations_call_them(account: Account) -> None:
    found = account.identities
    assert names(found.users[ALICE].principal.stack.identity) == [
        ("inline policy 'own' of user 'alice'", ""),
        ("m", f"arn:aws:iam::{ACCOUNT}:policy/m"),
        ("inline policy 'gp' of group 'g'", ""),
    ]
    assert names(found.roles[ROLE].stack.identity) == [("AWSLambdaBasicExecutionRole", BASIC)]
    assert found.roles[ROLE].trust.name == "trust policy of role 'r'"
    assert found.ids[found.roles[ROLE].unique_id] == ROLE
    assert found.ids[found.users[BOB].unique_id] == BOB


def test_compiling_everything_gives_the_same_as_one_change_at_a_time(account: Account) -> None:
    account.iam("UpdateUser", UserName="alice", NewPath="/x/")
    whole = identities(account.world, None, NO_IDENTITIES)

    def shape(found: Identities) -> object:
        return (
            {
                arn: (user.unique_id, user.principal.subject, names(user.principal.stack.identity))
                for arn, user in found.users.items()
            },
            {
                arn: (role.unique_id, dict(role.trust.document), names(role.stack.identity))
                for arn, role in found.roles.items()
            },
            {id_: (key.secret, key.active, key.principal.subject) for id_, key in found.keys.items()},
            dict(found.ids),
            {arn: dict(policy.document) for arn, policy in found.managed.items()},
        )

    assert shape(whole) == shape(account.identities)


Step = Callable[[Account], object]


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (lambda a: a.iam("PutUserPolicy", UserName="bob", PolicyName="x", PolicyDocument=statement("a:b")), {BOB}),
        (lambda a: a.iam("PutGroupPolicy", GroupName="g", PolicyName="x", PolicyDocument=statement("a:b")), {ALICE}),
        (
            lambda a: a.iam(
                "CreatePolicyVersion",
                PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/m",
                PolicyDocument=statement("a:b"),
                SetAsDefault=True,
            ),
            {ALICE},
        ),
        (lambda a: a.iam("TagRole", RoleName="r", Tags=[{"Key": "k", "Value": "v"}]), {ROLE}),
        (lambda a: a.iam("CreateGroup", GroupName="unused"), set()),
        (lambda a: a.sts("GetSessionToken"), set()),
    ],
    ids=["user", "group", "managed policy", "role", "group without members", "session"],
)
def test_only_whom_a_change_concerns_is_compiled_again(account: Account, change: Step, touched: set[str]) -> None:
    before = account.identities
    change(account)
    after = account.identities
    entities = {**before.users, **before.roles}
    now = {**after.users, **after.roles}
    assert {arn for arn, entity in entities.items() if now[arn] is not entity} == touched


def test_a_key_follows_its_user(account: Account) -> None:
    key = next(key for key in account.identities.keys.values() if key.principal.name == "alice")
    account.iam("DetachUserPolicy", UserName="alice", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/m")
    found = account.identities.keys[key.id]
    assert found.principal is account.identities.users[ALICE].principal
    assert len(found.principal.stack.identity) == 2


def test_a_role_that_trusts_somebody_is_compiled_again_when_that_one_goes(account: Account) -> None:
    account.iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=trust(BOB))
    bob = account.identities.users[BOB]
    for key in [key.id for key in account.identities.keys.values() if key.principal.name == "bob"]:
        account.iam("DeleteAccessKey", UserName="bob", AccessKeyId=key)
    account.iam("DeleteUser", UserName="bob")
    document = account.identities.roles[ROLE].trust.document
    assert document["Statement"][0]["Principal"]["AWS"] == bob.unique_id
    assert bob.unique_id not in account.identities.ids


def test_a_boundary_without_a_policy_allows_nothing(account: Account) -> None:
    key = Key(ACCOUNT, GLOBAL, "iam", "user", "bob")
    record = dict(account.world.get(key) or {})
    record["PermissionsBoundary"] = f"arn:aws:iam::{ACCOUNT}:policy/gone"
    account.world.apply([Change(key, record)], 99)
    boundary = identities(account.world, [key], account.identities).users[BOB].principal.stack.boundary
    assert boundary is not None and json.loads(json.dumps(boundary.document))["Statement"] == []


def test_accounts_are_kept_apart() -> None:
    one, other = Account(), Account("999999999999")
    one.user("alice")
    other.world = one.world
    other.snapshot = one.snapshot
    other.user("alice")
    assert set(other.identities.users) == {ALICE, "arn:aws:iam::999999999999:user/alice"}
    other.iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=statement("a:b"))
    assert other.identities.users[ALICE].principal.stack.identity == ()
