"""CORS configuration of HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2.errors import bad_request
from sekisho.services.apigatewayv2.lookup import Doc, present

METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"))
ORIGIN = re.compile(r"\*|[A-Za-z][A-Za-z0-9+.\-]*://(\*|[^\s/?#]+)")
HEADER = re.compile(r"\*|[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
MAX_AGE = 86400
"""Seconds; -1 switches caching off."""


def checked(given: Mapping[str, Any]) -> Doc:
    """The configuration as it is kept. Raises BadRequestException."""
    document = present(
        AllowCredentials=given.get("AllowCredentials"),
        AllowHeaders=_lowered(given.get("AllowHeaders")),
        AllowMethods=_list(given.get("AllowMethods")),
        AllowOrigins=_list(given.get("AllowOrigins")),
        ExposeHeaders=_lowered(given.get("ExposeHeaders")),
        MaxAge=given.get("MaxAge"),
    )
    for origin in document.get("AllowOrigins", ()):
        if not ORIGIN.fullmatch(origin):
            raise bad_request(f"Invalid value for allowOrigins: {origin}. Origins must be *, or scheme://host")
    for method in document.get("AllowMethods", ()):
        if method not in METHODS:
            raise bad_request(f"Invalid value for allowMethods: {method}")
    for name in ("AllowHeaders", "ExposeHeaders"):
        for header in document.get(name, ()):
            if not HEADER.fullmatch(header):
                raise bad_request(f"Invalid value for {name[0].lower()}{name[1:]}: {header}")
    age = document.get("MaxAge")
    if age is not None and not -1 <= age <= MAX_AGE:
        raise bad_request(f"Invalid value for maxAge: {age}. Must be between -1 and {MAX_AGE}")
    if document.get("AllowCredentials") and "*" in document.get("AllowOrigins", ()):
        raise bad_request("Allow credentials can't be true if allow origins contains wildcard *")
    return document


def _list(values: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(values)) if values else None


def _lowered(values: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(value.lower() for value in values)) if values else None
