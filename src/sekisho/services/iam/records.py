"""IAM's documents. All live in region ``GLOBAL`` of their account, service ``iam``. Times are epoch seconds."""

from __future__ import annotations

from typing import TypedDict


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
