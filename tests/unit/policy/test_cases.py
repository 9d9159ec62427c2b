"""``policy.cases``: cases are read whole, or refused with the member's name."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy.cases import Case, read_case
from sekisho.policy.combine import Verdict, decide
from sekisho.policy.request import SubjectKind

ALLOW = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DENY = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}


def raw(**given: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "given": {"principal": "arn:aws:iam::111122223333:user/a", "identityPolicies": [ALLOW], **given},
        "when": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/x", "context": {"a": ["b"]}},
        "then": {"decision": "Allowed", "confidence": "documented"},
    }


def test_a_case() -> None:
    case = read_case(raw())
    assert isinstance(case, Case)
    assert (case.id, case.expected, case.confidence) == ("c1", Verdict.ALLOWED, "documented")
    assert decide(case.question, case.stack, case.resource_policy).allowed


def test_the_documents_of_a_boundary_are_one() -> None:
    case = read_case(raw(permissionBoundary=[ALLOW, DENY]))
    assert isinstance(case, Case)
    assert case.stack.boundary is not None
    assert len(case.stack.boundary.index.statements) == 2


def test_the_anonymous() -> None:
    case = read_case(raw(principal={"type": "Anonymous"}))
    assert isinstance(case, Case)
    assert case.question.subject.kind is SubjectKind.ANONYMOUS


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"extra": 1}, "unknown member extra"),
        ({"given": {"scp": []}}, "unknown member given.scp"),
        ({"when": None}, "when is missing or not an object"),
        ({"when": {"action": 1, "resource": "*"}}, "when.action and when.resource are strings"),
        ({"when": {"action": "a:b", "resource": "*", "context": {"k": 1}}}, "when.context is an object of"),
        ({"then": {"decision": "Maybe"}}, "then.decision is one of Allowed"),
        ({"given": {}}, "given.principal is an ARN"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], problem: str) -> None:
    found = read_case({**raw(), **change})
    assert isinstance(found, str)
    assert found.startswith(problem)


def test_not_an_object() -> None:
    assert read_case([]) == "a case is an object"
