"""The mutable truth: documents under keys, with revisions.

Theory of operation. Every record of the control plane is a JSON document under a five-part key. ``World`` holds the
committed documents in memory; storage holds every revision on disk. An operation never changes ``World``: it writes to
an ``Overlay``, and when it has returned, the edge commits the overlay in this order: storage transaction → ``World`` →
publish → answer. An operation that raises leaves no trace. The same overlay tries remedies without touching anything.

INVARIANT: a document that was put is never mutated; to change one, put a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

Document = Mapping[str, Any]
"""What ``json.dumps`` accepts, with string keys."""

GLOBAL = ""
"""The region of services that have none (IAM, STS sessions)."""


class Partition(NamedTuple):
    """Where one kind of record of one account and region lives: ``(account, region, "lambda", "function")``."""

    account: str
    region: str
    service: str
    kind: str


class Key(NamedTuple):
    """One record. ``id`` may have parts of its own, joined by ``/``, such as ``apiId/stage``."""

    account: str
    region: str
    service: str
    kind: str
    id: str

    @property
    def partition(self) -> Partition:
        """The key without its id."""
        return Partition(self.account, self.region, self.service, self.kind)


class Change(NamedTuple):
    """A document to put under ``key``, or None to delete what is there."""

    key: Key
    document: Document | None


class View(Protocol):
    """Something documents can be read from: the world, or an overlay over it."""

    def get(self, key: Key) -> Document | None:
        """The document under ``key``, or None."""
        ...

    def items(self, partition: Partition) -> Iterator[tuple[str, Document]]:
        """Every ``(id, document)`` of a partition, in ascending order of id."""
        ...

    def partitions(self) -> Iterator[Partition]:
        """Every partition that may hold documents."""
        ...


class World:
    """The committed documents. ``revision`` counts commits and only grows."""

    __slots__ = ("_tables", "revision")

    def __init__(self) -> None:
        self._tables: dict[Partition, dict[str, Document]] = {}
        self.revision = 0

    def get(self, key: Key) -> Document | None:
        table = self._tables.get(key.partition)
        return None if table is None else table.get(key.id)

    def items(self, partition: Partition) -> Iterator[tuple[str, Document]]:
        table = self._tables.get(partition)
        return iter(sorted(table.items())) if table else iter(())

    def partitions(self) -> Iterator[Partition]:
        return iter(list(self._tables))

    def apply(self, changes: Iterable[Change], revision: int) -> None:
        """Make committed changes visible. Only the edge calls this, after storage has them."""
        for key, document in changes:
            table = self._tables.setdefault(key.partition, {})
            if document is None:
                table.pop(key.id, None)
            else:
                table[key.id] = document
        self.revision = revision

    def clear(self) -> None:
        """Forget everything; ``revision`` goes on counting."""
        self._tables.clear()


class Overlay:
    """Uncommitted changes over a view. Reads see the changes; the view below stays as it is."""

    __slots__ = ("_changes", "below", "blobs")

    def __init__(self, below: View) -> None:
        self.below = below
        self._changes: dict[Key, Document | None] = {}
        self.blobs: dict[str, bytes] = {}
        """Large bytes (function code) by hex SHA-256, to be stored before the documents that name them."""

    def get(self, key: Key) -> Document | None:
        if key in self._changes:
            return self._changes[key]
        return self.below.get(key)

    def items(self, partition: Partition) -> Iterator[tuple[str, Document]]:
        mine = {key.id: doc for key, doc in self._changes.items() if key[:4] == partition}
        if not mine:
            return self.below.items(partition)
        merged: dict[str, Document | None] = dict(self.below.items(partition))
        merged.update(mine)
        return iter(sorted((id_, doc) for id_, doc in merged.items() if doc is not None))

    def partitions(self) -> Iterator[Partition]:
        found = dict.fromkeys(self.below.partitions())
        found.update(dict.fromkeys(key.partition for key in self._changes))
        return iter(found)

    def put(self, key: Key, document: Document) -> None:
        """Set the document under ``key``."""
        self._changes[key] = document

    def delete(self, key: Key) -> None:
        """Remove the document under ``key``, if any."""
        self._changes[key] = None

    def changes(self) -> tuple[Change, ...]:
        """What would be committed, in the order of first writing."""
        return tuple(Change(key, document) for key, document in self._changes.items())
