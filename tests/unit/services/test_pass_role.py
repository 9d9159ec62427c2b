"""iam:PassRole: who may hand a role to a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, make_call, user
from tests.scenes.iam import statement

from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy
from sekisho.services.operation import ServiceError
from sekisho.services.pass_role import check_pass_role

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
LAMBDA = "lambda.amazonaws.com"


def caller(*documents: str, **layers: Any) -> Any:
    return user("alice", PolicyStack(identity=tuple(compile_policy(json.loads(d)) for d in documents), **layers))


def refusal(who: Any, service: str = LAMBDA, role: str = ROLE, associated: str = "") -> str:
    with pytest.raises(ServiceError) as caught:
        check_pass_role(make_call("lambda", "CreateFunction", caller=who), role, service, associated)
    assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 403)
    return caught.value.message


def test_the_root_may() -> None:
    check_pass_role(make_call("lambda", "CreateFunction"), ROLE, LAMBDA)


def test_only_what_is_allowed() -> None:
    condition = {"StringEquals": {"iam:PassedToService": LAMBDA}}
    who = caller(statement("iam:PassRole", ROLE, Condition=condition))
    check_pass_role(make_call("lambda", "CreateFunction", caller=who), ROLE, LAMBDA)
    start = f"User: {who.subject.arn} is not authorized to perform: iam:PassRole on resource: "
    implicit = "because no identity-based policy allows the iam:PassRole action"
    assert refusal(who, "apigateway.amazonaws.com") == f"{start}{ROLE} {implicit}"
    assert refusal(who, role=f"{ROLE}2") == f"{start}{ROLE}2 {implicit}"


def test_an_explicit_deny_is_told() -> None:
    who = caller(statement("*"), statement("iam:PassRole", effect="Deny"))
    assert refusal(who).endswith(" with an explicit deny in an identity-based policy")


def test_the_associated_resource_is_a_condition_key() -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    who = caller(statement("iam:PassRole", Condition={"ArnEquals": {"iam:AssociatedResourceArn": arn}}))
    check_pass_role(make_call("lambda", "CreateFunction", caller=who), ROLE, LAMBDA, arn)
    refusal(who)


def test_roles_of_other_accounts_are_nobodys_to_pass() -> None:
    with pytest.raises(ServiceError) as caught:
        check_pass_role(make_call("lambda", "CreateFunction"), "arn:aws:iam::999999999999:role/r", LAMBDA)
    assert caught.value.message == "Cross-account pass role is not allowed."
