"""Which header fields REST integrations pass on, rename or keep back, in both directions.

vectors: header-remap/*, http/method-*, http/lambda-url-HTTP_PROXY.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""

from __future__ import annotations

from typing import Final

_REQUEST_DROPPED: Final = frozenset(
    (
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    )
)
"""Of requests: neither templates nor backends see them."""
_BACKEND_DROPPED: Final = _REQUEST_DROPPED | frozenset(
    (
        "content-encoding",
        "host",
        "via",
        "x-amzn-apigateway-api-id",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    )
)
"""Of requests that HTTP_PROXY sends on: also what belongs to the way, or is said anew."""
_UNMAPPABLE: Final = frozenset(("connection", "expect", "proxy-authenticate", "te", "via"))
"""Mapped to an HTTP backend they are left out without an error. vector: header-remap/HTTP_PROXY/full-integration."""

_RENAMED: Final = frozenset(("connection", "content-length", "date", "server"))
_RENAMED_CUSTOM: Final = _RENAMED | frozenset(
    (
        "authorization",
        "content-md5",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
    )
)
_RENAMED_PROXY: Final = _RENAMED | frozenset(("x-amzn-requestid",))
"""vector: http/lambda-url-HTTP_PROXY."""
_RESPONSE_DROPPED: Final = frozenset(("transfer-encoding", "via", "x-amz-apigw-id", "keep-alive", "proxy-connection"))
"""Of answers of HTTP_PROXY backends."""


def seen_by_templates(name: str) -> bool:
    """Whether ``$input.params()`` shows a request's header field. vector: header-remap/AWS/full-integration."""
    return name.lower() not in _REQUEST_DROPPED


def sent_on(name: str) -> bool:
    """Whether HTTP_PROXY sends a request's header field on."""
    return name.lower() not in _BACKEND_DROPPED


def mappable(name: str) -> bool:
    """Whether a header field that ``requestParameters`` map to an HTTP backend is sent."""
    return name.lower() not in _UNMAPPABLE


def answer_name(name: str) -> str | None:
    """The name under which a mapped header field of a non-proxy integration is answered; None: it is not."""
    lowered = name.lower()
    if lowered == "transfer-encoding":
        return None
    return f"x-amzn-Remapped-{name}" if lowered in _RENAMED_CUSTOM else name


def proxied_name(name: str) -> str | None:
    """The name under which a header field of an HTTP_PROXY backend is answered; None: it is not."""
    lowered = name.lower()
    if lowered in _RESPONSE_DROPPED:
        return None
    return f"x-amzn-Remapped-{name}" if lowered in _RENAMED_PROXY else name
