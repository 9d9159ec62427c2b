"""Finisher: face or reply → status, headers, bytes.

``Date`` and ``Connection`` belong to the connection, so the edge writes them.
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import GatewayResponse as Customisation
from sekisho.config.integrations import HttpRest, Preflight
from sekisho.faults.appearance import Face, fill
from sekisho.faults.face import face_of
from sekisho.faults.fault import Kind, Reject
from sekisho.gateway.context.mapping import mapped_header, substitute
from sekisho.gateway.effects import HttpAnswer
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.integrations.cors import with_cors
from sekisho.gateway.request import GatewayResponse
from sekisho.gateway.trace import Phase, Trace

_HEADER: Final = "gatewayresponse.header."
_DEFAULT_TEMPLATE: Final = '{"message":$context.error.messageString}'
_BODILESS: Final = frozenset((204, 304))
_HTTP: Final = Kind.HTTP


def refuse(x: Exchange, gate: str, rejection: Reject) -> None:
    """Record the refusal: the single place where a fault meets its face."""
    t = x.trace
    t.refused_at = gate
    t.rejection = rejection
    face = face_of(t.kind, rejection.fault)
    message = face.message(rejection.evidence)
    t.error_message = message
    t.error_type = t.response_type = face.response_type or None
    for name, template in face.log.items():
        _note(t, name, fill(template, rejection.evidence))
    custom = _customisation(t, face)
    if custom is None:
        headers = [("Content-Type", face.content_type)]
        body = face.body(message).encode("utf-8", "surrogatepass")
        status = face.status
    else:
        status, headers, body = _customised(x, face, custom)
    if face.error_type:
        headers.append(("x-amzn-ErrorType", face.error_type))
    for name, template in face.headers.items():
        value = fill(template, rejection.evidence)
        if value:
            headers.append((name, value))
    x.response = GatewayResponse(status, headers, body)


def respond(x: Exchange) -> None:
    """Complete the response: request-id headers, content length, status and length for the log."""
    t = x.trace
    response = x.response
    status, headers = response.status, response.headers
    if t.kind is _HTTP:
        _identify_http(x, headers)
    else:
        headers.append(("x-amzn-RequestId", t.request_id))
        headers.append(("x-amz-apigw-id", t.extended_id))
        # vector: http/lambda-url-HTTP_PROXY: what a web server answers through a proxy is not given our trace id.
        if t.reply is not None and t.rejection is None and not (type(t.reply) is HttpAnswer and _proxied(t)):
            headers.append(("X-Amzn-Trace-Id", t.xray_id))
    length = len(response.body)
    bodiless = status in _BODILESS
    if not bodiless:
        headers.append(("Content-Length", str(length)))
    if length and (bodiless or x.request.method == "HEAD"):
        x.response = GatewayResponse(status, headers, b"")
        length = 0
    t.status = status
    t.length = length
    t.response_headers = headers


def _proxied(t: Trace) -> bool:
    integration = t.route.integration
    return isinstance(integration, HttpRest) and integration.proxy


def _identify_http(x: Exchange, headers: list[tuple[str, str]]) -> None:
    """One id, spelled in two ways; and the API's CORS headers. vector: authz/http-response-headers-case."""
    t = x.trace
    if t.stage.cors is not None:
        with_cors(t.stage.cors, x.request, headers, isinstance(t.route.integration, Preflight))
    name = "apigw-requestid" if t.rejection is not None or t.reply is None else "Apigw-Requestid"
    headers.append((name, t.request_id))


def _note(t: Trace, name: str, value: str) -> None:
    """Set one log variable that a face speaks of."""
    slot, _, field = name.partition(".")
    if slot == "integration":
        t.integration_error = value
        return
    phase: Phase = getattr(t, slot)
    setattr(t, slot, phase._replace(**{field: value}))


def _customisation(t: Trace, face: Face) -> Customisation | None:
    """The API's own response for this type, else that for all 4XX or 5XX.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    """
    responses = t.stage.gateway_responses
    if not responses or not face.customisable or not face.response_type:
        return None
    own = responses.get(face.response_type)
    if own is not None:
        return own
    return responses.get("DEFAULT_4XX" if face.status < 500 else "DEFAULT_5XX")


def _customised(x: Exchange, face: Face, response: Customisation) -> tuple[int, list[tuple[str, str]], bytes]:
    media, template = _template(response, x.request.headers.get("accept"))
    headers = [("Content-Type", media)]
    for target, expression in response.parameters.items():
        if not target.startswith(_HEADER):
            continue
        value = mapped_header(expression, x)
        if value is None:
            continue
        name = target[len(_HEADER) :]
        if name.lower() == "content-type":
            headers[0] = (name, value)
        else:
            headers.append((name, value))
    return response.status or face.status, headers, substitute(template, x).encode("utf-8", "surrogatepass")


def _template(response: Customisation, accept: str | None) -> tuple[str, str]:
    """The body template: of the media type the client accepts, else of JSON, else the first; else AWS's own."""
    templates = response.templates
    if accept and accept in templates:
        return accept, templates[accept]
    if "application/json" in templates or not templates:
        return "application/json", templates.get("application/json", _DEFAULT_TEMPLATE)
    return next(iter(templates.items()))
