"""One kind of record of one account and region, as operations see it; and pagination with opaque tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from sekisho.state.world import Document, Key, Overlay, Partition

T = TypeVar("T")


class Table:
    """A partition of an overlay. ``put`` replaces whole documents; nothing is changed in place."""

    __slots__ = ("overlay", "partition")

    def __init__(self, overlay: Overlay, partition: Partition) -> None:
        self.overlay = overlay
        self.partition = partition

    def key(self, id_: str) -> Key:
        return Key(*self.partition, id_)

    def get(self, id_: str) -> dict[str, Any] | None:
        """A shallow copy of the document, free to be changed at its top level and put back."""
        document = self.overlay.get(self.key(id_))
        return None if document is None else dict(document)

    def put(self, id_: str, document: Document) -> None:
        self.overlay.put(self.key(id_), document)

    def delete(self, id_: str) -> None:
        self.overlay.delete(self.key(id_))

    def __contains__(self, id_: str) -> bool:
        return self.overlay.get(self.key(id_)) is not None

    def items(self, prefix: str = "") -> Iterator[tuple[str, Document]]:
        """``(id, document)`` in ascending order of id, those whose id starts with ``prefix``."""
        for id_, document in self.overlay.items(self.partition):
            if id_.startswith(prefix):
                yield id_, document

    def __len__(self) -> int:
        return sum(1 for _ in self.items())


class Page(NamedTuple):
    """A part of a list and the token of the next part, None at the end."""

    items: list[Any]
    token: str | None


class BadToken(ValueError):
    """A pagination token that this server did not issue; the operation answers with its own error."""


def page(items: Iterable[T], limit: int, token: str | None, name: Callable[[T], str]) -> Page:
    """Up to ``limit`` items after the one ``token`` speaks of.

    ``items`` are sorted by ``name``. The token is opaque text over the last name given, so that items created or
    deleted between two calls neither repeat nor hide others. Raises BadToken.
    """
    after: str | None = None
    if token:
        try:
            after = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode("utf-8")
        except (ValueError, UnicodeError) as problem:
            raise BadToken(token) from problem
    out: list[T] = []
    for item in items:
        if after is not None and name(item) <= after:
            continue
        if len(out) == limit:
            return Page(out, base64.urlsafe_b64encode(name(out[-1]).encode("utf-8")).decode("ascii"))
        out.append(item)
    return Page(out, None)
