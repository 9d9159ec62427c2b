"""How much API keys have used: counters of one server, in memory.

Quotas are counted in calendar periods of UTC: a day, a week from Monday, a month. A quota counts from when it was set,
so traffic before that is not charged (vector apikeys/quota-added-later); one counter serves all stages of a plan, and
each key has its own (vector apikeys/quota-shared-across-stages). Counters begin anew with the server.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from sekisho.config.api_keys import Quota

MAX_COUNTERS: Final = 65536
MAX_DAYS: Final = 366
"""Days that GetUsage can look back."""

Who = tuple[str, str]
"""Plan, key."""


class Counter:
    """What one key has used of one plan."""

    __slots__ = ("days", "period", "since", "used")

    def __init__(self) -> None:
        self.since = 0.0
        self.period = ""
        """First day of the period that ``used`` counts."""
        self.used = 0
        self.days: dict[str, tuple[int, int]] = {}
        """Day → requests, and what was left at its end; the latest last."""


class Usage:
    """Counters by plan and key."""

    __slots__ = ("_counters",)

    def __init__(self) -> None:
        self._counters: dict[Who, Counter] = {}

    def clear(self) -> None:
        self._counters.clear()

    def used(self, who: Who, quota: Quota, now: float) -> int:
        """Requests that are charged to the period at ``now``, an offset included."""
        counter = self._counters.get(who)
        period = first_day(quota.period, now)
        if counter is not None and counter.period == period and counter.since == quota.since:
            return counter.used
        return quota.offset if first_day(quota.period, quota.since) == period else 0

    def take(self, who: Who, quota: Quota | None, now: float) -> bool:
        """Whether the quota admits one more request, which then is counted."""
        used = 0
        if quota is not None:
            used = self.used(who, quota, now)
            if used >= quota.limit:
                return False
        self._set(who, quota, used + 1, now, 1)
        return True

    def leave(self, who: Who, quota: Quota, remaining: int, now: float) -> None:
        """UpdateUsage: so many requests are left until the period ends."""
        self._set(who, quota, quota.limit - remaining, now, 0)

    def _set(self, who: Who, quota: Quota | None, used: int, now: float, requests: int) -> None:
        counter = self._counters.get(who)
        if counter is None:
            if len(self._counters) >= MAX_COUNTERS:
                del self._counters[next(iter(self._counters))]
            counter = self._counters[who] = Counter()
        left = 0
        if quota is not None:
            counter.period, counter.since, counter.used = first_day(quota.period, now), quota.since, used
            left = quota.limit - used
        day = first_day("DAY", now)
        counter.days[day] = (counter.days.get(day, (0, 0))[0] + requests, left)
        if len(counter.days) > MAX_DAYS:
            del counter.days[next(iter(counter.days))]

    def between(self, who: Who, quota: Quota | None, start: str, end: str) -> list[list[int]]:
        """``[used, remaining]`` of each day from ``start`` to ``end`` (``YYYY-MM-DD``, both included)."""
        counter = self._counters.get(who)
        known = counter.days if counter is not None else {}
        limit = quota.limit if quota is not None else 0
        period, left = "", limit
        rows = []
        for number in range(date.fromisoformat(start).toordinal(), date.fromisoformat(end).toordinal() + 1):
            began = _first_day(quota.period, number - _EPOCH) if quota is not None else ""
            if began != period:
                period, left = began, limit
            requests, left = known.get(date.fromordinal(number).isoformat(), (0, left))
            rows.append([requests, left])
        return rows


def first_day(period: str, now: float) -> str:
    """The first day (UTC, ``YYYY-MM-DD``) of the ``DAY``, ``WEEK`` or ``MONTH`` at ``now``."""
    return _first_day(period, int(now // 86400))


@lru_cache(maxsize=1024)
def _first_day(period: str, number: int) -> str:
    """The same for the day with this number since the epoch."""
    day = date.fromordinal(_EPOCH + number)
    if period == "WEEK":
        day = date.fromordinal(max(1, _EPOCH + number - day.weekday()))
    elif period == "MONTH":
        day = day.replace(day=1)
    return day.isoformat()


_EPOCH: Final = date(1970, 1, 1).toordinal()
