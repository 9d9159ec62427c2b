"""``policy.request``: subjects from their names, contexts without regard to case."""

from __future__ import annotations

import pytest

from sekisho.policy.request import MappingContext, SubjectKind, subject_from

A = "111122223333"


@pytest.mark.parametrize(
    ("name", "kind", "principal_arn"),
    [
        ("", SubjectKind.ANONYMOUS, ""),
        (f"arn:aws:iam::{A}:root", SubjectKind.ROOT, f"arn:aws:iam::{A}:root"),
        (f"arn:aws:iam::{A}:user/d/a", SubjectKind.USER, f"arn:aws:iam::{A}:user/d/a"),
        (f"arn:aws:sts::{A}:assumed-role/app/s", SubjectKind.ROLE_SESSION, f"arn:aws:iam::{A}:role/app"),
        (f"arn:aws:iam::{A}:role/svc/app", SubjectKind.ROLE_SESSION, f"arn:aws:iam::{A}:role/svc/app"),
        (f"arn:aws:sts::{A}:federated-user/f", SubjectKind.FEDERATED_USER, f"arn:aws:sts::{A}:federated-user/f"),
        ("lambda.amazonaws.com", SubjectKind.SERVICE, ""),
        ("cognito-identity.amazonaws.com", SubjectKind.WEB_IDENTITY, "cognito-identity.amazonaws.com"),
        ("accounts.google.com", SubjectKind.WEB_IDENTITY, "accounts.google.com"),
    ],
)
def test_subjects(name: str, kind: SubjectKind, principal_arn: str) -> None:
    subject = subject_from(name)
    assert subject.kind is kind
    assert subject.principal_arn == principal_arn


def test_contexts_ignore_case_and_hold_tuples() -> None:
    context = MappingContext({"AWS:TagKeys": ["a"], "aws:PrincipalTag/Team": "x"})
    assert context.get("aws:tagkeys") == ("a",)
    assert context.get("aws:principaltag/team") == "x"
    assert context.get("aws:absent") is None
