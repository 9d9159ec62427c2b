"""Versions: frozen copies of ``$LATEST``.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sekisho.kit.ids import uuid4
from sekisho.services.lambda_.code import check_storage
from sekisho.services.lambda_.configuration import describe, refuse_unsupported
from sekisho.services.lambda_.names import Target, plain_arn, target, unqualified
from sekisho.services.lambda_.records import FunctionRecord
from sekisho.services.lambda_.refusals import invalid, no_function
from sekisho.services.lambda_.shelf import check_revision, function, listed
from sekisho.services.operation import Call, Operations

ops = Operations("lambda")

_FROZEN = [
    "CodeKey",
    "Runtime",
    "Role",
    "Handler",
    "Timeout",
    "MemorySize",
    "Environment",
    "Architectures",
    "EphemeralStorage",
    "TracingMode",
    "LoggingConfig",
]
"""What must differ from the last version for a new one to be made."""


def publish(call: Call, found: Target, latest: FunctionRecord, description: str) -> FunctionRecord:
    """The version of ``latest``: a new one, or the last one when nothing changed since."""
    versions = call.table("version", account=found.account)
    number = latest["NextVersion"]
    last = cast("FunctionRecord | None", versions.get(f"{found.name}/{number - 1}"))
    if last is not None and all(_member(last, name) == _member(latest, name) for name in _FROZEN):
        return last
    check_storage(call, latest["CodeSize"])
    version = cast(
        FunctionRecord,
        {
            **latest,
            "Version": str(number),
            "Description": description or latest["Description"],
            "RevisionId": uuid4(call.entropy),
            "LastModified": latest["LastModified"],
            "Tags": {},
            "ReservedConcurrency": None,
            "NextVersion": 0,
        },
    )
    versions.put(f"{found.name}/{number}", version)
    bumped = {**latest, "NextVersion": number + 1, "RevisionId": uuid4(call.entropy)}
    call.table("function", account=found.account).put(found.name, bumped)
    return version


def _member(record: FunctionRecord, name: str) -> Any:
    return cast("dict[str, Any]", record)[name]


@ops("PublishVersion", resource=plain_arn)
def publish_version(call: Call) -> Mapping[str, Any]:
    found = unqualified(call)
    latest = function(call, found)
    refuse_unsupported(call.params)
    description = call.params.get("Description") or ""
    check_revision(call, latest["RevisionId"])
    wanted = call.params.get("CodeSha256")
    if wanted and wanted != latest["CodeSha256"]:
        raise invalid(
            f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({latest['CodeSha256']}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    version = publish(call, found, latest, description)
    return describe(version, found.account, found.region, version["Version"])


@ops("ListVersionsByFunction", resource=plain_arn)
def list_versions_by_function(call: Call) -> Mapping[str, Any]:
    found = target(call)
    if found.name not in call.table("function", account=found.account):
        raise no_function(found.unqualified)
    records = [function(call, found)]
    for _, document in call.table("version", account=found.account).items(f"{found.name}/"):
        records.append(cast(FunctionRecord, document))
    chosen, marker = listed(call, records)
    return {
        "Versions": [
            describe(record, found.account, found.region, record["Version"], states=False) for record in chosen
        ],
        **marker,
    }
