"""Parameter mappings of HTTP APIs, applied: what a backend sees of a request, what a client sees of an answer.

Rows are applied in the order of configuration. A source without a value changes nothing, so that a missing header never
becomes an empty one. Values come from clients: what would end a header line is a blank.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote_plus

import orjson

from sekisho.config.parameters import ParameterMapping, Part
from sekisho.gateway.context.variables import read_variable
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.http_request import Lines, View
from sekisho.gateway.payload.v1 import query_values
from sekisho.vtl.jsonpath import MISSING, JsonPath, PathProblem, compile_path

Source = Callable[[Part], str | None]

_LINE_ENDS: Final = str.maketrans("\r\n\0", "   ")


def mapped_request(x: Exchange, seen: View, rows: Iterable[ParameterMapping]) -> View:
    """``seen`` with the request mappings applied; sources are read from the request as it came."""
    read = _of_request(x)
    for row in rows:
        value = None if row.op == "remove" else _value(row.source, read)
        if value is None and row.op != "remove":
            continue
        if row.place == "path":
            seen = seen._replace(path=value if value and value.startswith("/") else f"/{value or ''}")
        elif row.place == "querystring":
            seen = seen._replace(query=_query(seen.query, row, value))
        else:
            seen = seen._replace(headers=_changed(seen.headers, row, value))
    return seen


def mapped_response(
    x: Exchange, status: int, headers: Lines, body: bytes, rows: Iterable[ParameterMapping]
) -> tuple[int, Lines]:
    """Status and header lines with the mappings of the answer's status applied."""
    read = _of_response(x, list(headers), body)
    for row in rows:
        value = None if row.op == "remove" else _value(row.source, read)
        if value is None and row.op != "remove":
            continue
        if row.place == "statuscode":
            if value and value.isascii() and value.isdigit() and 200 <= int(value) <= 599:
                status = int(value)
        else:
            headers = _changed(headers, row, value)
    return status, headers


def _value(parts: tuple[Part, ...], read: Source) -> str | None:
    """The concatenation; None when no variable in it has a value."""
    found = [part.name if part.place == "literal" else read(part) for part in parts]
    if all(each is None for each in found):
        return None
    if all(part.place != "literal" for part in parts) and len(parts) == 1:
        return found[0]
    return "".join(each or "" for each in found)


def _changed(lines: Lines, row: ParameterMapping, value: str | None) -> Lines:
    """Header lines with one row applied; values that were there and appended ones are joined by commas."""
    kept = [line for line in lines if line[0].lower() != row.name]
    if value is None:
        return kept
    value = value.translate(_LINE_ENDS)
    if row.op == "append":
        before = [each for name, each in lines if name.lower() == row.name]
        value = ",".join((*before, value))
    return [*kept, (row.name, value)]


def _query(raw: str, row: ParameterMapping, value: str | None) -> str:
    pairs = [
        pair
        for pair in raw.split("&")
        if pair and (row.op == "append" or next(iter(query_values(pair)), "") != row.name)
    ]
    if value is not None:
        pairs.append(f"{quote_plus(row.name)}={quote_plus(value)}")
    return "&".join(pairs)


def _of_request(x: Exchange) -> Source:
    t, request = x.trace, x.request

    def read(part: Part) -> str | None:
        place, name = part
        if place == "header":
            return ",".join(request.headers.all(name)) if name in request.headers else None
        if place == "querystring":
            values = query_values(request.query).get(name)
            return None if values is None else ",".join(values)
        if place == "path":
            return t.path_parameters.get(name) if name else t.path
        if place == "body":
            return _from_body(request.body, name)
        return t.stage.variables.get(name) if place == "stageVariables" else read_variable(t, name)

    return read


def _of_response(x: Exchange, headers: Lines, body: bytes) -> Source:
    def read(part: Part) -> str | None:
        place, name = part
        if place == "header":
            values = [value for each, value in headers if each.lower() == name]
            return ",".join(values) if values else None
        if place == "body":
            return _from_body(body, name)
        return x.trace.stage.variables.get(name) if place == "stageVariables" else read_variable(x.trace, name)

    return read


def _from_body(body: bytes, path: str) -> str | None:
    """A value of a JSON body; None when the body is no JSON or has no such value."""
    if not path:
        return body.decode("utf-8", "replace")
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
        return compile_path(f"$.{text}")
    except PathProblem:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
