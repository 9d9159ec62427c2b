"""How condition operators read values: numbers, dates, addresses, booleans, binary. None: not of that type.

Requests repeat themselves (the same address, the same second), so the costlier readers remember recent answers.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_LONGEST: Final = 64
"""Characters of the longest number, date or address that is read: Python's own parsers are not linear in length."""
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\Z")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z")
_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?\Z"
)
_BOOLEANS: Final = {"true": True, "false": False}


def read_bool(text: str) -> bool | None:
    """``true`` or ``false``, whatever the case."""
    return _BOOLEANS.get(text.lower()) if len(text) < 6 else None


@lru_cache(maxsize=1024)
def read_number(text: str) -> int | float | None:
    """An integer or decimal number; equal numbers are equal however they are written."""
    text = text.strip() if len(text) <= _LONGEST else ""
    if not _NUMBER.match(text):
        return None
    return int(text) if _INTEGER.match(text) else float(text)


@lru_cache(maxsize=1024)
def read_date(text: str) -> float | None:
    """A W3C ISO 8601 date (UTC unless it says otherwise; a date alone is its midnight) or epoch seconds."""
    text = text.strip() if len(text) <= _LONGEST else ""
    if _NUMBER.match(text):
        return float(text)
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        )
        return (moment - _EPOCH).total_seconds() + (float(f"0.{fraction}") if fraction else 0.0)
    except (ValueError, OverflowError):
        return None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=4096)
def read_address(text: str) -> tuple[int, int] | None:
    """(4 or 6, the address as a number)."""
    if len(text) > _LONGEST:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


@lru_cache(maxsize=1024)
def read_network(text: str) -> tuple[int, int, int] | None:
    """A CIDR block or a single address: (4 or 6, bits to drop, what remains). Host bits are ignored."""
    if len(text) > _LONGEST:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    shift = network.max_prefixlen - network.prefixlen
    return network.version, shift, int(network.network_address) >> shift


def read_base64(text: str) -> bytes | None:
    """The bytes that ``text`` spells."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
