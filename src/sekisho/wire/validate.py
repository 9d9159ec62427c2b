"""Constraints of the models, checked on parsed parameters, in AWS's words.

``2 validation errors detected: Value 'x' at 'roleName' failed to satisfy constraint: Member must …; Value null at …``.
Scalars inside lists and maps are reported at the list or map (``Member must satisfy constraint: [Member must …, …]``),
members of structures inside lists by their position (``tags.1.member.key``).

Recorded texts: https://github.com/aws/aws-cli/issues/3229, https://github.com/aws/aws-sdk-ruby/issues/1036 (API
Gateway's ``putIntegrationInput.type``), https://github.com/awslabs/amazon-redshift-monitoring/pull/25 (Lambda's
runtimes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sekisho.wire.message import WireError
from sekisho.wire.model import OperationSpec, Shape
from sekisho.wire.patterns import matches

_CODES: Final[Mapping[str, str]] = {
    "apigateway": "ValidationException",
    "apigatewayv2": "BadRequestException",
    "cloudformation": "ValidationError",
    "iam": "ValidationError",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "sts": "ValidationError",
}

_NOT_NULL: Final = "Member must not be null"
_NUMBERS: Final = ("integer", "long", "float", "double")


def validate(spec: OperationSpec, params: Mapping[str, Any]) -> WireError | None:
    """The error that AWS answers ``params`` with, or None when they satisfy the model."""
    shape = spec.input
    if shape is None:
        return None
    if spec.service == "lambda":
        refused = _lambda_runtime(shape, params)
        if refused is not None:
            return refused
    problems: list[str] = []
    # API Gateway's paths begin with the input itself: 'putIntegrationInput.type'.
    prefix = f"{spec.name[0].lower()}{spec.name[1:]}Input." if spec.service == "apigateway" else ""
    _check_members(shape, params, prefix, problems, _OWN_WORDS.get(spec.service, _NONE))
    if not problems:
        return None
    count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    return WireError(_CODES[spec.service], f"{count} detected: {'; '.join(problems)}", 400)


def _lambda_runtime(shape: Shape, params: Mapping[str, Any]) -> WireError | None:
    """Lambda judges runtimes itself, with a text of its own."""
    member = shape.member("Runtime")
    value = params.get("Runtime")
    if member is None or value is None or value in member.shape.enum_set:
        return None
    allowed = ", ".join(member.shape.enum)
    message = (
        f"Value {value} at 'runtime' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{allowed}] or be a valid ARN"
    )
    return WireError("InvalidParameterValueException", message, 400)


_NONE: Final[frozenset[str]] = frozenset()
_IAM_WORDS: Final = frozenset(
    (
        "AccountAlias",
        "AssumeRolePolicyDocument",
        "GroupName",
        "InstanceProfileName",
        "NewGroupName",
        "NewPath",
        "NewUserName",
        "Path",
        "PolicyDocument",
        "PolicyName",
        "RoleName",
        "UserName",
    )
)
"""Members whose patterns IAM judges in words of its own, not in those of the model.
https://github.com/aws-amplify/amplify-cli/issues/9120"""

_OWN_WORDS: Final[Mapping[str, frozenset[str]]] = {"iam": _IAM_WORDS, "apigateway": frozenset(("responseType",))}
"""Members whose patterns and enums the operation judges. API Gateway names response types without the input, and in an
order of its own (vectors gateway_response_validation/*-wrong-response-type)."""


def _check_members(
    shape: Shape, value: Mapping[str, Any], prefix: str, problems: list[str], own_words: frozenset[str] = _NONE
) -> None:
    for member in shape.members:
        below = value.get(member.name)
        if below is None:
            if member.required:
                problems.append(f"Value null at '{prefix}{member.path}' failed to satisfy constraint: {_NOT_NULL}")
            continue
        inner = member.shape
        kind = inner.kind
        if kind == "structure":
            _check_members(inner, below, f"{prefix}{member.path}.", problems)
        elif kind == "list":
            _check_list(inner, below, prefix + member.path, problems)
        elif kind == "map":
            _check_map(inner, below, prefix + member.path, problems)
        elif member.name in own_words:
            others = [text for text in _broken(inner, below) if not text.startswith((_PATTERN, _ENUM))]
            problems.extend(_problem(inner, below, prefix + member.path, text) for text in others)
        else:
            _report(inner, below, prefix + member.path, problems)


_PATTERN: Final = "Member must satisfy regular expression pattern: "
_ENUM: Final = "Member must satisfy enum value set: "


def _problem(shape: Shape, value: Any, path: str, constraint: str) -> str:
    shown = "" if shape.sensitive or shape.kind == "blob" else f" '{_show(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _report(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    problems.extend(_problem(shape, value, path, constraint) for constraint in _broken(shape, value))


def _show(value: Any) -> str:
    """A value as Java's ``toString`` shows it, cut where it would flood the message."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list):
        text = f"[{', '.join(map(_show, value))}]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{name}={_show(item)}" for name, item in value.items()) + "}"
    else:
        text = "null" if value is None else str(value)
    return text if len(text) <= 2048 else text[:2048]


def _broken(shape: Shape, value: Any) -> list[str]:
    """Constraints of a scalar, or of a list's or map's size, that ``value`` does not satisfy."""
    broken: list[str] = []
    low, high = shape.min, shape.max
    if shape.kind in _NUMBERS:
        if high is not None and value > high:
            broken.append(f"Member must have value less than or equal to {high}")
        if low is not None and value < low:
            broken.append(f"Member must have value greater than or equal to {low}")
        return broken
    if shape.kind in ("string", "blob", "list", "map"):
        if high is not None and len(value) > high:
            broken.append(f"Member must have length less than or equal to {high}")
        if low is not None and len(value) < low:
            broken.append(f"Member must have length greater than or equal to {low}")
    if shape.kind == "string":
        if shape.pattern and not matches(shape.pattern, value):
            broken.append(f"{_PATTERN}{shape.pattern}")
        if shape.enum and value not in shape.enum_set:
            broken.append(f"{_ENUM}[{', '.join(shape.enum)}]")
    return broken


def _constraints(shape: Shape) -> str:
    """All constraints of an element, as a list's or map's message quotes them."""
    rows = []
    measure = "value" if shape.kind in _NUMBERS else "length"
    if shape.max is not None:
        rows.append(f"Member must have {measure} less than or equal to {shape.max}")
    if shape.min is not None:
        rows.append(f"Member must have {measure} greater than or equal to {shape.min}")
    if shape.pattern:
        rows.append(f"{_PATTERN}{shape.pattern}")
    if shape.enum:
        rows.append(f"{_ENUM}[{', '.join(shape.enum)}]")
    return ", ".join([*rows, _NOT_NULL])


def _check_list(shape: Shape, value: list[Any], path: str, problems: list[str]) -> None:
    _report(shape, value, path, problems)
    element = shape.element
    if element.kind == "structure":
        for number, item in enumerate(value, 1):
            if item is None:
                problems.append(f"Value null at '{path}.{number}.member' failed to satisfy constraint: {_NOT_NULL}")
            else:
                _check_members(element, item, f"{path}.{number}.member.", problems)
    elif element.kind in ("list", "map"):
        check = _check_list if element.kind == "list" else _check_map
        for number, item in enumerate(value, 1):
            if item is not None:
                check(element, item, f"{path}.{number}.member", problems)
    elif any(item is None or _broken(element, item) for item in value):
        text = f"Member must satisfy constraint: [{_constraints(element)}]"
        problems.append(_problem(element if element.sensitive else shape, value, path, text))


def _check_map(shape: Shape, value: dict[str, Any], path: str, problems: list[str]) -> None:
    _report(shape, value, path, problems)
    if any(_broken(shape.key, name) for name in value):
        text = f"Map keys must satisfy constraint: [{_constraints(shape.key)}]"
        problems.append(_problem(shape.key, value, path, text))
    inner = shape.value
    if inner.kind == "structure":
        for name, item in value.items():
            if item is not None:
                _check_members(inner, item, f"{path}.{name}.member.", problems)
    elif inner.kind in ("list", "map"):
        check = _check_list if inner.kind == "list" else _check_map
        for name, item in value.items():
            if item is not None:
                check(inner, item, f"{path}.{name}.member", problems)
    elif any(item is not None and _broken(inner, item) for item in value.values()):
        text = f"Map value must satisfy constraint: [{_constraints(inner)}]"
        problems.append(_problem(inner, value, path, text))
