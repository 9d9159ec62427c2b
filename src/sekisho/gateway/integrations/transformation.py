"""Non-proxy integrations: what templates and mappings make of a request, and of a backend's answer.

Theory of operation. A request's body becomes text (``contentHandling`` says how), its content type selects a template,
and ``passthroughBehavior`` says what happens without one. The answer selects an integration response by its pattern: of
a web server the status is matched, of a Lambda function that failed its ``errorMessage``; a function that did not fail
always gets the default response. The response's status must be one that the method declares. Overrides that templates
wrote into ``$context`` have the last word.

vectors: lambda-aws/*, http/status-HTTP-*, header-remap/AWS/*, vtl/*.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.integrations import IntegrationResponse, Transformation
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.payload.media import is_binary
from sekisho.gateway.payload.rest_headers import answer_name, seen_by_templates
from sekisho.gateway.payload.rest_mapping import Lines, one_line, request_values, response_value
from sekisho.gateway.payload.scope import scope_of
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.outcome import PASS
from sekisho.vtl import Overrides, Scope, Template, TemplateProblem

SENT: Final = "(sent)"
"""The trace's field with what a backend was sent: an event, or ``CallHttp``. No variable has such a name."""
_JSON: Final = "application/json"
_HEADER: Final = "method.response.header."
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_UNSUPPORTED: Final = Reject(Fault.MEDIA_UNSUPPORTED, {})
_BINARY: Final = Reject(Fault.TEMPLATE_FAILED, {"problem": "a template cannot read a binary body"})
_UNDECODABLE: Final = Reject(Fault.BINARY_CONVERSION_FAILED, {})


class Prepared(NamedTuple):
    """A request as its backend gets it."""

    body: bytes
    media: str
    """Content type."""
    overrides: Overrides
    headers: Lines
    """Mapped ones, overrides included; names as configured."""
    query: Lines
    path: Mapping[str, str]


def prepare(x: Exchange, rules: Transformation) -> Prepared | Reject:
    """The body by templates, and what is mapped beside it."""
    overrides = Overrides()
    made = _request_body(x, rules, overrides)
    if isinstance(made, Reject):
        return made
    media = x.request.headers.get("content-type") or _JSON
    headers, query, path = mapped(x, rules)
    asked = overrides.request
    headers = _replaced(headers, asked.get("header"), folded=True)
    query = _replaced(query, asked.get("querystring"))
    more = asked.get("path")
    if isinstance(more, dict) and more:
        path = {**path, **{str(name): str(value) for name, value in more.items()}}
    return Prepared(made, media, overrides, headers, query, path)


def mapped(x: Exchange, rules: Transformation) -> tuple[Lines, Lines, dict[str, str]]:
    """``requestParameters``: header lines, query pairs, path parameters."""
    headers: Lines = []
    query: Lines = []
    path: dict[str, str] = {}
    for place, name, source in rules.parameters:
        values = request_values(source, x)
        if place == "header":
            headers += [(name, one_line(value)) for value in values]
        elif place == "querystring":
            query += [(name, value) for value in values]
        elif values:
            path[name] = values[-1]
    return headers, query, path


def _replaced(lines: Lines, written: Any, *, folded: bool = False) -> Lines:
    """``lines`` with those that a template wrote in their place."""
    if not isinstance(written, dict) or not written:
        return lines
    names = {str(name).lower() if folded else str(name) for name in written}
    kept = [line for line in lines if (line[0].lower() if folded else line[0]) not in names]
    return kept + [(str(name), one_line(str(value))) for name, value in written.items()]


def _request_body(x: Exchange, rules: Transformation, overrides: Overrides) -> bytes | Reject:
    body = x.request.body
    media = x.request.headers.get("content-type") or ""
    name = media.partition(";")[0].strip().lower() or _JSON
    template: Template | None = rules.templates.get(name)
    handling = rules.content_handling
    if body and is_binary(media, x.trace.stage.binary_media_types):
        if handling == "CONVERT_TO_TEXT":
            body = base64.b64encode(body)
        elif template is not None:
            return _BINARY
        else:
            return body if passes_through(rules) else _UNSUPPORTED
    if template is not None:
        text = template.render(_scope(x, body.decode("utf-8", "replace"), overrides))
        if isinstance(text, TemplateProblem):
            return Reject(Fault.TEMPLATE_FAILED, {"problem": text.message})
        body = text.encode("utf-8", "surrogatepass")
    elif not passes_through(rules):
        return _UNSUPPORTED
    if handling == "CONVERT_TO_BINARY" and body:
        decoded = _decoded(body)
        return _UNDECODABLE if decoded is None else decoded
    return body


def passes_through(rules: Transformation) -> bool:
    """What ``passthroughBehavior`` says of a content type without template.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
    """
    if rules.passthrough == "NEVER":
        return False
    return rules.passthrough == "WHEN_NO_MATCH" or not rules.templates


def _scope(x: Exchange, body: str, overrides: Overrides) -> Scope:
    scope = scope_of(x, body, overrides)
    scope.header = {name: value for name, value in scope.header.items() if seen_by_templates(name)}
    return scope


def answer(
    x: Exchange,
    rules: Transformation,
    subject: str | None,
    status: str,
    headers: Lines,
    body: bytes,
    overrides: Overrides,
) -> Outcome:
    """The client's answer. ``subject`` is what patterns are matched with; None: only the default response is there."""
    response = _select(rules.responses, subject)
    if response is None:
        return Reject(Fault.NO_INTEGRATION_RESPONSE, {"status": status})
    if response.status not in rules.method_responses:
        return Reject(Fault.NO_METHOD_RESPONSE, {"status": response.status})
    sent: Lines = []
    for target, expression in response.parameters.items():
        if target.startswith(_HEADER):
            value = response_value(expression, x, headers, body)
            name = answer_name(target[len(_HEADER) :])
            if value is not None and name is not None:
                sent.append((name, one_line(value)))
    made = _response_body(x, response, _value(headers, "content-type"), body, overrides)
    if isinstance(made, Reject):
        return made
    media, content = made
    code, sent = overridden(int(response.status), sent, overrides)
    if _value(sent, "content-type") == "":
        sent.append(("Content-Type", media))
    x.response = GatewayResponse(code, sent, content)
    return PASS


def _select(responses: tuple[IntegrationResponse, ...], subject: str | None) -> IntegrationResponse | None:
    """The first response whose ``selectionPattern`` matches, else the default.

    vectors: lambda-aws/selection-pattern-*, http/status-HTTP-400.
    """
    default = None
    for response in responses:
        if response.pattern is None:
            default = default or response
        elif subject is not None and response.pattern(subject):
            return response
    return default


def _response_body(
    x: Exchange, response: IntegrationResponse, media: str, body: bytes, overrides: Overrides
) -> tuple[str, bytes] | Reject:
    """Content type and bytes, by the table of content type conversions."""
    binary_types = x.trace.stage.binary_media_types
    handling = response.content_handling
    if binary_types:
        if is_binary(media, binary_types):
            wanted = is_binary((x.request.headers.get("accept") or "").partition(",")[0], binary_types)
            if handling == "CONVERT_TO_BINARY" or (not handling and wanted):
                return media or _JSON, body
            body = base64.b64encode(body)
            handling = "CONVERT_TO_TEXT"
        elif not handling and is_binary((x.request.headers.get("accept") or "").partition(",")[0], binary_types):
            handling = "CONVERT_TO_BINARY"
    kind = _JSON
    if response.templates:
        kind, template = _template(response.templates, x.request.headers.get("accept"))
        text = template.render(_scope(x, body.decode("utf-8", "replace"), overrides))
        if isinstance(text, TemplateProblem):
            return Reject(Fault.TEMPLATE_FAILED, {"problem": text.message})
        body = text.encode("utf-8", "surrogatepass")
    if handling == "CONVERT_TO_BINARY" and body:
        decoded = _decoded(body)
        return _UNDECODABLE if decoded is None else (kind, decoded)
    return kind, body


def _decoded(body: bytes) -> bytes | None:
    """Base64 → bytes; a JSON string's quotes, which a function's answer has, do not count. None when it is none."""
    stripped = body.strip()
    if len(stripped) >= 2 and stripped[:1] == stripped[-1:] == b'"':
        stripped = stripped[1:-1]
    try:
        return base64.b64decode(stripped, validate=True)
    except (binascii.Error, ValueError):
        return None


def _template(templates: Mapping[str, Template], accept: str | None) -> tuple[str, Template]:
    """The response template: of the media type the client accepts, else of JSON, else the first."""
    if accept and accept in templates:
        return accept, templates[accept]
    if _JSON in templates:
        return _JSON, templates[_JSON]
    return next(iter(templates.items()))


def overridden(status: int, headers: Lines, overrides: Overrides) -> tuple[int, Lines]:
    """What templates wrote into ``$context.responseOverride``. It may come from clients: every value is one line.

    vector: vtl/mock-response-override-in-request-true.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    wanted = overrides.response.get("status")
    if wanted is not None:
        text = str(wanted)
        if text.isascii() and text.isdigit() and 200 <= int(text) <= 599:
            status = int(text)
    written = overrides.response.get("header")
    if not isinstance(written, dict) or not written:
        return status, headers
    names = {str(name).lower() for name in written}
    headers = [line for line in headers if line[0].lower() not in names]
    for name, value in written.items():
        shown = answer_name(str(name))
        if shown is not None and _TOKEN(shown):
            headers.append((shown, one_line(str(value))))
    return status, headers


def _value(lines: Lines, name: str) -> str:
    """The first value of a header field (name in lower case), or empty."""
    return next((value for each, value in lines if each.lower() == name), "")
