"""Functions: create, read, list, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.arn import function_arn
from sekisho.kit.ids import uuid4
from sekisho.services.lambda_.code import check_storage, upload
from sekisho.services.lambda_.configuration import check_tags, describe, require_runtime, settings
from sekisho.services.lambda_.execution_role import check_role
from sekisho.services.lambda_.names import LATEST, Target, parse, plain_arn, qualified_arn, target
from sekisho.services.lambda_.records import FunctionRecord
from sekisho.services.lambda_.refusals import conflict, invalid, no_function
from sekisho.services.lambda_.shelf import listed, require
from sekisho.services.lambda_.versions import publish
from sekisho.services.operation import Call, Operations

ops = Operations("lambda")


@ops("CreateFunction", resource=plain_arn)
def create_function(call: Call) -> Mapping[str, Any]:
    params = call.params
    found = parse(call, params["FunctionName"])
    if not found.latest:
        raise invalid("The function name cannot contain a version or an alias when a function is created.")
    if found.account != call.account:
        raise invalid(f"The account in the function name must be the caller's own ({call.account}).")
    chosen = settings(params)
    require_runtime(params)
    tags: dict[str, str] = dict(params.get("Tags") or {})
    check_tags(tags)
    check_role(call, params["Role"], found.unqualified)
    if found.name in call.table("function"):
        raise conflict(f"Function already exist: {found.name}")
    code = upload(call, params["Code"], "Code.")
    check_storage(call, code["CodeSize"])
    defaults: dict[str, Any] = {
        "FunctionName": found.name,
        "Version": LATEST,
        "Runtime": "",
        "Role": params["Role"],
        "Handler": "",
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Environment": {},
        "LastModified": call.now,
        "RevisionId": uuid4(call.entropy),
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": 512,
        "TracingMode": "PassThrough",
        "Layers": [],
        "LoggingConfig": {"LogFormat": "Text"},
        "ReservedConcurrency": None,
        "Tags": tags,
        "NextVersion": 1,
        "State": "Active",
        "StateReasonCode": "",
        "StateReason": "",
        "Extra": {},
    }
    record = cast(FunctionRecord, {**defaults, **chosen, **code})
    call.table("function").put(found.name, record)
    if params.get("Publish"):
        version = publish(call, found, record, "")
        return describe(version, found.account, found.region, version["Version"])
    return describe(record, found.account, found.region, "")


@ops("GetFunction", resource=qualified_arn)
def get_function(call: Call) -> Mapping[str, Any]:
    found = target(call)
    record = require(call, found)
    out: dict[str, Any] = {
        "Configuration": describe(record, found.account, found.region, found.qualifier),
        "Code": {"RepositoryType": "S3", "Location": _location(found, record)},
    }
    function = call.table("function", account=found.account).get(found.name)
    if function is not None and function["Tags"]:
        out["Tags"] = dict(function["Tags"])
    if function is not None and function["ReservedConcurrency"] is not None:
        out["Concurrency"] = {"ReservedConcurrentExecutions": function["ReservedConcurrency"]}
    return out


def _location(found: Target, record: FunctionRecord) -> str:
    """An address of AWS's shape. Nothing is served there: whoever has the archive here sent it himself."""
    host = f"awslambda-{found.region}-tasks.s3.{found.region}.amazonaws.com"
    return f"https://{host}/snapshots/{found.account}/{found.name}-{record['CodeKey']}"


@ops("GetFunctionConfiguration", resource=qualified_arn)
def get_function_configuration(call: Call) -> Mapping[str, Any]:
    found = target(call)
    return describe(require(call, found), found.account, found.region, found.qualifier)


@ops("ListFunctions")
def list_functions(call: Call) -> Mapping[str, Any]:
    params = call.params
    if params.get("MasterRegion"):
        # Replicas of Lambda@Edge functions; there is no CloudFront to replicate to.
        return {"Functions": []}
    which = params.get("FunctionVersion")
    kinds = ("function", "version") if which else ("function",)
    records = [cast(FunctionRecord, doc) for kind in kinds for _, doc in call.table(kind).items()]
    chosen, marker = listed(call, records)
    shown = [
        describe(record, call.account, call.region, record["Version"] if which else "", states=False)
        for record in chosen
    ]
    return {"Functions": shown, **marker}


@ops("DeleteFunction", resource=qualified_arn)
def delete_function(call: Call) -> Mapping[str, Any]:
    found = target(call)
    if found.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if found.qualifier and not found.version:
        raise invalid("Deletion of aliases is not currently supported.")
    if found.qualifier:
        _delete_version(call, found)
        return {"StatusCode": 204}
    functions = call.table("function", account=found.account)
    if found.name not in functions:
        raise no_function(found.unqualified)
    functions.delete(found.name)
    for kind in ("version", "alias", "permission"):
        table = call.table(kind, account=found.account)
        for id_, _ in list(table.items(f"{found.name}/")):
            table.delete(id_)
    permissions = call.table("permission", account=found.account)
    if found.name in permissions:
        permissions.delete(found.name)
    return {"StatusCode": 204}


def _delete_version(call: Call, found: Target) -> None:
    versions = call.table("version", account=found.account)
    id_ = f"{found.name}/{found.qualifier}"
    if found.name not in call.table("function", account=found.account):
        raise no_function(found.arn)
    for _, alias in call.table("alias", account=found.account).items(f"{found.name}/"):
        if found.qualifier == alias["FunctionVersion"] or found.qualifier in alias["RoutingConfig"]:
            arn = function_arn(found.region, found.account, found.name, alias["Name"])
            raise conflict(f"Version {found.qualifier} is referenced by the alias {arn} and cannot be deleted.")
    if id_ in versions:
        # Deleting a version that does not exist succeeds, as on AWS.
        versions.delete(id_)
    permissions = call.table("permission", account=found.account)
    if id_ in permissions:
        permissions.delete(id_)
