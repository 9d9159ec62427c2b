"""The kinds of resource that a set of patterns tells apart, each with an example.

Theory of operation. Whether a statement covers a resource depends on the resource only through which patterns match it.
So the resources fall into finitely many *classes*, and a question about all of them is a question about one example of
each. Every pattern becomes a row of cells (a character, any character, a run of any characters, with or without colons
or slashes); the rows of all patterns lie side by side in the bits of one integer, and a step on a character is three
operations on it (the shift-and algorithm). A breadth-first search over these integers meets the classes, shortest
example first. Wildcards are followed exactly as AWS matches them: ``*`` crosses ``/``, and crosses ``:`` only in the
last segment of an ARN.

The number of states is bounded; ``Classes.complete`` says whether everything was seen. Patterns that hold variables
count as if the variable could be anything: they tell more classes apart than they must, which is harmless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from sekisho.kit.glob import ANY, ONE, tokens_of
from sekisho.policy.pattern import OWN_API, ArnPattern, Part, Variable

MOST_STATES: Final = 20_000
"""States that are looked at; each costs about ten microseconds."""
MOST_CLASSES: Final = 2_000
MOST_WORK: Final = 100_000_000
"""States times bits of a state: very long patterns get fewer states."""


class Span(Enum):
    """What a run of characters may not contain."""

    ANYTHING = ""
    NO_COLON = ":"
    NO_SLASH = ":/"


class Cell(NamedTuple):
    """One place of a pattern: a character, or one (``run``: any number) of those a span admits."""

    char: str
    span: Span
    run: bool


Row = tuple[Cell, ...]


class Classes(NamedTuple):
    """What was found."""

    examples: tuple[str, ...]
    """One text of each class, shortest first."""
    complete: bool
    """False when the search was given up: there may be more classes."""


def row_of(pattern: ArnPattern) -> Row | None:
    """The cells of a resource pattern; None when it matches nothing at all."""
    if pattern.anything:
        return (_run(Span.ANYTHING),)
    if pattern.text.startswith(OWN_API):
        head = [*_text("arn:"), _run(Span.NO_COLON), *_text(":execute-api:"), _run(Span.NO_COLON), *_text(":")]
        path = _cells(tokens_of(pattern.text[len(OWN_API) :]), Span.ANYTHING)
        return (*head, _run(Span.NO_COLON), *_text(":"), _run(Span.NO_SLASH), *_text("/"), *path)
    if len(pattern.segments) != 6:
        return tuple(_cells(pattern.parts, Span.ANYTHING)) if ":" not in pattern.text else None
    cells: list[Cell] = []
    for index, segment in enumerate(pattern.segments):
        if index:
            cells += _text(":")
        cells += _cells(segment, Span.ANYTHING if index == 5 else Span.NO_COLON)
    return tuple(cells)


def shape(text: str) -> Row:
    """Cells of ``text`` in which ``*`` is a run without colons or slashes, at least one character long, and a final
    ``**`` any run."""
    cells: list[Cell] = []
    rest = text.endswith("**")
    for char in text[:-2] if rest else text:
        cells += [Cell("", Span.NO_SLASH, False), _run(Span.NO_SLASH)] if char == "*" else _text(char)
    return tuple([*cells, _run(Span.ANYTHING)] if rest else cells)


def _text(text: str) -> list[Cell]:
    return [Cell(char, Span.ANYTHING, False) for char in text]


def _run(span: Span) -> Cell:
    return Cell("", span, True)


def _cells(parts: Sequence[Part], span: Span) -> list[Cell]:
    cells: list[Cell] = []
    for part in parts:
        if part is ANY or isinstance(part, Variable):
            if not cells or cells[-1] != _run(span):
                cells.append(_run(span))
        elif part is ONE:
            cells.append(Cell("", span, False))
        elif isinstance(part, str):
            cells += _text(part)
    return cells


class _Machine:
    """Rows side by side, as bit masks. Bit ``offset + i``: the first ``i`` cells of the row are matched."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.start = 0
        self.accepts: list[int] = []
        self.lanes: list[int] = []
        """For each row all its bits."""
        self._runs = 0
        """Places of runs; they may also be passed over."""
        self._free = 0
        """Places that take any character but those of ``_barred``."""
        self._barred: dict[str, int] = {":": 0, "/": 0}
        self._singles: dict[str, int] = {}
        self._chars: list[str] = []
        offset = 0
        for row in rows:
            self.start |= 1 << offset
            for place, cell in enumerate(row, offset):
                bit = 1 << place
                self._chars.append(cell.char)
                if cell.char:
                    self._singles[cell.char] = self._singles.get(cell.char, 0) | bit
                    continue
                self._free |= bit
                for char in cell.span.value:
                    self._barred[char] |= bit
                if cell.run:
                    self._runs |= bit
            self._chars.append("")
            self.accepts.append(1 << (offset + len(row)))
            self.lanes.append(((1 << (len(row) + 1)) - 1) << offset)
            offset += len(row) + 1
        self.literal = 0
        for mask in self._singles.values():
            self.literal |= mask
        self.other = next((char for char in "xzqwvkjy0_-" if char not in self._singles), "\u00a4")
        """A character that no row names."""
        self.start = self._pass_over(self.start)

    def _pass_over(self, state: int) -> int:
        while (wider := state | ((state & self._runs) << 1)) != state:
            state = wider
        return state

    def step(self, state: int, char: str) -> int:
        """The state after one more character."""
        free = state & self._free & ~self._barred.get(char, 0)
        return self._pass_over(
            (free & self._runs) | (((free & ~self._runs) | (state & self._singles.get(char, 0))) << 1)
        )

    def choices(self, state: int) -> list[str]:
        """The characters worth trying: the others behave like ``other``."""
        found: list[str] = []
        wanted = state & self.literal
        while wanted:
            low = wanted & -wanted
            char = self._chars[low.bit_length() - 1]
            found.append(char)
            wanted &= ~self._singles[char]
        if state & self._free:
            found.append(self.other)
            found += [char for char in "/:" if char not in found]
        return found


def classes(within: Row, rows: Iterable[Row], shapes: Sequence[Row] = (), most: int = MOST_STATES) -> Classes:
    """The classes into which ``rows`` divide the texts of ``within`` (and of one of ``shapes``, when there are any)."""
    wanted = list(dict.fromkeys(row for row in rows if _may_meet(within, row)))
    machine = _Machine([within, *shapes, *wanted])
    most = min(most, max(500, MOST_WORK // (machine.accepts[-1].bit_length())))
    goal, lane = machine.accepts[0], machine.lanes[0]
    some = machine.accepts[1 : 1 + len(shapes)]
    shape_goals, shape_lanes = sum(some), sum(machine.lanes[1 : 1 + len(shapes)])
    watched = sum(machine.accepts)
    seen = {machine.start}
    queue: deque[tuple[int, tuple[str, object] | None]] = deque([(machine.start, None)])
    found: dict[int, str] = {}
    while queue:
        state, path = queue.popleft()
        if state & goal and (not shapes or state & shape_goals) and state & watched not in found:
            found[state & watched] = _spell(path)
            if len(found) >= MOST_CLASSES:
                return Classes(tuple(found.values()), False)
        for char in machine.choices(state):
            after = machine.step(state, char)
            if not after & lane or (shapes and not after & shape_lanes) or after in seen:
                continue
            if len(seen) >= most:
                return Classes(tuple(found.values()), False)
            seen.add(after)
            queue.append((after, (char, path)))
    return Classes(tuple(found.values()), True)


def _spell(path: object) -> str:
    chars: list[str] = []
    while isinstance(path, tuple):
        char, path = path
        chars.append(char)
    return "".join(reversed(chars))


def _may_meet(one: Row, other: Row) -> bool:
    """Whether the literal beginnings of two rows agree; a quick test that only says no when it is sure."""
    for mine, theirs in zip(one, other, strict=False):
        if mine.run or theirs.run:
            return True
        if mine.char and theirs.char and mine.char != theirs.char:
            return False
    return True


__all__ = ["MOST_STATES", "Classes", "Row", "classes", "row_of", "shape"]
