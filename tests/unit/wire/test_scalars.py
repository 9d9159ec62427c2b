"""Times, numbers and bytes as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.wire.message import Unparsable
from sekisho.wire.scalars import read_blob, read_text, read_time, write_blob, write_text, write_time

NOON = 1_700_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20",
        "2023-11-14T23:13:20+01:00",
        "2023-11-14T22:13:20.000Z",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "1700000000",
        "1.7e9",
    ],
)
def test_times_are_read_in_every_spelling(text: str) -> None:
    assert read_time(text, "t") == NOON


@pytest.mark.parametrize("text", ["", "yesterday", "nan", "inf", "2023-13-01", "-" * 50, "99999999-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unparsable):
        read_time(text, "t")


def test_times_are_written_in_every_style() -> None:
    assert write_time(NOON + 0.25, "iso8601") == "2023-11-14T22:13:20Z"
    assert write_time(NOON + 0.25, "iso8601ms") == "2023-11-14T22:13:20.250Z"
    assert write_time(NOON, "rfc822") == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert write_time(NOON + 0.25, "unixTimestamp") == NOON + 0.25
    assert str(write_time(float(NOON), "unixTimestamp")) == str(NOON)
    assert write_time(datetime.fromtimestamp(NOON, UTC), "iso8601") == "2023-11-14T22:13:20Z"
    assert write_time("as it is", "iso8601") == "as it is"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "-5", -5),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "1.5", 1.5),
        ("boolean", "True", True),
        ("boolean", "false", False),
        ("blob", "AP8=", b"\x00\xff"),
        ("string", "5", "5"),
    ],
)
def test_values_are_read_by_kind(kind: str, text: str, value: object) -> None:
    assert read_text(kind, text, "x") == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "2147483648"),
        ("integer", "5.0"),
        ("integer", "٥"),
        ("integer", ""),
        ("integer", "1" * 5000),
        ("long", "9223372036854775808"),
        ("double", "NaN"),
        ("boolean", "yes"),
        ("blob", "not base64!"),
        ("structure", "x"),
    ],
)
def test_values_of_another_kind_are_refused(kind: str, text: str) -> None:
    with pytest.raises(Unparsable):
        read_text(kind, text, "x")


@given(st.binary())
def test_bytes_come_back(data: bytes) -> None:
    assert read_blob(write_blob(data), "x") == data


@given(st.integers(-(2**31), 2**31 - 1))
def test_integers_come_back(number: int) -> None:
    assert read_text("integer", write_text("integer", number, ""), "x") == number
