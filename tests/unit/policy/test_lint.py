"""Each remark, on the smallest document that earns it, and silence on one that does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sekisho.policy.lint import SAYS, lint

BASE = "arn:aws:execute-api:us-east-1:123456789012:api"


def ids(statement: dict[str, Any], version: str | None = "2012-10-17") -> dict[str, str]:
    document = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", **statement}]}
    return {found.id: found.pointer for found in lint(document | ({"Version": version} if version else {}))}


GOOD = {"Resource": f"{BASE}/prod/GET/*"}
EARNED: list[tuple[str, dict[str, Any], str]] = [
    ("wildcard-crosses-slash", {"Resource": f"{BASE}/*/GET/pets"}, "/Resource"),
    ("wildcard-crosses-slash", {"Resource": [f"{BASE}/p/GET/x", f"{BASE}/*/GET/pets"]}, "/Resource/1"),
    ("allow-not-principal", {**GOOD, "NotPrincipal": {"AWS": "111122223333"}}, "/NotPrincipal"),
    (
        "not-principal-account",
        {**GOOD, "Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/a"}},
        "/NotPrincipal",
    ),
    (
        "not-principal-session",
        {**GOOD, "Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/a"}},
        "/NotPrincipal",
    ),
    ("not-principal-boundary", {**GOOD, "Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}}, "/NotPrincipal"),
    (
        "for-all-values-empty",
        {**GOOD, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}},
        "/Condition/ForAllValues:StringEquals/aws:TagKeys",
    ),
    (
        "set-operator-on-single-value",
        {**GOOD, "Condition": {"ForAnyValue:StringEquals": {"aws:SourceVpc": "a"}}},
        "/Condition/ForAnyValue:StringEquals/aws:SourceVpc",
    ),
    (
        "set-operator-missing",
        {**GOOD, "Condition": {"StringEquals": {"aws:TagKeys": "a"}}},
        "/Condition/StringEquals/aws:TagKeys",
    ),
    (
        "bool-on-missing-key",
        {**GOOD, "Effect": "Deny", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
        "/Condition/Bool/aws:MultiFactorAuthPresent",
    ),
    (
        "negation-on-missing-key",
        {**GOOD, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
        "/Condition/StringNotEquals/aws:SourceVpce",
    ),
    (
        "if-exists-on-allow",
        {**GOOD, "Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}},
        "/Condition/StringEqualsIfExists/aws:SourceVpce",
    ),
    (
        "unknown-operator",
        {**GOOD, "Condition": {"StringEquls": {"aws:SourceVpce": "vpce-1"}}},
        "/Condition/StringEquls",
    ),
    (
        "unknown-key",
        {**GOOD, "Condition": {"IpAddress": {"aws:SourceIP4": "10.0.0.0/8"}}},
        "/Condition/IpAddress/aws:SourceIP4",
    ),
    (
        "no-value",
        {**GOOD, "Condition": {"StringEquals": {"aws:SourceVpc": []}}},
        "/Condition/StringEquals/aws:SourceVpc",
    ),
    (
        "unreadable-value",
        {**GOOD, "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "an hour"}}},
        "/Condition/NumericLessThan/aws:MultiFactorAuthAge",
    ),
    (
        "contradiction",
        {**GOOD, "Condition": {"Null": {"aws:SourceVpc": "true"}, "StringEquals": {"aws:SourceVpc": "a"}}},
        "/Condition/StringEquals/aws:SourceVpc",
    ),
    ("not-whole", {"Principal": {"AWS": "111122223333"}, "Resource": "arn:aws:execute-api"}, "/Resource"),
    ("wrong-service", {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}, "/Resource"),
    ("public", {**GOOD, "Principal": "*"}, "/Principal"),
    ("confused-deputy", {**GOOD, "Principal": {"Service": "sns.amazonaws.com"}}, "/Principal"),
]


@pytest.mark.parametrize(("id_", "statement", "pointer"), EARNED, ids=[f"{e[0]}-{n}" for n, e in enumerate(EARNED)])
def test_remark(id_: str, statement: dict[str, Any], pointer: str) -> None:
    assert ids(statement)[id_] == f"/Statement/0{pointer}"


def test_every_remark_is_earned_somewhere() -> None:
    assert {id_ for id_, _, _ in EARNED} | {"invalid", "variable-without-version"} == set(SAYS)


def test_silence() -> None:
    condition = {
        "Null": {"aws:TagKeys": "false"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["a"]},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "StringEquals": {"aws:PrincipalTag/team": "blue", "lambda:FunctionArn": "x"},
    }
    assert ids({**GOOD, "Condition": condition}) == {}


def test_variables_need_their_version() -> None:
    statement = {"Resource": f"{BASE}/prod/GET/${{aws:username}}/*", "Principal": {"AWS": "111122223333"}}
    assert "variable-without-version" in ids(statement, "2008-10-17")
    assert "variable-without-version" not in ids(statement)


def test_errors_in_aws_words() -> None:
    (found,) = lint("{")
    assert (found.id, found.level) == ("invalid", "error") and "Syntax errors in policy." in found.message
    assert [found.level for found in lint(json.dumps({"Version": "2012-10-17", "Statement": []}))][:1] == ["error"]
