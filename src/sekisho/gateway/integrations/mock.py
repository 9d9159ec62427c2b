"""``MOCK``: the request template says a status, the status selects an integration response, which makes the answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sekisho.config.integrations import IntegrationResponse, Mock
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.context.mapping import mapped_header
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations.transformation import overridden
from sekisho.gateway.payload.media import is_binary
from sekisho.gateway.payload.rest_headers import answer_name
from sekisho.gateway.payload.scope import scope_of
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.memory import remember
from sekisho.kit.outcome import PASS
from sekisho.vtl import Overrides, Template, TemplateProblem

_JSON: Final = "application/json"
_UNSUPPORTED: Final = Reject(Fault.MEDIA_UNSUPPORTED, {})
_UNTRANSFORMED: Final = Reject(Fault.TEMPLATE_FAILED, {"problem": "no template reads this content type"})
_NO_STATUS: Final = Reject(Fault.MOCK_STATUS_MISSING, {})
_HEADER: Final = "method.response.header."

# Names may stand without quotes, and other members may follow. vector: vtl/mock-lenient-json.
_STATUS: Final = re.compile(r"""[{,]\s*(?:"statusCode"|'statusCode'|statusCode)\s*:\s*("?)(\d{3})\1\s*[,}]""").search


def answer(x: Exchange, integration: Mock) -> Outcome:
    """Answer without a backend."""
    t = x.trace
    media = x.request.headers.get("content-type")
    name = media.partition(";")[0].strip().lower() if media else _JSON
    binary_types = t.stage.binary_media_types
    binary = bool(binary_types) and is_binary(media or "", binary_types)
    if binary and integration.content_handling != "CONVERT_TO_TEXT":
        # Templates read text only, so a binary body passes by them: the known failure of preflights to APIs whose
        # binary media types are */*.
        return _UNTRANSFORMED
    template = integration.templates.get(name)
    body = x.request.body.decode("utf-8", "replace") if x.request.body else ""
    overrides: Overrides | None = None
    if template is not None:
        text = template.literal
        if text is None:
            scope = scope_of(x, body)
            overrides = scope.overrides
            text = template.render(scope)
    elif _passes_through(integration):
        text = body
    else:
        return _UNSUPPORTED
    if isinstance(text, TemplateProblem):
        return Reject(Fault.TEMPLATE_FAILED, {"problem": text.message})
    status = status_of(text)
    if status is None:
        return _UNTRANSFORMED if template is None else _NO_STATUS
    t.asked = (t.marks[-1], x.clock())
    response = _select(integration.responses, status)
    if response is None:
        return Reject(Fault.NO_INTEGRATION_RESPONSE, {"status": status})
    if response.status not in integration.method_responses:
        return Reject(Fault.NO_METHOD_RESPONSE, {"status": response.status})
    return _respond(x, response, overrides)


def _passes_through(integration: Mock) -> bool:
    """What ``passthroughBehavior`` says of a content type without template.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
    """
    if integration.passthrough == "NEVER":
        return False
    return integration.passthrough == "WHEN_NO_MATCH" or not integration.templates


_statuses: Final[dict[str, str]] = {}
_REMEMBERED_TEXT: Final = 1024


def status_of(text: str) -> str | None:
    """The ``statusCode`` of what a request template rendered, or None when there is no integer of that name."""
    status = _statuses.get(text)
    if status is not None:
        return status
    found = _STATUS(text)
    if found is None:
        return None
    status = found.group(2)
    return remember(_statuses, text, status) if len(text) <= _REMEMBERED_TEXT else status


def _select(responses: tuple[IntegrationResponse, ...], status: str) -> IntegrationResponse | None:
    """The first response whose ``selectionPattern`` matches the status, else the default."""
    default = None
    for response in responses:
        if response.pattern is None:
            default = default or response
        elif response.pattern(status):
            return response
    return default


def _respond(x: Exchange, response: IntegrationResponse, overrides: Overrides | None) -> Outcome:
    headers: list[tuple[str, str]] = []
    media = _JSON
    body = ""
    if response.templates:
        media, template = _template(response.templates, x.request.headers.get("accept"))
        if template.literal is not None:
            body = template.literal
        else:
            scope = scope_of(x, "", overrides)
            overrides = scope.overrides
            rendered = template.render(scope)
            if isinstance(rendered, TemplateProblem):
                return Reject(Fault.TEMPLATE_FAILED, {"problem": rendered.message})
            body = rendered
    status = int(response.status)
    if response.parameters:
        for target, expression in response.parameters.items():
            if target.startswith(_HEADER):
                value = mapped_header(expression, x)
                name = answer_name(target[len(_HEADER) :])
                if value is not None and name is not None:
                    headers.append((name, value))
    if overrides is not None:
        status, headers = overridden(status, headers, overrides)
    for name, _ in headers:
        if name.lower() == "content-type":
            break
    else:
        headers.append(("Content-Type", media))
    x.response = GatewayResponse(status, headers, body.encode("utf-8", "surrogatepass"))
    return PASS


def _template(templates: Mapping[str, Template], accept: str | None) -> tuple[str, Template]:
    """The response template: of the media type the client accepts, else of JSON, else the first."""
    if accept and accept in templates:
        return accept, templates[accept]
    if _JSON in templates:
        return _JSON, templates[_JSON]
    return next(iter(templates.items()))
