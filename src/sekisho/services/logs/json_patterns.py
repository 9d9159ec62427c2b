"""Filter patterns over JSON events: ``{ ($.status = 500) && ($.path = "/pets*") }``.

Theory of operation. A pattern is parsed once, by recursive descent, into nested predicates over a parsed event; an
event that is not a JSON object or array matches nothing. A comparison is false where the selected property is absent.
``[*]`` and ``.*`` select several values, of which one has to satisfy the comparison.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sekisho.config.patterns import PatternRefused, compile_search
from sekisho.services.logs.refusals import invalid

Predicate = Callable[[Any], bool]
Step = str | int
"""A property's name, an element's number, or ``*``."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<selector>\$(?:\.[\w@-]+|\.\*|\[\s*(?:\d+|\*|'[^']*'|"[^"]*")\s*\])*)
    |(?P<sign>&&|\|\||!=|>=|<=|=|>|<|\(|\))
    |"(?P<quoted>(?:[^"\\]|\\.)*)"
    |%(?P<regex>[^%]+)%
    |(?P<word>[^\s"%()=<>!&|${}]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_STEP: Final = re.compile(r"""\.([\w@-]+|\*)|\[\s*(?:(\d+|\*)|'([^']*)'|"([^"]*)")\s*\]""")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_MAX_DEPTH: Final = 32
_ABSENT: Final = object()


def compile_json_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a message matches ``{ … }``. Raises ServiceError for what is malformed."""
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise invalid("Invalid filter pattern")
    parser = _Parser(list(_tokens(text[1:-1])))
    holds = parser.alternatives(0)
    if parser.tokens:
        raise invalid("Invalid filter pattern")

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(event, (dict, list)) and holds(event)

    return matches


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise invalid("Invalid filter pattern")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


class _Parser:
    """``||`` binds weaker than ``&&``; both are weaker than a comparison."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens[::-1]

    def alternatives(self, depth: int) -> Predicate:
        parts = [self.conjunction(depth)]
        while self.accept("sign", "||"):
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else lambda event: any(part(event) for part in parts)

    def conjunction(self, depth: int) -> Predicate:
        parts = [self.condition(depth)]
        while self.accept("sign", "&&"):
            parts.append(self.condition(depth))
        return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)

    def condition(self, depth: int) -> Predicate:
        if self.accept("sign", "("):
            if depth >= _MAX_DEPTH:
                raise invalid("Invalid filter pattern")
            inside = self.alternatives(depth + 1)
            if not self.accept("sign", ")"):
                raise invalid("Invalid filter pattern")
            return inside
        steps = _steps(self.take("selector"))
        if self.accept("word", "IS"):
            return _is(steps, self.take("word"))
        if self.accept("word", "NOT"):
            if not self.accept("word", "EXISTS"):
                raise invalid("Invalid filter pattern")
            return lambda event: all(value is _ABSENT for value in _select(event, steps))
        if self.accept("word", "EXISTS"):
            return lambda event: any(value is not _ABSENT for value in _select(event, steps))
        sign = self.take("sign")
        if not self.tokens:
            raise invalid("Invalid filter pattern")
        test = _comparison(sign, *self.tokens.pop())
        return lambda event: any(value is not _ABSENT and test(value) for value in _select(event, steps))

    def accept(self, kind: str, text: str) -> bool:
        if self.tokens and self.tokens[-1] == (kind, text):
            self.tokens.pop()
            return True
        return False

    def take(self, kind: str) -> str:
        if not self.tokens or self.tokens[-1][0] != kind:
            raise invalid("Invalid filter pattern")
        return self.tokens.pop()[1]


def _steps(selector: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for name, number, single, double in _STEP.findall(selector):
        steps.append(int(number[:9]) if number.isdecimal() else name or number or single or double)
    if len(steps) > _MAX_DEPTH:
        raise invalid("Invalid filter pattern")
    return tuple(steps)


def _select(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*" and isinstance(value, (list, dict)):
        for item in list(value) if isinstance(value, list) else list(value.values()):
            yield from _select(item, rest)
    elif isinstance(step, int):
        yield from _select(value[step], rest) if isinstance(value, list) and step < len(value) else (_ABSENT,)
    else:
        yield from _select(value[step], rest) if isinstance(value, dict) and step in value else (_ABSENT,)


def _is(steps: tuple[Step, ...], what: str) -> Predicate:
    constants: Mapping[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}
    if what not in constants:
        raise invalid("Invalid filter pattern")
    wanted = constants[what]
    return lambda event: any(value is wanted for value in _select(event, steps))


def _comparison(sign: str, kind: str, text: str) -> Predicate:
    """Numbers are compared with numbers, text with text; ``!=`` holds for a value of the other kind."""
    numeric = kind == "word" and _NUMBER.fullmatch(text)
    if sign in _ORDER:
        if not numeric:
            raise invalid("Invalid filter pattern")
        compare, bound = _ORDER[sign], float(text)
        return lambda value: _is_number(value) and compare(value, bound)
    if sign not in ("=", "!=") or kind not in ("word", "quoted", "regex"):
        raise invalid("Invalid filter pattern")
    equal = _equals_number(float(text)) if numeric else _equals_text(kind, text)
    return equal if sign == "=" else lambda value: not equal(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equals_number(wanted: float) -> Predicate:
    return lambda value: _is_number(value) and bool(value == wanted)


def _equals_text(kind: str, text: str) -> Predicate:
    if kind == "regex":
        try:
            search = compile_search(text)
        except PatternRefused as problem:
            raise invalid("Invalid filter pattern") from problem
        return lambda value: isinstance(value, str) and search(value)
    plain = _ESCAPE.sub(r"\1", text) if kind == "quoted" else text
    if "*" not in plain:
        return lambda value: isinstance(value, str) and value == plain
    parts = plain.split("*")
    return lambda value: isinstance(value, str) and _wild(parts, value)


def _wild(parts: list[str], value: str) -> bool:
    """Linear: each inner part is found leftmost after the one before."""
    first, last = parts[0], parts[-1]
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    position, end = len(first), len(value) - len(last)
    for part in parts[1:-1]:
        found = value.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True
