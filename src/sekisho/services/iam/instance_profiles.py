"""Instance profiles: what EC2 would carry a role in. Kept so that templates and tools that create them work.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import unique_id
from sekisho.services.iam import describe
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import (
    ROLE,
    Record,
    limit_exceeded,
    no_such,
    paged,
    refuse_service_linked,
    under,
    under_path,
)
from sekisho.services.iam.tag_lists import new_tags
from sekisho.services.operation import Call, ServiceError
from sekisho.state.table import Table

ops = IamOperations()


def profiles(call: Call) -> Table:
    return call.global_table("instanceprofile", service="iam")


def require_profile(call: Call) -> Record:
    """Raises NoSuchEntity."""
    name = call.params["InstanceProfileName"]
    found = profiles(call).get(name)
    if found is None:
        raise no_such(f"Instance Profile {name} cannot be found.")
    return found


def profile_arn(call: Call) -> str:
    name = call.params.get("InstanceProfileName", "")
    found = profiles(call).get(name)
    if found is not None:
        return str(found["Arn"])
    return iam_arn(call.account, f"instance-profile{call.params.get('Path') or '/'}{name}")


def _describe(call: Call, record: Mapping[str, Any]) -> dict[str, Any]:
    members = ("Path", "InstanceProfileName", "InstanceProfileId", "Arn", "CreateDate")
    out: dict[str, Any] = {member: record[member] for member in members}
    out["Roles"] = [describe.role_summary(call, ROLE.require(call, name)) for name in record["Roles"]]
    if record["Tags"]:
        out["Tags"] = describe.tags_of(record)
    return out


@ops("CreateInstanceProfile", resource=profile_arn)
def create_instance_profile(call: Call) -> Mapping[str, Any]:
    name = call.params["InstanceProfileName"]
    if any(other.lower() == name.lower() for other, _ in profiles(call).items()):
        raise ServiceError("EntityAlreadyExists", f"Instance Profile {name} already exists.", 409)
    record = {
        "InstanceProfileName": name,
        "InstanceProfileId": unique_id(call.entropy, "AIPA"),
        "Path": call.params.get("Path") or "/",
        "Arn": profile_arn(call),
        "CreateDate": call.now,
        "Roles": [],
        "Tags": new_tags(call, "InstanceProfile"),
    }
    profiles(call).put(name, record)
    return {"InstanceProfile": _describe(call, record)}


@ops("GetInstanceProfile", resource=profile_arn)
def get_instance_profile(call: Call) -> Mapping[str, Any]:
    return {"InstanceProfile": _describe(call, require_profile(call))}


@ops("DeleteInstanceProfile", resource=profile_arn)
def delete_instance_profile(call: Call) -> Mapping[str, Any]:
    record = require_profile(call)
    if record["Roles"]:
        raise ServiceError(
            "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409
        )
    profiles(call).delete(record["InstanceProfileName"])
    return {}


@ops("AddRoleToInstanceProfile", resource=profile_arn)
def add_role_to_instance_profile(call: Call) -> Mapping[str, Any]:
    record = require_profile(call)
    role = ROLE.require(call)
    refuse_service_linked(role)
    if record["Roles"]:
        raise limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    record["Roles"] = [role["RoleName"]]
    profiles(call).put(record["InstanceProfileName"], record)
    return {}


@ops("RemoveRoleFromInstanceProfile", resource=profile_arn)
def remove_role_from_instance_profile(call: Call) -> Mapping[str, Any]:
    record = require_profile(call)
    role = ROLE.require(call)["RoleName"]
    if role not in record["Roles"]:
        raise no_such(f"The role with name {role} cannot be found.")
    record["Roles"] = [name for name in record["Roles"] if name != role]
    profiles(call).put(record["InstanceProfileName"], record)
    return {}


@ops("ListInstanceProfiles", resource=under_path("instance-profile"))
def list_instance_profiles(call: Call) -> Mapping[str, Any]:
    found = under(call, profiles(call).items())
    return paged(call, "InstanceProfiles", found, lambda r: str(r["InstanceProfileName"]), lambda r: _describe(call, r))


@ops("ListInstanceProfilesForRole", resource=ROLE.arn)
def list_instance_profiles_for_role(call: Call) -> Mapping[str, Any]:
    role = ROLE.require(call)["RoleName"]
    found = [record for _, record in profiles(call).items() if role in record["Roles"]]
    return paged(call, "InstanceProfiles", found, lambda r: str(r["InstanceProfileName"]), lambda r: _describe(call, r))
