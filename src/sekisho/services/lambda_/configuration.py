"""A function's configuration: what is accepted, what is stored, and how it is shown.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sekisho.kit.arn import function_arn
from sekisho.kit.instants import iso_millis
from sekisho.services.lambda_.records import FunctionRecord, log_group
from sekisho.services.lambda_.refusals import constraint, invalid, unsupported
from sekisho.services.operation import ServiceError

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


def _as_it_is(member: str) -> Callable[[Any], tuple[str, Any]]:
    """Members that the service model describes completely."""
    return lambda value: (member, value)


def _at_most(value: int, member: str, most: int) -> int:
    """Limits below those of the service model, which speaks of other kinds of functions too."""
    if value > most:
        raise constraint(value, member, f"Member must have value less than or equal to {most}")
    return value


_RETIRED: Mapping[str, str] = {
    **dict.fromkeys(
        ("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x"), "nodejs22.x"
    ),
    **dict.fromkeys(("python2.7", "python3.6"), "python3.13"),
    **dict.fromkeys(("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"), "dotnet8"),
    "ruby2.5": "ruby3.4",
}
"""Runtimes that no function may be given any more, and what AWS says to use instead.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated
"""


def _runtime(value: str) -> tuple[str, str]:
    """The text: https://github.com/pgarbe/cdk-ecr-sync/issues/715"""
    if value in _RETIRED:
        raise invalid(
            f"The runtime parameter of {value} is no longer supported for creating or updating AWS Lambda functions. "
            f"We recommend you use the new runtime ({_RETIRED[value]}) while creating or updating functions."
        )
    return "Runtime", value


def _timeout(value: int) -> tuple[str, int]:
    return "Timeout", _at_most(value, "timeout", 900)


def _memory(value: int) -> tuple[str, int]:
    if value > 10240:
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"
        )
    return "MemorySize", value


def _environment(value: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    variables: dict[str, str] = dict(value.get("Variables") or {})
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
    return "TracingMode", value.get("Mode") or "PassThrough"


def _ephemeral(value: Mapping[str, int]) -> tuple[str, int]:
    return "EphemeralStorage", _at_most(value["Size"], "ephemeralStorage.size", 10240)


def _logging(value: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    out = {"LogFormat": value.get("LogFormat") or "Text"}
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
        out["LogGroup"] = group
    return "LoggingConfig", out


_READERS: Mapping[str, Callable[[Any], tuple[str, Any]]] = {
    "Runtime": _runtime,
    "Handler": _as_it_is("Handler"),
    "Description": _as_it_is("Description"),
    "Timeout": _timeout,
    "MemorySize": _memory,
    "Environment": _environment,
    "TracingConfig": _tracing,
    "EphemeralStorage": _ephemeral,
    "Architectures": _as_it_is("Architectures"),
    "LoggingConfig": _logging,
}


def check_tags(tags: Mapping[str, str], existing: Mapping[str, str] | None = None) -> None:
    """Tag restrictions: https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html"""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid(f"System tags cannot be added/updated by requester: [{key}]")
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
