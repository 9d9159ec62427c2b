"""``policy.principals``: who is named, and how closely."""

from __future__ import annotations

import pytest

from sekisho.policy.ast import Principals
from sekisho.policy.principals import CompiledPrincipals, Match, account_of, role_of, session_role
from sekisho.policy.request import ANONYMOUS, Subject, SubjectKind, service_subject, subject_from

A = "111122223333"
USER = Subject(SubjectKind.USER, A, f"arn:aws:iam::{A}:user/d/alice", unique_id="AIDAALICE")
SESSION = Subject(
    SubjectKind.ROLE_SESSION, A, f"arn:aws:sts::{A}:assumed-role/app/s1", f"arn:aws:iam::{A}:role/svc/app", "AROAAPP:s1"
)
ROOT = subject_from(f"arn:aws:iam::{A}:root")
FEDERATED = subject_from(f"arn:aws:sts::{A}:federated-user/alice")
SERVICE = service_subject("lambda.amazonaws.com")
OIDC = subject_from(f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com")


@pytest.mark.parametrize(
    ("subject", "name", "match"),
    [
        (USER, USER.arn, Match.DIRECT),
        (USER, "AIDAALICE", Match.DIRECT),
        (USER, USER.arn.replace("alice", "Alice"), Match.NONE),
        (USER, f"arn:aws:iam::{A}:user/*", Match.NONE),
        (USER, A, Match.ACCOUNT),
        (USER, f"arn:aws:iam::{A}:root", Match.ACCOUNT),
        (USER, "444455556666", Match.NONE),
        (USER, "*", Match.DIRECT),
        (SESSION, SESSION.arn, Match.DIRECT),
        (SESSION, SESSION.issuer_arn, Match.ISSUER),
        (SESSION, f"arn:aws:iam::{A}:role/app", Match.ISSUER),
        (SESSION, "AROAAPP", Match.ISSUER),
        (SESSION, "arn:aws:iam::444455556666:role/app", Match.NONE),
        (FEDERATED, FEDERATED.arn, Match.DIRECT),
        (FEDERATED, f"arn:aws:iam::{A}:user/alice", Match.ISSUER),
        (ROOT, A, Match.DIRECT),
        (SERVICE, "*", Match.DIRECT),
        (ANONYMOUS, "*", Match.DIRECT),
        (ANONYMOUS, A, Match.NONE),
        (OIDC, "*", Match.NONE),
        (OIDC, A, Match.NONE),
    ],
)
def test_aws_principals(subject: Subject, name: str, match: Match) -> None:
    assert CompiledPrincipals(Principals(aws=(name,))).level(subject) is match


def test_services_and_identity_providers() -> None:
    assert CompiledPrincipals(Principals(service=("lambda.amazonaws.com",))).level(SERVICE) is Match.DIRECT
    assert CompiledPrincipals(Principals(service=("sns.amazonaws.com",))).level(SERVICE) is Match.NONE
    assert CompiledPrincipals(Principals(federated=(OIDC.arn,))).level(OIDC) is Match.DIRECT
    assert CompiledPrincipals(Principals(everyone=True)).level(OIDC) is Match.DIRECT


def test_a_spared_subject_is_listed_with_all_it_is() -> None:
    def spares(subject: Subject, *names: str) -> bool:
        return CompiledPrincipals(Principals(aws=names)).spares(subject)

    assert spares(USER, USER.arn, A)
    assert not spares(USER, USER.arn)
    assert not spares(USER, A)
    assert spares(SESSION, SESSION.arn, SESSION.issuer_arn, A)
    assert not spares(SESSION, SESSION.arn, A)
    assert spares(ROOT, A)
    assert spares(USER, "*")
    assert CompiledPrincipals(Principals(service=("lambda.amazonaws.com",))).spares(SERVICE)


def test_names() -> None:
    assert account_of("arn:aws:s3:::root") == ""
    assert account_of("1" * 11) == ""
    assert role_of(f"arn:aws:iam::{A}:user/app") is None
    assert session_role("x") is None
