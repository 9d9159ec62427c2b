"""Users and their access keys.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import iam_arn
from sekisho.kit.ids import access_key_id, secret_key, unique_id
from sekisho.policy.request import SubjectKind
from sekisho.services.iam import describe
from sekisho.services.iam.attachments import require_boundary
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import (
    USER,
    Record,
    caller_user,
    limit_exceeded,
    no_such,
    paged,
    under,
    under_path,
    user_arn,
)
from sekisho.services.iam.tag_lists import new_tags
from sekisho.services.operation import Call, ServiceError
from sekisho.state.table import Table

ops = IamOperations()

KEYS_PER_USER = 2


@ops("CreateUser", resource=USER.arn)
def create_user(call: Call) -> Mapping[str, Any]:
    params = call.params
    name, path = params["UserName"], params.get("Path") or "/"
    USER.require_new(call, name)
    record = {
        "UserName": name,
        "UserId": unique_id(call.entropy, "AIDA"),
        "Path": path,
        "Arn": iam_arn(call.account, f"user{path}{name}"),
        "CreateDate": call.now,
        "Tags": new_tags(call, "User"),
        "PermissionsBoundary": require_boundary(call) if params.get("PermissionsBoundary") else "",
        "Inline": {},
        "Attached": [],
        "Groups": [],
    }
    USER.put(call, record)
    return {"User": describe.user(record)}


@ops("GetUser", resource=user_arn)
def get_user(call: Call) -> Mapping[str, Any]:
    if not call.params.get("UserName") and call.caller.subject.kind is SubjectKind.ROOT:
        # The root has no record, no name and no path; AWS leaves these members out.
        subject = call.caller.subject
        return {"User": {"UserId": subject.account, "Arn": subject.arn, "CreateDate": 0.0}}
    return {"User": describe.user(_named_or_caller(call))}


@ops("ListUsers", resource=under_path("user"))
def list_users(call: Call) -> Mapping[str, Any]:
    found = under(call, USER.table(call).items())
    return paged(call, "Users", found, lambda r: str(r["UserName"]), describe.user_summary)


@ops("UpdateUser", resource=USER.arn)
def update_user(call: Call) -> Mapping[str, Any]:
    record = USER.require(call)
    old = record["UserName"]
    name = call.params.get("NewUserName") or old
    if name.lower() != old.lower():
        USER.require_new(call, name)
    path = call.params.get("NewPath") or record["Path"]
    record |= {"UserName": name, "Path": path, "Arn": iam_arn(call.account, f"user{path}{name}")}
    if name != old:
        USER.table(call).delete(old)
        for id_, key in list(_keys_of(call, old)):
            _keys(call).put(id_, {**key, "UserName": name})
    USER.put(call, record)
    return {}


@ops("DeleteUser", resource=USER.arn)
def delete_user(call: Call) -> Mapping[str, Any]:
    record = USER.require(call)
    name = record["UserName"]
    reason = ""
    if record["Groups"]:
        reason = "must remove users from group first."
    elif record["Attached"]:
        reason = "must detach all policies first."
    elif record["Inline"]:
        reason = "must delete policies first."
    elif _keys_of(call, name):
        reason = "must delete access keys first."
    if reason:
        raise ServiceError("DeleteConflict", f"Cannot delete entity, {reason}", 409)
    USER.table(call).delete(name)
    return {}


def _named_or_caller(call: Call) -> Record:
    """The user named by the params, else the one that calls. Raises NoSuchEntity, ValidationError."""
    return USER.require(call, call.params.get("UserName") or caller_user(call))


def _keys(call: Call) -> Table:
    return call.global_table("accesskey", service="iam")


def _keys_of(call: Call, user: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(id_, key) for id_, key in _keys(call).items() if key["UserName"] == user]


def _require_key(call: Call) -> Record:
    """The access key of the named or calling user. Raises NoSuchEntity."""
    user = _named_or_caller(call)["UserName"]
    id_ = call.params["AccessKeyId"]
    found = _keys(call).get(id_)
    if found is None or found["UserName"] != user:
        raise no_such(f"The Access Key with id {id_} cannot be found.")
    return found


@ops("CreateAccessKey", resource=user_arn)
def create_access_key(call: Call) -> Mapping[str, Any]:
    user = _named_or_caller(call)["UserName"]
    if len(_keys_of(call, user)) >= KEYS_PER_USER:
        raise limit_exceeded(f"Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER}")
    record = {
        "AccessKeyId": access_key_id(call.entropy),
        "SecretAccessKey": secret_key(call.entropy),
        "UserName": user,
        "Status": "Active",
        "CreateDate": call.now,
    }
    _keys(call).put(record["AccessKeyId"], record)
    return {"AccessKey": dict(record)}


@ops("ListAccessKeys", resource=user_arn)
def list_access_keys(call: Call) -> Mapping[str, Any]:
    if not call.params.get("UserName") and call.caller.subject.kind is SubjectKind.ROOT:
        return {"AccessKeyMetadata": [], "IsTruncated": False}
    user = _named_or_caller(call)["UserName"]
    members = ("UserName", "AccessKeyId", "Status", "CreateDate")
    return paged(
        call,
        "AccessKeyMetadata",
        [key for _, key in _keys_of(call, user)],
        lambda key: str(key["AccessKeyId"]),
        lambda key: {member: key[member] for member in members},
    )


@ops("UpdateAccessKey", resource=user_arn)
def update_access_key(call: Call) -> Mapping[str, Any]:
    record = _require_key(call)
    if call.params["Status"] == "Expired":
        # The model's enum has it, but it is AWS's to set.
        raise ServiceError(
            "ValidationError",
            "1 validation error detected: Value 'Expired' at 'status' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Active, Inactive]",
        )
    record["Status"] = call.params["Status"]
    _keys(call).put(record["AccessKeyId"], record)
    return {}


@ops("DeleteAccessKey", resource=user_arn)
def delete_access_key(call: Call) -> Mapping[str, Any]:
    _keys(call).delete(_require_key(call)["AccessKeyId"])
    return {}


@ops("GetAccessKeyLastUsed")
def get_access_key_last_used(call: Call) -> Mapping[str, Any]:
    id_ = call.params["AccessKeyId"]
    found = _keys(call).get(id_)
    if found is None:
        raise no_such(f"The Access Key with id {id_} cannot be found.")
    # Uses are not recorded; this is what AWS answers for a key without a recorded use.
    return {"UserName": found["UserName"], "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}
