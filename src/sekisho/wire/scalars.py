"""Single values as text and numbers: what the protocols share.

Times inside sekisho are floats of epoch seconds; every spelling on the wire is read from and written as below.
https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from sekisho.kit.instants import http_date, iso
from sekisho.wire.message import Unparsable

RANGES: Final[Mapping[str, tuple[int, int]]] = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}

Scalar = str | int | float | bool | bytes


def read_text(kind: str, text: str, path: str) -> Scalar:
    """A value that arrived as text: a form field, a label, a query parameter, a header field. Raises Unparsable."""
    if kind == "string":
        return text
    if kind in RANGES:
        return _integer(kind, text, path)
    if kind == "boolean":
        lowered = text.lower()
        if lowered not in ("true", "false"):
            raise Unparsable(f"{text!r} is not a boolean", path)
        return lowered == "true"
    if kind in ("float", "double"):
        return _number(text, path)
    if kind == "timestamp":
        return read_time(text, path)
    if kind == "blob":
        return read_blob(text, path)
    raise Unparsable("a structure was expected", path)


def _integer(kind: str, text: str, path: str) -> int:
    digits = text[1:] if text[:1] in "+-" else text
    if len(digits) > 19 or not (digits.isascii() and digits.isdigit()):
        raise Unparsable(f"{text[:64]!r} is not an integer", path)
    value = int(text)
    low, high = RANGES[kind]
    if not low <= value <= high:
        raise Unparsable(f"{text} is out of range", path)
    return value


def _number(text: str, path: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise Unparsable(f"{text[:64]!r} is not a number", path) from None
    if not math.isfinite(value):
        raise Unparsable(f"{text!r} is not a finite number", path)
    return value


def read_blob(text: str, path: str) -> bytes:
    """Base64 → bytes. Raises Unparsable."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unparsable("it is not valid base64", path) from None


def read_time(text: str, path: str) -> float:
    """Epoch seconds from ISO 8601, RFC 822 or a number. Raises Unparsable."""
    try:
        return _number(text, path)
    except Unparsable:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            raise Unparsable(f"{text[:64]!r} is not a timestamp", path) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError):
        raise Unparsable(f"{text[:64]!r} is not a timestamp", path) from None


def epoch(value: Any) -> float:
    """The seconds that a result's timestamp means: a number, or an aware datetime."""
    return float(value.timestamp()) if isinstance(value, datetime) else float(value)


def write_time(value: Any, style: str) -> str | int | float:
    """A result's timestamp in ``style``: ``iso8601``, ``iso8601ms``, ``rfc822`` or ``unixTimestamp``.

    Text is taken as already spelled. Epoch seconds are written without a fraction when they are whole, as AWS does.
    """
    if isinstance(value, str):
        return value
    seconds = epoch(value)
    if style == "iso8601":
        return iso(seconds)
    if style == "iso8601ms":
        moment = datetime.fromtimestamp(seconds, UTC)
        return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"
    if style == "rfc822":
        return http_date(seconds)
    return int(seconds) if seconds.is_integer() else round(seconds, 3)


def write_blob(value: Any) -> str:
    """Bytes (or text, as UTF-8) → base64."""
    return base64.b64encode(value.encode() if isinstance(value, str) else bytes(value)).decode("ascii")


def write_text(kind: str, value: Any, style: str) -> str:
    """A scalar as text, in XML and header fields."""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return str(write_time(value, style))
    if kind == "blob":
        return write_blob(value)
    return value if isinstance(value, str) else str(value)
