"""A compiled trie over path templates: static child, ``{param}``, ``{proxy+}``; methods with ``ANY``.

REST precedence: static before ``{param}`` before ``{proxy+}``; an exact verb before ``ANY``. A path that reaches a
resource without a fitting method does not fall back to a less specific resource (REST); HTTP APIs do (``backtrack``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Match(NamedTuple, Generic[T]):
    """A route and the raw (still percent-encoded) values of its path parameters."""

    route: T
    parameters: Mapping[str, str]


class _Node(Generic[T]):
    __slots__ = ("children", "greedy", "greedy_name", "methods", "parameter", "parameter_name")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.parameter_name = ""
        self.greedy: _Node[T] | None = None
        self.greedy_name = ""
        self.methods: dict[str, T] = {}


class Router(Generic[T]):
    """Build with ``add``; then only ``match`` is called, by many requests."""

    __slots__ = ("_backtrack", "_root")

    def __init__(self, *, backtrack: bool = False) -> None:
        self._root: _Node[T] = _Node()
        self._backtrack = backtrack

    def add(self, template: str, method: str, route: T) -> None:
        """Add a route; ``template`` begins with ``/``; ``method`` is a verb or ``ANY``."""
        node = self._root
        for part in template.strip("/").split("/") if template.strip("/") else ():
            if part.startswith("{") and part.endswith("+}"):
                if node.greedy is None:
                    node.greedy = _Node()
                node.greedy_name = part[1:-2]
                node = node.greedy
            elif part.startswith("{") and part.endswith("}"):
                if node.parameter is None:
                    node.parameter = _Node()
                node.parameter_name = part[1:-1]
                node = node.parameter
            else:
                node = node.children.setdefault(part, _Node())
        node.methods[method] = route

    def match(self, path: str, method: str) -> Match[T] | None:
        """The best route for a raw path (without stage) and a verb."""
        raise NotImplementedError
