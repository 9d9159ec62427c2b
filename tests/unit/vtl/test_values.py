from __future__ import annotations

from typing import Any

import pytest

from sekisho.vtl.values import Entry, JavaList, TemplateFailure, equal, java_double, own, text, true


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, ""),
        ("x", "x"),
        (True, "true"),
        (12, "12"),
        ({"a": None, "b": {"c": "d"}}, "{a=null, b={c=d}}"),
        ([{"a": "é"}, None, 1.5], '[{"a":"é"},null,1.5]'),
        ({"a": ["x"]}, '{a=["x"]}'),
        (JavaList([1, "x", ["y"], None]), '[1, x, ["y"], null]'),
        ([JavaList([1])], "[[1]]"),
        (Entry("k", 1), "k=1"),
    ],
)
def test_text(value: Any, printed: str) -> None:
    assert text(value) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (12345678.9, "1.23456789E7"),
        (-1.5e300, "-1.5E300"),
        (100000000.0, "1.0E8"),
        (0.0, "0.0"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_doubles_print_as_javas(value: float, printed: str) -> None:
    assert java_double(value) == printed


def test_truth() -> None:
    values: list[Any] = [None, False, True, "", 0, [], {}]
    assert [true(value) for value in values] == [False, False] + [True] * 5


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (None, None, True),
        (None, "", True),
        (None, "x", False),
        (None, 0, False),
        (None, False, False),
        (1, 1.0, True),
        (1, True, False),
        ("1", 1, True),
        ([1], [1], True),
        ({"a": 1}, "{a=1}", True),
    ],
)
def test_equality(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_deep_values_fail() -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    with pytest.raises(TemplateFailure):
        text(deep)


def test_copies_are_deep() -> None:
    original = {"a": [{"b": 1}]}
    copy = own(original)
    copy["a"][0]["b"] = 2
    assert original == {"a": [{"b": 1}]}
