"""Parameter mappings of HTTP APIs: ``append:header.x = $request.querystring.y``, read once into small rows.

The control plane refuses by ``read_mapping`` what the data plane could not run; the publisher compiles with it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

REQUEST: Final = "request"
RESPONSE: Final = "response"


class Part(NamedTuple):
    """A piece of a mapping's value; the value is the pieces' concatenation."""

    place: str
    """``literal``, ``header``, ``querystring``, ``path``, ``body``, ``context`` or ``stageVariables``."""
    name: str
    """The literal text; a header in lower case; a path parameter, or empty for the whole request path; a JSONPath
    behind ``body`` (empty: the body itself); the others as configured."""


class ParameterMapping(NamedTuple):
    """One row: what to change, and from what."""

    op: str
    """``append``, ``overwrite`` or ``remove``."""
    place: str
    """``header``, ``querystring``, ``path`` or ``statuscode``."""
    name: str
    """Header names in lower case; empty for ``path`` and ``statuscode``."""
    source: tuple[Part, ...]
    """Empty for ``remove``."""


TARGET: Final = {
    REQUEST: re.compile(
        r"(?P<op>append|overwrite|remove):(?P<place>header|querystring)\.(?P<name>[^\s]+)|(?P<path>overwrite:path)"
    ),
    RESPONSE: re.compile(
        r"(?P<op>append|overwrite|remove):(?P<place>header)\.(?P<name>[^\s]+)|(?P<status>overwrite:statuscode)"
    ),
}
_NAME = r"[A-Za-z0-9_.\-\[\]'\"@*]+"
SOURCE: Final = {
    REQUEST: re.compile(
        r"request\.(?P<place>header|querystring|path|body)(?:\.(?P<name>" + _NAME + r"))?"
        r"|(?P<scope>context|stageVariables)\.(?P<inner>" + _NAME + ")"
    ),
    RESPONSE: re.compile(
        r"response\.(?P<place>header|body)(?:\.(?P<name>" + _NAME + r"))?"
        r"|(?P<scope>context|stageVariables)\.(?P<inner>" + _NAME + ")"
    ),
}
EMBEDDED: Final = re.compile(r"\$\{([^{}]*)\}")
RESERVED: Final = frozenset(
    (
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-location",
        "forwarded",
        "keep-alive",
        "origin",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "via",
    )
)
RESERVED_PREFIXES: Final = ("access-control-", "apigw-", "x-amz-", "x-amzn-")


def read_target(key: str, side: str) -> tuple[str, str, str] | None:
    """(op, place, name) of a mapping's key; None when it is none, or names a header that API Gateway keeps."""
    found = TARGET[side].fullmatch(key)
    if found is None:
        return None
    if found.lastgroup in ("path", "status"):
        return "overwrite", "path" if found.lastgroup == "path" else "statuscode", ""
    op, place, name = found["op"], found["place"], found["name"]
    if place == "header":
        name = name.lower()
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            return None
    return op, place, name


def read_source(value: str, side: str) -> tuple[Part, ...] | None:
    """The pieces of a mapping's value: one ``$variable``, or text with ``${variable}`` in it, or None."""
    if value.startswith("$") and not value.startswith("${"):
        part = _variable(value[1:], side)
        return None if part is None else (part,)
    parts: list[Part] = []
    end = 0
    for found in EMBEDDED.finditer(value):
        if found.start() > end:
            parts.append(Part("literal", value[end : found.start()]))
        part = _variable(found[1], side)
        if part is None:
            return None
        parts.append(part)
        end = found.end()
    if end < len(value):
        parts.append(Part("literal", value[end:]))
    return tuple(parts)


def read_mapping(key: str, value: str, side: str) -> ParameterMapping | None:
    """One row of ``RequestParameters`` (side ``request``) or ``ResponseParameters`` (``response``), None if invalid."""
    target = read_target(key, side)
    if target is None:
        return None
    op, place, name = target
    if op == "remove":
        return ParameterMapping(op, place, name, ())
    source = read_source(value, side)
    if source is None or (place == "statuscode" and not _is_status(source)):
        return None
    return ParameterMapping(op, place, name, source)


def read_mappings(parameters: Mapping[str, str], side: str) -> tuple[ParameterMapping, ...]:
    """Every valid row, in the order of configuration."""
    rows = (read_mapping(key, value, side) for key, value in parameters.items())
    return tuple(row for row in rows if row is not None)


def _variable(text: str, side: str) -> Part | None:
    found = SOURCE[side].fullmatch(text)
    if found is None:
        return None
    if found["scope"]:
        return Part(found["scope"], found["inner"])
    place, name = found["place"], found["name"] or ""
    if not name and place in ("header", "querystring"):
        return None
    if place == "body" and (name.startswith(".") or ".." in name):
        return None  # docs: JSONPath without recursive descent
    return Part(place, name.lower() if place == "header" else name)


def _is_status(source: tuple[Part, ...]) -> bool:
    """A constant must be a status code; variables are judged when they are known."""
    if any(part.place != "literal" for part in source):
        return True
    text = "".join(part.name for part in source)
    return text.isascii() and text.isdigit() and len(text) == 3 and text >= "100"
