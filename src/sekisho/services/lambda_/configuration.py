"""A function's configuration: what is accepted, what is stored, and how it is shown.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sekisho.kit.arn import function_arn
from sekisho.kit.instants import iso_millis
from sekisho.services.lambda_.records import FunctionRecord, log_group
from sekisho.services.lambda_.refusals import constraint, invalid, unsupported
from sekisho.services.operation import ServiceError

RUNTIMES = [
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "java8",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided",
    "provided.al2",
    "provided.al2023",
]
"""AWS's identifiers (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html). Whether one can run here is
the sandbox's matter, known when it is invoked."""

RESERVED_VARIABLES = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
MAX_ENVIRONMENT = 4096
MAX_TAGS = 50
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+", re.ASCII)
_HANDLER = re.compile(r"[^\s]+")
_LOG_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}", re.ASCII)

REFUSED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "VpcConfig": ("functions run on this machine's network", lambda v: not v.get("SubnetIds")),
    "DeadLetterConfig": ("there is no queue or topic to send to", lambda v: not v.get("TargetArn")),
    "KMSKeyArn": ("there is no KMS to encrypt with", lambda v: not v),
    "Layers": ("layers are not part of it yet; put their content into the archive", lambda v: not v),
    "FileSystemConfigs": ("there is no file system to mount", lambda v: not v),
    "CodeSigningConfigArn": ("signatures of code are not checked", lambda v: not v),
    "ImageConfig": ("container images are not run; use a zip archive", lambda v: not any(v.values())),
    "SnapStart": ("snapshots of started functions are not taken", lambda v: v.get("ApplyOn", "None") == "None"),
    "TenancyConfig": ("tenants are not isolated from each other", lambda v: not v),
    "CapacityProviderConfig": ("there are no managed instances", lambda v: not v),
    "DurableConfig": ("durable executions are not part of it", lambda v: not v),
    "RuntimeConfig": ("custom runtimes are not part of it", lambda v: not v),
    "AcceleratorConfig": ("there are no accelerators", lambda v: not v),
    "PublishTo": ("there is no latest published version to publish to", lambda v: not v),
}
"""Properties that change what a function does and cannot be honoured: the reason, and whether a value is harmless."""


def refuse_unsupported(params: Mapping[str, Any]) -> None:
    """Raise for the first property that would have to be ignored."""
    for name, (reason, harmless) in REFUSED.items():
        value = params.get(name)
        if value is not None and not harmless(value):
            raise unsupported(name, reason)
    if params.get("PackageType", "Zip") == "Image":
        raise unsupported("PackageType Image", "container images are not run; use a zip archive")


def settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """The record's members that ``params`` sets, checked. Members that are not given are left out."""
    refuse_unsupported(params)
    out: dict[str, Any] = {}
    for name, read in _READERS.items():
        if params.get(name) is not None:
            member, value = read(params[name])
            out[member] = value
    return out


def _runtime(value: str) -> tuple[str, str]:
    if value not in RUNTIMES:
        raise invalid(
            f"Value {value} at 'runtime' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(RUNTIMES)}] or be a valid ARN"
        )
    return "Runtime", value


def _handler(value: str) -> tuple[str, str]:
    if not _HANDLER.fullmatch(value):
        raise constraint(value, "handler", r"Member must satisfy regular expression pattern: [^\s]+")
    if len(value) > 128:
        raise constraint(value, "handler", "Member must have length less than or equal to 128")
    return "Handler", value


def _description(value: str) -> tuple[str, str]:
    if len(value) > 256:
        raise constraint(value, "description", "Member must have length less than or equal to 256")
    return "Description", value


def _between(value: int, member: str, least: int, most: int) -> int:
    if value < least:
        raise constraint(value, member, f"Member must have value greater than or equal to {least}")
    if value > most:
        raise constraint(value, member, f"Member must have value less than or equal to {most}")
    return value


def _timeout(value: int) -> tuple[str, int]:
    return "Timeout", _between(value, "timeout", 1, 900)


def _memory(value: int) -> tuple[str, int]:
    if value > 10240:
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"
        )
    return "MemorySize", _between(value, "memorySize", 128, 10240)


def _environment(value: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    variables: dict[str, str] = dict(value.get("Variables") or {})
    shown = "{" + ", ".join(f"{k}={v}" for k, v in variables.items()) + "}"
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            pattern = "[a-zA-Z]([a-zA-Z0-9_])+"
            rule = f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {pattern}]"
            raise constraint(shown, "environment.variables", rule)
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode("utf-8", "surrogatepass")) > MAX_ENVIRONMENT:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )
    if any("\0" in text for text in variables.values()):
        raise invalid("Environment variables cannot contain the character NUL.")
    return "Environment", variables


def _tracing(value: Mapping[str, str]) -> tuple[str, str]:
    mode = value.get("Mode") or "PassThrough"
    if mode not in ("Active", "PassThrough"):
        raise constraint(mode, "tracingConfig.mode", "Member must satisfy enum value set: [Active, PassThrough]")
    return "TracingMode", mode


def _ephemeral(value: Mapping[str, int]) -> tuple[str, int]:
    if "Size" not in value:
        raise constraint("null", "ephemeralStorage.size", "Member must not be null")
    return "EphemeralStorage", _between(value["Size"], "ephemeralStorage.size", 512, 10240)


def _architectures(value: list[str]) -> tuple[str, list[str]]:
    if len(value) != 1 or value[0] not in ("x86_64", "arm64"):
        shown = f"[{', '.join(value)}]"
        rule = "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"
        raise constraint(shown, "architectures", rule)
    return "Architectures", list(value)


def _logging(value: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    out = {"LogFormat": value.get("LogFormat") or "Text"}
    if out["LogFormat"] not in ("JSON", "Text"):
        rule = "Member must satisfy enum value set: [JSON, Text]"
        raise constraint(out["LogFormat"], "loggingConfig.logFormat", rule)
    for name in ("ApplicationLogLevel", "SystemLogLevel"):
        if value.get(name):
            if out["LogFormat"] != "JSON":
                raise invalid(
                    f'{name} is not supported when LogFormat is set to "Text". '
                    f'Remove {name} from your request or change the LogFormat to "JSON" and try again.'
                )
            out[name] = value[name]
        elif out["LogFormat"] == "JSON":
            out[name] = "INFO"
    group = value.get("LogGroup")
    if group:
        if not _LOG_GROUP.fullmatch(group):
            rule = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
            raise constraint(group, "loggingConfig.logGroup", rule)
        out["LogGroup"] = group
    return "LoggingConfig", out


_READERS: Mapping[str, Callable[[Any], tuple[str, Any]]] = {
    "Runtime": _runtime,
    "Handler": _handler,
    "Description": _description,
    "Timeout": _timeout,
    "MemorySize": _memory,
    "Environment": _environment,
    "TracingConfig": _tracing,
    "EphemeralStorage": _ephemeral,
    "Architectures": _architectures,
    "LoggingConfig": _logging,
}


def check_tags(tags: Mapping[str, str], existing: Mapping[str, str] | None = None) -> None:
    """Tag restrictions: https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html"""
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise invalid(f"System tags cannot be added/updated by requester: [{key}]")
        if not 1 <= len(key) <= 128:
            raise constraint(key, "tags", "Map keys must have length between 1 and 128")
        if len(value) > 256:
            raise constraint(value, "tags", "Map values must have length less than or equal to 256")
    if len({**(existing or {}), **tags}) > MAX_TAGS:
        raise invalid("Number of tags exceeds function tag limit of 50.")


def describe(
    record: FunctionRecord, account: str, region: str, qualifier: str, *, states: bool = True
) -> dict[str, Any]:
    """FunctionConfiguration. ``qualifier`` is shown in the ARN; lists leave the states out, as AWS documents."""
    out: dict[str, Any] = {
        "FunctionName": record["FunctionName"],
        "FunctionArn": function_arn(region, account, record["FunctionName"], qualifier),
        "Runtime": record["Runtime"],
        "Role": record["Role"],
        "Handler": record["Handler"],
        "CodeSize": record["CodeSize"],
        "Description": record["Description"],
        "Timeout": record["Timeout"],
        "MemorySize": record["MemorySize"],
        "LastModified": iso_millis(record["LastModified"]),
        "CodeSha256": record["CodeSha256"],
        "Version": record["Version"],
        "TracingConfig": {"Mode": record["TracingMode"]},
        "RevisionId": record["RevisionId"],
        "PackageType": record["PackageType"],
        "Architectures": list(record["Architectures"]),
        "EphemeralStorage": {"Size": record["EphemeralStorage"]},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {**record["LoggingConfig"], "LogGroup": log_group(record)},
    }
    if record["Environment"]:
        out["Environment"] = {"Variables": dict(record["Environment"])}
    if states:
        out["State"] = record["State"]
        out["LastUpdateStatus"] = "Successful"
    return out


def require_runtime(params: Mapping[str, Any]) -> None:
    """Zip packages need both. Raises ServiceError."""
    if not params.get("Runtime") or not params.get("Handler"):
        raise mandatory()


def mandatory() -> ServiceError:
    """What CreateFunction answers when Runtime or Handler is missing."""
    return invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
