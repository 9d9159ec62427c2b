"""Paths of rest-json services: a trie per service, built from the models' ``requestUri`` templates.

Paths are split before they are decoded, so that an encoded slash stays inside its label. Trailing slashes do not matter
(Lambda's own paths differ in them). A query part of a template (``?mode=import``) must be present in the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sekisho.wire.model import OperationSpec, ServiceModel
from sekisho.wire.query import decode_pairs, decode_segment


class Leaf(NamedTuple):
    """An operation at the end of a path."""

    spec: OperationSpec
    names: tuple[str, ...]
    """Label names, in the order of the path."""
    literals: tuple[tuple[str, str], ...]
    """Query parameters that the template demands."""
    greedy: bool


class Node:
    """A place in the trie."""

    __slots__ = ("child", "leaves", "literal", "rest")

    def __init__(self) -> None:
        self.literal: dict[str, Node] = {}
        self.child: Node | None = None
        self.leaves: dict[str, list[Leaf]] = {}
        """By method; those with query literals first."""
        self.rest: dict[str, list[Leaf]] = {}
        """By method: leaves whose last label may take several segments."""


class Found(NamedTuple):
    """An operation and its labels, decoded."""

    spec: OperationSpec
    labels: dict[str, str]


class Routes:
    """The paths of one service."""

    __slots__ = ("_root",)

    def __init__(self, model: ServiceModel) -> None:
        self._root = Node()
        for spec in model.operations.values():
            self._add(spec)

    def _add(self, spec: OperationSpec) -> None:
        path, _, query = spec.uri.partition("?")
        node = self._root
        names: list[str] = []
        segments = [segment for segment in path.split("/") if segment]
        for segment in segments:
            if segment.startswith("{"):
                names.append(segment[1:-1].removesuffix("+"))
                node.child = node.child or Node()
                node = node.child
            else:
                node = node.literal.setdefault(segment, Node())
        last = segments[-1] if segments else ""
        # ARNs hold slashes, and not every client encodes them: such a label takes what is left of the path.
        greedy = last.endswith("+}") or (last.startswith("{") and last[1:-1].lower().endswith("arn"))
        leaf = Leaf(spec, tuple(names), tuple(decode_pairs(query)), greedy)
        table = node.leaves.setdefault(spec.method, [])
        table.append(leaf)
        table.sort(key=lambda one: -len(one.literals))
        if greedy:
            node.rest.setdefault(spec.method, []).append(leaf)

    def find(self, method: str, path: str, query: Iterable[tuple[str, str]]) -> Found | None:
        """The operation that ``method path?query`` (path still encoded) means, or None. Literals win over labels,
        and whole matches over labels that take the rest of the path."""
        segments = [segment for segment in path.split("/") if segment]
        given = set(query)
        # Depth-first over at most two choices per segment; templates are short, so a longer path ends early.
        stack: list[tuple[Node, int, tuple[str, ...]]] = [(self._root, 0, ())]
        rest: Found | None = None
        while stack:
            node, index, labels = stack.pop()
            if index == len(segments):
                leaf = _choose(node.leaves.get(method, ()), given)
                if leaf is not None:
                    return _found(leaf, labels)
                continue
            segment = segments[index]
            if rest is None and node.rest:
                leaf = _choose(node.rest.get(method, ()), given)
                if leaf is not None:
                    rest = _found(leaf, (*labels[:-1], "/".join((labels[-1], *segments[index:]))))
            if node.child is not None:
                stack.append((node.child, index + 1, (*labels, segment)))
            literal = node.literal.get(segment) or node.literal.get(decode_segment(segment))
            if literal is not None:
                stack.append((literal, index + 1, labels))
        return rest


def _choose(leaves: Iterable[Leaf], given: set[tuple[str, str]]) -> Leaf | None:
    for leaf in leaves:
        if all(literal in given for literal in leaf.literals):
            return leaf
    return None


def _found(leaf: Leaf, labels: tuple[str, ...]) -> Found:
    return Found(leaf.spec, {name: decode_segment(label) for name, label in zip(leaf.names, labels, strict=True)})
