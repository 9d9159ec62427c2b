"""The lines of the journal: a log event, with what all events of its stream share said once."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import orjson

_dumps: Final = orjson.dumps


def text_bytes(text: str) -> bytes:
    """``text`` as JSON; lone surrogates become replacement characters."""
    try:
        return _dumps(text)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return orjson.dumps(text.encode("utf-8", "replace").decode("utf-8"))


@lru_cache(maxsize=4096)
def line_prefix(account: str, region: str, group: str, stream: str) -> bytes:
    """The part of a journal line that all events of a stream share."""
    return b"[" + b",".join(text_bytes(part) for part in (account, region, group, stream)) + b","


def event_line(prefix: bytes, timestamp: int, ingestion: int, message: str) -> bytes:
    """A journal line."""
    return b"".join((prefix, f"{timestamp},{ingestion},".encode(), text_bytes(message), b"]\n"))
