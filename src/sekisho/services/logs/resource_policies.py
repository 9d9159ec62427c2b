"""Resource policies of CloudWatch Logs: stored and shown. Nothing is delivered by other services here.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.ids import uuid4
from sekisho.kit.instants import millis
from sekisho.services.logs.records import ResourcePolicyRecord
from sekisho.services.logs.refusals import constraint, invalid, unsupported
from sekisho.services.operation import Call, Operations, ServiceError
from sekisho.state.table import BadToken, page

ops = Operations("logs")

MAX_POLICIES = 10
"""Per account and region."""
MAX_DOCUMENT = 5120


@ops("PutResourcePolicy")
def put_resource_policy(call: Call) -> Mapping[str, Any]:
    params = call.params
    _refuse_resource(params)
    name = _name(params)
    document = params.get("policyDocument") or ""
    if not 1 <= len(document) <= MAX_DOCUMENT:
        rule = f"Member must have length less than or equal to {MAX_DOCUMENT}"
        raise constraint(document, "policyDocument", rule)
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        raise invalid("Invalid policy document")
    table = call.table("resourcepolicy")
    if name not in table and len(table) >= MAX_POLICIES:
        raise ServiceError("LimitExceededException", "Resource limit exceeded.", 400)
    record: ResourcePolicyRecord = {
        "PolicyName": name,
        "PolicyDocument": document,
        "LastUpdatedTime": millis(call.now),
        "RevisionId": uuid4(call.entropy),
    }
    table.put(name, cast("dict[str, Any]", record))
    return {"resourcePolicy": _describe(record)}


@ops("DescribeResourcePolicies")
def describe_resource_policies(call: Call) -> Mapping[str, Any]:
    params = call.params
    _refuse_resource(params)
    if params.get("policyScope") == "RESOURCE":
        return {"resourcePolicies": []}
    limit = params.get("limit") or 50
    records = [cast(ResourcePolicyRecord, document) for _, document in call.table("resourcepolicy").items()]
    try:
        part = page(records, limit, params.get("nextToken"), lambda record: record["PolicyName"])
    except BadToken:
        raise invalid("The specified nextToken is invalid.") from None
    out: dict[str, Any] = {"resourcePolicies": [_describe(record) for record in part.items]}
    if part.token:
        out["nextToken"] = part.token
    return out


@ops("DeleteResourcePolicy")
def delete_resource_policy(call: Call) -> Mapping[str, Any]:
    _refuse_resource(call.params)
    name = _name(call.params)
    table = call.table("resourcepolicy")
    if name not in table:
        message = f"Policy with name [{name}] does not exist"
        raise ServiceError("ResourceNotFoundException", message, 400)
    table.delete(name)
    return {}


def _name(params: Mapping[str, Any]) -> str:
    name: str = params.get("policyName") or ""
    if not name:
        raise constraint("null", "policyName", "Member must not be null")
    return name


def _refuse_resource(params: Mapping[str, Any]) -> None:
    for member in ("resourceArn", "expectedRevisionId"):
        if params.get(member):
            raise unsupported(member, "policies belong to the account, not to single resources")


def _describe(record: ResourcePolicyRecord) -> dict[str, Any]:
    return {
        "policyName": record["PolicyName"],
        "policyDocument": record["PolicyDocument"],
        "lastUpdatedTime": record["LastUpdatedTime"],
    }
