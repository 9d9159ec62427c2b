"""Patterns of the service models, which are Java's, as Python's.

They differ in Unicode categories (``\\p{L}``), which Python does not have, in possessive forms that no model uses,
and in ``[\\w-_]``, where Java takes the hyphen literally. A pattern that still does not compile is not enforced;
``untranslatable`` lists those, and a test holds the list empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_SPACES: Final = "\\x20\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"

_CATEGORIES: Final = (
    # Every model that uses categories allows letters, numbers and the underscore together, which is Python's \w.
    (re.compile(r"\\p\{(?:L|N)\}"), r"\\w"),
    (re.compile(r"\\p\{Z\}"), _SPACES.replace("\\", "\\\\")),
    (re.compile(r"(\\[wds])-(?=[^\]])"), r"\1\\-"),
    (re.compile(r"\\[Zz]$"), r"\\Z"),
)

LONGEST: Final = 16_384
"""Text longer than this is not matched against patterns: its length is refused on its own, or the service judges it."""


def translate(pattern: str) -> str:
    """A model's pattern in Python's syntax."""
    for found, instead in _CATEGORIES:
        pattern = found.sub(instead, pattern)
    return pattern


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern ready to be matched whole, or None when it is not expressible."""
    try:
        return re.compile(translate(pattern))
    except re.error:
        return None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` matches, as AWS requires."""
    if len(text) > LONGEST:
        return True
    ready = compiled(pattern)
    return ready is None or ready.fullmatch(text) is not None


def untranslatable(patterns: Iterable[str]) -> list[str]:
    """Those of ``patterns`` that would not be enforced."""
    return [pattern for pattern in patterns if compiled(pattern) is None]
