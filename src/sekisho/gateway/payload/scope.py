"""What a mapping template can see, read when it looks: ``body``, ``params``, ``context``, ``stageVariables``.

Plain data only: strings, dicts and lists. ``params`` has ``path``, ``querystring`` and ``header``; ``context`` is the
nested form of the ``$context`` variables of mapping templates.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sekisho.gateway.context.variables import nested_context
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.v1 import query_values


class Scope(Mapping[str, Any]):
    """The names of a template's scope; each value is made when it is first read, and kept."""

    __slots__ = ("_body", "_made", "_x")

    def __init__(self, x: Exchange, body: str) -> None:
        self._x = x
        self._body = body
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._made:
            return self._made[name]
        value = _MAKERS[name](self._x, self._body)
        self._made[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)

    def with_body(self, body: str) -> Scope:
        """The scope of the response template: another body, the same overrides."""
        other = Scope(self._x, body)
        other._made = {name: value for name, value in self._made.items() if name != "body"}
        return other


def _params(x: Exchange, body: str) -> dict[str, dict[str, str]]:
    return {
        "path": dict(x.trace.path_parameters),
        "querystring": {name: values[-1] for name, values in query_values(x.request.query).items()},
        "header": dict(x.request.headers.pairs),
    }


_MAKERS: Final[Mapping[str, Callable[[Exchange, str], Any]]] = {
    "body": lambda x, body: body,
    "params": _params,
    "context": lambda x, body: nested_context(x.trace),
    "stageVariables": lambda x, body: dict(x.trace.stage.variables),
}
