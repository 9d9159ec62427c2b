"""Roles.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import unique_id
from sekisho.services.iam import describe
from sekisho.services.iam.attachments import require_boundary
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.documents import check_trust_policy
from sekisho.services.iam.entities import ROLE, SERVICE_LINKED_PATH, paged, refuse_service_linked, under, under_path
from sekisho.services.iam.instance_profiles import profiles
from sekisho.services.iam.tag_lists import new_tags
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()


@ops("CreateRole", resource=ROLE.arn)
def create_role(call: Call) -> Mapping[str, Any]:
    params = call.params
    name, path = params["RoleName"], params.get("Path") or "/"
    if path.startswith(SERVICE_LINKED_PATH):
        raise ServiceError("InvalidInput", f"Roles under {SERVICE_LINKED_PATH} can only be created by AWS services.")
    ROLE.require_new(call, name)
    record: dict[str, Any] = {
        "RoleName": name,
        "RoleId": unique_id(call.entropy, "AROA"),
        "Path": path,
        "Arn": iam_arn(call.account, f"role{path}{name}"),
        "CreateDate": call.now,
        "Description": params.get("Description") or "",
        "MaxSessionDuration": params.get("MaxSessionDuration") or 3600,
        "AssumeRolePolicyDocument": params["AssumeRolePolicyDocument"],
        "TrustIds": check_trust_policy(call, params["AssumeRolePolicyDocument"]),
        "Tags": new_tags(call, "Role"),
        "PermissionsBoundary": require_boundary(call) if params.get("PermissionsBoundary") else "",
        "Inline": {},
        "Attached": [],
    }
    ROLE.put(call, record)
    return {"Role": describe.role(call, record)}


@ops("GetRole", resource=ROLE.arn)
def get_role(call: Call) -> Mapping[str, Any]:
    # RoleLastUsed is always there; empty says that no use was recorded.
    return {"Role": describe.role(call, ROLE.require(call)) | {"RoleLastUsed": {}}}


@ops("ListRoles", resource=under_path("role"))
def list_roles(call: Call) -> Mapping[str, Any]:
    found = under(call, ROLE.table(call).items())
    return paged(call, "Roles", found, lambda r: str(r["RoleName"]), lambda r: describe.role_summary(call, r))


@ops("UpdateRole", resource=ROLE.arn)
def update_role(call: Call) -> Mapping[str, Any]:
    record = ROLE.require_modifiable(call)
    if call.params.get("Description") is not None:
        record["Description"] = call.params["Description"]
    if call.params.get("MaxSessionDuration") is not None:
        record["MaxSessionDuration"] = call.params["MaxSessionDuration"]
    ROLE.put(call, record)
    return {}


@ops("UpdateRoleDescription", resource=ROLE.arn)
def update_role_description(call: Call) -> Mapping[str, Any]:
    record = ROLE.require_modifiable(call)
    record["Description"] = call.params["Description"]
    ROLE.put(call, record)
    return {"Role": describe.role(call, record)}


@ops("UpdateAssumeRolePolicy", resource=ROLE.arn)
def update_assume_role_policy(call: Call) -> Mapping[str, Any]:
    record = ROLE.require_modifiable(call)
    document = call.params["PolicyDocument"]
    record["TrustIds"] = check_trust_policy(call, document)
    record["AssumeRolePolicyDocument"] = document
    ROLE.put(call, record)
    return {}


@ops("DeleteRole", resource=ROLE.arn)
def delete_role(call: Call) -> Mapping[str, Any]:
    record = ROLE.require(call)
    refuse_service_linked(record)
    name = record["RoleName"]
    reason = ""
    if any(name in profile["Roles"] for _, profile in profiles(call).items()):
        reason = "must remove roles from instance profile first."
    elif record["Attached"]:
        reason = "must detach all policies first."
    elif record["Inline"]:
        reason = "must delete policies first."
    if reason:
        raise ServiceError("DeleteConflict", f"Cannot delete entity, {reason}", 409)
    ROLE.table(call).delete(name)
    return {}
