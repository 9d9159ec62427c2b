"""Decisions of the policy engine, policies compiled beforehand."""

from __future__ import annotations

import gc
import itertools
import json
import time
from typing import Any

from bench.figures import Figure, cpu_microseconds

from sekisho.policy.combine import PolicyStack, decide
from sekisho.policy.compile import compile_policy
from sekisho.policy.prove import Actor, Target, nobody_but
from sekisho.policy.request import MappingContext, Question, Subject, SubjectKind
from sekisho.policy.witness import explain

ACCOUNT = "123456789012"
USER = Subject(SubjectKind.USER, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u", unique_id="AIDAEXAMPLE")
CONTEXT = MappingContext(
    {"aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": "blue", "aws:SecureTransport": "true"}
)


def _document(policy: int, statements: int, *, conditions: bool) -> dict[str, Any]:
    made: list[dict[str, Any]] = []
    for number in range(statements):
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Action": ["execute-api:Invoke", "s3:GetObject"] if number % 2 else "execute-api:*",
            "Resource": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api{policy:03d}{number:02d}/*/GET/pets/*",
        }
        if conditions:
            statement["Condition"] = {
                "IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]},
                "StringLike": {"aws:PrincipalTag/team": "bl*"},
            }
        made.append(statement)
    return {"Version": "2012-10-17", "Statement": made}


def _stack(policies: int, statements: int, *, conditions: bool = False) -> PolicyStack:
    return PolicyStack(
        identity=tuple(
            compile_policy(_document(number, statements, conditions=conditions), name=f"p{number}")
            for number in range(policies)
        )
    )


def _question(api: str, path: str = "pets/1") -> Question:
    resource = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api}/prod/GET/{path}"
    return Question(USER, "execute-api:Invoke", resource, ACCOUNT, CONTEXT)


def _decision(policies: int, statements: int, *, conditions: bool = False) -> float:
    stack = _stack(policies, statements, conditions=conditions)
    question = _question(f"api{policies - 1:03d}{statements - 1:02d}")
    assert decide(question, stack, None).allowed
    return cpu_microseconds(lambda: decide(question, stack, None))


def _first_sight() -> float:
    stacks = [_stack(100, 20, conditions=True) for _ in range(12)]
    waiting = iter(stacks)
    question = _question("api09919")
    spent: list[float] = []
    for stack in waiting:
        begin = time.process_time()
        assert decide(question, stack, None).allowed
        spent.append(time.process_time() - begin)
    return min(spent) * 1e3


def _explaining() -> float:
    """Microseconds for each statement that is explained; the questions differ in their resource."""
    stack = _stack(100, 20, conditions=True)
    questions = itertools.cycle([_question(f"api{n:03d}19", f"pets/{n}") for n in range(100)])
    return cpu_microseconds(lambda: explain(next(questions), stack, None)) / 2000


def _matrix() -> float:
    gc.collect()  # What other figures left behind is not this one's.
    stacks = [_stack(2, 5) for _ in range(200)]
    questions = [_question(f"api00{n % 2}0{n % 5}", f"pets/{n}") for n in range(100)]
    begin = time.process_time()
    for stack, question in itertools.product(stacks, questions):
        decide(question, stack, None)
    return (time.process_time() - begin) * 1e3


def _proof() -> float:
    """Milliseconds for a proof that nobody of 10 principals with 20 statements each, and no outsider, can."""
    actors = [
        Actor(f"u{n}", Subject(SubjectKind.USER, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u{n}"), _stack(2, 10))
        for n in range(10)
    ]
    target = Target("execute-api:Invoke", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api00100/prod/POST/*", ACCOUNT)
    narrow = target._replace(resource=target.resource.replace("api00100", "api001"))
    assert nobody_but((), narrow, actors).holds and nobody_but((), target, actors).holds is False
    return cpu_microseconds(lambda: nobody_but((), target, actors)) / 1e3


def measure() -> list[Figure]:
    text = json.dumps(_document(0, 2000, conditions=False))
    return [
        Figure("decision, 1 statement", _decision(1, 1), "µs", 2),
        Figure("decision, 10 policies of 10 statements", _decision(10, 10), "µs", 5),
        Figure(
            "decision, 100 policies of 20 statements with conditions", _decision(100, 20, conditions=True), "µs", 10
        ),
        Figure("first sight of an action, 2,000 statements", _first_sight(), "ms", 2),
        Figure("compile 2,000 statements", cpu_microseconds(lambda: compile_policy(text)) / 1e3, "ms", 15),
        Figure("200 principals × 100 routes", _matrix(), "ms", 100),
        Figure("proof over 10 principals of 20 statements", _proof(), "ms", 50),
        Figure("explaining, per statement", _explaining(), "µs", 5),
    ]
