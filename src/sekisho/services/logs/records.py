"""CloudWatch Logs' documents. Streams and events live in the log store, see ``services.effects``."""

from __future__ import annotations

from typing import TypedDict


class LogGroupRecord(TypedDict):
    """kind ``group``, id = log group name. ``CreationTime`` in milliseconds."""

    LogGroupName: str
    CreationTime: int
    RetentionInDays: int | None
    Tags: dict[str, str]
    LogGroupClass: str
    KmsKeyId: str
    DeletionProtection: bool


class ResourcePolicyRecord(TypedDict):
    """kind ``resourcepolicy``, id = policy name. Stored and shown; no service delivers logs by them here."""

    PolicyName: str
    PolicyDocument: str
    LastUpdatedTime: int
    """Milliseconds."""
    RevisionId: str
