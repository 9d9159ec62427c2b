"""JSON Schema draft 4, as far as API Gateway's models use it: a document and a value → the first problem.

Total over hostile schemas and values: references end after a fixed depth, patterns run on a linear-time engine, and
what cannot be understood is a problem, not a pass.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

from sekisho.config.patterns import PatternRefused, compile_search

MAX_DEPTH = 64
MAX_STEPS = 200_000
"""Schemas that branch into themselves would otherwise take for ever."""
MODELS = "/models/"

Models = Mapping[str, Any]
"""Model name → parsed schema: what ``https://apigateway.amazonaws.com/restapis/{api}/models/{name}`` refers to."""

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


def problem(schema: Any, value: Any, models: Models) -> str | None:
    """What is wrong with ``value``, or None."""
    return next(_problems(schema, value, schema, _Run(models), 0), None)


class _Run:
    """One validation: the models that references lead to, and how much was done."""

    __slots__ = ("models", "steps")

    def __init__(self, models: Models) -> None:
        self.models = models
        self.steps = 0


def _problems(schema: Any, value: Any, root: Any, run: _Run, depth: int) -> Iterator[str]:
    run.steps += 1
    if depth > MAX_DEPTH or run.steps > MAX_STEPS:
        yield "schema is nested too deeply"
        return
    if not isinstance(schema, dict):
        yield "schema is not an object"
        return
    pointer = schema.get("$ref")
    if isinstance(pointer, str):
        target, base = _follow(pointer, root, run.models)
        if target is None:
            yield f"reference {pointer} leads nowhere"
        else:
            yield from _problems(target, value, base, run, depth + 1)
        return
    yield from _type(schema, value)
    yield from _enum(schema, value)
    yield from _combined(schema, value, root, run, depth + 1)
    if isinstance(value, dict):
        yield from _object(schema, value, root, run, depth + 1)
    elif isinstance(value, list):
        yield from _array(schema, value, root, run, depth + 1)
    elif isinstance(value, str):
        yield from _string(schema, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(schema, value)


def _follow(pointer: str, root: Any, models: Models) -> tuple[Any, Any]:
    """What a reference leads to, and the document that its own references are relative to."""
    if not pointer.startswith("#"):
        before, found, rest = pointer.partition(MODELS)
        name, _, fragment = rest.partition("#")
        root = models.get(name) if found and before.startswith("https://apigateway.amazonaws.com/") else None
        pointer = "#" + fragment
    here = root
    for part in pointer[1:].strip("/").split("/") if pointer not in ("#", "#/") else ():
        here = here.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(here, dict) else None
    return here, root


def _type(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    wanted = schema.get("type")
    if wanted is None:
        return
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(isinstance(name, str) and name in TYPES and TYPES[name](value) for name in names):
        actual = next(name for name in ("null", "boolean", "integer", "number", *TYPES) if TYPES[name](value))
        allowed = ",".join(f'"{name}"' for name in names)
        yield f"instance type ({actual}) does not match any allowed primitive type (allowed: [{allowed}])"


def _enum(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    allowed = schema.get("enum")
    if isinstance(allowed, list) and not any(equal(each, value) for each in allowed):
        yield f"instance value ({json.dumps(value)}) not found in enum (possible values: {json.dumps(allowed)})"


def equal(one: Any, other: Any) -> bool:
    """JSON equality: true is not 1, and numbers compare by value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(each, other[name]) for name, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def _combined(schema: Mapping[str, Any], value: Any, root: Any, run: _Run, depth: int) -> Iterator[str]:
    def fits(each: Any) -> bool:
        return next(_problems(each, value, root, run, depth), None) is None

    for each in _list(schema, "allOf"):
        yield from _problems(each, value, root, run, depth)
    anyone = _list(schema, "anyOf")
    if anyone and not any(map(fits, anyone)):
        yield "instance failed to match at least one required schema among " + str(len(anyone))
    exactly = _list(schema, "oneOf")
    if exactly:
        matched = sum(map(fits, exactly))
        if matched != 1:
            yield f"instance failed to match exactly one schema (matched {matched} out of {len(exactly)})"
    if "not" in schema and fits(schema["not"]):
        yield "instance matched a schema which it should not have"


def _object(schema: Mapping[str, Any], value: dict[str, Any], root: Any, run: _Run, depth: int) -> Iterator[str]:
    missing = [name for name in _list(schema, "required") if name not in value]
    if missing:
        yield f"object has missing required properties ({json.dumps(missing, separators=(',', ':'))})"
    if _limit(schema, "minProperties", 0) > len(value):
        yield "object has too few properties"
    if _limit(schema, "maxProperties", len(value)) < len(value):
        yield "object has too many properties"
    properties = _map(schema, "properties")
    patterns = _map(schema, "patternProperties")
    others = schema.get("additionalProperties", True)
    extra = []
    for name, each in value.items():
        known = [properties[name]] if name in properties else []
        known += [inner for pattern, inner in patterns.items() if _search(pattern, name)]
        for inner in known:
            yield from _problems(inner, each, root, run, depth)
        if not known:
            extra.append(name)
            if isinstance(others, dict):
                yield from _problems(others, each, root, run, depth)
    if others is False and extra:
        names = json.dumps(sorted(extra), separators=(",", ":"))
        yield f"object instance has properties which are not allowed by the schema: {names}"
    for name, needed in _map(schema, "dependencies").items():
        if name in value and isinstance(needed, list) and any(each not in value for each in needed):
            yield f"property {name} of object has missing property dependencies"
        elif name in value and isinstance(needed, dict):
            yield from _problems(needed, value, root, run, depth)


def _array(schema: Mapping[str, Any], value: list[Any], root: Any, run: _Run, depth: int) -> Iterator[str]:
    if _limit(schema, "minItems", 0) > len(value):
        yield "array is too short"
    if _limit(schema, "maxItems", len(value)) < len(value):
        yield "array is too long"
    if schema.get("uniqueItems") is True:
        spelled = {json.dumps(each, sort_keys=True) for each in value}
        if len(spelled) != len(value):
            yield "array must not contain duplicate elements"
    items = schema.get("items")
    if isinstance(items, dict):
        for each in value:
            yield from _problems(items, each, root, run, depth)
    elif isinstance(items, list):
        for inner, each in zip(items, value, strict=False):
            yield from _problems(inner, each, root, run, depth)
        others = schema.get("additionalItems", True)
        if others is False and len(value) > len(items):
            yield "array is too long"
        elif isinstance(others, dict):
            for each in value[len(items) :]:
                yield from _problems(others, each, root, run, depth)


def _string(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    if _limit(schema, "minLength", 0) > len(value):
        yield f'string "{value}" is too short'
    if _limit(schema, "maxLength", len(value)) < len(value):
        yield f'string "{value}" is too long'
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not _search(pattern, value):
        yield f'ECMA 262 regex "{pattern}" does not match input string "{value}"'


def _number(schema: Mapping[str, Any], value: float) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if _is_number(least) and (value < least or (value == least and schema.get("exclusiveMinimum") is True)):
        yield f"numeric instance is lower than the required minimum (minimum: {least}, found: {value})"
    if _is_number(most) and (value > most or (value == most and schema.get("exclusiveMaximum") is True)):
        yield f"numeric instance is greater than the required maximum (maximum: {most}, found: {value})"
    step = schema.get("multipleOf")
    if _is_number(step) and step > 0:
        times = value / step
        if abs(times - round(times)) > 1e-9 * max(1.0, abs(times)):
            yield f"remainder of division is not zero ({value} / {step})"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limit(schema: Mapping[str, Any], name: str, default: int) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _list(schema: Mapping[str, Any], name: str) -> list[Any]:
    value = schema.get(name)
    return value if isinstance(value, list) else []


def _map(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = schema.get(name)
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=512)
def _finder(pattern: str) -> Callable[[str], bool]:
    try:
        return compile_search(pattern)
    except PatternRefused:
        return lambda _: False


def _search(pattern: str, text: str) -> bool:
    return _finder(pattern)(text)
