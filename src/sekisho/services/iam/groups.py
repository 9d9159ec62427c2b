"""Groups and their members.

Membership is stored with the user. Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html and
its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import unique_id
from sekisho.services.iam import describe
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import GROUP, USER, limit_exceeded, paged, under, under_path
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()

GROUPS_PER_USER = 10


@ops("CreateGroup", resource=GROUP.arn)
def create_group(call: Call) -> Mapping[str, Any]:
    name, path = call.params["GroupName"], call.params.get("Path") or "/"
    GROUP.require_new(call, name)
    record = {
        "GroupName": name,
        "GroupId": unique_id(call.entropy, "AGPA"),
        "Path": path,
        "Arn": iam_arn(call.account, f"group{path}{name}"),
        "CreateDate": call.now,
        "Inline": {},
        "Attached": [],
    }
    GROUP.put(call, record)
    return {"Group": describe.group(record)}


@ops("GetGroup", resource=GROUP.arn)
def get_group(call: Call) -> Mapping[str, Any]:
    record = GROUP.require(call)
    members = _members(call, record["GroupName"])
    out = paged(call, "Users", members, lambda r: str(r["UserName"]), describe.user_summary)
    return {"Group": describe.group(record), **out}


@ops("ListGroups", resource=under_path("group"))
def list_groups(call: Call) -> Mapping[str, Any]:
    found = under(call, GROUP.table(call).items())
    return paged(call, "Groups", found, lambda r: str(r["GroupName"]), describe.group)


@ops("UpdateGroup", resource=GROUP.arn)
def update_group(call: Call) -> Mapping[str, Any]:
    record = GROUP.require(call)
    old = record["GroupName"]
    name = call.params.get("NewGroupName") or old
    if name.lower() != old.lower():
        GROUP.require_new(call, name)
    path = call.params.get("NewPath") or record["Path"]
    record |= {"GroupName": name, "Path": path, "Arn": iam_arn(call.account, f"group{path}{name}")}
    if name != old:
        GROUP.table(call).delete(old)
        for member in _members(call, old):
            groups = [name if group == old else group for group in member["Groups"]]
            USER.put(call, {**member, "Groups": groups})
    GROUP.put(call, record)
    return {}


@ops("DeleteGroup", resource=GROUP.arn)
def delete_group(call: Call) -> Mapping[str, Any]:
    record = GROUP.require(call)
    name = record["GroupName"]
    reason = ""
    if _members(call, name):
        reason = "must remove users from group first."
    elif record["Attached"]:
        reason = "must detach all policies first."
    elif record["Inline"]:
        reason = "must delete policies first."
    if reason:
        raise ServiceError("DeleteConflict", f"Cannot delete entity, {reason}", 409)
    GROUP.table(call).delete(name)
    return {}


@ops("AddUserToGroup", resource=GROUP.arn)
def add_user_to_group(call: Call) -> Mapping[str, Any]:
    group = GROUP.require(call)["GroupName"]
    user = USER.require(call)
    if group not in user["Groups"]:
        if len(user["Groups"]) >= GROUPS_PER_USER:
            raise limit_exceeded(f"Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER}")
        USER.put(call, {**user, "Groups": [*user["Groups"], group]})
    return {}


@ops("RemoveUserFromGroup", resource=GROUP.arn)
def remove_user_from_group(call: Call) -> Mapping[str, Any]:
    group = GROUP.require(call)["GroupName"]
    user = USER.require(call)
    if group not in user["Groups"]:
        raise USER.missing(user["UserName"])
    USER.put(call, {**user, "Groups": [name for name in user["Groups"] if name != group]})
    return {}


@ops("ListGroupsForUser", resource=USER.arn)
def list_groups_for_user(call: Call) -> Mapping[str, Any]:
    groups = [GROUP.require(call, name) for name in USER.require(call)["Groups"]]
    return paged(call, "Groups", groups, lambda r: str(r["GroupName"]), describe.group)


def _members(call: Call, group: str) -> list[Mapping[str, Any]]:
    return [user for user in USER.records(call) if group in user["Groups"]]
