"""Laws of partial decisions and proofs, and hostile documents in bounded time."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_policy_laws import RESOURCES, documents, questions, resource_policies, stacks

from sekisho.policy import (
    MappingContext,
    PolicyStack,
    Question,
    Subject,
    SubjectKind,
    compile_policy,
    decide,
    explain,
    remedies,
    validate,
)
from sekisho.policy.lint import lint
from sekisho.policy.partial import Outcome, Partial, decide_partially, find_context
from sekisho.policy.prove import Actor, Target, nobody_but


@settings(max_examples=200, deadline=None)
@given(questions, stacks, resource_policies, st.sets(st.sampled_from(["aws:principaltag/team", "aws:sourcearn"])))
def test_what_is_said_of_an_open_context_holds_of_every_context(
    question: Question, stack: PolicyStack, resource_policy: Any, left_open: set[str]
) -> None:
    """The question's own context is one way to fill the open keys."""
    assert isinstance(question.context, MappingContext)
    values = {key: value for key, value in question.context.values.items() if key not in left_open}

    class Known(Partial):
        def settled(self, key: str) -> bool:
            return key not in left_open

    context = Known(values)
    found = decide_partially(question, stack, resource_policy, context)
    allowed = decide(question, stack, resource_policy).allowed
    if found.outcome is Outcome.CAN:
        assert allowed
    if found.outcome is Outcome.CANNOT:
        assert not allowed
        assert find_context(question, stack, resource_policy, context) is None
    if not left_open:
        assert found.outcome is not Outcome.CONDITIONAL


@settings(max_examples=60, deadline=None)
@given(documents(), st.sampled_from(["arn:aws:s3:::b/*", "*", "arn:aws:s3:::b/*/x"]), questions)
def test_proofs_hold_and_witnesses_replay(document: dict[str, Any], pattern: str, question: Question) -> None:
    account = "111122223333"
    subject = Subject(SubjectKind.USER, account, f"arn:aws:iam::{account}:user/u")
    actor = Actor("u", subject, PolicyStack(identity=(compile_policy(document),)))
    proof = nobody_but((), Target(question.action, pattern, account), [actor])
    for witness in proof.witnesses:
        assert witness.replay(None).allowed
    if not proof.holds:
        return
    for resource in RESOURCES:
        inside = pattern == "*" or (
            resource.startswith("arn:aws:s3:::b/") and (pattern[-1] == "*" or resource[-1] == "x")
        )
        if inside:
            asked = question.about(subject=subject, resource=resource, resource_account=account)
            keys = dict(question.context.values) if isinstance(question.context, MappingContext) else {}
            keys = {key: value for key, value in keys.items() if not key.startswith("aws:principaltag/")}
            assert not decide(asked.about(context=MappingContext(keys)), actor.stack, None).allowed


@settings(max_examples=80, deadline=None)
@given(questions, stacks, resource_policies, st.lists(st.sampled_from(RESOURCES), max_size=6))
def test_what_was_asked_before_does_not_matter(
    question: Question, stack: PolicyStack, resource_policy: Any, before: list[str]
) -> None:
    def copy(policy: Any) -> Any:
        return compile_policy(policy.document, name=policy.name)

    fresh = PolicyStack(
        tuple(map(copy, stack.identity)),
        None if stack.boundary is None else copy(stack.boundary),
        None if stack.session is None else tuple(map(copy, stack.session)),
        tuple(tuple(map(copy, level)) for level in stack.scps),
        tuple(tuple(map(copy, level)) for level in stack.rcps),
        tuple(map(copy, stack.endpoint)),
    )
    for resource in before:
        decide(question.about(resource=resource), stack, resource_policy)
    one = decide(question, stack, resource_policy)
    other = decide(question, fresh, None if resource_policy is None else copy(resource_policy))
    assert (one.verdict, one.layer, one.statement) == (other.verdict, other.layer, other.statement)


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*", **more}


HOSTILE: dict[str, Any] = {
    "stars": [statement(Resource="arn:aws:execute-api:*:*:" + "*a" * 2_000 + "*b")],
    "question-marks": [statement(Resource="arn:aws:execute-api:us-east-1:1:" + "*?a?" * 500)],
    "many-patterns": [statement(Resource=[f"arn:aws:execute-api:us-east-1:1:*{n}*{n}*" for n in range(2_000)])],
    "many-statements": [statement(Resource=f"arn:*:*:*:*:*{n}*") for n in range(2_000)],
    "many-actions": [statement(Action=[f"execute-api:{'*' * 50}{n}*" for n in range(2_000)])],
    "many-principals": [statement(Principal={"AWS": [f"arn:aws:iam::{n:012}:root" for n in range(1_500)]})],
    "many-conditions": [
        statement(Condition={"StringLike": {f"aws:RequestTag/{n}": ["*a*" * 20, "b"] for n in range(500)}})
    ],
    "variables": [statement(Resource="arn:aws:execute-api:us-east-1:1:" + "${aws:username}*" * 500)],
    "open-braces": [statement(Resource="arn:aws:execute-api:us-east-1:1:" + "${" * 10_000)],
    "long-numbers": [statement(Condition={"NumericLessThan": {"aws:EpochTime": "9" * 50_000}})],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_take_bounded_time(name: str) -> None:
    document = {"Version": "2012-10-17", "Statement": HOSTILE[name]}
    subject = Subject(SubjectKind.USER, "1" * 12, f"arn:aws:iam::{'1' * 12}:user/u")
    resource = "arn:aws:execute-api:us-east-1:1:" + "a" * 4_000
    question = Question(subject, "execute-api:Invoke", resource, "1" * 12)
    begin = time.process_time()
    policy = compile_policy(document)
    stack = PolicyStack(identity=(policy,))
    decide(question, stack, policy)
    explain(question, stack, policy)
    remedies(question, stack, None)
    validate(json.dumps(document))
    lint(document)
    nobody_but((), Target("execute-api:Invoke", "arn:aws:execute-api:us-east-1:1:*", "1" * 12, policy), [
        Actor("u", subject, stack)
    ])  # fmt: skip
    assert time.process_time() - begin < 10
