"""The account's API Gateway settings: one per region, of which the role for writing logs matters most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.policy.combine import NO_POLICIES, decide
from sekisho.policy.request import Question, service_subject
from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request
from sekisho.services.apigateway.integrations import SERVICE
from sekisho.services.apigateway.lookup import Doc
from sekisho.services.operation import Call, Operations
from sekisho.services.pass_role import check_pass_role

ops = Operations("apigateway")

TARGETS = (patch.member("/cloudwatchRoleArn", cleared_by_empty=True),)
NOT_USABLE = (
    "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add "
    "the required role policy."
)


@ops("GetAccount", resource=arns.ACCOUNT)
def get_account(call: Call) -> Mapping[str, Any]:
    return describe(call.table(lookup.ACCOUNT).get("account") or {})


@ops("UpdateAccount", resource=arns.ACCOUNT)
def update_account(call: Call) -> Mapping[str, Any]:
    """Sets the role. Raises BadRequest when API Gateway may not assume it."""
    before = call.table(lookup.ACCOUNT).get("account") or {}
    document = patch.apply(before, patch.operations(call.params.get("patchOperations")), TARGETS)
    role = document.get("cloudwatchRoleArn")
    if role and role != before.get("cloudwatchRoleArn"):
        check_role(call, role)
    call.table(lookup.ACCOUNT).put("account", document)
    return describe(document)


def check_role(call: Call, arn: str) -> None:
    """The role exists, trusts API Gateway, and may be passed by the caller."""
    check_pass_role(call, arn, SERVICE)
    role = call.snapshot.identities.roles.get(arn)
    if role is None:
        raise bad_request(NOT_USABLE)
    question = Question(service_subject(SERVICE), "sts:AssumeRole", arn, role.account)
    if not decide(question, NO_POLICIES, role.trust).allowed:
        raise bad_request(NOT_USABLE)


def describe(document: Mapping[str, Any]) -> Doc:
    return {
        **document,
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
