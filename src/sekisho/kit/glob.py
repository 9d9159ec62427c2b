"""IAM wildcards (``*`` any run of characters, ``?`` exactly one) compiled to the cheapest matcher.

Theory of operation. A pattern is a sequence of *tokens*: literal text, ``ANY`` and ``ONE``. Working on tokens, not on
text, is what keeps substituted policy variables harmless: their value becomes a literal token, so a tag value ``*``
widens nothing. Most patterns are a literal, a prefix or a suffix and compile to one string method. The rest are cut at
each ``ANY`` into *runs* of fixed length: the first run is anchored at the start, the last at the end, and the runs
between them are found leftmost, one after the other. Leftmost is enough (a later position never helps the runs that
follow), so there is no backtracking: a hostile pattern costs time linear in the text. Runs that contain ``ONE`` are
searched with the shift-and algorithm, one integer operation per character of text.

Everything else (``[``, ``.``, ``\\`` …) is literal. Comparison is case-sensitive unless asked otherwise.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final


class Wild(Enum):
    """The two wildcards, as tokens."""

    ANY = "*"
    ONE = "?"

    def __repr__(self) -> str:
        return self.name


ANY: Final = Wild.ANY
ONE: Final = Wild.ONE

Token = str | Wild
"""Literal text, ``ANY`` or ``ONE``."""

Matcher = Callable[[str], bool]
"""Whether a text matches, whole."""


def tokens_of(pattern: str) -> list[Token]:
    """The tokens of ``pattern``; runs of ``*`` count as one, empty literals are left out."""
    tokens: list[Token] = []
    start = 0
    for position, char in enumerate(pattern):
        if char not in "*?":
            continue
        if start < position:
            tokens.append(pattern[start:position])
        start = position + 1
        if char == "?":
            tokens.append(ONE)
        elif not tokens or tokens[-1] is not ANY:
            tokens.append(ANY)
    if start < len(pattern):
        tokens.append(pattern[start:])
    return tokens


def has_wildcard(pattern: str) -> bool:
    """Whether ``pattern`` contains ``*`` or ``?``."""
    return "*" in pattern or "?" in pattern


def compile_glob(pattern: str, ignore_case: bool = False) -> Matcher:
    """The matcher of ``pattern``. Compiling is linear in the pattern, matching practically linear in the text."""
    if ignore_case:
        folded = compile_glob(pattern.lower())
        return lambda text: folded(text.lower())
    if not has_wildcard(pattern):
        return pattern.__eq__
    return compile_tokens(tokens_of(pattern))


def compile_tokens(tokens: Iterable[Token]) -> Matcher:
    """The matcher of a sequence of tokens; literal tokens match themselves whatever they contain."""
    runs: list[list[Token]] = [[]]
    for token in tokens:
        if token is ANY:
            if runs[-1] or len(runs) == 1:
                runs.append([])
        elif token != "":
            runs[-1].append(token)
    if any(ONE in run for run in runs):
        return _Runs([_Run(run) for run in runs]).matches
    return _compile_texts(["".join(str(token) for token in run) for run in runs])


def _compile_texts(texts: list[str]) -> Matcher:
    """Matcher of literal runs with ``ANY`` between them."""
    first, last = texts[0], texts[-1]
    if len(texts) == 1:
        return first.__eq__
    if len(texts) == 2:
        if not last:
            return (lambda text: text.startswith(first)) if first else _always
        if not first:
            return lambda text: text.endswith(last)
        least = len(first) + len(last)
        return lambda text: len(text) >= least and text.startswith(first) and text.endswith(last)
    if len(texts) == 3 and not first and not last:
        middle = texts[1]
        return lambda text: middle in text
    return _texts_matcher(first, texts[1:-1], last)


def _texts_matcher(first: str, between: list[str], last: str) -> Matcher:
    head, tail = len(first), len(last)
    least = head + tail + sum(map(len, between))

    def matches(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = head, len(text) - tail
        for run in between:
            found = text.find(run, position, end)
            if found < 0:
                return False
            position = found + len(run)
        return True

    return matches


def _always(_text: str) -> bool:
    return True


class _Run:
    """Consecutive literal and ``ONE`` tokens: a pattern of fixed length."""

    __slots__ = ("_masks", "_others", "length", "literal", "pieces")

    def __init__(self, tokens: list[Token]) -> None:
        self.pieces: list[tuple[int, str]] = []
        offset = 0
        for token in tokens:
            if isinstance(token, str):
                self.pieces.append((offset, token))
                offset += len(token)
            else:
                offset += 1
        self.length = offset
        self.literal = self.pieces[0][1] if len(self.pieces) == 1 and len(self.pieces[0][1]) == offset else None
        self._masks: dict[str, int] | None = None
        self._others = 0

    def at(self, text: str, position: int) -> bool:
        """Whether the run matches at ``position``; the caller has checked that it fits."""
        return all(text.startswith(piece, position + offset) for offset, piece in self.pieces)

    def find(self, text: str, position: int, end: int) -> int:
        """The leftmost place in ``text[position:end]`` where the run matches, or -1."""
        if self.literal is not None:
            return text.find(self.literal, position, end)
        if not self.pieces:
            return position if position + self.length <= end else -1
        return self._shift_and(text, position, end)

    def _shift_and(self, text: str, position: int, end: int) -> int:
        masks = self._masks
        if masks is None:
            masks = self._masks = self._build_masks()
        others, goal, state = self._others, 1 << (self.length - 1), 0
        for index in range(position, end):
            state = ((state << 1) | 1) & masks.get(text[index], others)
            if state & goal:
                return index - self.length + 1
        return -1

    def _build_masks(self) -> dict[str, int]:
        """Character → bit set of the positions where it may stand; ``_others`` for characters not in the pattern."""
        places: dict[str, list[int]] = {}
        free = bytearray(b"\x01") * self.length
        for offset, piece in self.pieces:
            for step, char in enumerate(piece):
                places.setdefault(char, []).append(offset + step)
                free[offset + step] = 0
        self._others = _bits(free)
        masks = {}
        for char, positions in places.items():
            flags = bytearray(free)
            for place in positions:
                flags[place] = 1
            masks[char] = _bits(flags)
        return masks


def _bits(flags: bytearray) -> int:
    """The integer whose bit i is ``flags[i]``."""
    return int(bytes(48 + flag for flag in reversed(flags)), 2)


class _Runs:
    """Matcher of runs of which at least one contains ``ONE``."""

    __slots__ = ("_between", "_first", "_last", "_least")

    def __init__(self, runs: list[_Run]) -> None:
        self._first = runs[0]
        self._last = runs[-1] if len(runs) > 1 else None
        self._between = runs[1:-1]
        self._least = sum(run.length for run in runs)

    def matches(self, text: str) -> bool:
        size = len(text)
        first, last = self._first, self._last
        if size < self._least or not first.at(text, 0):
            return False
        if last is None:
            return size == self._least
        end = size - last.length
        if not last.at(text, end):
            return False
        position = first.length
        for run in self._between:
            found = run.find(text, position, end)
            if found < 0:
                return False
            position = found + run.length
        return True
