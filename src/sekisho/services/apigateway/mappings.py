"""Mapping expressions: what may be copied where, between method and integration, request and response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from sekisho.services.apigateway.errors import bad_request

LITERAL = re.compile(r"'[^']*'")
REQUEST_TARGET = re.compile(
    r"integration\.request\.(header|querystring|path|multivaluequerystring|multivalueheader)\.[^\s]+"
)
REQUEST_SOURCE = re.compile(
    r"method\.request\.(header|querystring|path|multivaluequerystring|multivalueheader)\.[^\s]+"
)
RESPONSE_TARGET = re.compile(r"method\.response\.header\.[^\s]+")
RESPONSE_SOURCE = re.compile(
    r"integration\.response\.(header|multivalueheader)\.[^\s]+|integration\.response\.body(\.[^\s]+)?"
)
SHARED_SOURCE = re.compile(r"(context|stageVariables)\.[A-Za-z0-9_.\-]+")


def check_request(parameters: Mapping[str, str], declared: Collection[str]) -> None:
    """``requestParameters`` of an integration, against those that its method declares. Raises BadRequest."""
    for target, source in parameters.items():
        if not REQUEST_TARGET.fullmatch(target):
            raise _refuse("Invalid mapping expression parameter specified", target)
        if LITERAL.fullmatch(source) or SHARED_SOURCE.fullmatch(source) or _is_body(source):
            continue
        if not REQUEST_SOURCE.fullmatch(source):
            raise _refuse("Invalid mapping expression specified", source)
        if _single(source) not in {_single(name) for name in declared}:
            raise _refuse("Invalid mapping expression parameter specified", source)


def check_response(parameters: Mapping[str, str], declared: Collection[str]) -> None:
    """``responseParameters`` of an integration response, against its method response's. Raises BadRequest."""
    for target, source in parameters.items():
        if not RESPONSE_TARGET.fullmatch(target) or target not in declared:
            raise _refuse("Invalid mapping expression parameter specified", target)
        if not (LITERAL.fullmatch(source) or SHARED_SOURCE.fullmatch(source) or RESPONSE_SOURCE.fullmatch(source)):
            raise _refuse("Invalid mapping expression specified", source)


def _is_body(source: str) -> bool:
    return source == "method.request.body" or source.startswith("method.request.body.")


def _single(name: str) -> str:
    return name.replace(".multivalue", ".")


def _refuse(kind: str, what: str) -> Exception:
    return bad_request(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{kind}: {what}]"
    )
