"""IAM's documents. All live in region ``GLOBAL`` of their account, service ``iam``. Times are epoch seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from sekisho.state.world import GLOBAL, Key, View


class Tag(TypedDict):
    Key: str
    Value: str


class UserRecord(TypedDict):
    """kind ``user``, id = user name."""

    UserName: str
    UserId: str
    Path: str
    Arn: str
    CreateDate: float
    Tags: list[Tag]
    PermissionsBoundary: str
    """ARN of a managed policy, or empty."""
    Inline: dict[str, str]
    """Policy name → document text as it was put."""
    Attached: list[str]
    """ARNs of managed policies, in order of attachment."""
    Groups: list[str]


class GroupRecord(TypedDict):
    """kind ``group``, id = group name."""

    GroupName: str
    GroupId: str
    Path: str
    Arn: str
    CreateDate: float
    Inline: dict[str, str]
    Attached: list[str]


class RoleRecord(TypedDict):
    """kind ``role``, id = role name."""

    RoleName: str
    RoleId: str
    Path: str
    Arn: str
    CreateDate: float
    Description: str
    MaxSessionDuration: int
    AssumeRolePolicyDocument: str
    TrustIds: NotRequired[dict[str, str]]
    """ARN → unique id of the account's users and roles that the trust policy named when it was put."""
    Tags: list[Tag]
    PermissionsBoundary: str
    Inline: dict[str, str]
    Attached: list[str]


class PolicyVersionRecord(TypedDict):
    Document: str
    CreateDate: float


class PolicyRecord(TypedDict):
    """kind ``policy``, id = ARN. AWS's own managed policies are not stored: see ``aws_managed``."""

    PolicyName: str
    PolicyId: str
    Path: str
    Arn: str
    Description: str
    CreateDate: float
    UpdateDate: float
    Tags: list[Tag]
    Versions: dict[str, PolicyVersionRecord]
    """``v1`` …"""
    Default: str
    Created: int
    """How many versions were ever created: the next one is ``v{Created + 1}``."""


class AccessKeyRecord(TypedDict):
    """kind ``accesskey``, id = access key id."""

    AccessKeyId: str
    SecretAccessKey: str
    UserName: str
    Status: str
    """``Active`` or ``Inactive``."""
    CreateDate: float


class InstanceProfileRecord(TypedDict):
    """kind ``instanceprofile``, id = its name."""

    InstanceProfileName: str
    InstanceProfileId: str
    Path: str
    Arn: str
    CreateDate: float
    Roles: list[str]
    """Names; at most one."""
    Tags: list[Tag]


class AccountRecord(TypedDict):
    """kind ``account``, id = ``account``: what there is one of."""

    Alias: str


def current_trust(view: View, role: Mapping[str, Any]) -> str:
    """The trust policy's text, with unique ids in place of the ARNs whose bearers are gone.

    A user or role that was deleted and created again under the same name is another one: it is not trusted.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    text: str = role["AssumeRolePolicyDocument"]
    gone = {arn: id_ for arn, id_ in role.get("TrustIds", {}).items() if _unique_id(view, arn) != id_}
    if not gone:
        return text
    document = json.loads(text)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                values = named["AWS"]
                named["AWS"] = (
                    [gone.get(v, v) for v in values] if isinstance(values, list) else gone.get(values, values)
                )
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _unique_id(view: View, arn: str) -> str:
    account, resource = arn.split(":", 5)[4:]
    kind, name = resource.split("/", 1)[0], resource.rsplit("/", 1)[-1]
    found = view.get(Key(account, GLOBAL, "iam", kind, name))
    if found is None or found["Arn"] != arn:
        return ""
    return str(found["UserId" if kind == "user" else "RoleId"])
