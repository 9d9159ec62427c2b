"""The front door's view of the wire: parse a request, serialise a result or an error, in whichever protocol.

Three functions over the three protocols. Errors that arise before an operation is known are spelled in the protocol of
the service, or, when not even that is known, as plain JSON with every name clients look for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sekisho.wire import json, query
from sekisho.wire.dispatch import Matched
from sekisho.wire.message import Unparsable, WireError, WireRequest, WireResponse
from sekisho.wire.model import JSON, QUERY, OperationSpec, ServiceModel
from sekisho.wire.validate import validate

_STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "AccessDenied": 403,
    "InternalFailure": 500,
    "NotImplemented": 501,
    "NotImplementedException": 501,
}


def read(matched: Matched, request: WireRequest) -> dict[str, Any] | WireError:
    """The operation's parameters as they were sent, or the error of a request that cannot be read."""
    spec = matched.spec
    try:
        if spec.model.protocol == QUERY:
            return query.parse(spec, matched.form)
        if spec.model.protocol == JSON:
            return json.parse(spec, request.body)
        return json.parse_rest(spec, request, matched.labels, matched.query)
    except Unparsable as problem:
        return _malformed(spec, problem)


def parse(matched: Matched, request: WireRequest) -> dict[str, Any] | WireError:
    """The operation's parameters, checked against the model, or the error AWS answers with."""
    params = read(matched, request)
    return params if isinstance(params, WireError) else validate(matched.spec, params) or params


def _malformed(spec: OperationSpec, problem: Unparsable) -> WireError:
    """Requests that cannot be read at all, as each service puts it."""
    where = f" at '{problem.path}'" if problem.path else ""
    service = spec.service
    if spec.model.protocol == QUERY:
        return WireError("MalformedInput", f"Invalid Argument{where}: {problem.reason}", 400)
    if service == "lambda":
        if problem.path:
            return WireError("SerializationException", problem.reason, 400)
        return WireError(
            "InvalidRequestContentException", f"Could not parse request body into json: {problem.reason}", 400
        )
    if service == "logs":
        return WireError("SerializationException", problem.reason, 400)
    if problem.path:
        return WireError("BadRequestException", f"Invalid value{where}: {problem.reason}", 400)
    return WireError("BadRequestException", f"Unable to parse request body: {problem.reason}", 400)


def serialize(spec: OperationSpec, output: Mapping[str, Any], request_id: str) -> WireResponse:
    """A result as the operation's protocol spells it. Members that the model does not know are left out."""
    if spec.model.protocol == QUERY:
        return query.serialize(spec, output, request_id)
    if spec.model.protocol == JSON:
        return json.serialize(spec, output, request_id)
    return json.serialize_rest(spec, output, request_id)


def serialize_error(
    model: ServiceModel | None, error: WireError, request_id: str, *, form: bool = False
) -> WireResponse:
    """An error as the service's protocol spells it; without a service, as XML for forms and as JSON for the rest.

    ``error.code`` may be the code or the name of the error shape: ``NoSuchEntityException`` is shown as
    ``NoSuchEntity``. A status of 0, or 400, gives way to the one the model knows for that shape.
    """
    if model is None and form:
        return query.serialize_error(None, error.code, error.message, error.status or 400, request_id)
    if model is None:
        body = {"__type": error.code, "message": error.message}
        headers = (
            ("x-amzn-RequestId", request_id),
            ("x-amzn-ErrorType", error.code),
            ("Content-Type", json.PLAIN_JSON),
        )
        return WireResponse(error.status or 400, headers, json.dump(body))
    code, status = settle(model, error)
    if model.protocol == QUERY:
        return query.serialize_error(model, code, error.message, status, request_id)
    return json.serialize_error(model, code, error.message, status, error.members, request_id)


def settle(model: ServiceModel, error: WireError) -> tuple[str, int]:
    """The code clients see and the HTTP status."""
    known = model.error(error.code)
    if known is None:
        return error.code, error.status or _STATUS_OF_CODE.get(error.code, 400)
    if error.status in (0, 400) and model.protocol != JSON:
        return known.code, known.status or error.status or 400
    return known.code, error.status or 400
