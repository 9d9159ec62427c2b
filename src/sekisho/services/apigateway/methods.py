"""Methods and their declared responses."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, not_found
from sekisho.services.apigateway.lookup import Doc, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
CALLER = "arn:aws:iam::*:user/*"
"""Integration credentials that mean "as the caller"."""
NEEDS_IAM = "Integrations with caller credentials require the method's authorizationType to be AWS_IAM"
BAD_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)

TARGETS = (
    patch.member("/apiKeyRequired", convert=patch.boolean),
    patch.values("/authorizationScopes", "add remove replace"),
    patch.member("/authorizationType"),
    patch.member("/authorizerId", cleared_by_empty=True),
    patch.member("/operationName", cleared_by_empty=True),
    patch.entry("/requestModels/{contentType}"),
    patch.entry("/requestParameters/{name}", convert=patch.boolean),
    patch.member("/requestValidatorId", cleared_by_empty=True),
)
RESPONSE_TARGETS = (
    patch.entry("/responseModels/{contentType}"),
    patch.entry("/responseParameters/{name}", convert=patch.boolean),
)


@ops("PutMethod", resource=arns.METHOD)
def put_method(call: Call) -> Mapping[str, Any]:
    """Adds a method to a resource. Raises Conflict when it is there, BadRequest, NotFound."""
    params = call.params
    owner = lookup.resource(call)
    verb = params["httpMethod"]
    if verb not in VERBS:
        raise bad_request("Invalid HttpMethod specified. Valid options are " + ",".join(VERBS))
    if verb in owner["resourceMethods"]:
        raise conflict("Method already exists for this resource")
    document: Doc = present(
        httpMethod=verb,
        authorizationType=params["authorizationType"],
        authorizerId=params.get("authorizerId") or None,
        apiKeyRequired=bool(params.get("apiKeyRequired")),
        requestValidatorId=params.get("requestValidatorId") or None,
        operationName=params.get("operationName"),
        requestParameters=copy.deepcopy(params.get("requestParameters")),
        requestModels=copy.deepcopy(params.get("requestModels")),
        authorizationScopes=list(params["authorizationScopes"]) if params.get("authorizationScopes") else None,
    )
    check(call, document)
    owner["resourceMethods"][verb] = document
    lookup.put_resource(call, owner)
    return document


@ops("GetMethod", resource=arns.METHOD)
def get_method(call: Call) -> Mapping[str, Any]:
    return lookup.method(call)[1]


@ops("UpdateMethod", resource=arns.METHOD)
def update_method(call: Call) -> Mapping[str, Any]:
    owner, before = lookup.method(call)
    document = patch.apply(before, patch.operations(call.params.get("patchOperations")), TARGETS)
    if document["authorizationType"] in ("NONE", "AWS_IAM"):
        document.pop("authorizerId", None)
    check(call, document)
    credentials = document.get("methodIntegration", {}).get("credentials")
    if credentials == CALLER and document["authorizationType"] != "AWS_IAM":
        raise bad_request(NEEDS_IAM)  # failure rest-caller-creds-not-iam
    owner["resourceMethods"][document["httpMethod"]] = document
    lookup.put_resource(call, owner)
    return document


@ops("DeleteMethod", resource=arns.METHOD)
def delete_method(call: Call) -> Mapping[str, Any]:
    owner, document = lookup.method(call)
    del owner["resourceMethods"][document["httpMethod"]]
    lookup.put_resource(call, owner)
    return {}


@ops("PutMethodResponse", resource=arns.METHOD_RESPONSE)
def put_method_response(call: Call) -> Mapping[str, Any]:
    """Declares a status code with its headers and models. Raises Conflict when it is declared."""
    owner, method = lookup.method(call)
    responses = method.setdefault("methodResponses", {})
    status = check_status(call.params["statusCode"])
    if status in responses:
        raise conflict("Response already exists for this resource")
    document = present(
        statusCode=status,
        responseParameters=copy.deepcopy(call.params.get("responseParameters")),
        responseModels=copy.deepcopy(call.params.get("responseModels")),
    )
    check_response(call, document)
    responses[status] = document
    lookup.put_resource(call, owner)
    return document


@ops("GetMethodResponse", resource=arns.METHOD_RESPONSE)
def get_method_response(call: Call) -> Mapping[str, Any]:
    return _response(call)[2]


@ops("UpdateMethodResponse", resource=arns.METHOD_RESPONSE)
def update_method_response(call: Call) -> Mapping[str, Any]:
    owner, method, before = _response(call)
    document = patch.apply(before, patch.operations(call.params.get("patchOperations")), RESPONSE_TARGETS)
    check_response(call, document)
    method["methodResponses"][document["statusCode"]] = document
    lookup.put_resource(call, owner)
    return document


@ops("DeleteMethodResponse", resource=arns.METHOD_RESPONSE)
def delete_method_response(call: Call) -> Mapping[str, Any]:
    owner, method, document = _response(call)
    del method["methodResponses"][document["statusCode"]]
    if not method["methodResponses"]:
        del method["methodResponses"]
    lookup.put_resource(call, owner)
    return {}


def check(call: Call, document: Mapping[str, Any]) -> None:
    """AWS's rules about what a method may refer to."""
    kind = document["authorizationType"]
    if kind not in AUTHORIZATION_TYPES:
        raise bad_request("Invalid Authorization Type specified. Valid options are " + ",".join(AUTHORIZATION_TYPES))
    if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
        authorizer = call.table(lookup.AUTHORIZERS).get(f"{lookup.api_id(call)}/{document.get('authorizerId')}")
        fits = authorizer is not None and (authorizer["type"] == "COGNITO_USER_POOLS") == (kind == "COGNITO_USER_POOLS")
        if not fits:
            raise bad_request(BAD_AUTHORIZER)
    validator = document.get("requestValidatorId")
    if validator and f"{lookup.api_id(call)}/{validator}" not in call.table(lookup.VALIDATORS):
        raise bad_request("Invalid Request Validator identifier specified")
    for model in (document.get("requestModels") or {}).values():
        check_model(call, model)
    for name in document.get("requestParameters") or {}:
        check_request_parameter(name)


def check_model(call: Call, name: str) -> None:
    if f"{lookup.api_id(call)}/{name}" not in call.table(lookup.MODELS):
        raise bad_request(f"Invalid model identifier specified: {name}")


def check_request_parameter(name: str) -> None:
    """``method.request.{path|querystring|header}.name``. A path parameter need not be one of the resource's."""
    parts = name.split(".", 3)
    wrong = len(parts) != 4 or parts[:2] != ["method", "request"] or not parts[3]
    if wrong or parts[2] not in ("path", "querystring", "header", "multivaluequerystring", "multivalueheader"):
        raise bad_request(f"Invalid mapping expression specified: {name}")


def check_status(status: str) -> str:
    if len(status) != 3 or not status.isdecimal() or not status.isascii() or not "1" <= status[0] <= "5":
        raise bad_request(f"Invalid status code: {status}")
    return status


def check_response(call: Call, document: Mapping[str, Any]) -> None:
    for name in document.get("responseParameters") or {}:
        if not name.startswith("method.response.header.") or name == "method.response.header.":
            raise bad_request(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )
    for model in (document.get("responseModels") or {}).values():
        check_model(call, model)


def _response(call: Call) -> tuple[Doc, Doc, Doc]:
    owner, method = lookup.method(call)
    found = method.get("methodResponses", {}).get(call.params["statusCode"])
    if found is None:
        raise not_found("Invalid Response status code specified")
    return owner, method, found
