"""Laws of the policy engine, over random policies and questions."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import policy_reference as reference

from sekisho.policy import (
    ANONYMOUS,
    Layer,
    MappingContext,
    PolicyStack,
    Question,
    Subject,
    SubjectKind,
    Verdict,
    compile_policy,
    decide,
    explain,
    patched,
    remedies,
    service_subject,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole", "lambda:InvokeFunction"]
PATTERNS = [
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "sqs:SendMessage",
    "s3:?utObject",
    "kms:*",
    "sts:*",
    "lambda:Invoke*",
]
RESOURCES = [
    f"arn:aws:s3:::b/{ACCOUNT}/x",
    "arn:aws:s3:::b/red/x",
    "arn:aws:s3:::b/*/x",
    f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
    f"arn:aws:sqs:eu-west-1:{OTHER}:q:r",
    "*",
]
RESOURCE_PATTERNS = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/*/x",
    "arn:aws:s3:::b/${aws:PrincipalTag/team}/x",
    "arn:aws:sqs:*:*:q",
    f"arn:aws:sqs:us-*:{ACCOUNT}:?",
    "arn:aws:*:*:*:*",
]
KEYS = ["aws:PrincipalTag/team", "aws:SourceArn", "aws:TagKeys", "s3:max-keys", "aws:SecureTransport"]
VALUES = [
    "red",
    "r*",
    "Red",
    "*",
    "10",
    "10.0",
    "9",
    "true",
    "false",
    "arn:aws:sns:us-east-1:1:t",
    "${aws:PrincipalTag/team}",
]
OPERATORS = [
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnNotLike",
    "Bool",
]
OPERATOR_NAMES = [
    f"{prefix}{name}{suffix}"
    for prefix in ("", "ForAllValues:", "ForAnyValue:")
    for name in OPERATORS
    for suffix in ("", "IfExists")
]


def some(values: list[str]) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        operator = draw(st.sampled_from(OPERATOR_NAMES))
        block.setdefault(operator, {})[draw(st.sampled_from(KEYS))] = draw(some(VALUES))
    if draw(st.integers(0, 5)) == 0:
        block["Null"] = {draw(st.sampled_from(KEYS)): draw(st.sampled_from(["true", "false"]))}
    if draw(st.integers(0, 5)) == 0:
        block["NumericLessThan"] = {"s3:max-keys": draw(some(["5", "10"]))}
    return block


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some(PATTERNS))
    statement["Resource"] = draw(some(RESOURCE_PATTERNS))
    if draw(st.integers(0, 5)) == 0:
        statement["NotResource"] = RESOURCE_PATTERNS[1:3]
        del statement["Resource"]
    if condition := draw(condition_blocks()):
        statement["Condition"] = condition
    return statement


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = {"Statement": draw(st.lists(statements(), min_size=1, max_size=3))}
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17", ""]))
    return {"Version": version, **document} if version else document


PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": ACCOUNT},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:role/svc/app"},
    {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"},
    {"AWS": [f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{ACCOUNT}:root"]},
    {"Service": "apigateway.amazonaws.com"},
]


@st.composite
def resource_documents(draw: st.DrawFn) -> dict[str, Any]:
    document = draw(documents())
    for statement in document["Statement"]:
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(st.sampled_from(PRINCIPALS))
    return document


contexts = st.fixed_dictionaries(
    {},
    optional={
        "aws:PrincipalTag/team": st.sampled_from(["red", "*", "Red", "blue"]),
        "aws:SourceArn": st.sampled_from(["arn:aws:sns:us-east-1:1:t", "red"]),
        "aws:TagKeys": st.lists(st.sampled_from(["red", "10", "x"]), max_size=2),
        "s3:max-keys": st.sampled_from(["9", "10", "10.0", "many"]),
        "aws:SecureTransport": st.sampled_from(["true", "False", "maybe"]),
    },
)
USER = Subject(SubjectKind.USER, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", unique_id="AIDAALICE")
SUBJECTS = [
    USER,
    Subject(
        SubjectKind.ROLE_SESSION,
        ACCOUNT,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1",
        f"arn:aws:iam::{ACCOUNT}:role/svc/app",
    ),
    Subject(SubjectKind.FEDERATED_USER, ACCOUNT, f"arn:aws:sts::{ACCOUNT}:federated-user/f", USER.arn),
    Subject(SubjectKind.ROOT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"),
    USER._replace(service_linked=True),
    service_subject("apigateway.amazonaws.com"),
    ANONYMOUS,
]
questions = st.builds(
    lambda subject, action, resource, owner, context: Question(
        subject, action, resource, owner, MappingContext(context)
    ),
    st.sampled_from(SUBJECTS),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from([ACCOUNT, ACCOUNT, OTHER]),
    contexts,
)
policies = documents().map(compile_policy)
sets = st.lists(policies, max_size=2).map(tuple)
stacks = st.builds(
    PolicyStack,
    identity=sets,
    boundary=st.none() | policies,
    session=st.none() | sets,
    scps=st.lists(sets, max_size=2).map(tuple),
    rcps=st.just(())
    | st.lists(st.lists(resource_documents().map(compile_policy), max_size=2).map(tuple), max_size=1).map(tuple),
    endpoint=st.just(()) | st.lists(resource_documents().map(compile_policy), max_size=1).map(tuple),
)
resource_policies = st.none() | resource_documents().map(compile_policy)


@settings(max_examples=120, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts)
def test_the_engine_agrees_with_the_reference(
    texts: list[dict[str, Any]], action: str, resource: str, context: dict[str, Any]
) -> None:
    stack = PolicyStack(identity=tuple(map(compile_policy, texts)))
    # AssumeRole insists on a trust policy, and KMS on a key policy; identity policies alone are compared elsewhere.
    action = action if action.split(":")[0] not in ("sts", "kms") else "s3:GetObject"
    question = Question(USER, action, resource, ACCOUNT, MappingContext(context))
    unresolved = "${" in str(texts) and not isinstance(context.get("aws:PrincipalTag/team"), str)
    if unresolved and "NotResource" in str(texts):
        return
    assert decide(question, stack, None).verdict.value == reference.verdict_of(texts, action, resource, context)


@settings(max_examples=120, deadline=None)
@given(questions, stacks, resource_policies)
def test_explain_agrees_with_decide(question: Question, stack: PolicyStack, resource_policy: Any) -> None:
    decision = decide(question, stack, resource_policy)
    witness = explain(question, stack, resource_policy)
    assert (witness.decision.verdict, witness.decision.layer) == (decision.verdict, decision.layer)
    if decision.statement >= 0:
        applying = {
            (id(statement.policy), statement.position)
            for layer in witness.layers
            for statement in layer.statements
            if statement.applies
        }
        assert (id(decision.policy), decision.statement) in applying


@settings(max_examples=80, deadline=None)
@given(questions, stacks, resource_policies)
def test_an_answer_remembered_is_the_same(question: Question, stack: PolicyStack, resource_policy: Any) -> None:
    assert decide(question, stack, resource_policy) == decide(question, stack, resource_policy)


@settings(max_examples=80, deadline=None)
@given(questions, stacks, resource_policies, st.sampled_from([Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION]))
def test_deny_wins(question: Question, stack: PolicyStack, resource_policy: Any, layer: Layer) -> None:
    deny = compile_policy({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    if question.subject.kind in (SubjectKind.SERVICE, SubjectKind.ANONYMOUS):
        deny = compile_policy({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}})
        assert decide(question, stack, deny).verdict is Verdict.EXPLICITLY_DENIED
        return
    changed = PolicyStack(
        (*stack.identity, deny) if layer is Layer.IDENTITY else stack.identity,
        deny if layer is Layer.BOUNDARY else stack.boundary,
        (*(stack.session or ()), deny) if layer is Layer.SESSION else stack.session,
        stack.scps,
        stack.rcps,
        stack.endpoint,
    )
    assert decide(question, changed, resource_policy).verdict is Verdict.EXPLICITLY_DENIED


@settings(max_examples=80, deadline=None)
@given(questions, st.lists(documents(), min_size=1, max_size=2), resource_policies, st.randoms(use_true_random=False))
def test_statement_order_is_irrelevant(
    question: Question, texts: list[dict[str, Any]], resource_policy: Any, shuffle: Any
) -> None:
    before = decide(question, PolicyStack(identity=tuple(map(compile_policy, texts))), resource_policy)
    for text in texts:
        shuffle.shuffle(text["Statement"])
    shuffle.shuffle(texts)
    after = decide(question, PolicyStack(identity=tuple(map(compile_policy, texts))), resource_policy)
    assert (before.verdict, before.layer) == (after.verdict, after.layer)


@settings(max_examples=80, deadline=None)
@given(questions, stacks, resource_policies, documents())
def test_an_added_allow_never_denies(
    question: Question, stack: PolicyStack, resource_policy: Any, addition: dict[str, Any]
) -> None:
    for statement in addition["Statement"]:
        statement["Effect"] = "Allow"
    more = PolicyStack(
        (*stack.identity, compile_policy(addition)),
        stack.boundary,
        stack.session,
        stack.scps,
        stack.rcps,
        stack.endpoint,
    )
    if decide(question, stack, resource_policy).allowed:
        assert decide(question, more, resource_policy).allowed


@settings(max_examples=60, deadline=None)
@given(questions, stacks, resource_policies)
def test_remedies_work_and_have_no_superfluous_part(
    question: Question, stack: PolicyStack, resource_policy: Any
) -> None:
    for remedy in remedies(question, stack, resource_policy):
        assert decide(question, *patched(stack, resource_policy, remedy)).allowed
        for size in range(len(remedy.edits)):
            for part in combinations(remedy.edits, size):
                less = remedy._replace(edits=part)
                assert not decide(question, *patched(stack, resource_policy, less)).allowed
