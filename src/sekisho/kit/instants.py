"""The spellings of time that AWS uses, from a float of epoch seconds. Nothing here reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class _Second:
    """The last second that was spelled: moments come in clusters."""

    __slots__ = ("second", "text")

    def __init__(self) -> None:
        self.second = -1
        self.text = ""


_last: Final = _Second()


def clf(now: float) -> str:
    """Common Log Format, ``10/Oct/2023:01:01:01 +0000``: ``$context.requestTime``."""
    second = int(now)
    if second == _last.second:
        return _last.text
    t = datetime.fromtimestamp(second, UTC)
    text = f"{t.day:02d}/{_MONTHS[t.month - 1]}/{t.year:04d}:{t.hour:02d}:{t.minute:02d}:{t.second:02d} +0000"
    _last.second, _last.text = second, text
    return text


def iso(now: float) -> str:
    """``2023-10-10T01:01:01Z``: IAM, STS and CloudFormation times."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(now: float) -> str:
    """``2023-10-10T01:01:01.250+0000``: Lambda's ``LastModified``."""
    t = datetime.fromtimestamp(now, UTC)
    return f"{t.strftime('%Y-%m-%dT%H:%M:%S')}.{t.microsecond // 1000:03d}+0000"


def amz(now: float) -> str:
    """``20231010T010101Z``: the basic format of SigV4."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y%m%dT%H%M%SZ")


def http_date(now: float) -> str:
    """``Tue, 10 Oct 2023 01:01:01 GMT``: the ``Date`` header field."""
    t = datetime.fromtimestamp(int(now), UTC)
    day = f"{_DAYS[t.weekday()]}, {t.day:02d} {_MONTHS[t.month - 1]} {t.year}"
    return f"{day} {t.hour:02d}:{t.minute:02d}:{t.second:02d} GMT"


def millis(now: float) -> int:
    """Whole milliseconds since the epoch."""
    return int(now * 1000)
