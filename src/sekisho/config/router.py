"""A compiled trie over path templates: static child, ``{param}``, ``{proxy+}``; methods with ``ANY``.

Theory of operation. Paths stay percent-encoded: nothing here decodes. A leaf keeps the names of the variables on its
way, so two routes may name the same position differently.

REST (the default) commits early: at each segment a static child is taken when there is one, else ``{param}``, else
``{proxy+}``; what was passed over is not tried again, so a path that reaches a resource without a fitting method
matches nothing. One trailing slash and repeated leading slashes do not count; slashes inside do: ``/proxy-value/``
gives ``proxy-value``, ``/a//b`` gives ``a//b`` (vectors ``rest-proxy-event/invocation-payload-with-…-slash``).

HTTP APIs (``backtrack``) look for the most specific route: full matches first, then greedy ones, an exact verb before
``ANY`` on the same path; every slash counts.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

_REMEMBERED: Final = 2048
_REMEMBERED_PATH: Final = 256


class Match(NamedTuple, Generic[T]):
    """A route and the raw (still percent-encoded) values of its path parameters."""

    route: T
    parameters: Mapping[str, str]


class _Leaf(NamedTuple, Generic[T]):
    route: T
    names: tuple[str, ...]


class _Node(Generic[T]):
    __slots__ = ("children", "greedy", "methods", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.greedy: _Node[T] | None = None
        self.methods: dict[str, _Leaf[T]] = {}


class Router(Generic[T]):
    """Build with ``add``; then only ``match`` is called, by many requests."""

    __slots__ = ("_backtrack", "_found", "_root")

    def __init__(self, *, backtrack: bool = False) -> None:
        self._root: _Node[T] = _Node()
        self._backtrack = backtrack
        self._found: dict[tuple[str, str], Match[T]] = {}
        """Answers given, for paths that come again; thrown away when there are many."""

    def add(self, template: str, method: str, route: T) -> None:
        """Add a route; ``template`` begins with ``/``; ``method`` is a verb or ``ANY``."""
        node = self._root
        names: list[str] = []
        for part in self._segments(template):
            if part.startswith("{") and part.endswith("+}"):
                names.append(part[1:-2])
                node.greedy = node.greedy or _Node()
                node = node.greedy
            elif part.startswith("{") and part.endswith("}"):
                names.append(part[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(part, _Node())
        node.methods[method] = _Leaf(route, tuple(names))
        self._found.clear()

    def routes(self) -> Iterator[T]:
        """Every route, in no particular order."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            for leaf in node.methods.values():
                yield leaf.route
            waiting += [*node.children.values(), *(n for n in (node.parameter, node.greedy) if n is not None)]

    def match(self, path: str, method: str) -> Match[T] | None:
        """The best route for a raw path (without stage) and a verb."""
        key = (path, method)
        found = self._found.get(key)
        if found is None:
            found = self._match(path, method)
            if found is not None and len(path) <= _REMEMBERED_PATH:
                if len(self._found) >= _REMEMBERED:
                    self._found.clear()
                self._found[key] = found
        return found

    def _match(self, path: str, method: str) -> Match[T] | None:
        segments = self._segments(path)
        if self._backtrack:
            return _search(self._root, segments, 0, (), method, False) or _search(
                self._root, segments, 0, (), method, True
            )
        node = self._root
        values: list[str] | None = None
        for index, segment in enumerate(segments):
            child = node.children.get(segment)
            if child is None:
                child = node.parameter
                if child is not None and segment:
                    value = segment
                elif node.greedy is not None:
                    return _arrive(node.greedy, [*(values or ()), "/".join(segments[index:])], method)
                else:
                    return None
                if values is None:
                    values = [value]
                else:
                    values.append(value)
            node = child
        return _arrive(node, values, method)

    def _segments(self, path: str) -> list[str]:
        if not self._backtrack:
            path = path.lstrip("/").removesuffix("/")
            return path.split("/") if path else []
        return path[1:].split("/") if path not in ("", "/") else []


def _arrive(node: _Node[T], values: list[str] | tuple[str, ...] | None, method: str) -> Match[T] | None:
    leaf = node.methods.get(method) or node.methods.get("ANY")
    if leaf is None:
        return None
    return Match(leaf.route, dict(zip(leaf.names, values, strict=True)) if values else _NOTHING)


_NOTHING: Final[Mapping[str, str]] = {}


def _search(
    node: _Node[T], segments: list[str], index: int, values: tuple[str, ...], method: str, greedy: bool
) -> Match[T] | None:
    """Depth first, most specific first. Visits a node of the trie at most once: recursion is as deep as the trie."""
    if index == len(segments):
        return _arrive(node, values, method)
    segment = segments[index]
    child = node.children.get(segment)
    if child is not None:
        found = _search(child, segments, index + 1, values, method, greedy)
        if found is not None:
            return found
    if node.parameter is not None and segment:
        found = _search(node.parameter, segments, index + 1, (*values, segment), method, greedy)
        if found is not None:
            return found
    if greedy and node.greedy is not None:
        rest = "/".join(segments[index:])
        return _arrive(node.greedy, (*values, rest), method) if rest else None
    return None
