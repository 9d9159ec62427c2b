"""``policy.pattern``: variables are literals once resolved, ARN segments match alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.kit.glob import ANY
from sekisho.policy.pattern import ArnPattern, Variable, literal, parts_of, resolve, unresolved
from sekisho.policy.request import EMPTY_CONTEXT, MappingContext

CONTEXT = MappingContext({"aws:username": "alice", "aws:TagKeys": ["a"], "aws:PrincipalTag/t": "*"})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a${aws:UserName}*", ["a", Variable("aws:username", None), ANY]),
        ("${aws:PrincipalTag/team, 'x y'}", [Variable("aws:principaltag/team", "x y")]),
        ("${*}${?}${$}", ["*", "?", "$"]),
        ("${", ["${"]),
        ("${a, b}", ["${a, b}"]),
        ("${}", ["${}"]),
    ],
)
def test_parts(text: str, parts: list[object]) -> None:
    assert parts_of(text, True) == parts


def test_without_variables_the_text_is_literal() -> None:
    assert literal(parts_of("${aws:username}", False), CONTEXT) == "${aws:username}"


def test_resolving() -> None:
    assert literal(parts_of("home/${aws:username}/*", True), CONTEXT) == "home/alice/*"
    assert literal(parts_of("${aws:none, 'd'}", True), CONTEXT) == "d"
    assert resolve(parts_of("${aws:tagkeys}", True), CONTEXT) is None
    assert unresolved(parts_of("${aws:username}${aws:TagKeys}", True), CONTEXT) == "aws:tagkeys"
    assert unresolved(parts_of("${aws:none, 'd'}", True), CONTEXT) == ""


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_substituted_value_matches_only_itself(value: str, other: str) -> None:
    pattern = ArnPattern("arn:aws:s3:::b/${k}/x", True)
    context = MappingContext({"k": value})
    assert pattern.matches(f"arn:aws:s3:::b/{value}/x", context)
    assert pattern.matches(f"arn:aws:s3:::b/{other}/x", context) is (value == other)


@pytest.mark.parametrize(
    ("pattern", "text", "segment"),
    [
        ("*", "*", None),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x", None),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", "resource"),
        ("arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs:us-east-2:1:q", "region"),
        ("arn:aws:sqs:*:1:q", "arn:aws:sqs:us-east-2:2:q", "account"),
        ("arn:aws-cn:sqs:*:1:q", "arn:aws:sqs:us-east-2:1:q", "partition"),
        ("arn:aws:sqs:*:*:q", "arn:aws:sns:us-east-2:1:q", "service"),
        ("arn:aws:sqs:*:*:q", "*", ""),
        ("arn:aws:sqs:*", "arn:aws:sqs:us-east-2:1:q", None),
        ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-2:1:q", "account"),
    ],
)
def test_segments(pattern: str, text: str, segment: str | None) -> None:
    compiled = ArnPattern(pattern, True)
    assert compiled.matches(text, EMPTY_CONTEXT) is (segment is None)
    assert compiled.mismatch(text, EMPTY_CONTEXT) == segment


def test_a_wildcard_stays_in_its_segment() -> None:
    pattern = ArnPattern("arn:aws:someservice:*:1:finance/*", True)
    assert not pattern.matches("arn:aws:someservice:us-east-2:9:store/abc:1:finance/x", EMPTY_CONTEXT)


def test_short_patterns_of_resource_policies_need_a_wildcard() -> None:
    assert ArnPattern("arn:aws:s3", True).matches("arn:aws:s3:::b", EMPTY_CONTEXT)
    assert not ArnPattern("arn:aws:s3", True, complete=False).matches("arn:aws:s3:::b", EMPTY_CONTEXT)
    assert ArnPattern("arn:aws:s*", True, complete=False).matches("arn:aws:s3:::b", EMPTY_CONTEXT)


def test_the_abbreviation_of_rest_apis() -> None:
    pattern = ArnPattern("execute-api:/prod/GET/*", True)
    arn = "arn:aws:execute-api:us-east-1:1:abc/"
    assert pattern.matches(f"{arn}prod/GET/pets", EMPTY_CONTEXT)
    assert not pattern.matches(f"{arn}x/prod/GET/pets", EMPTY_CONTEXT)
    assert not pattern.matches("arn:aws:s3:::abc/prod/GET/pets", EMPTY_CONTEXT)
