"""The PATCH grammar of API Gateway: a list of ``{op, path, value, from}`` applied in order to one document.

Theory of operation. Every updatable noun has a table of ``Target`` rows: a path, the operations it takes, and how the
text value becomes a member. Paths are JSON pointers whose variable segments are escaped (``~1`` is ``/``, ``~0`` is
``~``). The rows follow https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html. The document is copied
first; either all operations apply or the call fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from sekisho.services.apigateway.errors import bad_request, not_found

Convert = Callable[[str], Any]


class Shape(Enum):
    """What a row's path leads to."""

    MEMBER = "member"
    """A member of the document: ``/name``, ``/accessLogSettings/format``."""
    ENTRY = "entry"
    """A name in a map: ``/variables/{name}``."""
    ITEM = "item"
    """A value in a list, given in the path: ``/binaryMediaTypes/{type}``."""
    VALUES = "values"
    """A list whose items are given as the value: ``/authorizationScopes``."""


class Target(NamedTuple):
    """A row: where a path leads and what may be done there."""

    path: str
    ops: frozenset[str]
    shape: Shape
    convert: Convert
    cleared_by_empty: bool
    """Replacing by an empty text removes the member (credentials, policy)."""


class Operation(NamedTuple):
    """One checked patch operation."""

    op: str
    path: str
    value: str | None
    source: str | None


def text(value: str) -> str:
    return value


def boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise bad_request(f"Invalid boolean value: {value}")
    return value.lower() == "true"


def integer(value: str) -> int:
    try:
        return int(value)
    except ValueError as problem:
        raise bad_request(f"Invalid integer value: {value}") from problem


def decimal(value: str) -> float:
    try:
        number = float(value)
    except ValueError as problem:
        raise bad_request(f"Invalid number value: {value}") from problem
    if number != number or number in (float("inf"), float("-inf")):
        raise bad_request(f"Invalid number value: {value}")
    return number


def one_of(*allowed: str) -> Convert:
    """A text among ``allowed``."""

    def check(value: str) -> str:
        if value not in allowed:
            raise bad_request(f"Invalid value {value!r}. Must be one of: [{', '.join(allowed)}]")
        return value

    return check


def member(path: str, ops: str = "replace", convert: Convert = text, *, cleared_by_empty: bool = False) -> Target:
    """A row for a single member; ``ops`` are separated by blanks."""
    return Target(path, frozenset(ops.split()), Shape.MEMBER, convert, cleared_by_empty)


def entry(path: str, ops: str = "add replace remove", convert: Convert = text) -> Target:
    """A row for the names of a map, ``path`` ending in ``/{name}``."""
    return Target(path, frozenset(ops.split()), Shape.ENTRY, convert, False)


def item(path: str, ops: str = "add remove") -> Target:
    """A row for the values of a list, ``path`` ending in ``/{value}``."""
    return Target(path, frozenset(ops.split()), Shape.ITEM, text, False)


def values(path: str, ops: str = "add remove") -> Target:
    """A row for a list to which the operation's value is added, or from which it is removed."""
    return Target(path, frozenset(ops.split()), Shape.VALUES, text, False)


def operations(raw: Any) -> list[Operation]:
    """``patchOperations`` of a call, checked for form."""
    checked = []
    for each in raw or ():
        if not isinstance(each, Mapping):
            raise bad_request("Invalid patch operation specified")
        path, op = each.get("path"), each.get("op")
        if path is None:
            raise bad_request("Invalid patch path null")  # vector update_gateway_response/update-gateway-no-path
        if op not in ("add", "remove", "replace", "copy", "move", "test"):
            raise bad_request(f"Invalid patch operation specified: {op}")
        value = each.get("value")
        checked.append(Operation(op, str(path), None if value is None else _as_text(value), each.get("from")))
    return checked


def _as_text(value: Any) -> str:
    """Scalars as clients would write them. Raises BadRequestException for maps and lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise bad_request("Invalid patch value specified: only single values can be set")


def unescape(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")


def apply(
    document: Mapping[str, Any],
    asked: Iterable[Operation],
    targets: tuple[Target, ...],
    *,
    wrong_path: Callable[[Operation], str] | None = None,
) -> dict[str, Any]:
    """``document`` with the operations applied, as a new document.

    Raises BadRequestException for a path or operation that no row has; ``wrong_path`` words it for nouns with their
    own wording.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for operation in asked:
        target = find(operation, targets)
        if target is None:
            message = wrong_path(operation) if wrong_path else must_be_one_of(operation, targets)
            raise bad_request(message)
        _apply_one(changed, operation, target)
    return changed


def find(operation: Operation, targets: tuple[Target, ...]) -> Target | None:
    """The row that takes this operation at this path."""
    for target in targets:
        if operation.op in target.ops and _fits(operation.path, target):
            return target
    return None


def bare_wrong_path(operation: Operation) -> str:
    """``Invalid patch path /x``: the wording of integrations and gateway responses (vectors
    update_gateway_response/update-gateway-remove-status-code, failure rest-creds-patch-ops)."""
    return f"Invalid patch path {operation.path}"


def must_be_one_of(operation: Operation, targets: tuple[Target, ...]) -> str:
    allowed = ", ".join(sorted(target.path for target in targets if operation.op in target.ops))
    return f"Invalid patch path  '{operation.path}' specified for op '{operation.op}'. Must be one of: [{allowed}]"


def _fits(path: str, target: Target) -> bool:
    if target.shape in (Shape.MEMBER, Shape.VALUES):
        return path == target.path
    prefix = target.path[: target.path.rindex("{")]
    return path.startswith(prefix) and len(path) > len(prefix) and "/" not in path[len(prefix) :]


def _apply_one(document: dict[str, Any], operation: Operation, target: Target) -> None:
    *parents, last = operation.path[1:].split("/")
    if target.shape is Shape.ITEM:
        _change_list(document, parents, unescape(last), operation, target)
    elif target.shape is Shape.VALUES:
        _change_list(document, [*parents, last], operation.value or "", operation, target)
    elif operation.op == "remove":
        _remove(document, parents, unescape(last), target)
    else:
        value = _value(document, operation, target)
        if value is None:
            _holder(document, parents, create=False).pop(unescape(last), None)
        else:
            _holder(document, parents, create=True)[unescape(last)] = value


def _value(document: dict[str, Any], operation: Operation, target: Target) -> Any:
    if operation.op in ("copy", "move"):
        *parents, last = str(operation.source or "").lstrip("/").split("/")
        holder = _holder(document, parents, create=False)
        if unescape(last) not in holder:
            raise bad_request(f"Invalid patch from path {operation.source}")
        return target.convert(_as_text(holder[unescape(last)]))
    if target.cleared_by_empty and not operation.value:
        return None
    if operation.value is None:
        if target.shape is Shape.ENTRY or target.convert is text:
            return target.convert("")
        raise bad_request(f"Invalid null or empty value in {operation.path}")
    return target.convert(operation.value)


def _remove(document: dict[str, Any], parents: list[str], name: str, target: Target) -> None:
    holder = _holder(document, parents, create=False)
    if name not in holder and target.shape is Shape.ENTRY:
        raise not_found("Invalid parameter name specified")
    holder.pop(name, None)
    if not holder and target.shape is Shape.ENTRY and len(parents) == 1:
        document.pop(parents[0], None)


def _change_list(document: dict[str, Any], path: list[str], value: str, operation: Operation, target: Target) -> None:
    holder = _holder(document, path[:-1], create=True)
    have = list(holder.get(path[-1]) or ())
    if operation.op == "remove":
        have = [each for each in have if each != value]
    elif operation.op == "replace" and target.shape is Shape.ITEM:
        have[_position(have, value, operation)] = operation.value or value
    else:
        given = [value] if target.shape is Shape.ITEM else [part.strip() for part in value.split(",") if part.strip()]
        have += [each for each in dict.fromkeys(given) if each not in have]
    if have:
        holder[path[-1]] = have
    else:
        holder.pop(path[-1], None)


def _position(have: list[str], value: str, operation: Operation) -> int:
    """Of an item that a path names by its value, or by its number (``/endpointConfiguration/types/0``)."""
    if value in have:
        return have.index(value)
    if value.isdecimal() and len(value) < 4 and int(value) < len(have):
        return int(value)
    raise bad_request(bare_wrong_path(operation))


def _holder(document: dict[str, Any], parents: list[str], *, create: bool) -> dict[str, Any]:
    here = document
    for name in parents:
        inner = here.get(unescape(name))
        if not isinstance(inner, dict):
            inner = {}
            if create:
                here[unescape(name)] = inner
        here = inner
    return here
