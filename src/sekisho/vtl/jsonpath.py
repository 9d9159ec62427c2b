"""JSONPath as ``$input.path`` and ``$input.json`` know it (Jayway's), without its functions.

A path compiles once to a tuple of selectors. Definite paths give one value (or MISSING); paths with wildcards, slices,
unions, filters or ``..`` give a list. Work is bounded by ``budget`` visited values.

Source: https://github.com/json-path/JsonPath#operators (as linked by
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MISSING = object()
_MAX_LENGTH = 1000
_MAX_VISITS = 200_000

Selector = Callable[[Any], Iterator[Any]]
Test = Callable[[Any, Any], bool]


class PathProblem(Exception):
    """The text is no JSONPath, or looking it up costs too much."""


class JsonPath(NamedTuple):
    """A compiled path."""

    selectors: tuple[Selector, ...]
    keys: tuple[str | int, ...] | None
    """For definite paths: the keys, for a walk without generators."""
    length: bool
    """Ends with ``.length()``."""

    def find(self, document: Any) -> Any:
        """The value (MISSING when a definite path leads nowhere), or the list of values. Raises PathProblem."""
        found = self._definite(document) if self.keys is not None else self._all(document)
        if self.length:
            return len(found) if isinstance(found, (list, dict, str)) else MISSING
        return found

    def _definite(self, value: Any) -> Any:
        for key in self.keys or ():
            value = _child(value, key)
            if value is MISSING:
                return MISSING
        return value

    def _all(self, document: Any) -> list[Any]:
        values = [document]
        visits = 0
        for select in self.selectors:
            following: list[Any] = []
            for value in values:
                for found in select(value):
                    visits += 1
                    if visits > _MAX_VISITS:
                        raise PathProblem("the path selects too much")
                    following.append(found)
            values = following
        return values


def _child(value: Any, key: str | int) -> Any:
    if isinstance(key, str):
        return value.get(key, MISSING) if isinstance(value, dict) else MISSING
    if isinstance(value, list) and -len(value) <= key < len(value):
        return value[key]
    return MISSING


def compile_path(text: str) -> JsonPath:
    """Raises PathProblem."""
    if len(text) > _MAX_LENGTH:
        raise PathProblem("path too long")
    return _Reader(text.strip()).path()


_NAME = re.compile(r"[^.\[\]()'\"\s,*?@=<>!&|]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_INT = re.compile(r"-?\d{1,9}")
_SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*(?::\s*(-?\d{1,9})?\s*)?\]")
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?")
_COMPARE = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*")


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def _fail(self) -> PathProblem:
        return PathProblem(f"Invalid JSON path: {self._text}")

    def path(self) -> JsonPath:
        if self._text.startswith("$"):
            self._at = 1
        elif self._text:  # a bare name is taken as $.name
            self._text = "." + self._text if not self._text.startswith((".", "[")) else self._text
        else:
            raise self._fail()
        path = self._steps()
        if self._at != len(self._text):
            raise self._fail()
        return path

    def _steps(self) -> JsonPath:
        selectors: list[Selector] = []
        keys: list[str | int] | None = []
        length = False
        while self._at < len(self._text) and not length:
            text, at = self._text, self._at
            if text.startswith("..", at):
                selectors.append(_descend)
                keys = None
                self._at += 1 if not text.startswith("..[", at) else 2
            elif text.startswith(".length()", at):
                self._at += 9
                length = True
            elif text.startswith(".*", at):
                self._at += 2
                selectors.append(_children)
                keys = None
            elif text.startswith(".", at):
                match = _NAME.match(text, at + 1)
                if not match:
                    raise self._fail()
                self._at = match.end()
                selectors.append(_by_keys((match[0],)))
                if keys is not None:
                    keys.append(match[0])
            elif text.startswith("[", at):
                self._at += 1
                key = self._bracket(selectors)
                keys = [*keys, key] if keys is not None and key is not None else None
            else:
                break
        return JsonPath(tuple(selectors), tuple(keys) if keys is not None else None, length)

    def _bracket(self, selectors: list[Selector]) -> str | int | None:
        """What stands between brackets; the key when it is exactly one."""
        text = self._text
        self._blanks()
        if text.startswith("*", self._at):
            self._at += 1
            self._expect("]")
            selectors.append(_children)
            return None
        if text.startswith("?", self._at):
            self._at += 1
            self._expect("(")
            test = self._or()
            self._expect(")")
            self._expect("]")
            selectors.append(_filtered(test))
            return None
        part = _SLICE.match(text, self._at)
        if part:
            self._at = part.end()
            first, last, step = (int(number) if number else None for number in part.groups())
            if step is not None and step <= 0:
                raise self._fail()
            selectors.append(_sliced(slice(first, last, step)))
            return None
        keys = [self._key()]
        while self._text.startswith(",", self._at):
            self._at += 1
            keys.append(self._key())
        self._expect("]")
        selectors.append(_by_keys(tuple(keys)))
        return keys[0] if len(keys) == 1 else None

    def _key(self) -> str | int:
        self._blanks()
        quoted = _QUOTED.match(self._text, self._at)
        number = _INT.match(self._text, self._at)
        if quoted:
            self._at = quoted.end()
            key: str | int = _unquote(quoted)
        elif number:
            self._at = number.end()
            key = int(number[0])
        else:
            raise self._fail()
        self._blanks()
        return key

    def _blanks(self) -> None:
        while self._text.startswith((" ", "\t"), self._at):
            self._at += 1

    def _expect(self, token: str) -> None:
        self._blanks()
        if not self._text.startswith(token, self._at):
            raise self._fail()
        self._at += len(token)
        if token != "]":
            self._blanks()

    # -- filters

    def _or(self) -> Test:
        left = self._and()
        while self._operator("||"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Test:
        left = self._term()
        while self._operator("&&"):
            left = _both(left, self._term())
        return left

    def _operator(self, token: str) -> bool:
        self._blanks()
        if self._text.startswith(token, self._at):
            self._at += len(token)
            return True
        return False

    def _term(self) -> Test:
        self._blanks()
        self._depth += 1
        if self._depth > 50:
            raise self._fail()
        if self._text.startswith("!", self._at):
            self._at += 1
            inner = self._term()
            return lambda root, item: not inner(root, item)
        if self._text.startswith("(", self._at):
            self._at += 1
            inner = self._or()
            self._expect(")")
            return inner
        left = self._operand()
        compare = _COMPARE.match(self._text, self._at)
        if not compare:
            return lambda root, item: left(item) is not MISSING
        self._at = compare.end()
        return _comparison(compare[1], left, self._operand())

    def _operand(self) -> Callable[[Any], Any]:
        self._blanks()
        text, at = self._text, self._at
        if text.startswith("@", at):
            self._at += 1
            path = self._steps()
            if path.keys is None:  # one filter that scans everything below each item would cost the square
                raise PathProblem("wildcards inside of filters are not supported")
            return path.find
        quoted, number = _QUOTED.match(text, at), _NUMBER.match(text, at)
        if quoted:
            self._at = quoted.end()
            return _constant(_unquote(quoted))
        if number:
            self._at = number.end()
            return _constant(float(number[0]) if "." in number[0] else int(number[0]))
        for word, value in (("true", True), ("false", False), ("null", None)):
            if text.startswith(word, at):
                self._at += len(word)
                return _constant(value)
        raise self._fail()


def _unquote(match: re.Match[str]) -> str:
    content = match[1] if match[1] is not None else match[2]
    return re.sub(r"\\(.)", r"\1", content)


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda item: value


def _either(left: Test, right: Test) -> Test:
    return lambda root, item: left(root, item) or right(root, item)


def _both(left: Test, right: Test) -> Test:
    return lambda root, item: left(root, item) and right(root, item)


def _comparison(operator: str, left: Callable[[Any], Any], right: Callable[[Any], Any]) -> Test:
    def test(root: Any, item: Any) -> bool:
        a, b = left(item), right(item)
        if operator in ("==", "!="):
            same = a == b and isinstance(a, bool) == isinstance(b, bool)
            return same if operator == "==" else not same
        comparable = (_is_number(a) and _is_number(b)) or (isinstance(a, str) and isinstance(b, str))
        if not comparable:
            return False
        return bool(
            (operator == "<" and a < b)
            or (operator == "<=" and a <= b)
            or (operator == ">" and a > b)
            or (operator == ">=" and a >= b)
        )

    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# -- selectors


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Any) -> Iterator[Any]:
    """The value and everything below it."""
    pending = [value]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(_children(current))))


def _by_keys(keys: tuple[str | int, ...]) -> Selector:
    def select(value: Any) -> Iterator[Any]:
        for key in keys:
            found = _child(value, key)
            if found is not MISSING:
                yield found

    return select


def _sliced(part: slice) -> Selector:
    def select(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[part]

    return select


def _filtered(test: Test) -> Selector:
    def select(value: Any) -> Iterator[Any]:
        items = value if isinstance(value, list) else [value]
        for item in items:
            if test(value, item):
                yield item

    return select
