"""Integration responses: how a non-proxy backend's answer becomes one of the method's responses."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sekisho.config.patterns import PatternRefused, compile_pattern
from sekisho.services.apigateway import arns, lookup, mappings, patch
from sekisho.services.apigateway.errors import bad_request, not_found
from sekisho.services.apigateway.integrations import CONTENT_HANDLING
from sekisho.services.apigateway.lookup import Doc, present
from sekisho.services.apigateway.methods import check_status
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

TARGETS = (
    patch.member("/contentHandling", convert=patch.one_of(*CONTENT_HANDLING), cleared_by_empty=True),
    patch.entry("/responseParameters/{name}"),
    patch.entry("/responseTemplates/{contentType}"),
    patch.member("/selectionPattern", "add replace remove"),
)


@ops("PutIntegrationResponse", resource=arns.INTEGRATION_RESPONSE)
def put_integration_response(call: Call) -> Mapping[str, Any]:
    """Sets the response for a status code. One that the method does not declare fails when it is used, not here:
    "Output mapping refers to an invalid method response".

    https://repost.aws/knowledge-center/api-gateway-internal-server-error
    """
    owner, method, integration = lookup.integration(call)
    params = call.params
    document = present(
        statusCode=check_status(params["statusCode"]),
        selectionPattern=params.get("selectionPattern"),
        responseParameters=copy.deepcopy(params.get("responseParameters")),
        responseTemplates=copy.deepcopy(params.get("responseTemplates")),
        contentHandling=params.get("contentHandling"),
    )
    check(method, document)
    integration.setdefault("integrationResponses", {})[document["statusCode"]] = document
    lookup.put_resource(call, owner)
    return document


@ops("GetIntegrationResponse", resource=arns.INTEGRATION_RESPONSE)
def get_integration_response(call: Call) -> Mapping[str, Any]:
    return _response(call)[3]


@ops("UpdateIntegrationResponse", resource=arns.INTEGRATION_RESPONSE)
def update_integration_response(call: Call) -> Mapping[str, Any]:
    owner, method, integration, before = _response(call)
    asked = patch.operations(call.params.get("patchOperations"))
    document = patch.apply(before, asked, TARGETS, wrong_path=patch.bare_wrong_path)
    check(method, document)
    integration["integrationResponses"][document["statusCode"]] = document
    lookup.put_resource(call, owner)
    return document


@ops("DeleteIntegrationResponse", resource=arns.INTEGRATION_RESPONSE)
def delete_integration_response(call: Call) -> Mapping[str, Any]:
    owner, _, integration, document = _response(call)
    del integration["integrationResponses"][document["statusCode"]]
    if not integration["integrationResponses"]:
        del integration["integrationResponses"]
    lookup.put_resource(call, owner)
    return {}


def check(method: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    # Without a method response no header is declared, so that any mapping to one is refused as such:
    # https://github.com/awslabs/aws-solutions-constructs/issues/1130
    declared = method.get("methodResponses", {}).get(document["statusCode"]) or {}
    mappings.check_response(document.get("responseParameters") or {}, declared.get("responseParameters") or {})
    pattern = document.get("selectionPattern")
    if pattern:
        try:
            compile_pattern(pattern)
        except PatternRefused as problem:
            raise bad_request(f"Invalid selection pattern specified: {pattern}. {problem}") from problem


def _response(call: Call) -> tuple[Doc, Doc, Doc, Doc]:
    owner, method, integration = lookup.integration(call)
    found = integration.get("integrationResponses", {}).get(call.params["statusCode"])
    if found is None:
        raise not_found("Invalid Response status code specified")
    return owner, method, integration, found
