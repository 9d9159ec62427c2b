"""``policy.parse``: total, with problems instead of exceptions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.policy.ast import Condition, Effect, Principals
from sekisho.policy.parse import parse, parse_principals, texts

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ["Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "Sid"]


@given(st.lists(st.dictionaries(st.sampled_from(MEMBERS), json_values) | json_values, max_size=3) | json_values)
def test_anything_parses_or_is_a_problem(statements: Any) -> None:
    parsed = parse({"Version": "2012-10-17", "Statement": statements})
    count = len(statements) if isinstance(statements, list) else 1
    assert len(parsed.policy.statements) + len(parsed.problems) >= min(count, 1)


@pytest.mark.parametrize("document", ["", "[]", "nul", "[" * 100_000, '{"a":' * 100_000, b"\xff", "3"])
def test_what_is_no_object_is_a_problem(document: str) -> None:
    parsed = parse(document)
    assert parsed.policy.statements == ()
    assert len(parsed.problems) == 1


def test_a_lone_statement_and_all_members() -> None:
    statement = {
        "Sid": "One",
        "Effect": "Deny",
        "NotAction": ["s3:*", "sqs:*"],
        "NotResource": "arn:aws:s3:::b",
        "NotPrincipal": {"AWS": ["1" * 12], "Service": "lambda.amazonaws.com"},
        "Condition": {"Bool": {"aws:SecureTransport": False}, "NumericEquals": {"s3:max-keys": [10, 1.5]}},
    }
    (parsed,) = parse({"Statement": statement}).policy.statements
    assert parsed.effect is Effect.DENY
    assert parsed.not_action and parsed.not_resource and parsed.not_principal
    assert parsed.actions == ("s3:*", "sqs:*")
    assert parsed.principals == Principals(aws=("1" * 12,), service=("lambda.amazonaws.com",))
    assert parsed.conditions == (
        Condition("Bool", "aws:SecureTransport", ("false",)),
        Condition("NumericEquals", "s3:max-keys", ("10", "1.5")),
    )
    assert parsed.pointer == "/Statement/0"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"Effect": "allow"}, "/Statement/0/Effect"),
        ({"NotAction": "s3:*"}, "/Statement/0/Action"),
        ({"Action": {}}, "/Statement/0/Action"),
        ({"Resource": [{}]}, "/Statement/0/Resource"),
        ({"NotResource": "*"}, "/Statement/0"),
        ({"Principal": 3}, "/Statement/0/Principal"),
        ({"Condition": []}, "/Statement/0/Condition"),
        ({"Condition": {"Bool": {"a": {}}}}, "/Statement/0/Condition"),
    ],
)
def test_problems_say_where(change: dict[str, Any], pointer: str) -> None:
    (problem,) = parse({"Statement": [{**ALLOW, **change}]}).problems
    assert problem.pointer == pointer


def test_principals_and_texts() -> None:
    assert parse_principals("*") == Principals(everyone=True)
    assert parse_principals("arn:aws:iam::1:user/a") == Principals(aws=("arn:aws:iam::1:user/a",))
    assert texts(["a", None, True, 1]) == ("a", "true", "1")
    assert texts(10**400) is None
