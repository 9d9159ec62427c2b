"""Counters of API keys: periods of UTC, one for each key and plan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.config.api_keys import Quota
from sekisho.gateway.usage import Usage, first_day

WHO = ("plan", "key")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("period", "moment", "day"),
    [
        ("DAY", "2026-03-01T23:59:59", "2026-03-01"),
        ("WEEK", "2026-03-01T12:00:00", "2026-02-23"),
        ("WEEK", "2026-03-02T00:00:00", "2026-03-02"),
        ("MONTH", "2026-03-31T12:00:00", "2026-03-01"),
    ],
)
def test_periods_begin_at_midnight(period: str, moment: str, day: str) -> None:
    assert first_day(period, at(moment)) == day


def test_a_quota_is_spent_and_comes_back_with_the_next_period() -> None:
    usage, quota = Usage(), Quota(2, 0, "DAY")
    noon, tomorrow = at("2026-03-01T12:00:00"), at("2026-03-02T00:00:00")
    assert [usage.take(WHO, quota, noon) for _ in range(3)] == [True, True, False]
    assert usage.take(("plan", "other"), quota, noon)
    assert usage.take(WHO, quota, tomorrow)
    assert usage.used(WHO, quota, tomorrow) == 1


def test_requests_before_the_quota_are_not_charged() -> None:
    usage, now = Usage(), at("2026-03-01T12:00:00")
    for _ in range(5):
        assert usage.take(WHO, None, now)
    assert usage.take(WHO, Quota(1, 0, "MONTH", now), now)
    assert not usage.take(WHO, Quota(1, 0, "MONTH", now), now + 1)
    assert usage.take(WHO, Quota(1, 0, "MONTH", now + 2), now + 3)


def test_a_raised_limit_goes_on_counting() -> None:
    usage, now = Usage(), at("2026-03-01T12:00:00")
    assert usage.take(WHO, Quota(1, 0, "DAY"), now)
    assert [usage.take(WHO, Quota(2, 0, "DAY"), now) for _ in range(2)] == [True, False]


def test_an_offset_shortens_the_first_period() -> None:
    begun, later = at("2026-03-10T12:00:00"), at("2026-04-01T00:00:00")
    usage, quota = Usage(), Quota(3, 2, "MONTH", begun)
    assert [usage.take(WHO, quota, begun) for _ in range(2)] == [True, False]
    assert [usage.take(WHO, quota, later) for _ in range(4)] == [True, True, True, False]


def test_days_are_told_with_what_was_left() -> None:
    usage, quota = Usage(), Quota(5, 0, "MONTH")
    for day, count in (("2026-03-02", 2), ("2026-03-04", 1)):
        for _ in range(count):
            usage.take(WHO, quota, at(f"{day}T08:00:00"))
    usage.leave(WHO, quota, 9, at("2026-03-04T09:00:00"))
    told = usage.between(WHO, quota, "2026-03-01", "2026-03-05")
    assert told == [[0, 5], [2, 3], [0, 3], [1, 9], [0, 9]]
    assert usage.between(WHO, quota, "2026-03-31", "2026-04-01") == [[0, 5], [0, 5]]
    assert usage.between(("plan", "other"), None, "2026-03-01", "2026-03-01") == [[0, 0]]


@given(
    st.sampled_from(["DAY", "WEEK", "MONTH"]),
    st.integers(0, 8),
    st.lists(st.floats(0, 40 * 86400), max_size=40),
)
def test_no_period_admits_more_than_the_limit(period: str, limit: int, moments: list[float]) -> None:
    usage, start = Usage(), at("2026-02-20T00:00:00")
    admitted: dict[str, int] = {}
    for moment in sorted(moments):
        if usage.take(WHO, Quota(limit, 0, period), start + moment):
            day = first_day(period, start + moment)
            admitted[day] = admitted.get(day, 0) + 1
    assert all(count <= limit for count in admitted.values())
    assert sum(admitted.values()) == sum(
        min(limit, sum(first_day(period, start + each) == day for each in moments))
        for day in {first_day(period, start + each) for each in moments}
    )
