"""Throttles of REST methods: the closest setting decides alone, and the account's limits are none of a method's own."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.config.api import Limits
from sekisho.config.method_throttle import compile_method_throttle


def row(rate: float, burst: int) -> dict[str, Any]:
    return {"throttlingRateLimit": rate, "throttlingBurstLimit": burst}


def test_the_closest_setting_decides_alone() -> None:
    settings = {"*/*": row(1, 1), "*/GET": row(2, 2), "~1pets/*": row(3, 3), "~1pets/PUT": row(10000, 5000)}

    def rate(path: str, verb: str) -> float | None:
        found = compile_method_throttle(settings, path, verb).get(verb)
        return found.limits.rate if found else None

    assert (rate("/x", "POST"), rate("/x", "GET"), rate("/pets", "GET"), rate("/pets", "PUT")) == (1, 2, 3, None)
    assert compile_method_throttle(settings, "/x", "ANY")["GET"].setting == "*/GET"
    assert len(compile_method_throttle(settings, "/x", "ANY")) == 7


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        (row(10000.0, 5000), None),
        (row(-1, -1), None),
        (row(-1, 5), Limits(10000.0, 5)),
        (row(0, 0), Limits(0.0, 0)),
        ({"loggingLevel": "INFO"}, None),
    ],
)
def test_limits_of_the_account_are_not_compiled(given: dict[str, Any], limits: Limits | None) -> None:
    found = compile_method_throttle({"*/*": given}, "/", "GET")
    assert (found["GET"].limits if found else None) == limits
