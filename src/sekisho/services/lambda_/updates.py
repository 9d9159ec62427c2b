"""Changing a function: its code, its configuration, its reserved concurrency, its tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.arn import Arn
from sekisho.kit.ids import uuid4
from sekisho.services.lambda_.code import check_storage, upload, used
from sekisho.services.lambda_.configuration import check_tags, describe, settings
from sekisho.services.lambda_.execution_role import check_role
from sekisho.services.lambda_.names import Target, parse, plain_arn, unqualified
from sekisho.services.lambda_.records import FunctionRecord
from sekisho.services.lambda_.refusals import invalid
from sekisho.services.lambda_.shelf import check_revision, function
from sekisho.services.lambda_.versions import publish
from sekisho.services.operation import Call, Operations

ops = Operations("lambda")

CONCURRENCY = 1000
"""The account's default quota of concurrent executions in a region."""
UNRESERVED_MINIMUM = 100
"""What must stay for functions without a reservation.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""


@ops("UpdateFunctionCode", resource=plain_arn)
def update_function_code(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    current = function(call, found)
    check_revision(call, current["RevisionId"])
    chosen = settings({name: call.params.get(name) for name in ("Architectures", "PublishTo")})
    dry = bool(call.params.get("DryRun"))
    code = upload(call, call.params, keep=not dry)
    check_storage(call, code["CodeSize"] - current["CodeSize"])
    changed = _changed(call, current, {**chosen, **code})
    if dry:
        return describe(changed, found.account, found.region, "")
    return _put(call, found, changed, publishing=bool(call.params.get("Publish")))


@ops("UpdateFunctionConfiguration", resource=plain_arn)
def update_function_configuration(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    current = function(call, found)
    check_revision(call, current["RevisionId"])
    chosen = settings(call.params)
    role = call.params.get("Role")
    if role:
        check_role(call, role, found.unqualified)
        chosen["Role"] = role
    return _put(call, found, _changed(call, current, chosen), publishing=False)


def _changed(call: Call, current: FunctionRecord, members: Mapping[str, Any]) -> FunctionRecord:
    stamp = {"LastModified": call.now, "RevisionId": uuid4(call.entropy)}
    return cast(FunctionRecord, {**current, **members, **stamp})


def _put(call: Call, found: Target, record: FunctionRecord, *, publishing: bool) -> Mapping[str, Any]:
    call.table("function", account=found.account).put(found.name, record)
    if publishing:
        version = publish(call, found, record, "")
        return describe(version, found.account, found.region, version["Version"])
    return describe(record, found.account, found.region, "")


@ops("PutFunctionConcurrency", resource=plain_arn)
def put_function_concurrency(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    current = function(call, found)
    wanted = call.params["ReservedConcurrentExecutions"]
    others = _reserved(call, except_for=found.name)
    if wanted and CONCURRENCY - others - wanted < UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_MINIMUM}]."
        )
    call.table("function", account=found.account).put(found.name, {**current, "ReservedConcurrency": wanted})
    return {"ReservedConcurrentExecutions": wanted}


@ops("GetFunctionConcurrency", resource=plain_arn)
def get_function_concurrency(call: Call) -> Mapping[str, Any]:
    reserved = function(call, unqualified(call))["ReservedConcurrency"]
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@ops("DeleteFunctionConcurrency", resource=plain_arn)
def delete_function_concurrency(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    current = function(call, found)
    call.table("function", account=found.account).put(found.name, {**current, "ReservedConcurrency": None})
    return {}


def _reserved(call: Call, except_for: str = "") -> int:
    return sum(doc["ReservedConcurrency"] or 0 for name, doc in call.table("function").items() if name != except_for)


@ops("GetAccountSettings")
def get_account_settings(call: Call) -> Mapping[str, Any]:
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - _reserved(call),
        },
        "AccountUsage": {"TotalCodeSize": used(call), "FunctionCount": len(call.table("function"))},
    }


def _tagged(call: Call) -> Target:
    """The function of ``Resource``: only functions have tags here, and neither versions nor aliases do."""
    text = call.params["Resource"]
    arn = Arn.parse(text)
    if arn is None or arn.service != "lambda" or not arn.resource.startswith("function:"):
        raise invalid(f"Resource {text} is not the ARN of a function; tags of other resources are not supported.")
    found = parse(call, text)
    if found.qualifier:
        raise invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    return found


@ops("TagResource", resource="{Resource}")
def tag_resource(call: Call) -> Mapping[str, Any]:
    found = _tagged(call)
    current = function(call, found)
    tags: dict[str, str] = call.params["Tags"]
    check_tags(tags, current["Tags"])
    call.table("function", account=found.account).put(found.name, {**current, "Tags": {**current["Tags"], **tags}})
    return {}


@ops("UntagResource", resource="{Resource}")
def untag_resource(call: Call) -> Mapping[str, Any]:
    found = _tagged(call)
    current = function(call, found)
    gone = set(call.params["TagKeys"])
    kept = {key: value for key, value in current["Tags"].items() if key not in gone}
    call.table("function", account=found.account).put(found.name, {**current, "Tags": kept})
    return {}


@ops("ListTags", resource="{Resource}")
def list_tags(call: Call) -> Mapping[str, Any]:
    return {"Tags": dict(function(call, _tagged(call))["Tags"])}
