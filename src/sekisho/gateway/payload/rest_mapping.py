"""Mapping expressions of REST integrations: from the request to a backend, from a backend's answer to the client.

What ``context.mapping`` reads (one value of a header, query or path parameter, ``context``, ``stageVariables``, text),
and what only integrations have: every value of a name, and values of JSON bodies.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import orjson

from sekisho.gateway.context.mapping import mapped_value
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.v1 import query_values
from sekisho.vtl.jsonpath import MISSING, JsonPath, PathProblem, compile_path

Lines = list[tuple[str, str]]

_LINE_ENDS: Final = str.maketrans("\r\n\0", "   ")
_BODY: Final = "method.request.body"
_QUERIES: Final = "method.request.multivaluequerystring."
_HEADERS: Final = "method.request.multivalueheader."
_ANSWER: Final = "integration.response."


def one_line(value: str) -> str:
    """What would end a header line is a blank, so that no value can begin another field."""
    return value.translate(_LINE_ENDS)


def request_values(expression: str, x: Exchange) -> list[str]:
    """The values of a ``requestParameters`` source; none when the request has none."""
    if expression.startswith(_QUERIES):
        return query_values(x.request.query).get(expression[len(_QUERIES) :]) or []
    if expression.startswith(_HEADERS):
        return x.request.headers.all(expression[len(_HEADERS) :].lower())
    if expression == _BODY or expression.startswith(_BODY + "."):
        found = body_value(x.request.body, expression[len(_BODY) + 1 :])
    else:
        found = mapped_value(expression, x)
    return [] if found is None else [found]


def response_value(expression: str, x: Exchange, headers: Iterable[tuple[str, str]], body: bytes) -> str | None:
    """The value of a ``responseParameters`` source over a backend's answer; None when it has none."""
    if not expression.startswith(_ANSWER):
        return mapped_value(expression, x)
    place, _, name = expression[len(_ANSWER) :].partition(".")
    if place == "body":
        return body_value(body, name)
    lowered = name.lower()
    values = [value for each, value in headers if each.lower() == lowered]
    if not values:
        return None
    return ",".join(values) if place == "multivalueheader" else values[-1]


def body_value(body: bytes, path: str) -> str | None:
    """A value of a JSON body, the whole body for no path; None when there is none."""
    if not path:
        return body.decode("utf-8", "replace") if body else None
    compiled = _path(path)
    if compiled is None:
        return None
    try:
        found = compiled.find(orjson.loads(body))
        # Values that are nested too deeply to be written (TypeError) are no values either.
        return None if found is MISSING or found is None else _text(found)
    except (orjson.JSONDecodeError, PathProblem, TypeError):
        return None


@lru_cache(maxsize=1024)
def _path(text: str) -> JsonPath | None:
    try:
        return compile_path(f"${text}" if text.startswith("[") else f"$.{text}")
    except PathProblem:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
