"""Values inside templates, printed and used as Java would: strings, numbers, booleans, maps and lists.

Theory of operation
-------------------
Templates see Python's ``str``, ``int``, ``float``, ``bool``, ``dict``, ``list`` and ``None``, and the few ``Special``
objects; what they may do with them is listed in tables by exact type. Nothing looks up attributes of Python objects,
so there is no way from a template into the process.

Two kinds of lists exist because AWS has two: those read from JSON print as JSON (``[{"foo":"bar"}]``), those written in
the template print as Java's (``[1, 2]``). Maps print as Java's wherever they are not inside a JSON list.
vectors: vtl/input-path-json-list, vtl/input-path-dict-with-nested-list
"""

from __future__ import annotations

from typing import Any, Final

import orjson

MAX_TEXT: Final = 10_485_760
"""API Gateway's payload limit: nothing that a template makes may be longer."""
MAX_ITEMS: Final = 100_000
_MAX_DEPTH: Final = 100


class TemplateFailure(Exception):
    """Rendering cannot go on. Internal: ``Template.render`` turns it into a TemplateProblem."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class JavaList(list[Any]):
    """A list made by the template."""

    __slots__ = ()


class Special:
    """An object of API Gateway. Unknown properties and methods are null."""

    __slots__ = ()

    def prop(self, name: str) -> Any:
        """``.name``"""
        return None

    def call(self, name: str, arguments: list[Any]) -> Any:
        """``.name(arguments)``"""
        return None


class Nothing(Special):
    """A special object that counts as null where a value is asked for, though its properties may have values."""

    __slots__ = ()


class Entry(Special):
    """One entry of ``map.entrySet()``."""

    __slots__ = ("_key", "_value")

    def __init__(self, key: Any, value: Any) -> None:
        self._key, self._value = key, value

    def prop(self, name: str) -> Any:
        return self._key if name == "key" else self._value if name == "value" else None

    def call(self, name: str, arguments: list[Any]) -> Any:
        if arguments:
            return None
        return self._key if name == "getKey" else self._value if name == "getValue" else None


def text(value: Any) -> str:
    """How a value prints at the top: null prints nothing."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if value is None or (isinstance(value, Special) and not isinstance(value, Entry)):
        return ""
    printed = _java(value, 0)
    if len(printed) > MAX_TEXT:
        raise TemplateFailure("a value is too long")
    return printed


def _java(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return java_double(value)
    if depth > _MAX_DEPTH:
        raise TemplateFailure("a value is nested too deeply")
    if kind is dict:
        return "{" + ", ".join(f"{_java(key, depth + 1)}={_java(item, depth + 1)}" for key, item in value.items()) + "}"
    if kind is JavaList:
        return "[" + ", ".join(_java(item, depth + 1) for item in value) + "]"
    if kind is list:
        return json_text(value)
    if kind is Entry:
        return f"{_java(value.prop('key'), depth + 1)}={_java(value.prop('value'), depth + 1)}"
    return ""


def json_text(value: Any) -> str:
    """A value as JSON, compact."""
    try:
        return orjson.dumps(value, default=text, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError, RecursionError) as problem:
        raise TemplateFailure("a value cannot be written as JSON") from problem


def java_double(value: float) -> str:
    """``Double.toString``: ``1.0``, ``1.0E10``, ``NaN``, ``Infinity``."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        digits = repr(value)
        return digits if "e" not in digits else f"{value:.20f}".rstrip("0")
    mantissa, _, exponent = f"{value:e}".partition("e")
    shortest = repr(value)
    if "e" in shortest:
        mantissa = shortest.partition("e")[0]
    else:
        digits = shortest.lstrip("-").replace(".", "").strip("0") or "0"
        mantissa = ("-" if value < 0 else "") + digits[0] + "." + (digits[1:] or "0")
    if "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}E{int(exponent)}"


def true(value: Any) -> bool:
    """Velocity 1.7: everything but null and false, the empty string included."""
    return not (value is None or value is False or isinstance(value, Nothing))


def equal(left: Any, right: Any) -> bool:
    """``==``: numbers by value, equal types by equality, others by how they print. Null equals the empty string.

    vector: vtl/input-path-empty-body
    """
    left = None if isinstance(left, Nothing) else left
    right = None if isinstance(right, Nothing) else right
    if left is None or right is None:
        return left in (None, "") and right in (None, "")
    if number(left) and number(right):
        return bool(left == right)
    if type(left) is type(right):
        return bool(left == right)
    return text(left) == text(right)


def number(value: Any) -> bool:
    """Whether it is a number (a boolean is none)."""
    return type(value) is int or type(value) is float


def own(value: Any) -> Any:
    """A copy of what belongs to somebody else, so that templates may change it."""
    if type(value) is dict:
        return {key: own(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [own(item) for item in value]
    return value


def bounded_text(value: str) -> str:
    """Text that a template made, if it is not too long."""
    if len(value) > MAX_TEXT:
        raise TemplateFailure("a text is too long")
    return value


def bounded_int(value: int) -> int:
    """A number that fits Java's long."""
    if -(1 << 63) <= value < 1 << 63:
        return value
    raise TemplateFailure("a number is too large")
