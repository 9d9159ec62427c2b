"""``policy.witness``: why an element does not match, with a pointer to it."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy.combine import Layer, PolicyStack, Verdict
from sekisho.policy.compile import compile_policy
from sekisho.policy.request import MappingContext, Question, service_subject, subject_from
from sekisho.policy.witness import Element, Finding, Reason, StatementWitness, escape, explain

A = "111122223333"
FUNCTION = f"arn:aws:lambda:us-east-1:{A}:function:orders"
ALLOW = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": FUNCTION}
USER = subject_from(f"arn:aws:iam::{A}:user/alice")
CONTEXT: dict[str, str | tuple[str, ...] | list[str]] = {
    "aws:SourceArn": f"arn:aws:execute-api:us-east-1:{A}:abc/prod/GET/pets",
    "aws:TagKeys": ["a", "b"],
    "aws:SourceIp": "nowhere",
}


def witness(statement: dict[str, Any], version: str = "2012-10-17") -> StatementWitness:
    policy = compile_policy({"Version": version, "Statement": [statement]})
    question = Question(USER, "lambda:InvokeFunction", FUNCTION, A, MappingContext(CONTEXT))
    (found,) = explain(question, PolicyStack((policy,)), None).of(Layer.IDENTITY)[0].statements
    return found


def miss(change: dict[str, Any]) -> Finding:
    statement = {**ALLOW, **change}
    for name in ("Action", "Resource"):
        if f"Not{name}" in statement:
            del statement[name]
    (found,) = witness(statement).misses
    return found


@pytest.mark.parametrize(
    ("change", "reason", "pointer"),
    [
        ({"Action": "s3:*"}, Reason.WRONG_SERVICE, "/Action"),
        ({"Action": ["s3:*", "lambda:Get*"]}, Reason.ACTION_MISMATCH, "/Action"),
        ({"NotAction": "lambda:*"}, Reason.ACTION_EXCLUDED, "/NotAction"),
        ({"Resource": FUNCTION.replace("aws", "aws-cn")}, Reason.PARTITION_MISMATCH, "/Resource"),
        ({"Resource": FUNCTION.replace("lambda", "s3")}, Reason.SERVICE_MISMATCH, "/Resource"),
        ({"Resource": FUNCTION.replace("us-", "eu-")}, Reason.REGION_MISMATCH, "/Resource"),
        ({"Resource": FUNCTION.replace(A, "4" * 12)}, Reason.ACCOUNT_MISMATCH, "/Resource"),
        ({"Resource": [f"{FUNCTION}:live", "arn:aws:s3:::b"]}, Reason.RESOURCE_MISMATCH, "/Resource"),
        ({"Resource": f"{FUNCTION[:-6]}${{aws:username}}"}, Reason.VARIABLE_UNRESOLVED, "/Resource"),
        ({"NotResource": "*"}, Reason.RESOURCE_EXCLUDED, "/NotResource"),
        ({"Principal": {"AWS": "4" * 12}}, Reason.PRINCIPAL_MISMATCH, "/Principal"),
        ({"NotPrincipal": {"AWS": USER.arn}}, Reason.PRINCIPAL_EXCLUDED, "/NotPrincipal"),
    ],
)
def test_elements(change: dict[str, Any], reason: Reason, pointer: str) -> None:
    found = miss(change)
    assert found.reason is reason
    assert found.pointer == f"/Statement/0{pointer}"


@pytest.mark.parametrize(
    ("operator", "key", "value", "reason"),
    [
        ("StringEquals", "aws:SourceAccount", A, Reason.KEY_ABSENT),
        ("ArnLike", "aws:SourceArn", "arn:aws:execute-api:*:*:abc/dev/*", Reason.VALUE_MISMATCH),
        ("StringEquals", "aws:SourceArn", "${aws:username}", Reason.VARIABLE_UNRESOLVED),
        ("ArnNotLike", "aws:SourceArn", "*", Reason.VALUE_EXCLUDED),
        ("StringEquals", "aws:TagKeys", "a", Reason.KEY_MULTIVALUED),
        ("ForAllValues:StringEquals", "aws:TagKeys", "a", Reason.VALUE_MISMATCH),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", Reason.VALUE_ILL_TYPED),
        ("Null", "aws:SourceIp", "true", Reason.KEY_PRESENT),
        ("Null", "aws:Absent", "false", Reason.KEY_ABSENT),
        ("Strange", "aws:SourceIp", "x", Reason.UNKNOWN_OPERATOR),
    ],
)
def test_conditions(operator: str, key: str, value: str, reason: Reason) -> None:
    found = miss({"Condition": {operator: {key: value}}})
    assert found.reason is reason
    assert found.element is Element.CONDITION
    assert found.pointer.startswith(f"/Statement/0/Condition/{operator}")


def test_expected_and_actual() -> None:
    found = miss({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:*:*:abc/dev/*"}}})
    assert found.expected == ("arn:aws:execute-api:*:*:abc/dev/*",)
    assert found.actual == CONTEXT["aws:SourceArn"]
    assert found.detail == "ArnLike AWS:SourceArn"
    assert found.pointer == "/Statement/0/Condition/ArnLike/AWS:SourceArn"


def test_unreadable_and_lone_statements() -> None:
    assert miss({"Resource": {}}).reason is Reason.UNREADABLE
    policy = compile_policy({"Statement": ALLOW})
    question = Question(USER, "lambda:InvokeFunction", FUNCTION, A)
    (found,) = explain(question, PolicyStack((policy,)), None).of(Layer.IDENTITY)[0].statements
    assert found.applies
    assert found.pointer == "/Statement"
    assert escape("a/b~c") == "a~1b~0c"


def test_the_walk_covers_every_layer() -> None:
    policy = compile_policy({"Statement": {**ALLOW, "Principal": "*"}})
    deny = compile_policy({"Statement": {**ALLOW, "Effect": "Deny", "Principal": "*"}})
    stack = PolicyStack((policy,), policy, (policy,), ((policy,), (policy,)), ((policy,),), (policy,))
    question = Question(USER, "lambda:InvokeFunction", FUNCTION, A)
    found = explain(question, stack, policy)
    assert found.decision.verdict is Verdict.ALLOWED
    assert [(layer.layer, layer.level, layer.relevant) for layer in found.layers] == [
        (Layer.SCP, 0, True),
        (Layer.SCP, 1, True),
        (Layer.RCP, 0, False),
        (Layer.ENDPOINT, 0, True),
        (Layer.RESOURCE, 0, True),
        (Layer.IDENTITY, 0, True),
        (Layer.BOUNDARY, 0, True),
        (Layer.SESSION, 0, True),
    ]
    service = question.about(subject=service_subject("apigateway.amazonaws.com"))
    denied = explain(service, stack, deny).decision
    assert (denied.verdict, denied.layer) == (Verdict.EXPLICITLY_DENIED, Layer.RESOURCE)
