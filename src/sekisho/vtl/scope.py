"""What a template may read and write: the request, its parameters, ``$context``, stage variables and the overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

ContextReader = Callable[[str], Any]
"""Dotted name below ``$context`` (``identity.sourceIp``) → value, or None when there is none."""

UNREAD = object()


def no_context(name: str) -> Any:
    """The context in which nothing is set."""
    return None


class Overrides:
    """``$context.requestOverride`` and ``$context.responseOverride``: one object for a request's whole life.

    Both are plain maps that templates fill as they like; API Gateway acts on ``request`` (``path``, ``querystring``,
    ``header``) and ``response`` (``header``, ``status``), and passes everything else along.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    vector: vtl/mock-response-override-in-request-true
    """

    __slots__ = ("request", "response")

    def __init__(self) -> None:
        self.request: dict[str, Any] = {"path": {}, "querystring": {}, "header": {}}
        self.response: dict[str, Any] = {"header": {}}


class Scope:
    """One rendering's inputs."""

    __slots__ = ("_json", "body", "context", "header", "overrides", "path", "querystring", "stage_variables")

    def __init__(
        self,
        body: str = "",
        *,
        path: Mapping[str, str] | None = None,
        querystring: Mapping[str, str] | None = None,
        header: Mapping[str, str] | None = None,
        context: ContextReader = no_context,
        stage_variables: Mapping[str, str] | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        self.body = body
        self.path: Mapping[str, str] = path if path is not None else {}
        self.querystring: Mapping[str, str] = querystring if querystring is not None else {}
        self.header: Mapping[str, str] = header if header is not None else {}
        self.context = context
        self.stage_variables: Mapping[str, str] = stage_variables if stage_variables is not None else {}
        self.overrides = overrides if overrides is not None else Overrides()
        self._json: Any = UNREAD

    def json(self) -> Any:
        """The body as JSON. Nothing is ``{}``; what is no JSON is one string, as AWS's lenient reader has it.

        vectors: vtl/input-body-str-body-output-empty-body (``$input.body`` of nothing is ``{}``).
        """
        if self._json is UNREAD:
            self._json = read_json(self.body) if self.body else {}
        return self._json

    def parameter(self, name: str) -> str:
        """``$input.params(name)``: path, then query string, then header; empty when there is none."""
        for place in (self.path, self.querystring, self.header):
            value = place.get(name)
            if value is not None:
                return value
        folded = name.lower()
        for spelled, value in self.header.items():
            if spelled.lower() == folded:
                return value
        return ""


def read_json(text: str) -> Any:
    """JSON text as values; other text as itself."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return text
