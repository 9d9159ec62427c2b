from __future__ import annotations

import pytest

from sekisho.functions.concurrency import ACCOUNT_EXCEEDED, RESERVED_EXCEEDED, Limits, may_grow, refusal

LIMITS = Limits(sandboxes=4, burst=8, queue=10)


@pytest.mark.parametrize(
    ("reserved", "in_flight", "queued", "reason"),
    [
        (None, 1000, 9, ""),
        (None, 0, 10, ACCOUNT_EXCEEDED),
        (0, 0, 0, RESERVED_EXCEEDED),
        (2, 1, 0, ""),
        (2, 2, 0, RESERVED_EXCEEDED),
    ],
)
def test_refusal(reserved: int | None, in_flight: int, queued: int, reason: str) -> None:
    assert refusal(LIMITS, reserved, in_flight, queued) == reason


def grows(**changed: float) -> bool:
    facts = {"total": 1, "idle": 0, "own": 1, "starting": 0, "waiting": 1, "age": 0.05} | changed
    return may_grow(LIMITS, **facts)  # type: ignore[arg-type]


def test_the_first_sandbox_starts_at_once() -> None:
    assert grows(own=0, age=0.0)


def test_a_further_one_after_a_short_wait() -> None:
    assert not grows(age=0.005)
    assert grows(age=0.010)


def test_never_more_starts_than_calls_that_wait() -> None:
    assert not grows(starting=1, waiting=1)
    assert grows(starting=1, waiting=2)


def test_beyond_the_machine_only_slowly_and_not_beyond_burst() -> None:
    assert not grows(total=4)
    assert grows(total=4, age=0.1)
    assert not grows(total=8, age=60)


def test_idle_ones_take_no_place_until_all_places_are_taken() -> None:
    assert grows(total=7, idle=4)
    assert not grows(total=7, idle=3)
    assert grows(total=8, idle=5)
    assert grows(total=8, idle=1, age=0.1)
