"""Records → the members of IAM's output shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sekisho.services.iam.entities import policy_name
from sekisho.services.iam.trust import current_trust
from sekisho.services.operation import Call

Described = dict[str, Any]


def encoded(document: str) -> str:
    """A policy document as IAM returns it: percent-encoded per RFC 3986.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    """
    return quote(document, safe="")


def tags_of(record: Mapping[str, Any]) -> list[dict[str, str]]:
    return [dict(tag) for tag in record["Tags"]]


def _boundary(record: Mapping[str, Any]) -> Described:
    arn = record["PermissionsBoundary"]
    if not arn:
        return {}
    # The member's value is "Policy", whatever the enum of the service model says.
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def _tags(record: Mapping[str, Any]) -> Described:
    return {"Tags": tags_of(record)} if record["Tags"] else {}


def _identity(record: Mapping[str, Any], noun: str) -> Described:
    return {member: record[member] for member in ("Path", f"{noun}Name", f"{noun}Id", "Arn", "CreateDate")}


def role_summary(call: Call, record: Mapping[str, Any]) -> Described:
    """A role as lists show it: without tags, boundary and last use."""
    out = _identity(record, "Role")
    out["AssumeRolePolicyDocument"] = encoded(current_trust(call, record))
    if record["Description"]:
        out["Description"] = record["Description"]
    out["MaxSessionDuration"] = record["MaxSessionDuration"]
    return out


def role(call: Call, record: Mapping[str, Any]) -> Described:
    return role_summary(call, record) | _boundary(record) | _tags(record)


def user_summary(record: Mapping[str, Any]) -> Described:
    return _identity(record, "User")


def user(record: Mapping[str, Any]) -> Described:
    return _identity(record, "User") | _boundary(record) | _tags(record)


def group(record: Mapping[str, Any]) -> Described:
    return _identity(record, "Group")


def policy_summary(record: Mapping[str, Any], attached: int, boundaries: int) -> Described:
    """A managed policy as lists show it: without description and tags."""
    return {
        "PolicyName": record["PolicyName"],
        "PolicyId": record["PolicyId"],
        "Arn": record["Arn"],
        "Path": record["Path"],
        "DefaultVersionId": record["Default"],
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": True,
        "CreateDate": record["CreateDate"],
        "UpdateDate": record["UpdateDate"],
    }


def policy(record: Mapping[str, Any], attached: int, boundaries: int) -> Described:
    out = policy_summary(record, attached, boundaries)
    if record["Description"]:
        out["Description"] = record["Description"]
    out["Tags"] = tags_of(record)
    return out


def policy_version(record: Mapping[str, Any], version: str, *, with_document: bool) -> Described:
    stored = record["Versions"][version]
    out: Described = {"Document": encoded(stored["Document"])} if with_document else {}
    out |= {
        "VersionId": version,
        "IsDefaultVersion": version == record["Default"],
        "CreateDate": stored["CreateDate"],
    }
    return out


def attached(arn: str) -> Described:
    return {"PolicyName": policy_name(arn), "PolicyArn": arn}


def inline_list(record: Mapping[str, Any]) -> list[Described]:
    return [
        {"PolicyName": name, "PolicyDocument": encoded(document)} for name, document in sorted(record["Inline"].items())
    ]
