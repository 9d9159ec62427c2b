"""Admission of access-log settings of REST stages, and of the account's role for writing logs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sekisho.kit.arn import Arn
from sekisho.services.apigateway import lookup
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.operation import Call

MAX_FORMAT = 3072
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
REQUEST_ID = re.compile(r"\$context\.(requestId|extendedRequestId)\b|\$\{context\.(requestId|extendedRequestId)\}")
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"


def check_account(call: Call) -> None:
    """Logging needs the account's role."""
    if not (call.table(lookup.ACCOUNT).get("account") or {}).get("cloudwatchRoleArn"):
        raise bad_request(NO_ROLE)


def check(call: Call, settings: Mapping[str, str] | None) -> None:
    """Whether a stage may have these settings. Unknown ``$context`` names are admitted: they render as ``-``.

    vector accesslog/rest-unknown-context-variable
    """
    if not settings:
        return
    line = settings.get("format")
    if line is not None:
        check_format(line)
    destination = settings.get("destinationArn")
    if destination:
        check_destination(destination)
        check_account(call)


def check_format(line: str) -> None:
    if len(line.encode("utf-8")) > MAX_FORMAT:
        raise bad_request(f"Access Log format must not exceed {MAX_FORMAT} bytes")
    bare = line.removesuffix("\n").removesuffix("\r")
    if "\n" in bare or "\r" in bare:
        raise bad_request(
            f"Access Log format must be single line, new line character is allowed only at end of the format: '{line}'"
        )
    if not REQUEST_ID.search(line):
        raise bad_request(
            f"Access Log format must include either $context.requestId or $context.extendedRequestId : '{line}'"
        )


def check_destination(destination: str) -> None:
    arn = Arn.parse(destination)
    if arn is not None and arn.service == "firehose":
        raise not_implemented("An access log destination in Amazon Data Firehose")
    good = arn is not None and arn.service == "logs" and arn.region and arn.resource.startswith("log-group:")
    if arn is None:
        raise bad_request(f"Invalid ARN specified in the request. ARNs must start with 'arn:': {destination}")
    if not good:
        raise bad_request("Invalid ARN specified in the request")
