"""Lambda's documents, service ``lambda`` of an account and region. Times are epoch seconds."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypedDict

from sekisho.functions.invocation import FunctionSpec


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


class AsyncInvocationRecord(TypedDict):
    """kind ``asyncinvoke``, id = the request id: an event that was accepted and has not been dealt with."""

    FunctionArn: str
    """Unqualified."""
    Version: str
    InvokedArn: str
    Payload: str
    """Base64."""
    ClientContext: str
    TraceId: str
    Received: float
    Failures: int
    """Attempts that the function failed."""
    Refusals: int
    """Attempts that never reached the function."""
    NotBefore: float
    """When the next attempt is due."""


class PermissionRecord(TypedDict):
    """kind ``permission``, id = ``name`` or ``name/qualifier``: one resource policy per function and qualifier."""

    Statements: list[dict[str, Any]]
    RevisionId: str


def function_spec(record: FunctionRecord, account: str, region: str, reserved: int | None) -> FunctionSpec:
    """What must be known to run this version. ``reserved`` is the function's reserved concurrency: versions share it.

    The revision is over code and configuration only, so that adding a permission keeps warm sandboxes warm.
    """
    seen = json.dumps(
        [
            record["CodeKey"],
            record["Runtime"],
            record["Handler"],
            record["Role"],
            record["Timeout"],
            record["MemorySize"],
            record["Environment"],
            record["EphemeralStorage"],
            record["Architectures"],
            record["LoggingConfig"],
            record["LastModified"],
        ],
        sort_keys=True,
    )
    return FunctionSpec(
        account=account,
        region=region,
        name=record["FunctionName"],
        version=record["Version"],
        runtime=record["Runtime"],
        handler=record["Handler"],
        code_sha256=record["CodeKey"],
        timeout=float(record["Timeout"]),
        memory_mb=record["MemorySize"],
        environment=record["Environment"],
        role_arn=record["Role"],
        log_group=log_group(record),
        revision=hashlib.sha256(seen.encode()).hexdigest()[:32],
        reserved_concurrency=reserved,
    )


def log_group(record: FunctionRecord) -> str:
    """Where the function logs: ``LoggingConfig.LogGroup``, or ``/aws/lambda/<name>``.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    """
    return record["LoggingConfig"].get("LogGroup") or f"/aws/lambda/{record['FunctionName']}"


def policy_document(record: PermissionRecord) -> dict[str, Any]:
    """The resource policy as GetPolicy shows it and as it is compiled."""
    return {"Version": "2012-10-17", "Id": "default", "Statement": record["Statements"]}
