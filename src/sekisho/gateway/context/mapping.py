"""Parameter mapping expressions and the ``$``-substitution of gateway responses: no templates, only names.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from sekisho.gateway.context.variables import read_variable
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.v1 import query_values

Reader = Callable[[Exchange], str | None]

_NAME: Final = (
    r"(context\.[A-Za-z0-9_.]+|stageVariables\.[A-Za-z0-9_]+"
    r"|(?:method\.)?request\.(?:header|querystring|path)\.[A-Za-z0-9_.!#%&'*+^`|~-]+)"
)
_REFERENCE: Final = re.compile(rf"\$(?:{_NAME}|\{{{_NAME}\}})")


def mapped_value(expression: str, x: Exchange) -> str | None:
    """The value of an expression: ``'static text'``, ``context.requestId``, ``stageVariables.x``,
    ``method.request.header.X``; None when it has none."""
    return _reader(expression)(x)


def mapped_header(expression: str, x: Exchange) -> str | None:
    """The same as a header value: what would end the line is a blank, so that no value can begin another header."""
    value = mapped_value(expression, x)
    return value if value is None or not _LINE_ENDS(value) else _one_line(value)


_LINE_ENDS: Final = re.compile(r"[\r\n\0]").search


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ").replace("\0", " ")


@lru_cache(maxsize=4096)
def _reader(expression: str) -> Reader:
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        static = expression[1:-1]
        return lambda x: static
    head, _, rest = expression.partition(".")
    if head == "context":
        return lambda x: read_variable(x.trace, rest)
    if head == "stageVariables":
        return lambda x: x.trace.stage.variables.get(rest)
    if head == "method":
        head, _, rest = rest.partition(".")
    if head == "request":
        place, _, name = rest.partition(".")
        if place == "header":
            lower = name.lower()
            return lambda x: x.request.headers.get(lower)
        if place == "querystring":
            return lambda x: _last(query_values(x.request.query).get(name))
        if place == "path":
            return lambda x: x.trace.path_parameters.get(name)
    return lambda x: None


def _last(values: list[str] | None) -> str | None:
    return values[-1] if values else None


def substitute(template: str, x: Exchange) -> str:
    """A gateway response's body: every ``$context.x``, ``$stageVariables.x``, ``$request.header.x`` replaced."""
    return "".join([part if isinstance(part, str) else part(x) or "" for part in _parts(template)])


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str | Reader, ...]:
    parts: list[str | Reader] = []
    end = 0
    for found in _REFERENCE.finditer(template):
        whole = found.group(1) or found.group(2)
        name = whole.rstrip(".")
        tail = whole[len(name) :]
        parts += [template[end : found.start()], _reader(name), tail]
        end = found.end()
    parts.append(template[end:])
    return tuple(parts)
