"""Header fields of a request to a backend that API Gateway keeps for itself.

An integration can be *configured* to map them; every request to it then fails. vectors: header-remap/*/content-length …

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_TARGET: Final = "integration.request.header."
_ALWAYS: Final = frozenset(("content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"))
_AWS: Final = frozenset(("authorization", "connection", "expect", "proxy-authenticate", "te"))


def illegal_header(integration_type: str, targets: Iterable[str]) -> str:
    """The first mapped ``integration.request.header.X`` that may not be mapped, as spelled; empty when none is."""
    reserved = _ALWAYS | _AWS if integration_type in ("AWS", "AWS_PROXY") else _ALWAYS
    for target in targets:
        if target.startswith(_TARGET) and target[len(_TARGET) :].lower() in reserved:
            return target[len(_TARGET) :]
    return ""
