"""``policy.values``: what counts as a number, a date, an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.policy.values import read_address, read_base64, read_bool, read_date, read_network, read_number


@given(st.text(max_size=80))
def test_nothing_raises(text: str) -> None:
    for read in (read_address, read_base64, read_bool, read_date, read_network, read_number):
        read(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 10), ("10.0", 10), ("-1", -1), (".5", 0.5), ("1e2", 100), ("10abc", None), ("", None), ("nan", None)],
)
def test_numbers(text: str, number: float | None) -> None:
    assert read_number(text) == number


def test_large_integers_are_exact() -> None:
    assert read_number("9007199254740993") != read_number("9007199254740992")
    assert read_number("1" * 65) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1577836801", 1577836801),
        ("2020-01-01T00:00:01Z", 1577836801),
        ("2016-12-13t2:00:00.593194+23", 1481511600.593194),
        ("2016-12-13t2:00:00.593194+1", None),
        ("2020-02-30", None),
        ("234-13", None),
        ("2020-01-01T00:00:00+99:00", None),
    ],
)
def test_dates(text: str, moment: float | None) -> None:
    assert read_date(text) == (None if moment is None else pytest.approx(moment))


def test_addresses() -> None:
    assert read_address("2001:db8::1") == read_address("2001:0db8:0:0:0:0:0:1")
    assert read_address("203.0.113.256") is None
    assert read_network("10.1.2.3/8") == read_network("10.0.0.0/8")
    assert read_network("0.0.0.0/0") == (4, 32, 0)
    assert read_network("10.0.0.0/33") is None


def test_booleans_and_bytes() -> None:
    assert read_bool("TRUE") is True
    assert read_bool("yes") is None
    assert read_base64("QUJD") == b"ABC"
    assert read_base64("Q") is None
