"""Lambda's documents, service ``lambda`` of an account and region. Times are epoch seconds."""

from __future__ import annotations

from typing import Any, TypedDict


class FunctionRecord(TypedDict):
    """kinds ``function`` (id = name, the ``$LATEST`` version) and ``version`` (id = ``name/number``)."""

    FunctionName: str
    Version: str
    Runtime: str
    Role: str
    Handler: str
    Description: str
    Timeout: int
    MemorySize: int
    Environment: dict[str, str]
    CodeSha256: str
    """Base64, as AWS shows it."""
    CodeKey: str
    """Hex SHA-256: the key of the blob."""
    CodeSize: int
    LastModified: float
    RevisionId: str
    PackageType: str
    Architectures: list[str]
    EphemeralStorage: int
    TracingMode: str
    Layers: list[str]
    LoggingConfig: dict[str, str]
    ReservedConcurrency: int | None
    Tags: dict[str, str]
    NextVersion: int
    State: str
    StateReasonCode: str
    StateReason: str
    Extra: dict[str, Any]
    """Members that are stored and shown but have no effect here (VpcConfig, DeadLetterConfig …)."""


class AliasRecord(TypedDict):
    """kind ``alias``, id = ``name/alias``."""

    Name: str
    FunctionVersion: str
    Description: str
    RoutingConfig: dict[str, float]
    RevisionId: str


class PermissionRecord(TypedDict):
    """kind ``permission``, id = ``name`` or ``name/qualifier``: one resource policy per function and qualifier."""

    Statements: list[dict[str, Any]]
    RevisionId: str
