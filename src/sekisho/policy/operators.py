"""Condition operators: one row each, and the prefixes and suffixes that go around them.

Theory of operation. A row names the operator's *family* (how values are read and compared) and whether it is negated.
A family builds a ``Check`` from all policy values at once: True when one of them matches the request's value, False
when none does, None when the request's value is of the wrong type. Everything else is the same for every operator and
stands here once: several policy values are OR-ed; a negated operator holds when *no* value matches; a missing key fails
positive operators and satisfies negated ones; ``IfExists`` turns a missing key into true; ``ForAllValues`` is true and
``ForAnyValue`` false of nothing. A value of the wrong type satisfies neither an operator nor its negation.

A multivalued key under an operator without a set prefix equals no single value.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import operator as compare
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from sekisho.kit.glob import Matcher, compile_tokens
from sekisho.policy.ast import Condition
from sekisho.policy.pattern import ArnPattern, Part, is_static, literal, parts_of, resolve
from sekisho.policy.request import Context
from sekisho.policy.values import read_address, read_base64, read_bool, read_date, read_network, read_number

Check = Callable[[str, Context], bool | None]
"""Does one of the policy's values match the request's? None: the request's value is not of this type."""
Test = Callable[[Context], bool]
"""Does the condition hold?"""
Build = Callable[[tuple[str, ...], bool], Check]
"""Policy values and whether variables are enabled → their check."""


class Quantifier(Enum):
    """The set prefix of an operator."""

    NONE = auto()
    FOR_ALL_VALUES = auto()
    FOR_ANY_VALUE = auto()


class Operator(NamedTuple):
    """A row of ``OPERATORS``."""

    name: str
    build: Build
    negated: bool = False
    variables: bool = False
    """Whether values may hold policy variables."""
    reads: Callable[[str], object] | None = None
    """How the request's value is read, for operators of values with a type; None from it: ill-typed."""


class Applied(NamedTuple):
    """An operator as written in a policy: prefix, row, suffix."""

    row: Operator
    quantifier: Quantifier
    if_exists: bool


def _constant_set(values: frozenset[str], fold: bool) -> Check:
    if fold:
        return lambda value, context: value.lower() in values
    return lambda value, context: value in values


def _string(values: tuple[str, ...], variables: bool, fold: bool = False) -> Check:
    constants: set[str] = set()
    templates: list[list[Part]] = []
    for text in values:
        parts = parts_of(text, variables)
        if is_static(parts):
            text = literal(parts, _NOTHING) or ""
            constants.add(text.lower() if fold else text)
        else:
            templates.append(parts)
    known = _constant_set(frozenset(constants), fold)
    if not templates:
        return known

    def check(value: str, context: Context) -> bool:
        if known(value, context):
            return True
        for parts in templates:
            text = literal(parts, context)
            if text is not None and (text == value or (fold and text.lower() == value.lower())):
                return True
        return False

    return check


def _string_like(values: tuple[str, ...], variables: bool) -> Check:
    matchers: list[Matcher] = []
    templates: list[list[Part]] = []
    for text in values:
        parts = parts_of(text, variables)
        if is_static(parts):
            matchers.append(compile_tokens(resolve(parts, _NOTHING) or []))
        else:
            templates.append(parts)
    if len(matchers) == 1 and not templates:
        only = matchers[0]
        return lambda value, context: only(value)

    def check(value: str, context: Context) -> bool:
        for matcher in matchers:
            if matcher(value):
                return True
        for parts in templates:
            tokens = resolve(parts, context)
            if tokens is not None and compile_tokens(tokens)(value):
                return True
        return False

    return check


def _arn(values: tuple[str, ...], variables: bool) -> Check:
    patterns = [ArnPattern(text, variables) for text in values]

    def check(value: str, context: Context) -> bool | None:
        if _read_arn(value) is None:
            return None
        for pattern in patterns:  # noqa: SIM110  (a generator costs more than the test)
            if pattern.matches(value, context):
                return True
        return False

    return check


def _typed(
    values: tuple[str, ...], variables: bool, read: Callable[[str], Any], test: Callable[[Any, Any], bool] = compare.eq
) -> Check:
    """Families whose values have a type: policy values that cannot be read match nothing."""
    operands = [operand for operand in map(read, values) if operand is not None]

    def check(value: str, context: Context) -> bool | None:
        actual = read(value)
        if actual is None:
            return None
        for operand in operands:  # noqa: SIM110
            if test(actual, operand):
                return True
        return False

    return check


def _bool(values: tuple[str, ...], variables: bool) -> Check:
    known = _string(values, variables, fold=True)
    return lambda value, context: None if read_bool(value) is None else known(value, context)


def _address(values: tuple[str, ...], variables: bool) -> Check:
    networks = [network for network in map(read_network, values) if network is not None]

    def check(value: str, context: Context) -> bool | None:
        address = read_address(value)
        if address is None:
            return None
        version, number = address
        for family, shift, bits in networks:  # noqa: SIM110
            if family == version and number >> shift == bits:
                return True
        return False

    return check


class _Nothing:
    """The context in which static parts are resolved."""

    def get(self, key: str) -> None:
        return None


_NOTHING: Final = _Nothing()


def _number(test: Callable[[Any, Any], bool]) -> Build:
    return partial(_typed, read=read_number, test=test)


def _date(test: Callable[[Any, Any], bool]) -> Build:
    return partial(_typed, read=read_date, test=test)


_folded: Final[Build] = partial(_string, fold=True)
_base64: Final[Build] = partial(_typed, read=read_base64)


def _read_arn(text: str) -> str | None:
    return text if text[:4] == "arn:" else None


OPERATORS: Final[Sequence[Operator]] = (
    Operator("StringEquals", _string, False, True),
    Operator("StringNotEquals", _string, True, True),
    Operator("StringEqualsIgnoreCase", _folded, False, True),
    Operator("StringNotEqualsIgnoreCase", _folded, True, True),
    Operator("StringLike", _string_like, False, True),
    Operator("StringNotLike", _string_like, True, True),
    Operator("NumericEquals", _number(compare.eq), False, reads=read_number),
    Operator("NumericNotEquals", _number(compare.eq), True, reads=read_number),
    Operator("NumericLessThan", _number(compare.lt), False, reads=read_number),
    Operator("NumericLessThanEquals", _number(compare.le), False, reads=read_number),
    Operator("NumericGreaterThan", _number(compare.gt), False, reads=read_number),
    Operator("NumericGreaterThanEquals", _number(compare.ge), False, reads=read_number),
    Operator("DateEquals", _date(compare.eq), False, reads=read_date),
    Operator("DateNotEquals", _date(compare.eq), True, reads=read_date),
    Operator("DateLessThan", _date(compare.lt), False, reads=read_date),
    Operator("DateLessThanEquals", _date(compare.le), False, reads=read_date),
    Operator("DateGreaterThan", _date(compare.gt), False, reads=read_date),
    Operator("DateGreaterThanEquals", _date(compare.ge), False, reads=read_date),
    Operator("Bool", _bool, False, True, read_bool),
    Operator("BinaryEquals", _base64, reads=read_base64),
    Operator("IpAddress", _address, reads=read_address),
    Operator("NotIpAddress", _address, True, reads=read_address),
    Operator("ArnEquals", _arn, False, True, _read_arn),
    Operator("ArnNotEquals", _arn, True, True, _read_arn),
    Operator("ArnLike", _arn, False, True, _read_arn),
    Operator("ArnNotLike", _arn, True, True, _read_arn),
)
NULL: Final = Operator("Null", _bool)
"""``Null`` asks about the key's presence, not its value; it is compiled apart."""

_BY_NAME: Final[Mapping[str, Operator]] = {row.name.lower(): row for row in (*OPERATORS, NULL)}
_PREFIXES: Final[Mapping[str, Quantifier]] = {
    "forallvalues": Quantifier.FOR_ALL_VALUES,
    "foranyvalue": Quantifier.FOR_ANY_VALUE,
}


@lru_cache(maxsize=512)
def applied(name: str) -> Applied | None:
    """The operator that ``name`` (``ForAnyValue:StringLikeIfExists``) spells; None when there is none."""
    prefix, colon, base = name.lower().partition(":")
    quantifier = Quantifier.NONE
    if colon:
        if prefix not in _PREFIXES:
            return None
        quantifier = _PREFIXES[prefix]
    else:
        base = prefix
    if base.endswith("ifexists"):
        row = _BY_NAME.get(base[:-8])
        return None if row is None or row is NULL else Applied(row, quantifier, True)
    row = _BY_NAME.get(base)
    return None if row is None else Applied(row, quantifier, False)


def compile_condition(condition: Condition, variables: bool) -> Test | None:
    """The test of one key of a condition block; None when the operator is unknown: the statement cannot match."""
    known = applied(condition.operator)
    if known is None:
        return None
    row, quantifier, if_exists = known
    key = condition.key.lower()
    if row is NULL:
        return _null(key, condition.values)
    check = row.build(condition.values, variables and row.variables)
    if quantifier is Quantifier.FOR_ALL_VALUES:
        return _for_all(key, check, row.negated)
    if quantifier is Quantifier.FOR_ANY_VALUE:
        return _for_any(key, check, row.negated, if_exists)
    return _single(key, check, row.negated, if_exists)


def _single(key: str, check: Check, negated: bool, if_exists: bool) -> Test:
    absent, wanted = negated or if_exists, not negated

    def test(context: Context) -> bool:
        value = context.get(key)
        if isinstance(value, str):
            return check(value, context) is wanted
        return negated if value else absent

    return test


def _for_all(key: str, check: Check, negated: bool) -> Test:
    wanted = not negated

    def test(context: Context) -> bool:
        value = context.get(key)
        if isinstance(value, str):
            return check(value, context) is wanted
        return all(check(item, context) is wanted for item in value or ())

    return test


def _for_any(key: str, check: Check, negated: bool, if_exists: bool) -> Test:
    wanted = not negated

    def test(context: Context) -> bool:
        value = context.get(key)
        if isinstance(value, str):
            return check(value, context) is wanted
        if not value:
            return if_exists
        return any(check(item, context) is wanted for item in value)

    return test


def _null(key: str, values: tuple[str, ...]) -> Test:
    """``true`` holds of an absent (or empty) key, ``false`` of a present one."""
    wanted = {flag for flag in map(read_bool, values) if flag is not None}

    def test(context: Context) -> bool:
        value = context.get(key)
        return (value is None or value == ()) in wanted

    return test
