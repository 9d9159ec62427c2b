"""Where the statements of a policy document stand in its text, as the policy simulator reports them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"


def statement_spans(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` offsets of every statement of a document that parses, in order; empty for others."""
    try:
        for key, start, end in _members(text, _skip(text, 0)):
            if key == "Statement":
                return list(_elements(text, start)) if text[start] == "[" else [(start, end)]
    except (ValueError, IndexError, RecursionError):
        pass
    return []


def position(text: str, offset: int) -> Mapping[str, int]:
    """Line and column of an offset, both counted from one."""
    line = text.count("\n", 0, offset)
    return {"Line": line + 1, "Column": offset - (text.rfind("\n", 0, offset) + 1) + 1}


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object that begins at ``at``: name, and where the value starts and ends."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
