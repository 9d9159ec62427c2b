"""CORS of HTTP APIs: the gateway answers preflight requests, and its headers stand on every other answer.

What the backend says about CORS is dropped, as AWS does. A browser of an origin that is not allowed gets the answer
without permission to read it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import Cors
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.kit.outcome import PASS

_OURS: Final = "access-control-"


def is_preflight(request: GatewayRequest) -> bool:
    """Whether a browser asks what it may send."""
    headers = request.headers
    return request.method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def answer(x: Exchange) -> Outcome:
    """204 with what is allowed."""
    cors = x.trace.stage.cors
    lines: list[tuple[str, str]] = []
    if cors is not None and _allowed(cors, x.request) is not None:
        if cors.allow_methods:
            lines.append(("access-control-allow-methods", ",".join(cors.allow_methods)))
        if cors.allow_headers:
            lines.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
        if cors.max_age is not None:
            lines.append(("access-control-max-age", str(cors.max_age)))
    x.response = GatewayResponse(204, lines, b"")
    return PASS


def with_cors(cors: Cors, request: GatewayRequest, headers: list[tuple[str, str]], preflight: bool) -> None:
    """Put the API's CORS headers on an answer's, in place of the backend's."""
    if not preflight:
        headers[:] = [line for line in headers if not line[0].lower().startswith(_OURS)]
    origin = _allowed(cors, request)
    if origin is None:
        return
    headers.append(("access-control-allow-origin", origin))
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))


def _allowed(cors: Cors, request: GatewayRequest) -> str | None:
    """What ``access-control-allow-origin`` says; None without an origin, or with one that is not allowed."""
    origin = request.headers.get("origin")
    if not origin:
        return None
    lowered = origin.lower()
    for each in cors.allow_origins:
        if each == "*":
            return "*"
        if each.lower() == lowered:
            return origin
        if each.endswith("://*") and lowered.startswith(each[:-1].lower()):
            return origin
    return None
