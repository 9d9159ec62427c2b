"""``policy.validate``: what the vectors of CreatePolicy leave open: trust, session and resource policies, limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.policy.validate import PolicyKind, over_inline_total, size_without_whitespace, validate

VENDOR = "Resource vendor must be fully qualified and cannot contain regexes."
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def message(kind: PolicyKind, *statements: Any, version: str = "2012-10-17") -> str:
    document = {"Statement": list(statements), **({"Version": version} if version else {})}
    problem = validate(json.dumps(document), kind)
    return "" if problem is None else problem.message


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, ""),
        ({"Action": ["sts:AssumeRole", "sts:TagSession"]}, ""),
        ({"Principal": {"AWS": "*"}}, ""),
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        ({"Principal": "*"}, 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'),
        ({"Principal": {"Robot": "x"}}, "Syntax errors in policy."),
        ({"Principal": {}}, "Syntax errors in policy."),
    ],
)
def test_trust_policies(change: dict[str, Any], text: str) -> None:
    assert message(PolicyKind.TRUST, {**TRUST, **change}) == text


def test_trust_policies_may_be_old_but_not_nonsense() -> None:
    assert message(PolicyKind.TRUST, TRUST, version="2008-10-17") == ""
    assert message(PolicyKind.TRUST, TRUST, version="") == ""
    assert message(PolicyKind.TRUST, ALLOW) == "Missing required field Principal"
    problem = validate("{", PolicyKind.TRUST)
    assert problem is not None and problem.message == "This policy contains invalid Json"


def test_identity_policies_have_no_principal() -> None:
    text = "Policy document should not specify a principal."
    for kind in (PolicyKind.MANAGED, PolicyKind.INLINE, PolicyKind.SESSION, PolicyKind.SCP):
        assert message(kind, {**ALLOW, "Principal": "*"}) == text
        assert message(kind, ALLOW) == ""


def test_resource_policies() -> None:
    public = {**ALLOW, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/GET/*"}
    assert message(PolicyKind.RESOURCE, public) == ""
    assert message(PolicyKind.RESOURCE, ALLOW) == "Missing required field Principal"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ({**ALLOW, "Action": "s3*:Get"}, "Vendor s3* is not valid"),
        ({**ALLOW, "Action": "*:*"}, ""),
        (
            {**ALLOW, "Resource": "arn:aws:s*:::b"},
            VENDOR,
        ),
        ({**ALLOW, "Condition": {"Strange": {"a": "b"}}}, "Syntax errors in policy."),
        ({**ALLOW, "Condition": {"StringEquals": {"a": {}}}}, "Syntax errors in policy."),
    ],
)
def test_statements(statement: dict[str, Any], text: str) -> None:
    assert message(PolicyKind.INLINE, statement) == text


MEMBERS = [*ALLOW, "Version", "Statement", "Condition", "Principal", "Sid"]
json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
)


@given(json_values)
def test_nothing_raises(document: Any) -> None:
    for kind in PolicyKind:
        validate(json.dumps(document), kind)


def test_deep_nesting_is_a_syntax_error() -> None:
    problem = validate('{"Statement":' + "[" * 200_000, PolicyKind.MANAGED)
    assert problem is not None and problem.message == "Syntax errors in policy."


def test_sizes() -> None:
    assert size_without_whitespace('{ "a":\n 1 }') == 7
    big = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Sid": "x" * 6200}]})
    problem = validate(big, PolicyKind.MANAGED)
    assert problem is not None
    assert (problem.code, problem.message) == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    assert validate(big, PolicyKind.INLINE) is None
    over = over_inline_total(["x" * 10_000, "y" * 241], "role", "app")
    assert over is not None and over.message == "Maximum policy size of 10240 bytes exceeded for role app"
    assert over_inline_total([" " * 9999 + "x" * 2048], "user", "a") is None
