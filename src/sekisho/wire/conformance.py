"""Checks of operation tables and their answers against the service models. For tests: nothing here runs in service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from sekisho.wire.model import API_VERSIONS, Models, OperationSpec, Shape

_PLACE = re.compile(r"\{(\w+)\}")
_AMBIENT: Final = frozenset({"account", "region"})


class Row(Protocol):
    """What is looked at of an operation's row."""

    @property
    def service(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def resource(self) -> str | Callable[[Any], str]: ...
    @property
    def action(self) -> str: ...


def check_tables(tables: Mapping[str, Mapping[str, Row]], models: Models) -> list[str]:
    """What is wrong with operation tables (service → name → row); empty when they agree with the models."""
    problems: list[str] = []
    for service, table in tables.items():
        if service not in API_VERSIONS:
            problems.append(f"{service}: there is no model of this service")
            continue
        operations = models.get(service).operations
        for name, row in table.items():
            where = f"{service}:{name}"
            if row.service != service or row.name != name:
                problems.append(f"{where}: the row calls itself {row.service}:{row.name}")
            spec = operations.get(name)
            if spec is None:
                problems.append(f"{where}: the model has no such operation")
                continue
            if spec.unsupported:
                problems.append(f"{where}: {spec.unsupported} are not spoken here")
            problems.extend(f"{where}: {problem}" for problem in _row_problems(row, spec))
    return problems


def _row_problems(row: Row, spec: OperationSpec) -> list[str]:
    problems = []
    if row.action and not re.fullmatch(r"[a-z0-9-]+:\w+", row.action):
        problems.append(f"{row.action!r} is not an action")
    if isinstance(row.resource, str):
        members = {member.name for member in spec.input.members} if spec.input is not None else set()
        problems += [
            f"the resource's {{{place}}} is no member of the input"
            for place in _PLACE.findall(row.resource)
            if place not in members and place not in _AMBIENT
        ]
        if row.resource != "*" and not row.resource.startswith(("arn:", "{")):
            problems.append(f"the resource {row.resource!r} is no ARN")
    return problems


def check_error(service: str, code: str, models: Models) -> str:
    """What is wrong with an error code that an operation of ``service`` answers with; empty when the model knows it."""
    return "" if models.get(service).error(code) is not None else f"{service} has no error called {code}"


def check_output(spec: OperationSpec, output: Mapping[str, Any]) -> list[str]:
    """Members of a result that the model does not know (they would be left out), and values of the wrong type."""
    if spec.output is None:
        return [f"{spec.name} returns nothing, not {sorted(output)}"] if output else []
    problems: list[str] = []
    _check_value(spec.output, output, spec.name, problems)
    return problems


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (bytes, str),
}


def _fits(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_value(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    if not _fits(shape.kind, value):
        problems.append(f"{path}: {type(value).__name__} where a {shape.kind} belongs")
        return
    if shape.kind == "structure":
        known = {member.name: member.shape for member in shape.members}
        for name, item in value.items():
            if name not in known:
                problems.append(f"{path}.{name}: the model has no such member")
            elif item is not None:
                _check_value(known[name], item, f"{path}.{name}", problems)
    elif shape.kind == "list":
        for number, item in enumerate(value):
            _check_value(shape.element, item, f"{path}[{number}]", problems)
    elif shape.kind == "map":
        for name, item in value.items():
            if item is not None:
                _check_value(shape.value, item, f"{path}.{name}", problems)
