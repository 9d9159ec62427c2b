"""``policy.remedy``: grants that work, narrowest first."""

from __future__ import annotations

from typing import Any

from sekisho.policy.combine import Layer, PolicyStack, decide
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.remedy import Edit, EditKind, edited, patched, remedies
from sekisho.policy.request import MappingContext, Question, service_subject, subject_from

A, B = "111122223333", "444455556666"
FUNCTION = f"arn:aws:lambda:us-east-1:{A}:function:orders"
SOURCE = f"arn:aws:execute-api:us-east-1:{A}:abc/prod/GET/orders"
GATEWAY = service_subject("apigateway.amazonaws.com")
USER = subject_from(f"arn:aws:iam::{A}:user/alice")
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": FUNCTION}


def compiled(*statements: dict[str, Any]) -> CompiledPolicy:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)})


def invoke(subject: Any = USER, owner: str = A) -> Question:
    return Question(subject, "lambda:InvokeFunction", FUNCTION, owner, MappingContext({"aws:SourceArn": SOURCE}))


def test_a_function_policy_that_does_not_exist_yet() -> None:
    (remedy,) = remedies(invoke(GATEWAY), PolicyStack(), None)
    (edit,) = remedy.edits
    assert (edit.kind, edit.layer, edit.policy) == (EditKind.ADD_STATEMENT, Layer.RESOURCE, None)
    assert edit.value == {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": SOURCE}},
    }


def test_a_source_arn_too_narrow_is_widened_first() -> None:
    narrow = SOURCE.replace("orders", "pets")
    grant = {**ALLOW, "Principal": {"Service": GATEWAY.arn}, "Condition": {"ArnLike": {"AWS:SourceArn": narrow}}}
    policy = compiled(grant)
    first, second = remedies(invoke(GATEWAY), PolicyStack(), policy)
    assert first.edits[0].kind is EditKind.CHANGE_ELEMENT
    assert first.edits[0].pointer == "/Statement/0/Condition/ArnLike/AWS:SourceArn"
    assert first.edits[0].value == [narrow, SOURCE]
    assert second.edits[0].kind is EditKind.ADD_STATEMENT
    assert first.breadth < second.breadth


def test_several_layers_and_a_deny_at_once() -> None:
    deny = compiled({**ALLOW, "Effect": "Deny"})
    stack = PolicyStack((deny,), boundary=compiled({**ALLOW, "Action": "lambda:GetFunction"}))
    question = invoke(owner=B)
    best = remedies(question, stack, None)[0]
    assert {edit.layer for edit in best.edits} == {Layer.IDENTITY, Layer.BOUNDARY, Layer.RESOURCE}
    assert any(edit.kind is EditKind.REMOVE_STATEMENT and edit.policy is deny for edit in best.edits)
    changed, policy = patched(stack, None, best)
    assert decide(question, changed, policy).allowed
    assert not decide(question, stack, None).allowed


def test_allowed_needs_no_remedy() -> None:
    assert remedies(invoke(), PolicyStack((compiled(ALLOW),)), None) == ()


def test_texts_that_look_like_patterns_are_taken_literally() -> None:
    question = Question(USER, "s3:GetObject", "arn:aws:s3:::b/${x}*?", A)
    for remedy in remedies(question, PolicyStack(), None):
        changed, policy = patched(PolicyStack(), None, remedy)
        assert not decide(question.about(resource="arn:aws:s3:::b/${x}ab"), changed, policy).allowed


def test_edits_of_one_document() -> None:
    policy = compiled(ALLOW, {**ALLOW, "Effect": "Deny"}, {**ALLOW, "Condition": {"Bool": {"a/b": "true"}}})
    edits = [
        Edit(EditKind.REMOVE_STATEMENT, Layer.IDENTITY, policy, "/Statement/1", None, 0),
        Edit(EditKind.CHANGE_ELEMENT, Layer.IDENTITY, policy, "/Statement/2/Condition/Bool/a~1b", ["false"], 0),
        Edit(EditKind.ADD_STATEMENT, Layer.IDENTITY, policy, "/Statement/-", {"Sid": "new"}, 0),
    ]
    changed = edited(policy.document, edits)["Statement"]
    assert changed == [ALLOW, {**ALLOW, "Condition": {"Bool": {"a/b": ["false"]}}}, {"Sid": "new"}]
    lone = edited({"Statement": ALLOW}, [edits[1]._replace(pointer="/Statement/Resource", value="*")])
    assert lone["Statement"] == [{**ALLOW, "Resource": "*"}]
    assert policy.document["Statement"][1]["Effect"] == "Deny"
