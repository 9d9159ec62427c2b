"""``policy.combine``: what the vectors leave open, and the helpers of API Gateway."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy.combine import (
    NO_POLICIES,
    Decision,
    Layer,
    PolicyStack,
    Verdict,
    decide,
    decide_answered,
    decide_resource_policy_alone,
    explicit_deny_of,
)
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.request import ANONYMOUS, MappingContext, Question, Subject, service_subject, subject_from

A, B = "111122223333", "444455556666"
USER = subject_from(f"arn:aws:iam::{A}:user/alice")
SESSION = subject_from(f"arn:aws:sts::{A}:assumed-role/app/s1")
FEDERATED = subject_from(f"arn:aws:sts::{A}:federated-user/f")
ROOT = subject_from(f"arn:aws:iam::{A}:root")
API = f"arn:aws:execute-api:us-east-1:{A}:abc/prod/GET/pets"


def policy(effect: str, action: str = "*", **members: Any) -> CompiledPolicy:
    return compile_policy(
        {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": "*", **members}}
    )


ALLOW, DENY, SILENT = policy("Allow"), policy("Deny"), policy("Allow", "none:None")
PUBLIC = policy("Allow", Principal="*")
PUBLIC_DENY = policy("Deny", Principal="*")
PUBLIC_SILENT = policy("Allow", "none:None", Principal="*")


def invoke(subject: Subject = USER, owner: str = A, action: str = "execute-api:Invoke", **context: str) -> Question:
    return Question(subject, action, API, owner, MappingContext(context))


@pytest.mark.parametrize(
    ("mine", "same", "across"),
    [(ALLOW, "AAD", "AID"), (SILENT, "AID", "IID"), (DENY, "DDD", "DDD")],
    ids=["allow", "silent", "deny"],
)
def test_tables_a_and_b_of_api_gateway(mine: CompiledPolicy, same: str, across: str) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html"""
    letters = {Verdict.ALLOWED: "A", Verdict.IMPLICITLY_DENIED: "I", Verdict.EXPLICITLY_DENIED: "D"}
    for owner, expected in ((A, same), (B, across)):
        theirs = (PUBLIC, PUBLIC_SILENT, PUBLIC_DENY)
        stack = PolicyStack(identity=(mine,))
        decided = "".join(letters[decide(invoke(owner=owner), stack, policy).verdict] for policy in theirs)
        anonymous = invoke(ANONYMOUS, owner)
        answered = "".join(
            letters[decide_answered(anonymous, mine, policy, same_account=owner == A).verdict] for policy in theirs
        )
        assert decided == answered == expected


def test_a_resource_policy_alone() -> None:
    assert decide_resource_policy_alone(invoke(ANONYMOUS), PUBLIC).allowed
    assert decide_resource_policy_alone(invoke(ANONYMOUS), PUBLIC_SILENT).verdict is Verdict.IMPLICITLY_DENIED
    assert decide_resource_policy_alone(invoke(ANONYMOUS), None).verdict is Verdict.IMPLICITLY_DENIED
    denied = explicit_deny_of(invoke(ANONYMOUS), PUBLIC_DENY)
    assert denied is not None and denied.layer is Layer.RESOURCE
    assert explicit_deny_of(invoke(ANONYMOUS), PUBLIC) is None
    assert explicit_deny_of(invoke(ANONYMOUS), None) is None
    assert decide_answered(invoke(ANONYMOUS), ALLOW, None).allowed


def test_the_decision_names_what_decided() -> None:
    stack = PolicyStack(identity=(SILENT, ALLOW))
    assert decide(invoke(), stack, None) == Decision(Verdict.ALLOWED, Layer.IDENTITY, ALLOW, 0)
    assert decide(invoke(), stack, PUBLIC_DENY) == Decision(Verdict.EXPLICITLY_DENIED, Layer.RESOURCE, PUBLIC_DENY, 0)
    assert decide(invoke(), NO_POLICIES, PUBLIC) == Decision(Verdict.ALLOWED, Layer.RESOURCE, PUBLIC, 0)
    assert decide(invoke(), NO_POLICIES, None) == Decision(Verdict.IMPLICITLY_DENIED, Layer.IDENTITY, None, -1)


@pytest.mark.parametrize(
    ("stack", "layer"),
    [
        (PolicyStack((ALLOW,), boundary=SILENT), Layer.BOUNDARY),
        (PolicyStack((ALLOW,), session=()), Layer.SESSION),
        (PolicyStack((ALLOW,), session=(SILENT, SILENT)), Layer.SESSION),
        (PolicyStack((ALLOW,), scps=((ALLOW,), (SILENT,))), Layer.SCP),
        (PolicyStack((ALLOW,), endpoint=(PUBLIC_SILENT,)), Layer.ENDPOINT),
        (PolicyStack((ALLOW,), endpoint=(PUBLIC_DENY,)), Layer.ENDPOINT),
        (PolicyStack((ALLOW,), boundary=DENY), Layer.BOUNDARY),
        (PolicyStack((ALLOW,), scps=((ALLOW, DENY),)), Layer.SCP),
        (PolicyStack((ALLOW,), session=(ALLOW, DENY)), Layer.SESSION),
    ],
)
def test_every_layer_limits_a_session(stack: PolicyStack, layer: Layer) -> None:
    decision = decide(invoke(SESSION), stack, None)
    assert not decision.allowed
    assert decision.layer is layer


def test_principals_differ() -> None:
    scps = PolicyStack((ALLOW,), scps=((SILENT,),))
    assert decide(invoke(ROOT), PolicyStack(), None).allowed
    assert not decide(invoke(ROOT), scps, None).allowed
    assert not decide(invoke(ROOT, B), PolicyStack(), None).allowed
    assert decide(invoke(ROOT, B), PolicyStack(), PUBLIC).allowed
    assert decide(invoke(SESSION._replace(service_linked=True)), scps, None).allowed
    assert decide(invoke(service_subject("events.amazonaws.com")), scps, PUBLIC).allowed
    assert not decide(invoke(FEDERATED), PolicyStack((ALLOW,)), None).allowed
    assert decide(invoke(FEDERATED), PolicyStack((ALLOW,), session=(ALLOW,)), None).allowed


def test_rcps_protect_the_services_that_support_them() -> None:
    stack = PolicyStack((ALLOW,), rcps=((PUBLIC, PUBLIC_DENY),))
    assert decide(invoke(), stack, None).allowed
    assert decide(invoke(action="s3:GetObject"), stack, None).layer is Layer.RCP
    silent = PolicyStack((ALLOW,), rcps=((PUBLIC_SILENT,),))
    decision = decide(invoke(action="s3:GetObject"), silent, None)
    assert (decision.verdict, decision.layer) == (Verdict.IMPLICITLY_DENIED, Layer.RCP)


def test_trust_and_key_policies_must_grant() -> None:
    stack = PolicyStack((ALLOW,))
    assume = Question(USER, "sts:AssumeRole", f"arn:aws:iam::{A}:role/r", A)
    assert decide(assume, stack, None).layer is Layer.TRUST
    trust = compile_policy({"Statement": {"Effect": "Allow", "Principal": {"AWS": A}, "Action": "sts:AssumeRole"}})
    assert decide(assume, stack, trust).allowed
    assert decide(assume, NO_POLICIES, trust).layer is Layer.IDENTITY
    direct = compile_policy(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": USER.arn}, "Action": "sts:AssumeRole"}}
    )
    assert decide(assume, NO_POLICIES, direct) == Decision(Verdict.ALLOWED, Layer.TRUST, direct, 0)
    key = f"arn:aws:kms:us-east-1:{A}:key/k"
    assert decide(Question(USER, "kms:Decrypt", key, A), stack, None).layer is Layer.RESOURCE
    assert decide(Question(USER, "kms:ListKeys", "*", A), stack, None).allowed


def test_hostile_documents_cost_bounded_time() -> None:
    wild = policy("Allow", "execute-api:" + "*a" * 50_000, Resource="arn:aws:execute-api:" + "*?" * 50_000)
    huge = policy("Allow", Condition={"StringLike": {"k": ["*a" * 1000 + "b"] * 500}})
    stack = PolicyStack((wild, huge))
    assert not decide(invoke(k="a" * 5000), stack, None).allowed
