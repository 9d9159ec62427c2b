"""Authorizers: Lambda (TOKEN, REQUEST) and Cognito user pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.config.patterns import PatternRefused, compile_pattern
from sekisho.kit.arn import Arn
from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, limit_exceeded, not_implemented
from sekisho.services.apigateway.integrations import FUNCTION, LAMBDA_PATH, SERVICE, VARIABLE
from sekisho.services.apigateway.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations
from sekisho.services.pass_role import check_pass_role

ops = Operations("apigateway")

MAX_AUTHORIZERS = 10
DEFAULT_TTL = 300
MAX_TTL = 3600
SOURCES = ("method.request.header.", "method.request.querystring.", "context.", "stageVariables.")

TARGETS = (
    patch.member("/authType"),
    patch.member("/authorizerCredentials", cleared_by_empty=True),
    patch.member("/authorizerResultTtlInSeconds", convert=patch.integer),
    patch.member("/authorizerUri"),
    patch.member("/identitySource", "add replace remove", cleared_by_empty=True),
    patch.member("/identityValidationExpression", cleared_by_empty=True),
    patch.member("/name"),
    patch.values("/providerARNs"),
    patch.member("/type"),
)


@ops("CreateAuthorizer", resource=arns.AUTHORIZERS)
def create_authorizer(call: Call) -> Mapping[str, Any]:
    """Raises Conflict for a name in use, BadRequest, NotFound, LimitExceeded."""
    params = call.params
    lookup.rest_api(call)
    if len(lookup.children(call, lookup.AUTHORIZERS)) >= MAX_AUTHORIZERS:
        raise limit_exceeded("Maximum number of Authorizers for this API has been reached")
    kind = params["type"]
    lambda_ = kind in ("TOKEN", "REQUEST")
    ttl = params.get("authorizerResultTtlInSeconds")
    document: Doc = present(
        id=lookup.new_id(call, lookup.AUTHORIZERS),
        name=params["name"],
        type=kind,
        providerARNs=list(params["providerARNs"]) if params.get("providerARNs") else None,
        authType=params.get("authType") or ("custom" if lambda_ else "cognito_user_pools"),
        authorizerUri=params.get("authorizerUri") or None,
        authorizerCredentials=params.get("authorizerCredentials") or None,
        identitySource=params.get("identitySource") or None,
        identityValidationExpression=params.get("identityValidationExpression") or None,
        authorizerResultTtlInSeconds=(DEFAULT_TTL if ttl is None else ttl) if lambda_ or ttl is not None else None,
    )
    check(call, document)
    check_credentials(call, document.get("authorizerCredentials"))
    lookup.put_child(call, lookup.AUTHORIZERS, document["id"], document)
    return document


@ops("GetAuthorizer", resource=arns.AUTHORIZER)
def get_authorizer(call: Call) -> Mapping[str, Any]:
    return _authorizer(call)


@ops("GetAuthorizers", resource=arns.AUTHORIZERS)
def get_authorizers(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    return listing(call, lookup.children(call, lookup.AUTHORIZERS), lambda each: str(each["id"]))


@ops("UpdateAuthorizer", resource=arns.AUTHORIZER)
def update_authorizer(call: Call) -> Mapping[str, Any]:
    before = _authorizer(call)
    document = patch.apply(before, patch.operations(call.params.get("patchOperations")), TARGETS)
    check(call, document)
    if document.get("authorizerCredentials") != before.get("authorizerCredentials"):
        check_credentials(call, document.get("authorizerCredentials"))
    lookup.put_child(call, lookup.AUTHORIZERS, document["id"], document)
    return document


@ops("DeleteAuthorizer", resource=arns.AUTHORIZER)
def delete_authorizer(call: Call) -> Mapping[str, Any]:
    """Raises Conflict while a method uses it."""
    document = _authorizer(call)
    for owner in lookup.children(call, lookup.RESOURCES):
        for verb, method in owner["resourceMethods"].items():
            if method.get("authorizerId") == document["id"]:
                raise conflict(
                    f"Cannot delete authorizer '{document['name']}', is referenced in method: {owner['path']}/{verb}"
                )
    call.table(lookup.AUTHORIZERS).delete(f"{lookup.api_id(call)}/{document['id']}")
    return {}


def check(call: Call, document: Mapping[str, Any]) -> None:
    """AWS's admission rules for the authorizer's kind."""
    kind = document["type"]
    if kind == "JWT":
        raise not_implemented("A JWT authorizer on a REST API")
    if kind not in ("TOKEN", "REQUEST", "COGNITO_USER_POOLS"):
        raise bad_request("Invalid authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS")
    for other in lookup.children(call, lookup.AUTHORIZERS):
        if other["name"] == document["name"] and other["id"] != document["id"]:
            raise conflict(
                "Authorizer name must be unique. Authorizer " + document["name"] + " already exists in this RestApi."
            )
    ttl = document.get("authorizerResultTtlInSeconds")
    if ttl is not None and not 0 <= ttl <= MAX_TTL:
        raise bad_request(f"Authorizer result TTL must be between 0 and {MAX_TTL} seconds")
    if kind == "COGNITO_USER_POOLS":
        if not document.get("providerARNs"):
            raise bad_request("Invalid request input")
        for arn in document["providerARNs"]:
            parsed = Arn.parse(arn)
            if parsed is None or parsed.service != "cognito-idp" or not parsed.resource.startswith("userpool/"):
                raise bad_request("Invalid Cognito User Pool ARN: " + arn)
    else:
        check_uri(document.get("authorizerUri") or "")
    check_identity(kind, document, ttl)


def check_uri(uri: str) -> None:
    arn = Arn.parse(uri)
    found = (
        LAMBDA_PATH.fullmatch(arn.resource) if arn and arn.service == "apigateway" and arn.account == "lambda" else None
    )
    if found is None or (VARIABLE not in found["function"] and not FUNCTION.fullmatch(found["function"])):
        raise bad_request(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
            "function invocation."
        )


def check_identity(kind: str, document: Mapping[str, Any], ttl: int | None) -> None:
    source = document.get("identitySource")
    parts = [part.strip() for part in source.split(",")] if source else []
    if kind == "REQUEST":
        if ttl and not parts:
            raise bad_request("Identity source must be specified when authorizer result caching is enabled.")
        wrong = any(not part.startswith(SOURCES) for part in parts)
    else:
        headers = all(part.startswith(SOURCES[0]) for part in parts)
        wrong = not headers or len(parts) > 1 or (kind == "TOKEN" and not parts)
    if wrong:
        raise bad_request(f"Invalid identity source: {source or 'null'}")
    expression = document.get("identityValidationExpression")
    if expression:
        try:
            compile_pattern(expression)
        except PatternRefused as problem:
            raise bad_request(f"Invalid identity validation expression: {expression}. {problem}") from problem


def check_credentials(call: Call, credentials: str | None) -> None:
    """Any IAM ARN is admitted, existing or not (vectors authzrole/rest-create-*-admitted); roles must be passable."""
    if not credentials:
        return
    arn = Arn.parse(credentials)
    if arn is None or arn.service != "iam":
        raise bad_request("Invalid ARN specified in the request")
    if arn.resource.startswith("role/"):
        check_pass_role(call, credentials, SERVICE)


def _authorizer(call: Call) -> Doc:
    return lookup.child(
        call, lookup.AUTHORIZERS, call.params["authorizerId"], "Invalid Authorizer identifier specified"
    )
