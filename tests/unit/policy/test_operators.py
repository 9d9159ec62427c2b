"""``policy.operators``: every row, with its negation, its suffix and the set prefixes."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.policy.ast import Condition
from sekisho.policy.operators import OPERATORS, Quantifier, applied, compile_condition
from sekisho.policy.request import MappingContext


def holds(operator: str, values: tuple[str, ...], actual: Any, **others: Any) -> bool:
    context = MappingContext(others if actual is None else {"k": actual, **others})
    test = compile_condition(Condition(operator, "K", values), True)
    assert test is not None
    return test(context)


SAMPLES: dict[str, tuple[str, str, str]] = {
    "String": ("red", "red", "blue"),
    "Numeric": ("10", "10.0", "11"),
    "Date": ("2020-01-01T00:00:01Z", "1577836801", "1577836802"),
    "Bool": ("true", "TRUE", "false"),
    "Binary": ("QUJD", "QUJD", "QUJE"),
    "IpAddress": ("10.0.0.0/8", "10.1.1.1", "11.1.1.1"),
    "NotIpAddress": ("10.0.0.0/8", "10.1.1.1", "11.1.1.1"),
    "Arn": ("arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:1:t", "arn:aws:sns:us-east-1:2:t"),
}
EQUALITIES = [row for row in OPERATORS if "Less" not in row.name and "Greater" not in row.name]


@pytest.mark.parametrize("row", EQUALITIES, ids=lambda row: row.name)
def test_equality_its_negation_and_a_missing_key(row: Any) -> None:
    expected, same, other = next(sample for name, sample in SAMPLES.items() if row.name.startswith(name))
    assert holds(row.name, (expected,), same) is not row.negated
    assert holds(row.name, (expected,), other) is row.negated
    assert holds(row.name, (expected,), None) is row.negated
    assert holds(f"{row.name}IfExists", (expected,), None)
    assert holds(f"{row.name}IfExists", (expected,), other) is row.negated
    assert holds(row.name, ("unreadable", expected), same) is not row.negated


@pytest.mark.parametrize("kind", ["Numeric", "Date"])
def test_orderings(kind: str) -> None:
    answers = [
        [holds(f"{kind}{order}", ("10",), actual) for actual in ("9", "10", "11")]
        for order in ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ]
    assert answers == [[True, False, False], [True, True, False], [False, False, True], [False, True, True]]


@pytest.mark.parametrize(
    ("operator", "value", "actual"),
    [
        ("NumericNotEquals", "10", "many"),
        ("NotIpAddress", "10.0.0.0/8", "abc"),
        ("ArnNotLike", "arn:aws:sns:*:1:t", "t"),
        ("Bool", "false", "no"),
    ],
)
def test_values_of_the_wrong_type_satisfy_nothing(operator: str, value: str, actual: str) -> None:
    assert not holds(operator, (value,), actual)


def test_set_prefixes() -> None:
    assert holds("ForAllValues:StringEquals", ("a", "b"), ["a", "b"])
    assert not holds("ForAllValues:StringEquals", ("a",), ["a", "c"])
    assert holds("ForAllValues:StringEquals", ("a",), None)
    assert holds("ForAllValues:StringNotEquals", ("a",), ["b"])
    assert holds("ForAnyValue:StringEquals", ("a",), ["a", "c"])
    assert not holds("ForAnyValue:StringNotEquals", ("a",), ["a"])
    assert not holds("ForAnyValue:StringNotEquals", ("a",), None)
    assert holds("ForAnyValue:StringEqualsIfExists", ("a",), None)
    assert holds("ForAnyValue:StringEquals", ("a",), "a")
    assert not holds("StringEquals", ("a",), ["a"])


def test_null() -> None:
    assert holds("Null", ("true",), None)
    assert holds("Null", ("true",), [])
    assert holds("Null", ("false",), "x")
    assert not holds("Null", ("maybe",), "x")


def test_variables_in_values() -> None:
    assert holds("StringEquals", ("${t}",), "red", t="red")
    assert holds("StringLike", ("home/${t}/*",), "home/red/x", t="red")
    assert not holds("StringLike", ("${t}",), "red", t="*")
    assert not holds("StringEquals", ("${t}",), "red")
    assert holds("StringNotEquals", ("${t}",), "red")
    assert not holds("NumericEquals", ("${t}",), "10", t="10")
    assert holds("StringEqualsIgnoreCase", ("${t}",), "RED", t="red")
    assert holds("StringEquals", ("a${*}",), "a*")


def test_names() -> None:
    found = applied("forallvalues:stringlikeifexists")
    assert found is not None
    assert (found.row.name, found.quantifier, found.if_exists) == ("StringLike", Quantifier.FOR_ALL_VALUES, True)
    assert applied("NullIfExists") is None
    assert applied("ForSome:StringLike") is None
    assert applied("StringMatches") is None
    assert compile_condition(Condition("StringMatches", "k", ("a",)), True) is None
