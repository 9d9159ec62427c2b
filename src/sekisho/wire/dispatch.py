"""HTTP request → service and operation.

The service is the one the caller signed for: the credential scope says it. Without a signature (web identity, plain
curl) it is taken from the target header, the ``Version`` and ``Action`` of a form, AWS's own host names, and at last
from the shape of the path. The operation is then named by the protocol: ``Action`` (query), ``X-Amz-Target`` (json)
or the path (rest-json).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sekisho.wire.message import WireError, WireRequest
from sekisho.wire.model import API_VERSIONS, JSON, QUERY, Models, OperationSpec, ServiceModel
from sekisho.wire.query import decode_pairs
from sekisho.wire.routes import Routes
from sekisho.wire.scope import Scope, read_host

_TARGETS: Final[Mapping[str, str]] = {"Logs_20140328": "logs"}
_QUERY_SERVICES: Final = ("sts", "iam", "cloudformation")
_VERSIONS: Final[Mapping[str, str]] = {API_VERSIONS[service]: service for service in _QUERY_SERVICES}

MAX_FIELDS: Final = 10_000


class Matched(NamedTuple):
    """A request whose operation is known."""

    spec: OperationSpec
    labels: Mapping[str, str]
    query: list[tuple[str, str]]
    form: Mapping[str, str]
    """Form fields (query protocol): of the body, else of the query."""


class Unmatched(NamedTuple):
    """A request without an operation: why, and the protocol to say it in (None: no service was recognised)."""

    model: ServiceModel | None
    error: WireError


class Dispatcher:
    """Finds operations; keeps the tries it has built."""

    __slots__ = ("_routes", "models")

    def __init__(self, models: Models) -> None:
        self.models = models
        self._routes: dict[str, Routes] = {}

    def find(self, request: WireRequest, scope: Scope | None) -> Matched | Unmatched:
        """The operation that ``request`` asks for. Total."""
        query = decode_pairs(request.query) if request.query else []
        target = request.headers.get("x-amz-target") or ""
        form = _form(request, query)
        if len(form) > MAX_FIELDS:
            return Unmatched(None, WireError("RequestEntityTooLarge", f"More than {MAX_FIELDS} form fields.", 413))
        service = _service(request, scope, target, form)
        if service not in API_VERSIONS:
            return Unmatched(None, WireError("NotImplemented", f"sekisho does not implement {service}", 501))
        model = self.models.get(service)
        if model.protocol == QUERY:
            return _by_action(model, form, query)
        if model.protocol == JSON:
            return _by_target(model, target, query)
        return self._by_path(model, request, query)

    def _by_path(self, model: ServiceModel, request: WireRequest, query: list[tuple[str, str]]) -> Matched | Unmatched:
        routes = self._routes.get(model.name)
        if routes is None:
            routes = self._routes[model.name] = Routes(model)
        found = routes.find(request.method, request.path, query)
        if found is None:
            message = f"No operation of {model.name} has the path {request.path} with the method {request.method}."
            return Unmatched(model, WireError("UnknownOperationException", message, 404))
        return Matched(found.spec, found.labels, query, {})


def _form(request: WireRequest, query: list[tuple[str, str]]) -> Mapping[str, str]:
    """Fields of a form body, with those of the query below them; no fields for bodies of other types."""
    content_type = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded" or not request.body:
        return dict(query)
    fields = dict(query)
    fields.update(decode_pairs(request.body.decode("utf-8", "replace")))
    return fields


def _service(request: WireRequest, scope: Scope | None, target: str, form: Mapping[str, str]) -> str:
    if scope is not None:
        name = scope.service
    elif target:
        prefix = target.partition(".")[0]
        return _TARGETS.get(prefix, prefix)
    elif "Action" in form:
        version = _VERSIONS.get(form.get("Version", ""))
        name = version or read_host(request).service or ("sts" if "AssumeRole" in form["Action"] else "iam")
    else:
        name = read_host(request).service or ("lambda" if _has_date(request.path) else "apigateway")
    # Both generations of API Gateway sign for the same service; the second lives below /v2.
    if name == "apigateway" and (request.path == "/v2" or request.path.startswith("/v2/")):
        return "apigatewayv2"
    return name


def _has_date(path: str) -> bool:
    """Lambda's paths begin with the date of an API version: ``/2015-03-31/functions``."""
    return len(path) > 11 and path[5:9:3] == "--" and path[1:5].isdigit()


def _by_action(model: ServiceModel, form: Mapping[str, str], query: list[tuple[str, str]]) -> Matched | Unmatched:
    action = form.get("Action")
    if not action:
        return Unmatched(model, WireError("MissingAction", "The request must contain the parameter Action.", 400))
    spec = model.operations.get(action)
    if spec is None:
        version = form.get("Version") or model.api_version
        message = f"Could not find operation {action} for version {version}"
        return Unmatched(model, WireError("InvalidAction", message, 400))
    return Matched(spec, {}, query, form)


def _by_target(model: ServiceModel, target: str, query: list[tuple[str, str]]) -> Matched | Unmatched:
    prefix, _, name = target.partition(".")
    spec = model.operations.get(name) if prefix == model.target_prefix else None
    if spec is None:
        message = f"The operation {target or '(no X-Amz-Target)'} is not known to {model.name}."
        return Unmatched(model, WireError("UnknownOperationException", message, 400))
    return Matched(spec, {}, query, {})
