"""Who can, and nobody but: open conditions, outsiders, wildcards that cross slashes, witnesses that replay."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy import PolicyStack, Subject, SubjectKind, Verdict, compile_policy
from sekisho.policy.partial import Outcome, readable
from sekisho.policy.prove import Actor, Reach, Target, crossing, nobody_but, who_can

ACCOUNT, OTHER = "123456789012", "444455556666"
BASE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api"
INVOKE = "execute-api:Invoke"


def statement(resource: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": INVOKE, "Resource": resource, **more}


def stack(*statements: dict[str, Any], **more: Any) -> PolicyStack:
    return PolicyStack(identity=(document(*statements),), **more)


def document(*statements: dict[str, Any]) -> Any:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="p")


def user(name: str, *statements: dict[str, Any], **more: Any) -> Actor:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return Actor(name, Subject(SubjectKind.USER, ACCOUNT, arn), stack(*statements, **more))


def by_name(reaches: list[Reach]) -> dict[str, Reach]:
    return {reach.actor.name: reach for reach in reaches}


def test_open_keys_come_back_as_conditions() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"aws:username": "ann"}}
    actors = [user("ann", statement("*", Condition=condition)), user("bob", statement("*", Condition=condition))]
    target = Target(INVOKE, f"{BASE}/prod/GET/pets", ACCOUNT)
    found = by_name(who_can(target, actors))
    assert found["ann"].found.outcome is Outcome.CONDITIONAL
    assert found["bob"].found.outcome is Outcome.CANNOT
    needs = readable(found["ann"].found)["allOf"]
    assert isinstance(needs, list)
    assert needs[0]["anyOf"][0]["allOf"] == [
        {"key": "aws:SourceIp", "operator": "IpAddress", "values": ["203.0.113.0/24"]}
    ]
    inside = target._replace(known={"aws:sourceip": "203.0.113.9"})
    assert by_name(who_can(inside, actors))["ann"].found.outcome is Outcome.CAN
    outside = target._replace(known={"aws:sourceip": "198.51.100.1"})
    assert by_name(who_can(outside, actors))["ann"].found.outcome is Outcome.CANNOT


def test_an_open_deny_is_an_exception() -> None:
    deny = statement("*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})
    found = by_name(who_can(Target(INVOKE, f"{BASE}/prod/GET/x", ACCOUNT), [user("ann", statement("*"), deny)]))
    assert found["ann"].found.outcome is Outcome.CONDITIONAL
    assert found["ann"].found.needs == () and len(found["ann"].found.unless) == 1


@pytest.mark.parametrize(
    ("principal", "who"),
    [
        ("*", "anonymous"),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, f"anybody in account {OTHER}"),
        ({"AWS": "*"}, "anybody in any other account"),
        ({"Service": "events.amazonaws.com"}, "service events.amazonaws.com"),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/r"}, f"arn:aws:iam::{OTHER}:role/r (named by the policy)"),
    ],
)
def test_outsiders_that_a_resource_policy_lets_in(principal: Any, who: str) -> None:
    policy = document(statement("execute-api:/prod/*", Principal=principal))
    target = Target(INVOKE, f"{BASE}/prod/GET/x", ACCOUNT, policy)
    found = by_name(who_can(target, []))
    assert found[who].found.outcome is Outcome.CAN
    proof = nobody_but((), target, [])
    assert proof.holds is False
    assert who in {witness.actor.name for witness in proof.witnesses}
    assert all(witness.replay(policy).verdict is Verdict.ALLOWED for witness in proof.witnesses)


def test_the_pattern_that_crosses_a_slash_is_the_witness() -> None:
    reader = user("reader", statement(f"{BASE}/*/GET/pets/*"))
    proof = nobody_but((), Target(INVOKE, f"{BASE}/prod/POST/*", ACCOUNT), [reader])
    assert proof.holds is False
    (witness,) = proof.witnesses
    assert witness.question.resource.startswith(f"{BASE}/prod/POST/")
    assert "/GET/pets/" in witness.question.resource
    narrow = user("reader", statement(f"{BASE}/prod/GET/pets/*"))
    assert nobody_but((), Target(INVOKE, f"{BASE}/prod/POST/*", ACCOUNT), [narrow]).holds is True


def test_a_deny_leaves_no_gap_or_a_witness_in_the_gap() -> None:
    target = Target(INVOKE, f"{BASE}/prod/*", ACCOUNT)
    whole = user("w", statement(f"{BASE}/*"), statement(f"{BASE}/prod/*", "Deny"))
    assert nobody_but((), target, [whole]).holds is True
    gap = user("g", statement(f"{BASE}/*"), statement(f"{BASE}/prod/GET/*", "Deny"))
    proof = nobody_but((), target, [gap])
    assert proof.holds is False and "/GET/" not in proof.witnesses[0].question.resource


def test_conditions_are_solved_for_the_witness() -> None:
    condition = {
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "300"},
        "StringLike": {"aws:UserAgent": "curl/*"},
        "Null": {"aws:SourceVpce": "true"},
    }
    proof = nobody_but((), Target(INVOKE, f"{BASE}/p/GET/x", ACCOUNT), [user("a", statement("*", Condition=condition))])
    assert proof.holds is False
    assert proof.witnesses[0].context["aws:sourceip"] == "203.0.113.0"
    assert "aws:sourcevpce" not in proof.witnesses[0].context


def test_what_cannot_be_satisfied_is_not_proved_either() -> None:
    condition = {"StringEquals": {"aws:UserAgent": "a"}, "StringNotEquals": {"aws:UserAgent": "a"}}
    proof = nobody_but((), Target(INVOKE, f"{BASE}/p/GET/x", ACCOUNT), [user("a", statement("*", Condition=condition))])
    assert proof.holds is None and [doubt.actor.name for doubt in proof.doubts] == ["a"]


def test_the_allowed_are_named_by_patterns_and_variables_follow_the_principal() -> None:
    actors = [user("ops-1", statement("*")), user("ann", statement(f"{BASE}/prod/GET/${{aws:username}}/*"))]
    assert nobody_but(("*:user/ops-*",), Target(INVOKE, f"{BASE}/prod/GET/bob/*", ACCOUNT), actors).holds is True
    proof = nobody_but(("*:user/ops-*",), Target(INVOKE, f"{BASE}/prod/GET/a*", ACCOUNT), actors)
    assert [witness.actor.name for witness in proof.witnesses] == ["ann"]


def test_limits_take_part() -> None:
    limit = (document(statement(f"{BASE}/dev/*")),)
    assert nobody_but((), Target(INVOKE, f"{BASE}/prod/*", ACCOUNT), [user("a", statement("*"), scps=(limit,))]).holds
    bounded = user("a", statement("*"), boundary=document(statement(f"{BASE}/dev/*")))
    assert nobody_but((), Target(INVOKE, f"{BASE}/prod/*", ACCOUNT), [bounded]).holds


def test_more_classes_than_are_looked_at_prove_nothing() -> None:
    actors = [user(f"u{number}", statement(f"*{number}x*{number}y*")) for number in range(8)]
    proof = nobody_but(tuple(a.name for a in actors[1:]), Target(INVOKE, "*", ACCOUNT), actors[:1], most_states=5)
    assert not proof.complete and proof.holds is None


def test_crossing() -> None:
    assert crossing(f"{BASE}/*/GET/pets/*") is not None
    assert crossing(f"{BASE}/prod/GET/pets/*") is None
    assert crossing(f"{BASE}/prod/*") is None
    assert crossing("arn:aws:s3:::b/*") is None
