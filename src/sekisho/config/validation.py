"""Request validators of REST methods, compiled: required parameters and body models.

``Route.extras["compiled"]`` holds one when the method has a validator that checks something.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sekisho.config.jsonschema import Models, problem
from sekisho.kit.headers import Headers

JSON = "application/json"


class Required(NamedTuple):
    """A parameter that must be there and not blank."""

    place: str
    """``header``, ``path`` or ``querystring``."""
    name: str


_ORDER = ("header", "path", "querystring")
"""In which AWS names what is missing (vector validation/missing-all)."""


class RequestValidator(NamedTuple):
    """What one method's requests are checked for."""

    required: tuple[Required, ...]
    models: Mapping[str, Any]
    """Media type → parsed schema; empty when bodies are not checked."""
    known: Models

    def missing(self, headers: Headers, query: Mapping[str, Sequence[str]], path: Mapping[str, str]) -> list[str]:
        """Names of required parameters that are absent or blank. ``query`` is name → decoded values."""
        found = []
        for place, name in self.required:
            if place == "header":
                value = headers.get(name.lower()) or ""
            elif place == "path":
                value = path.get(name, "")
            else:
                values = query.get(name)
                value = values[-1] if values else ""
            if not value.strip():
                found.append(name)
        return found

    def body_problem(self, content_type: str | None, body: bytes) -> str | None:
        """Why the body is not valid, as ``$context.error.validationErrorString`` says it; None when it is.

        Without Content-Type a body counts as JSON; a type without a model is not checked.
        """
        if not self.models:
            return None
        media = content_type.partition(";")[0].strip().lower() if content_type else JSON
        schema = self.models.get(media, self.models.get("$default"))
        if schema is None:
            return None
        try:
            value = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return "[The request body is not valid JSON]"
        try:
            found = problem(schema, value, self.known)
        except RecursionError:
            found = "instance is nested too deeply"
        return None if found is None else f"[{found}]"


def compile_validator(
    record: Mapping[str, Any],
    parameters: Mapping[str, bool],
    models: Mapping[str, str],
    schemas: Mapping[str, str],
) -> RequestValidator | None:
    """From the documents: the validator, the method's ``requestParameters`` and ``requestModels`` (media type → model
    name), and every model's schema text by name. None when there is nothing to check."""
    known = {name: _parsed(text) for name, text in schemas.items()}
    required: tuple[Required, ...] = ()
    if record.get("validateRequestParameters"):
        required = _required([name for name, needed in parameters.items() if needed])
    bodies: dict[str, Any] = {}
    if record.get("validateRequestBody"):
        bodies = {media.lower(): known.get(name, False) for media, name in models.items()}
    return RequestValidator(required, bodies, known) if required or bodies else None


def _required(names: Collection[str]) -> tuple[Required, ...]:
    found = []
    for name in names:
        parts = name.split(".", 3)
        if len(parts) == 4:
            found.append(Required(parts[2].removeprefix("multivalue"), parts[3]))
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.place) if each.place in _ORDER else len(_ORDER)))


def _parsed(text: str) -> Any:
    """The schema; something that no value satisfies when it cannot be read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return False


def _no_constant(name: str) -> Any:
    raise ValueError(name)
