"""Credentials of functions: sessions of their role, judged like any other."""

from __future__ import annotations

from dataclasses import replace

from tests.scenes.edge_server import SPEC
from tests.scenes.pipeline import allow, role

from sekisho.config.identities import Identities
from sekisho.config.keyring import Sessions
from sekisho.config.snapshot import EMPTY
from sekisho.edge.execution_roles import SESSION_SECONDS, credentials_for

ROLE = role("worker", allow("s3:GetObject"))
SNAPSHOT = replace(EMPTY, identities=Identities({}, {ROLE.arn: ROLE}, {}, {}))


def entropy(count: int) -> bytes:
    return bytes(range(count))


def test_a_session_of_the_role() -> None:
    sessions = Sessions("root", "secret", SPEC.account)
    made = credentials_for(ROLE.arn, SPEC, snapshot=SNAPSHOT, sessions=sessions, entropy=entropy, wall=lambda: 1000.0)
    assert made.access_key.startswith("ASIA") and made.expires == 1000 + SESSION_SECONDS
    found = sessions.find(made.access_key, SNAPSHOT)
    assert found is not None and (found.secret, found.session_token) == (made.secret_key, made.token)
    subject = found.principal.subject
    assert subject.arn == f"arn:aws:sts::{ROLE.account}:assumed-role/worker/{SPEC.name}"
    assert subject.unique_id == f"{ROLE.unique_id}:{SPEC.name}"
    assert found.principal.stack.identity == ROLE.stack.identity
    replaced = replace(SNAPSHOT, identities=Identities({}, {ROLE.arn: replace(ROLE, unique_id="AROAOTHER")}, {}, {}))
    assert sessions.find(made.access_key, replaced) is None, "the role was deleted and made anew"


def test_a_role_that_does_not_exist_gives_credentials_that_nobody_accepts() -> None:
    sessions = Sessions("root", "secret", SPEC.account)
    made = credentials_for(
        "arn:aws:iam::1:role/x", SPEC, snapshot=EMPTY, sessions=sessions, entropy=entropy, wall=float
    )
    assert made.access_key.startswith("ASIA")
    assert sessions.find(made.access_key, EMPTY) is None
