"""Which principal an access key makes, and when it makes it anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sekisho.config.identities import Identities, Principal, Role, User
from sekisho.config.keyring import Sessions, merged_tags, root_principal
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy
from sekisho.policy.request import Subject, SubjectKind
from sekisho.state.world import GLOBAL, Change, Key, World

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/p/r"
USER = f"arn:aws:iam::{ACCOUNT}:user/u"
ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
SESSION_KEY = Key(ACCOUNT, GLOBAL, "sts", "session", "ASIAX")


def role(unique_id: str = "AROA1", **more: Any) -> Role:
    policy = compile_policy(ALLOW, name="trust")
    return Role(ROLE, unique_id, ACCOUNT, "r", policy, PolicyStack(identity=(policy,)), **more)


def user() -> User:
    stack = PolicyStack(identity=(compile_policy(ALLOW, name="all"),))
    principal = Principal(Subject(SubjectKind.USER, ACCOUNT, USER, unique_id="AIDA1"), stack, "u", {"team": "red"})
    return User(USER, "AIDA1", ACCOUNT, "u", principal)


def snapshot(role_: Role | None = None, user_: User | None = None) -> Snapshot:
    roles = {ROLE: role_} if role_ else {}
    users = {USER: user_} if user_ else {}
    return replace(EMPTY, identities=Identities(users, roles, {}, {}))


def document(kind: str = "role", **more: Any) -> dict[str, Any]:
    issuer = {"role": (ROLE, "AROA1"), "federated": (USER, "AIDA1"), "user": (USER, "AIDA1")}[kind]
    return {
        "AccessKeyId": "ASIAX",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": 2000.0,
        "IssuedAt": 1000.0,
        "Kind": kind,
        "Arn": "arn:of:the:session",
        "UserId": "id",
        "IssuerArn": issuer[0],
        "IssuerId": issuer[1],
        "SessionName": "s",
        "Policies": None,
        "Tags": {},
        "TransitiveTags": [],
        "SourceIdentity": "",
        "Mfa": False,
        **more,
    }


def sessions(stored: dict[str, Any]) -> Sessions:
    made = Sessions("AKIAROOT", "root-secret", ACCOUNT)
    made.note([Change(SESSION_KEY, stored)])
    return made


def test_a_role_session() -> None:
    keyring = sessions(
        document(Tags={"Team": "blue"}, TransitiveTags=["Team"], SourceIdentity="ann", Policies=['{"Statement":[]}'])
    )
    found = keyring.find("ASIAX", snapshot(role(tags={"team": "red", "x": "1"})))
    assert found is not None
    assert (found.secret, found.session_token, found.expires_at, found.active) == ("secret", "token", 2000.0, True)
    principal = found.principal
    assert principal.subject == Subject(SubjectKind.ROLE_SESSION, ACCOUNT, "arn:of:the:session", ROLE, "id")
    assert principal.tags == {"x": "1", "Team": "blue"}
    assert principal.transitive_tags == {"team"}
    assert (principal.source_identity, principal.name) == ("ann", "s")
    assert (principal.issued_at, principal.mfa) == (1000.0, False)
    assert principal.stack.session is not None and len(principal.stack.session) == 1


def test_it_is_made_once_per_compiled_role() -> None:
    keyring = sessions(document())
    first = role()
    found = keyring.find("ASIAX", snapshot(first))
    assert keyring.find("ASIAX", snapshot(first)) is found
    again = keyring.find("ASIAX", snapshot(role()))
    assert again is not None and again is not found


def test_a_recreated_role_does_not_revive_its_sessions() -> None:
    keyring = sessions(document())
    assert keyring.find("ASIAX", snapshot(role("AROA2"))) is None
    assert keyring.find("ASIAX", snapshot()) is None


def test_a_service_linked_role_is_known_as_one() -> None:
    found = sessions(document()).find("ASIAX", snapshot(role(service_linked=True)))
    assert found is not None and found.principal.subject.service_linked


def test_a_federated_user_without_session_policy_has_an_empty_set_of_them() -> None:
    found = sessions(document("federated")).find("ASIAX", snapshot(user_=user()))
    assert found is not None
    assert found.principal.stack.session == ()
    assert found.principal.subject.kind is SubjectKind.FEDERATED_USER
    assert found.principal.subject.issuer_arn == USER
    assert found.principal.tags == {"team": "red"}


def test_a_users_session_is_the_user() -> None:
    issuer = user()
    found = sessions(document("user")).find("ASIAX", snapshot(user_=issuer))
    assert found is not None
    assert found.principal.subject is issuer.principal.subject
    assert (found.principal.mfa, found.principal.issued_at) == (False, 1000.0)


def test_a_root_session_outlives_every_snapshot() -> None:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    keyring = sessions(document("user", IssuerArn=root, IssuerId=ACCOUNT))
    found = keyring.find("ASIAX", snapshot())
    assert found is not None and found.principal.subject.kind is SubjectKind.ROOT
    assert keyring.find("ASIAX", EMPTY) is found


def test_sessions_are_loaded_noted_and_forgotten() -> None:
    world = World()
    world.apply([Change(SESSION_KEY, document()), Change(SESSION_KEY._replace(service="other", id="B"), {})], 1)
    keyring = Sessions("AKIAROOT", "root-secret", ACCOUNT)
    keyring.load(world)
    here = snapshot(role())
    assert keyring.find("ASIAX", here) is not None
    assert keyring.find("B", here) is None
    keyring.note([Change(SESSION_KEY, None)])
    assert keyring.find("ASIAX", here) is None
    keyring.load(world)
    keyring.clear()
    assert keyring.find("ASIAX", here) is None


def test_roots() -> None:
    keyring = Sessions("AKIAROOT", "root-secret", ACCOUNT)
    found = keyring.find("AKIAROOT", EMPTY)
    assert found is not None
    assert (found.secret, found.principal) == ("root-secret", root_principal(ACCOUNT))
    other = keyring.find("210987654321", EMPTY)
    assert other is not None and other.principal.account == "210987654321"
    for unknown in ("", "21098765432", "2109876543210", "٢١٠٩٨٧٦٥٤٣٢١", "AKIAUNKNOWN"):
        assert keyring.find(unknown, EMPTY) is None


def test_session_tags_override_without_regard_to_case() -> None:
    assert merged_tags({"A": "1", "b": "2"}, {"a": "3"}) == {"b": "2", "a": "3"}
