"""The JSON protocols: json-1.1 (logs) and rest-json (lambda, apigateway, apigatewayv2).

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html and
https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html

Types are strict: a number is not a string, and AWS says so with a SerializationException. Unknown members are ignored
and a null member is an absent one, as AWS has it; null inside a map is kept, because API Gateway's templates use it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from sekisho.wire.message import Unparsable, WireRequest, WireResponse
from sekisho.wire.model import Member, OperationSpec, ServiceModel, Shape
from sekisho.wire.scalars import RANGES, read_blob, read_text, read_time, write_blob, write_text, write_time

JSON_1_1: Final = "application/x-amz-json-1.1"
PLAIN_JSON: Final = "application/json"

_EMPTY: Final[Mapping[str, Any]] = {}


def _token(value: Any) -> str:
    """What AWS's parser calls the token it met."""
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "NUMBER_VALUE" if isinstance(value, int) else "DECIMAL_VALUE"


def _refuse(value: Any, wanted: str, path: str) -> Unparsable:
    if isinstance(value, dict):
        return Unparsable("Start of structure or map found where not expected.", path)
    if isinstance(value, list):
        return Unparsable("Start of list found where not expected", path)
    return Unparsable(f"{_token(value)} cannot be converted to {wanted}", path)


def load(body: bytes) -> Any:
    """The JSON document in ``body``. Raises Unparsable."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Unparsable(str(problem)) from None


def _object(body: bytes) -> Mapping[str, Any]:
    """A request body that must be an object; an empty one is an empty object."""
    if not body:
        return _EMPTY
    document = load(body)
    if type(document) is not dict:
        raise Unparsable("Unexpected value type in payload" if not isinstance(document, list) else "Unexpected list")
    return document


def _read(shape: Shape, value: Any, path: str) -> Any:
    return _READERS[shape.kind](shape, value, path)


def _read_members(members: tuple[Member, ...], value: Mapping[str, Any], path: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for member in members:
        below = value.get(member.wire)
        if below is not None:
            shape = member.shape
            out[member.name] = _READERS[shape.kind](shape, below, f"{path}.{member.wire}" if path else member.wire)
    return out


def _read_structure(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise _refuse(value, shape.name, path)
    return _read_members(shape.members, value, path)


def _read_list(shape: Shape, value: Any, path: str) -> list[Any]:
    if type(value) is not list:
        raise Unparsable("Expected list or null", path)
    element = shape.element
    reader = _READERS[element.kind]
    return [None if item is None else reader(element, item, path) for item in value]


def _read_map(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise Unparsable("Expected map or null", path)
    inner = shape.value
    reader = _READERS[inner.kind]
    return {name: None if item is None else reader(inner, item, path) for name, item in value.items()}


def _read_string(shape: Shape, value: Any, path: str) -> str:
    if type(value) is not str:
        raise _refuse(value, "String", path)
    return value


def _read_integer(shape: Shape, value: Any, path: str) -> int:
    if type(value) is float and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    if type(value) is not int:
        raise _refuse(value, shape.kind.capitalize(), path)
    low, high = RANGES[shape.kind]
    if not low <= value <= high:
        raise Unparsable(f"{value} is out of range for {shape.kind.capitalize()}", path)
    return value


def _read_number(shape: Shape, value: Any, path: str) -> float:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return float(value)
    raise _refuse(value, shape.kind.capitalize(), path)


def _read_boolean(shape: Shape, value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise _refuse(value, "Boolean", path)
    return value


def _read_timestamp(shape: Shape, value: Any, path: str) -> float:
    if type(value) is str:
        return read_time(value, path)
    return _read_number(shape, value, path)


def _read_binary(shape: Shape, value: Any, path: str) -> bytes:
    if type(value) is not str:
        raise _refuse(value, "Blob", path)
    return read_blob(value, path)


_READERS: Final[Mapping[str, Callable[[Shape, Any, str], Any]]] = {
    "structure": _read_structure,
    "list": _read_list,
    "map": _read_map,
    "string": _read_string,
    "integer": _read_integer,
    "long": _read_integer,
    "float": _read_number,
    "double": _read_number,
    "boolean": _read_boolean,
    "timestamp": _read_timestamp,
    "blob": _read_binary,
}


def parse(spec: OperationSpec, body: bytes) -> dict[str, Any]:
    """json-1.1: the whole input is the body. Raises Unparsable."""
    document = _object(body)
    return _read_members(spec.input.members, document, "") if spec.input is not None else {}


def parse_rest(
    spec: OperationSpec, request: WireRequest, labels: Mapping[str, str], query: list[tuple[str, str]]
) -> dict[str, Any]:
    """rest-json: labels of the path, query parameters, header fields, and the body or its payload member."""
    if spec.input is None:
        return {}
    where = spec.bindings
    out: dict[str, Any] = {}
    if where.payload is not None:
        out = _read_payload(where.payload, request.body)
    elif where.body:
        out = _read_members(where.body, _object(request.body), "")
    for member in where.uri:
        if member.wire in labels:
            out[member.name] = read_text(member.shape.kind, labels[member.wire], member.wire)
    if where.query and query:
        _read_query(where.query, query, spec.uri, out)
    for member in where.header:
        _read_header(member, request, out)
    return out


def _read_payload(member: Member, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    if member.shape.kind == "blob":
        return {member.name: body}
    if member.shape.kind == "string":
        return {member.name: body.decode("utf-8", "replace")}
    return {member.name: _read(member.shape, load(body), "")}


def _read_query(members: tuple[Member, ...], query: list[tuple[str, str]], uri: str, out: dict[str, Any]) -> None:
    values: dict[str, list[str]] = {}
    for name, value in query:
        values.setdefault(name, []).append(value)
    for member in members:
        shape = member.shape
        if shape.kind == "map":
            _read_query_map(member, members, values, uri, out)
            continue
        found = values.get(member.wire)
        if not found:
            continue
        if shape.kind == "list":
            out[member.name] = [read_text(shape.element.kind, item, member.wire) for item in found]
        else:
            out[member.name] = read_text(shape.kind, found[0], member.wire)


def _read_query_map(
    member: Member, members: tuple[Member, ...], values: Mapping[str, list[str]], uri: str, out: dict[str, Any]
) -> None:
    """A map among the query parameters takes every one that nobody else claims."""
    claimed = {m.wire for m in members if m is not member}
    literals = uri.partition("?")[2]
    rest = {
        name: found[0]
        for name, found in values.items()
        if name not in claimed and f"{name}={found[0]}" not in literals.split("&") and not name.startswith("X-Amz-")
    }
    if rest:
        out[member.name] = rest


def _read_header(member: Member, request: WireRequest, out: dict[str, Any]) -> None:
    if member.location == "headers":
        prefix = member.wire.lower()
        found = {n[len(prefix) :]: v for n, v in request.headers if n.lower().startswith(prefix)}
        if found:
            out[member.name] = found
        return
    text = request.headers.get(member.wire.lower())
    if text is not None:
        out[member.name] = read_text(member.shape.kind, text, member.wire)


def _write(shape: Shape, value: Any, style: str) -> Any:
    kind = shape.kind
    if kind == "structure":
        return _write_members(shape.members, value)
    if kind == "list":
        element = shape.element
        if element.kind == "string":
            return list(value)
        return [None if item is None else _write(element, item, element.timestamp_format) for item in value]
    if kind == "map":
        inner = shape.value
        if inner.kind == "string":
            return value
        return {name: None if item is None else _write(inner, item, "") for name, item in value.items()}
    if kind == "timestamp":
        return write_time(value, style or shape.timestamp_format or "unixTimestamp")
    if kind == "blob":
        return write_blob(value)
    if kind == "string" and type(value) is not str:
        return str(value)
    return value


def _write_members(members: tuple[Member, ...], value: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for member in members:
        below = value.get(member.name)
        if below is not None and not member.location:
            out[member.wire] = _write(member.shape, below, member.timestamp_format)
    return out


def dump(document: Any) -> bytes:
    """A document as compact JSON. Text that UTF-8 cannot hold (half a surrogate pair) is escaped."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, separators=(",", ":"), default=str).encode("ascii")


def serialize(spec: OperationSpec, output: Mapping[str, Any], request_id: str) -> WireResponse:
    """json-1.1: a result, or an empty body for operations that return nothing."""
    body = dump(_write_members(spec.output.members, output)) if spec.output is not None else b""
    return WireResponse(200, (("x-amzn-RequestId", request_id), ("Content-Type", JSON_1_1)), body)


def serialize_rest(spec: OperationSpec, output: Mapping[str, Any], request_id: str) -> WireResponse:
    """rest-json: status, header fields and body as the output shape binds them."""
    shape = spec.output
    headers: list[tuple[str, str]] = [("x-amzn-RequestId", request_id)]
    if shape is None:
        return WireResponse(spec.status, (*headers, ("Content-Type", PLAIN_JSON)), b"")
    status = spec.status
    has_type = False
    in_body = False
    for member in shape.members:
        if not member.location:
            in_body = True
            continue
        value = output.get(member.name)
        if value is None:
            continue
        if member.location == "statusCode":
            status = int(value)
        elif member.location == "header":
            has_type = has_type or member.wire.lower() == "content-type"
            headers.append((member.wire, _header_text(member, value)))
        elif member.location == "headers":
            headers.extend((member.wire + name, str(item)) for name, item in value.items())
    if not has_type:
        headers.append(("Content-Type", PLAIN_JSON))
    return WireResponse(status, tuple(headers), _rest_body(shape, output) if in_body and status != 204 else b"")


def _header_text(member: Member, value: Any) -> str:
    """A header field's value. Line breaks would end the field, so they become spaces."""
    text = write_text(member.shape.kind, value, member.timestamp_format or "rfc822")
    return text.replace("\r", " ").replace("\n", " ")


def _rest_body(shape: Shape, output: Mapping[str, Any]) -> bytes:
    if not shape.payload:
        return dump(_write_members(shape.members, output))
    value = output.get(shape.payload)
    if value is None:
        return b""
    member = shape.member(shape.payload)
    if member is not None and member.shape.kind == "structure":
        return dump(_write_members(member.shape.members, value))
    return value.encode("utf-8") if isinstance(value, str) else bytes(value)


def serialize_error(
    model: ServiceModel, code: str, message: str, status: int, members: Mapping[str, Any], request_id: str
) -> WireResponse:
    """json-1.1 names the error in the body (``__type``), rest-json in ``x-amzn-ErrorType``; see ``_error_body``."""
    body = _error_body(model, code, message, status, members)
    headers: list[tuple[str, str]] = [("x-amzn-RequestId", request_id)]
    if model.protocol == "json":
        return WireResponse(status, (*headers, ("Content-Type", JSON_1_1)), dump({"__type": code, **body}))
    headers.append(("x-amzn-ErrorType", code))
    known = model.error(code)
    headers.extend(
        (member.wire, _header_text(member, members[member.name]))
        for member in (known.shape.members if known is not None else ())
        if member.location == "header" and members.get(member.name) is not None
    )
    return WireResponse(status, (*headers, ("Content-Type", PLAIN_JSON)), dump(body))


def _error_body(
    model: ServiceModel, code: str, message: str, status: int, members: Mapping[str, Any]
) -> dict[str, Any]:
    """The members of the error shape. Its message is called ``message`` or ``Message``, whichever the shape says;
    Lambda's errors also say whose fault it was: ``{"Type": "User", "Message": …}``."""
    known = model.error(code)
    if known is None:
        return {**members, "message": message}
    filled: dict[str, Any] = dict(members)
    for member in known.shape.members:
        if member.name.lower() == "message":
            filled[member.name] = message
        elif member.name == "Type" and member.shape.kind == "string":
            filled.setdefault("Type", "User" if status < 500 else "Service")
    body = _write_members(known.shape.members, filled)
    if not any(member.name.lower() == "message" for member in known.shape.members):
        body["message"] = message
    return body
