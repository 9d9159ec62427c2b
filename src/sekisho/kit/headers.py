"""HTTP header fields: ordered, with the sender's spelling, looked up without regard to case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final


class Headers:
    """An immutable list of ``(name, value)`` pairs as they arrived (latin-1 text).

    Looking a name up builds an index of lower-case names once; requests that never look pay nothing.
    """

    __slots__ = ("_index", "_size", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs: tuple[tuple[str, str], ...] = tuple(pairs)
        self._index: dict[str, list[str]] | None = None
        self._size = -1

    def index(self) -> dict[str, list[str]]:
        """Lower-case name → values in order of arrival. Callers must not change it."""
        found = self._index
        if found is None:
            found = {}
            for name, value in self.pairs:
                key = name.lower()
                if key in found:
                    found[key].append(value)
                else:
                    found[key] = [value]
            self._index = found
        return found

    @property
    def size(self) -> int:
        """Bytes of all names and values; counted once."""
        size = self._size
        if size < 0:
            size = 0
            for name, value in self.pairs:
                size += len(name) + len(value)
            self._size = size
        return size

    def get(self, name: str) -> str | None:
        """The first value of ``name`` (given in lower case), or None."""
        index = self._index
        if index is None:
            index = self.index()
        values = index.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """Every value of ``name`` (given in lower case), in order."""
        return self.index().get(name) or []

    def __contains__(self, name: str) -> bool:
        return name in self.index()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and other.pairs == self.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"


NO_HEADERS: Final = Headers()
