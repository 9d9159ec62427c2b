"""Partial contexts: what is settled, what is open, and contexts found for open conditions."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy import MappingContext, PolicyStack, Question, compile_policy, decide, subject_from
from sekisho.policy.ast import Condition
from sekisho.policy.partial import (
    Outcome,
    Partial,
    decide_partially,
    find_context,
    keys_of,
    keys_read,
    readable,
    sentence,
    values_near,
)

ANN = subject_from("arn:aws:iam::123456789012:user/team/ann")


def test_keys_that_follow_from_the_subject() -> None:
    assert keys_of(ANN)["aws:username"] == "ann"
    assert keys_of(subject_from("lambda.amazonaws.com"))["aws:principalisawsservice"] == "true"
    assert "aws:principalarn" not in keys_of(subject_from(""))


def test_settled() -> None:
    context = Partial({"aws:sourceip": "10.0.0.1"}, ["aws:username"])
    assert context.settled("aws:sourceip") and context.settled("aws:username")
    assert context.settled("aws:principaltag/team") and not context.settled("aws:referer")
    assert not Partial({}, tags_known=False).settled("aws:principaltag/team")


def test_keys_read() -> None:
    assert keys_read(Condition("StringEquals", "AWS:Referer", ("${aws:username}-x",)), True) == (
        "aws:referer",
        "aws:username",
    )
    assert keys_read(Condition("StringEquals", "AWS:Referer", ("${aws:username}",)), False) == ("aws:referer",)
    assert keys_read(Condition("NumericEquals", "s3:max-keys", ("${aws:username}",)), True) == ("s3:max-keys",)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:UserAgent": "a*b?c"}},
        {"StringNotLike": {"aws:UserAgent": "a*"}},
        {"NumericGreaterThan": {"s3:max-keys": "7"}},
        {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"Null": {"aws:Referer": "false"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:1:t*"}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
        {"StringEquals": {"aws:Referer": "${aws:username}"}},
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_context_is_found(condition: dict[str, Any], effect: str) -> None:
    statements: list[dict[str, Any]] = [{"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}]
    if effect == "Deny":
        statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    stack = PolicyStack(identity=(compile_policy({"Version": "2012-10-17", "Statement": statements}, name="p"),))
    question = Question(ANN, "s3:GetObject", "arn:aws:s3:::b/x", "123456789012")
    context = Partial(keys_of(ANN))
    found = decide_partially(question, stack, None, context)
    assert found.outcome is Outcome.CONDITIONAL
    shown = readable(found)
    assert bool(shown["allOf"]) is (effect == "Allow") and bool(shown["noneOf"]) is (effect == "Deny")
    values = find_context(question, stack, None, context)
    assert values is not None
    assert decide(question.about(context=MappingContext(dict(values))), stack, None).allowed
    option = found.unless[0] if found.unless else found.needs[0][0]
    key = next(iter(next(iter(condition.values()))))
    assert sentence(option).startswith(f"{key} {next(iter(condition))} ")


def test_a_variable_in_a_resource_is_open_too() -> None:
    document = {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:Referer}/*"}
    stack = PolicyStack(identity=(compile_policy({"Version": "2012-10-17", "Statement": document}),))
    question = Question(ANN, "s3:GetObject", "arn:aws:s3:::b/home/x", "123456789012")
    values = find_context(question, stack, None, Partial(keys_of(ANN)))
    assert values is not None and values["aws:referer"] == "home"


def test_values_near_an_unknown_operator() -> None:
    assert values_near(Condition("Strange", "a:b", ("c",))) == []
