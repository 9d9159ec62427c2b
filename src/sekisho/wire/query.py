"""The query protocol (iam, sts, cloudformation): form fields in, XML out.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html

Fields are dotted paths: ``Tags.member.1.Key``. They are first folded into a tree of dictionaries, then the tree is read
by the input shape. Fields that no member claims are ignored, as AWS ignores them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from sekisho.wire.message import Unparsable, WireResponse
from sekisho.wire.model import OperationSpec, ServiceModel, Shape
from sekisho.wire.scalars import read_text, write_text

Tree = dict[str, Any]
"""Nested fields: text at the leaves."""

CONTENT_TYPE: Final = "text/xml"


def decode_pairs(text: str) -> list[tuple[str, str]]:
    """``a=1&b=%20`` → pairs, in order; a plus sign is a space."""
    out: list[tuple[str, str]] = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                out.append((unquote_plus(name), unquote_plus(value)))
            else:
                out.append((name, value))
    return out


def decode_segment(text: str) -> str:
    """A path segment, decoded; a plus sign is a plus sign."""
    return unquote(text) if "%" in text else text


def fold(form: Mapping[str, str]) -> Tree:
    """Dotted fields → tree. Raises Unparsable when a field is both a value and a structure."""
    tree: Tree = {}
    for name, value in form.items():
        if "." not in name:
            if type(tree.setdefault(name, value)) is dict and value:
                raise Unparsable("a structure was expected", name)
            continue
        node = tree
        *parents, last = name.split(".")
        for parent in parents:
            below = node.get(parent)
            if type(below) is not dict:
                if below:
                    raise Unparsable("a value was expected", name)
                below = node[parent] = {}
            node = below
        if type(node.get(last)) is dict:
            raise Unparsable("a structure was expected", name)
        node[last] = value
    return tree


def parse(spec: OperationSpec, form: Mapping[str, str]) -> dict[str, Any]:
    """The operation's parameters. Raises Unparsable."""
    shape = spec.input
    if shape is None or not shape.members:
        return {}
    return _read_structure(shape, fold(form), "")


def _read(shape: Shape, node: Any, path: str) -> Any:
    if shape.kind == "structure":
        return _read_structure(shape, node, path)
    if shape.kind == "list":
        return _read_list(shape, node, path, shape.flattened)
    if shape.kind == "map":
        return _read_map(shape, node, path, shape.flattened)
    if type(node) is dict:
        raise Unparsable("a value was expected", path)
    return read_text(shape.kind, node, path)


def _read_structure(shape: Shape, node: Any, path: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if not node:
        return out
    if type(node) is not dict:
        raise Unparsable("a structure was expected", path)
    for member in shape.members:
        below = node.get(member.wire)
        if below is None:
            continue
        where = f"{path}.{member.wire}" if path else member.wire
        kind = member.shape.kind
        if kind == "list":
            out[member.name] = _read_list(member.shape, below, where, member.flattened)
        elif kind == "map":
            out[member.name] = _read_map(member.shape, below, where, member.flattened)
        else:
            out[member.name] = _read(member.shape, below, where)
    return out


def _numbered(node: Any, inner: str, path: str) -> list[Any]:
    """The children ``1``, ``2`` … (below ``inner``, unless it is empty) in numeric order."""
    if not node:
        return []
    if type(node) is dict and inner:
        node = node.get(inner) or {}
    if type(node) is not dict or not all(number.isascii() and number.isdigit() and len(number) < 10 for number in node):
        raise Unparsable("a list was expected", path)
    return [node[number] for number in sorted(node, key=int)]


def _read_list(shape: Shape, node: Any, path: str, flattened: bool) -> list[Any]:
    items = _numbered(node, "" if flattened else shape.element_wire, path)
    return [_read(shape.element, item, f"{path}.{number}") for number, item in enumerate(items, 1)]


def _read_map(shape: Shape, node: Any, path: str, flattened: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for entry in _numbered(node, "" if flattened else "entry", path):
        if type(entry) is not dict or type(entry.get(shape.key_wire)) is not str:
            raise Unparsable("a map was expected", path)
        name = entry[shape.key_wire]
        out[name] = _read(shape.value, entry.get(shape.value_wire, ""), f"{path}.{name}")
    return out


_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPES: Final[Mapping[str, str]] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def escape(text: str) -> str:
    """Text for an XML element. A carriage return is kept as a reference; characters XML cannot hold become U+FFFD."""
    if _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(lambda match: _ESCAPES.get(match.group(), "\ufffd"), text)


def serialize(spec: OperationSpec, output: Mapping[str, Any], request_id: str) -> WireResponse:
    """A result as AWS spells it: ``<XResponse><XResult>…</XResult><ResponseMetadata>…``."""
    out = [f'<{spec.name}Response xmlns="{spec.model.xmlns}">']
    shape = spec.output
    if shape is not None:
        out.append(f"<{spec.result_wrapper}>" if spec.result_wrapper else "")
        _write_members(out, shape, output, _time_style(spec.model))
        out.append(f"</{spec.result_wrapper}>" if spec.result_wrapper else "")
    out.append(
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{spec.name}Response>",
    )
    return _response(200, out, request_id)


def serialize_error(model: ServiceModel | None, code: str, message: str, status: int, request_id: str) -> WireResponse:
    """``<ErrorResponse><Error><Type>Sender</Type>…``."""
    xmlns = f' xmlns="{model.xmlns}"' if model is not None else ""
    out = [
        f"<ErrorResponse{xmlns}><Error><Type>{'Sender' if status < 500 else 'Receiver'}</Type>",
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>",
        f"<RequestId>{request_id}</RequestId></ErrorResponse>",
    ]
    return _response(status, out, request_id)


def _response(status: int, out: list[str], request_id: str) -> WireResponse:
    headers = (("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE))
    return WireResponse(status, headers, "".join(out).encode("utf-8"))


def _time_style(model: ServiceModel) -> str:
    """IAM and STS show whole seconds; CloudFormation shows milliseconds."""
    return "iso8601ms" if model.name == "cloudformation" else "iso8601"


def _write_members(out: list[str], shape: Shape, value: Mapping[str, Any], style: str) -> None:
    for member in shape.members:
        below = value.get(member.name)
        if below is not None:
            _write(out, member.wire, member.shape, below, style, member.flattened)


def _write(out: list[str], tag: str, shape: Shape, value: Any, style: str, flattened: bool = False) -> None:
    writer = _WRITERS.get(shape.kind)
    if writer is None:
        out.append(f"<{tag}>{escape(write_text(shape.kind, value, shape.timestamp_format or style))}</{tag}>")
    else:
        writer(out, tag, shape, value, style, flattened)


def _write_structure(out: list[str], tag: str, shape: Shape, value: Any, style: str, flattened: bool) -> None:
    out.append(f"<{tag}>")
    _write_members(out, shape, value, style)
    out.append(f"</{tag}>")


def _write_list(out: list[str], tag: str, shape: Shape, value: Any, style: str, flattened: bool) -> None:
    inner = tag if flattened else shape.element_wire
    if not flattened:
        out.append(f"<{tag}>")
    for item in value:
        _write(out, inner, shape.element, item, style)
    if not flattened:
        out.append(f"</{tag}>")


def _write_map(out: list[str], tag: str, shape: Shape, value: Any, style: str, flattened: bool) -> None:
    inner = tag if flattened else "entry"
    if not flattened:
        out.append(f"<{tag}>")
    for key, item in value.items():
        out.append(f"<{inner}>")
        _write(out, shape.key_wire, shape.key, key, style)
        _write(out, shape.value_wire, shape.value, item, style)
        out.append(f"</{inner}>")
    if not flattened:
        out.append(f"</{tag}>")


_WRITERS: Final[Mapping[str, Callable[[list[str], str, Shape, Any, str, bool], None]]] = {
    "structure": _write_structure,
    "list": _write_list,
    "map": _write_map,
}
