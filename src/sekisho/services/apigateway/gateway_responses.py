"""Gateway responses: customised answers of the gateway itself.

Only what a caller set is stored; what is shown is composed at reading, so that ``DEFAULT_4XX`` and ``DEFAULT_5XX`` show
through the types that have none of their own (vector gateway_response_put/get-gateway-responses).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, not_found
from sekisho.services.apigateway.lookup import Doc, present
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("apigateway")

STATUSES: Mapping[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""Type → default status code, in the order in which AWS lists them."""

ENUM_ORDER = (
    "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, "
    "BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, "
    "INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, "
    "API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN"
)
"""As AWS's own message has it (vector gateway_response_validation/*-wrong-response-type)."""

TEMPLATES: Mapping[str, str] = {"application/json": '{"message":$context.error.messageString}'}
PARAMETER_TARGET = "gatewayresponse.header."
PARAMETER_SOURCES = (
    "method.request.header.",
    "method.request.path.",
    "method.request.querystring.",
    "method.request.multivalueheader.",
    "method.request.multivaluequerystring.",
    "context.",
    "stageVariables.",
)

TARGETS = (
    patch.entry("/responseParameters/{name}"),
    patch.entry("/responseTemplates/{contentType}"),
    patch.member("/statusCode", "add replace"),
)


@ops("PutGatewayResponse", resource=arns.GATEWAY_RESPONSE)
def put_gateway_response(call: Call) -> Mapping[str, Any]:
    """Sets a type's response; members that are not given are those of the built-in default."""
    kind = _checked(call)
    document = present(
        responseType=kind,
        statusCode=call.params.get("statusCode"),
        responseParameters=copy.deepcopy(call.params.get("responseParameters") or {}),
        responseTemplates=copy.deepcopy(call.params.get("responseTemplates") or {}),
    )
    check(document)
    lookup.put_child(call, lookup.GATEWAY_RESPONSES, kind, document)
    return show(kind, document, {})


@ops("GetGatewayResponse", resource=arns.GATEWAY_RESPONSE)
def get_gateway_response(call: Call) -> Mapping[str, Any]:
    kind = _checked(call)
    stored = _stored(call)
    return show(kind, stored.get(kind), stored)


@ops("GetGatewayResponses", resource=arns.GATEWAY_RESPONSES)
def get_gateway_responses(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    stored = _stored(call)
    return {"items": [show(kind, stored.get(kind), stored) for kind in STATUSES]}


@ops("UpdateGatewayResponse", resource=arns.GATEWAY_RESPONSE)
def update_gateway_response(call: Call) -> Mapping[str, Any]:
    kind = _checked(call)
    stored = _stored(call)
    before = stored.get(kind) or {"responseType": kind, "responseParameters": {}, "responseTemplates": {}}
    asked = patch.operations(call.params.get("patchOperations"))
    for each in asked:
        _check_operation(each, before)
    document = patch.apply(before, asked, TARGETS, wrong_path=patch.bare_wrong_path)
    document.setdefault("responseParameters", {})
    document.setdefault("responseTemplates", {})
    check(document)
    lookup.put_child(call, lookup.GATEWAY_RESPONSES, kind, document)
    return show(kind, document, stored)


@ops("DeleteGatewayResponse", resource=arns.GATEWAY_RESPONSE)
def delete_gateway_response(call: Call) -> Mapping[str, Any]:
    """Back to the default. Raises NotFound when nothing was set."""
    kind = _checked(call)
    if kind not in _stored(call):
        raise not_found("Gateway response type not defined on api")
    call.table(lookup.GATEWAY_RESPONSES).delete(f"{lookup.api_id(call)}/{kind}")
    return {}


def show(kind: str, own: Mapping[str, Any] | None, stored: Mapping[str, Mapping[str, Any]]) -> Doc:
    """A type's response: its own, else that of its class (4XX or 5XX), else the built-in one."""
    source = own
    default = STATUSES[kind]
    if source is None and default is not None:
        source = stored.get("DEFAULT_4XX" if default.startswith("4") else "DEFAULT_5XX")
    source = source or {}
    shown = present(
        responseType=kind,
        statusCode=source.get("statusCode") or default,
        responseParameters=dict(source.get("responseParameters") or {}),
        responseTemplates=dict(source.get("responseTemplates") or TEMPLATES),
    )
    shown["defaultResponse"] = own is None
    return shown


def check(document: Mapping[str, Any]) -> None:
    status = document.get("statusCode")
    if status is not None and not (
        len(status) == 3 and status.isdecimal() and status.isascii() and "1" <= status[0] <= "5"
    ):
        raise bad_request(f"Invalid status code: {status}")
    for name, source in document["responseParameters"].items():
        if not name.startswith(PARAMETER_TARGET) or name == PARAMETER_TARGET:
            raise bad_request(f"Invalid mapping expression specified: {name}")
        if not source:
            raise bad_request("Invalid null or empty value in responseParameters")
        if not (len(source) > 1 and source[0] == source[-1] == "'") and not source.startswith(PARAMETER_SOURCES):
            raise bad_request(f"Invalid mapping expression specified: {source}")


def _check_operation(asked: patch.Operation, document: Mapping[str, Any]) -> None:
    """vectors update_gateway_response/update-gateway-replace-invalid-parameter(-1-none)"""
    parts = asked.path.split("/", 2)
    if len(parts) != 3 or parts[1] not in ("responseParameters", "responseTemplates"):
        return
    name = patch.unescape(parts[2])
    if asked.op == "replace" and name not in (document.get(parts[1]) or {}):
        raise not_found("Invalid parameter name specified")
    if asked.op in ("add", "replace") and not asked.value:
        raise bad_request(f"Invalid null or empty value in {parts[1]}")


def _checked(call: Call) -> str:
    kind = str(call.params["responseType"])
    if kind not in STATUSES:
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value '{kind}' at 'responseType' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{ENUM_ORDER}]",
            400,
        )
    lookup.rest_api(call)
    return kind


def _stored(call: Call) -> dict[str, Doc]:
    return {each["responseType"]: each for each in lookup.children(call, lookup.GATEWAY_RESPONSES)}
