"""Customer managed policies and their versions; AWS's own ones, to be read.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import unique_id
from sekisho.services.iam import describe
from sekisho.services.iam.aws_managed import AWS_MANAGED
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.documents import check_managed_policy
from sekisho.services.iam.entities import (
    ENTITIES,
    Entity,
    Record,
    limit_exceeded,
    no_such,
    own_policy,
    paged,
    policies,
    require_policy,
    under_path,
)
from sekisho.services.iam.tag_lists import new_tags
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()

VERSIONS = 5


def _arn(call: Call) -> str:
    return str(call.params.get("PolicyArn", "*"))


def _new_arn(call: Call) -> str:
    return iam_arn(call.account, f"policy{call.params.get('Path') or '/'}{call.params.get('PolicyName', '')}")


def usage(call: Call) -> tuple[Counter[str], Counter[str]]:
    """How many entities each managed policy is attached to, and how many it bounds, by ARN."""
    attached: Counter[str] = Counter()
    boundaries: Counter[str] = Counter()
    for entity in ENTITIES:
        for record in entity.records(call):
            attached.update(record["Attached"])
            if record.get("PermissionsBoundary"):
                boundaries[record["PermissionsBoundary"]] += 1
    return attached, boundaries


def _described(call: Call, record: Mapping[str, Any]) -> dict[str, Any]:
    attached, boundaries = usage(call)
    return describe.policy(record, attached[record["Arn"]], boundaries[record["Arn"]])


@ops("CreatePolicy", resource=_new_arn)
def create_policy(call: Call) -> Mapping[str, Any]:
    params = call.params
    name, path, document = params["PolicyName"], params.get("Path") or "/", params["PolicyDocument"]
    if any(other["PolicyName"].lower() == name.lower() for _, other in policies(call).items()):
        raise ServiceError(
            "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed.", 409
        )
    check_managed_policy(document)
    record: Record = {
        "PolicyName": name,
        "PolicyId": unique_id(call.entropy, "ANPA"),
        "Path": path,
        "Arn": _new_arn(call),
        "Description": params.get("Description") or "",
        "CreateDate": call.now,
        "UpdateDate": call.now,
        "Tags": new_tags(call, "Policy"),
        "Versions": {"v1": {"Document": document, "CreateDate": call.now}},
        "Default": "v1",
        "Created": 1,
    }
    policies(call).put(record["Arn"], record)
    out = describe.policy_summary(record, 0, 0)
    return {"Policy": out | {"Tags": record["Tags"]} if record["Tags"] else out}


@ops("GetPolicy", resource=_arn)
def get_policy(call: Call) -> Mapping[str, Any]:
    return {"Policy": _described(call, require_policy(call, call.params["PolicyArn"]))}


@ops("ListPolicies", resource=under_path("policy"))
def list_policies(call: Call) -> Mapping[str, Any]:
    scope = call.params.get("Scope") or "All"
    prefix = call.params.get("PathPrefix") or "/"
    usage_filter = call.params.get("PolicyUsageFilter")
    attached, boundaries = usage(call)
    found: list[Mapping[str, Any]] = []
    if scope != "AWS":
        found.extend(record for _, record in policies(call).items())
    if scope != "Local":
        found.extend(AWS_MANAGED.values())
    found = [record for record in found if record["Path"].startswith(prefix)]
    if call.params.get("OnlyAttached"):
        found = [record for record in found if attached[record["Arn"]] or boundaries[record["Arn"]]]
    if usage_filter is not None:
        counts = boundaries if usage_filter == "PermissionsBoundary" else attached
        found = [record for record in found if counts[record["Arn"]]]
    return paged(
        call,
        "Policies",
        found,
        lambda record: str(record["Arn"]),
        lambda record: describe.policy_summary(record, attached[record["Arn"]], boundaries[record["Arn"]]),
    )


@ops("DeletePolicy", resource=_arn)
def delete_policy(call: Call) -> Mapping[str, Any]:
    record = own_policy(call, call.params["PolicyArn"])
    attached, boundaries = usage(call)
    if attached[record["Arn"]] or boundaries[record["Arn"]]:
        raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if len(record["Versions"]) > 1:
        raise ServiceError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy.",
            409,
        )
    policies(call).delete(record["Arn"])
    return {}


@ops("CreatePolicyVersion", resource=_arn)
def create_policy_version(call: Call) -> Mapping[str, Any]:
    record = own_policy(call, call.params["PolicyArn"])
    document = call.params["PolicyDocument"]
    check_managed_policy(document)
    if len(record["Versions"]) >= VERSIONS:
        raise limit_exceeded(
            f"A managed policy can have up to {VERSIONS} versions. "
            "Before you create a new version, you must delete an existing version."
        )
    record["Created"] += 1
    version = f"v{record['Created']}"
    record["Versions"] = {**record["Versions"], version: {"Document": document, "CreateDate": call.now}}
    if call.params.get("SetAsDefault"):
        record["Default"] = version
    record["UpdateDate"] = call.now
    policies(call).put(record["Arn"], record)
    return {"PolicyVersion": describe.policy_version(record, version, with_document=False)}


def _require_version(record: Mapping[str, Any], version: str) -> str:
    """Raises NoSuchEntity."""
    if version not in record["Versions"]:
        raise no_such(f"Policy {record['Arn']} version {version} does not exist or is not attachable.")
    return version


@ops("GetPolicyVersion", resource=_arn)
def get_policy_version(call: Call) -> Mapping[str, Any]:
    record = require_policy(call, call.params["PolicyArn"])
    version = _require_version(record, call.params["VersionId"])
    return {"PolicyVersion": describe.policy_version(record, version, with_document=True)}


@ops("ListPolicyVersions", resource=_arn)
def list_policy_versions(call: Call) -> Mapping[str, Any]:
    record = require_policy(call, call.params["PolicyArn"])
    newest_first = {version: f"{10**9 - int(version[1:]):010d}" for version in record["Versions"]}
    return paged(
        call,
        "Versions",
        record["Versions"],
        lambda version: newest_first[version],
        lambda version: describe.policy_version(record, version, with_document=False),
    )


@ops("SetDefaultPolicyVersion", resource=_arn)
def set_default_policy_version(call: Call) -> Mapping[str, Any]:
    record = own_policy(call, call.params["PolicyArn"])
    record["Default"] = _require_version(record, call.params["VersionId"])
    record["UpdateDate"] = call.now
    policies(call).put(record["Arn"], record)
    return {}


@ops("DeletePolicyVersion", resource=_arn)
def delete_policy_version(call: Call) -> Mapping[str, Any]:
    record = own_policy(call, call.params["PolicyArn"])
    version = _require_version(record, call.params["VersionId"])
    if version == record["Default"]:
        raise ServiceError("DeleteConflict", "Cannot delete the default version of a policy.", 409)
    record["Versions"] = {v: stored for v, stored in record["Versions"].items() if v != version}
    record["UpdateDate"] = call.now
    policies(call).put(record["Arn"], record)
    return {}


@ops("ListEntitiesForPolicy", resource=_arn)
def list_entities_for_policy(call: Call) -> Mapping[str, Any]:
    arn = require_policy(call, call.params["PolicyArn"])["Arn"]
    found = sorted(_users_of(call, arn), key=lambda pair: (pair[0].noun, pair[1][pair[0].member]))
    part = paged(call, "All", found, lambda pair: f"{pair[0].noun}/{pair[1][pair[0].member]}")
    out: dict[str, Any] = {f"Policy{entity.noun}s": [] for entity in ENTITIES}
    for entity, record in part.pop("All"):
        identity = f"{entity.noun}Id"
        out[f"Policy{entity.noun}s"].append({entity.member: record[entity.member], identity: record[identity]})
    return out | part


def _users_of(call: Call, arn: str) -> Iterator[tuple[Entity, Mapping[str, Any]]]:
    """The entities that use a managed policy and that the params' filters let through."""
    params = call.params
    wanted, usage_filter = params.get("EntityFilter"), params.get("PolicyUsageFilter")
    prefix = params.get("PathPrefix") or "/"
    for entity in ENTITIES:
        if wanted not in (None, entity.noun):
            continue
        for record in entity.records(call):
            attached = arn in record["Attached"] and usage_filter != "PermissionsBoundary"
            bounds = record.get("PermissionsBoundary") == arn and usage_filter != "PermissionsPolicy"
            if (attached or bounds) and record["Path"].startswith(prefix):
                yield entity, record
