"""Log groups: create, describe, delete, retention, protection.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.instants import millis
from sekisho.kit.outcome import Ask
from sekisho.services.effects import CountLogBytes, DeleteLogEvents, Effect, LogGroupRef
from sekisho.services.logs.names import (
    from_arn,
    group,
    group_arn,
    group_resource,
    identified,
    reference,
)
from sekisho.services.logs.records import LogGroupRecord
from sekisho.services.logs.refusals import constraint, exists, invalid, no_group, unsupported
from sekisho.services.operation import Call, Operations, Result, ServiceError
from sekisho.state.table import BadToken, page

ops = Operations("logs")

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days (API_PutRetentionPolicy)."""
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
PAGE = 50
MAX_TAGS = 50


@ops("CreateLogGroup", resource=group_resource)
def create_log_group(call: Call) -> Mapping[str, Any]:
    name: str = call.params["logGroupName"]
    if name.startswith("aws/"):
        raise invalid("Log groups starting with AWS/ are reserved for AWS.")
    if call.params.get("kmsKeyId"):
        raise unsupported("kmsKeyId", "there is no KMS to encrypt with")
    class_ = call.params.get("logGroupClass") or "STANDARD"
    if class_ not in CLASSES:
        raise constraint(class_, "logGroupClass", f"Member must satisfy enum value set: [{', '.join(CLASSES)}]")
    tags: dict[str, str] = dict(call.params.get("tags") or {})
    check_tags(tags)
    groups = call.table("group")
    if name in groups:
        raise exists("log group")
    record: LogGroupRecord = {
        "LogGroupName": name,
        "CreationTime": millis(call.now),
        # Groups of class DELIVERY keep their events for two days (API_CreateLogGroup).
        "RetentionInDays": 2 if class_ == "DELIVERY" else None,
        "Tags": tags,
        "LogGroupClass": class_,
        "KmsKeyId": "",
        "DeletionProtection": bool(call.params.get("deletionProtectionEnabled")),
    }
    groups.put(name, cast("dict[str, Any]", record))
    return {}


def check_tags(tags: Mapping[str, str], existing: Mapping[str, str] | None = None) -> None:
    """Raises ServiceError for tags a log group cannot have."""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with aws: are reserved for system use.")
    if len({**(existing or {}), **tags}) > MAX_TAGS:
        raise ServiceError("TooManyTagsException", f"The resource cannot have more than {MAX_TAGS} tags.", 400)


@ops("DeleteLogGroup", resource=group_resource)
def delete_log_group(call: Call) -> Result:
    found = reference(call)
    if group(call, found).get("DeletionProtection"):
        message = "The log group cannot be deleted while its deletion protection is enabled."
        raise ServiceError("ValidationException", message, 400)
    call.table("group").delete(found.name)
    return Ask[Effect, Call](DeleteLogEvents(found), lambda _, __: {})


@ops("PutLogGroupDeletionProtection", resource=group_resource)
def put_log_group_deletion_protection(call: Call) -> Mapping[str, Any]:
    found = reference(call)
    record = group(call, found)
    enabled = bool(call.params["deletionProtectionEnabled"])
    call.table("group", account=found.account).put(found.name, {**record, "DeletionProtection": enabled})
    return {}


@ops("DescribeLogGroups", resource=group_resource)
def describe_log_groups(call: Call) -> Result:
    params = call.params
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    if params.get("accountIdentifiers") and params["accountIdentifiers"] != [call.account]:
        raise unsupported("accountIdentifiers", "accounts are not linked for monitoring")
    limit = params.get("limit") or PAGE
    if params.get("logGroupIdentifiers"):
        wanted = [identified(call, text, "logGroupIdentifiers").name for text in params["logGroupIdentifiers"]]
        table = call.table("group")
        found = [cast(LogGroupRecord, table.get(name)) for name in sorted(set(wanted)) if name in table]
    else:
        found = [
            cast(LogGroupRecord, document)
            for _, document in call.table("group").items(prefix or "")
            if not pattern or pattern in document["LogGroupName"]
        ]
    class_ = params.get("logGroupClass")
    if class_:
        found = [record for record in found if record["LogGroupClass"] == class_]
    try:
        part = page(found, limit, params.get("nextToken"), lambda record: record["LogGroupName"])
    except BadToken:
        raise invalid("The specified nextToken is invalid.") from None

    def conclude(call: Call, sizes: Mapping[str, int]) -> Mapping[str, Any]:
        out: dict[str, Any] = {"logGroups": [_describe(call, record, sizes) for record in part.items]}
        if part.token:
            out["nextToken"] = part.token
        return out

    return Ask[Effect, Call](CountLogBytes(call.account, call.region), conclude)


def _describe(call: Call, record: LogGroupRecord, sizes: Mapping[str, int]) -> dict[str, Any]:
    arn = group_arn(call.account, call.region, record["LogGroupName"])
    out: dict[str, Any] = {
        "logGroupName": record["LogGroupName"],
        "creationTime": record["CreationTime"],
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "storedBytes": sizes.get(record["LogGroupName"], 0),
        "logGroupClass": record["LogGroupClass"],
        "logGroupArn": arn,
        "deletionProtectionEnabled": bool(record.get("DeletionProtection")),
    }
    if record["RetentionInDays"] is not None:
        out["retentionInDays"] = record["RetentionInDays"]
    return out


@ops("ListLogGroups", resource=group_resource)
def list_log_groups(call: Call) -> Mapping[str, Any]:
    params = call.params
    for name in ("dataSources", "fieldIndexNames", "logGroupTags"):
        if params.get(name):
            raise unsupported(name, "groups are listed by name and class")
    if params.get("accountIdentifiers") and params["accountIdentifiers"] != [call.account]:
        raise unsupported("accountIdentifiers", "accounts are not linked for monitoring")
    alternatives = (params.get("logGroupNamePattern") or "").split("|")
    class_ = params.get("logGroupClass")
    found = [
        document
        for name, document in call.table("group").items()
        if any(_named(name, text) for text in alternatives) and class_ in (None, document["LogGroupClass"])
    ]
    try:
        part = page(found, params.get("limit") or PAGE, params.get("nextToken"), lambda doc: doc["LogGroupName"])
    except BadToken:
        raise invalid("The specified nextToken is invalid.") from None
    out: dict[str, Any] = {
        "logGroups": [
            {
                "logGroupName": document["LogGroupName"],
                "logGroupArn": group_arn(call.account, call.region, document["LogGroupName"]),
                "logGroupClass": document["LogGroupClass"],
            }
            for document in part.items
        ]
    }
    if part.token:
        out["nextToken"] = part.token
    return out


def _named(name: str, text: str) -> bool:
    return name.startswith(text[1:]) if text.startswith("^") else text in name


@ops("PutRetentionPolicy", resource=group_resource)
def put_retention_policy(call: Call) -> Mapping[str, Any]:
    found = reference(call)
    days = call.params["retentionInDays"]
    if days not in RETENTIONS:
        raise invalid(f"Invalid retention value. Valid values are: [{', '.join(map(str, RETENTIONS))}]")
    record = group(call, found)
    if record["LogGroupClass"] == "DELIVERY":
        raise invalid("The retention of log groups of class DELIVERY cannot be changed.")
    call.table("group").put(found.name, {**record, "RetentionInDays": days})
    return {}


@ops("DeleteRetentionPolicy", resource=group_resource)
def delete_retention_policy(call: Call) -> Mapping[str, Any]:
    found = reference(call)
    record = group(call, found)
    call.table("group").put(found.name, {**record, "RetentionInDays": None})
    return {}


def _by_arn(call: Call) -> LogGroupRef:
    arn = from_arn(call.params["resourceArn"])
    if arn is None:
        raise unsupported(f"resourceArn {call.params['resourceArn']}", "only log groups have tags here")
    if arn.region != call.region:
        raise no_group()
    return LogGroupRef(arn.account, arn.region, arn.resource.removeprefix("log-group:"))


def _tag(call: Call, found: LogGroupRef) -> Mapping[str, Any]:
    record = group(call, found)
    tags: dict[str, str] = call.params["tags"]
    check_tags(tags, record["Tags"])
    call.table("group", account=found.account).put(found.name, {**record, "Tags": {**record["Tags"], **tags}})
    return {}


def _untag(call: Call, found: LogGroupRef, keys: list[str]) -> Mapping[str, Any]:
    record = group(call, found)
    kept = {key: value for key, value in record["Tags"].items() if key not in keys}
    call.table("group", account=found.account).put(found.name, {**record, "Tags": kept})
    return {}


@ops("TagResource", resource="{resourceArn}")
def tag_resource(call: Call) -> Mapping[str, Any]:
    return _tag(call, _by_arn(call))


@ops("UntagResource", resource="{resourceArn}")
def untag_resource(call: Call) -> Mapping[str, Any]:
    return _untag(call, _by_arn(call), call.params["tagKeys"])


@ops("ListTagsForResource", resource="{resourceArn}")
def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    return {"tags": dict(group(call, _by_arn(call))["Tags"])}


@ops("TagLogGroup", resource=group_resource)
def tag_log_group(call: Call) -> Mapping[str, Any]:
    return _tag(call, reference(call))


@ops("UntagLogGroup", resource=group_resource)
def untag_log_group(call: Call) -> Mapping[str, Any]:
    return _untag(call, reference(call), call.params["tags"])


@ops("ListTagsLogGroup", resource=group_resource)
def list_tags_log_group(call: Call) -> Mapping[str, Any]:
    return {"tags": dict(group(call, reference(call))["Tags"])}
