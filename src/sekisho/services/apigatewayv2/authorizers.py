"""Authorizers of HTTP APIs: Lambda (REQUEST) and JWT."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import Arn
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.deployments import auto_deploy
from sekisho.services.apigatewayv2.errors import bad_request, conflict
from sekisho.services.apigatewayv2.integrations import FUNCTION, INVOCATION, SERVICE, VARIABLE
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations
from sekisho.services.pass_role import check_pass_role

ops = Operations("apigatewayv2")

MAX_AUTHORIZERS = 10
MAX_TTL = 3600
"""Seconds; the default is 0: results are not reused."""
MAX_AUDIENCES = 50
NAME = r"[A-Za-z0-9!#$%&'*+\-.^_`|~\[\]]+"
SOURCE = re.compile(rf"\$request\.(header|querystring)\.{NAME}|\$(context|stageVariables)\.[A-Za-z0-9_.]+")
JWT_SOURCE = re.compile(rf"\$request\.(header|querystring)\.{NAME}")
ISSUER = re.compile(r"https://[^\s/?#]+[^\s?#]*|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/[^\s?#]*)?")
"""AWS wants https. Plain http is admitted for this machine alone, where developers run identity providers."""
LAMBDA_MEMBERS = (
    "AuthorizerUri",
    "AuthorizerCredentialsArn",
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "EnableSimpleResponses",
)


@ops("CreateAuthorizer", resource=arns.AUTHORIZERS)
def create_authorizer(call: Call) -> Mapping[str, Any]:
    """Raises BadRequest, AccessDenied (iam:PassRole), Conflict with 429 for the quota."""
    api = lookup.api(call)["ApiId"]
    document = make(call, api, call.params)
    auto_deploy(call, api)
    return document


@ops("GetAuthorizer", resource=arns.AUTHORIZER)
def get_authorizer(call: Call) -> Mapping[str, Any]:
    return lookup.child(call, lookup.AUTHORIZERS)


@ops("GetAuthorizers", resource=arns.AUTHORIZERS)
def get_authorizers(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)["ApiId"]
    return listing(call, lookup.children(call, lookup.AUTHORIZERS, api), lambda each: str(each["AuthorizerId"]))


@ops("UpdateAuthorizer", resource=arns.AUTHORIZER)
def update_authorizer(call: Call) -> Mapping[str, Any]:
    """What is omitted stays; an empty credentials ARN clears (vectors authzrole/http-update-*)."""
    document = lookup.child(call, lookup.AUTHORIZERS)
    api = lookup.api_id(call)
    params = call.params
    before = document.get("AuthorizerCredentialsArn")
    if params.get("AuthorizerType") not in (None, document["AuthorizerType"]):
        raise bad_request("AuthorizerType cannot be changed")
    for name in ("Name", "IdentitySource", "JwtConfiguration", *LAMBDA_MEMBERS):
        if params.get(name) is None:
            continue
        if name == "JwtConfiguration":
            document[name] = {**document.get(name, {}), **params[name]}
        else:
            document[name] = params[name]
    if params.get("IdentityValidationExpression"):
        raise bad_request("IdentityValidationExpression is not supported for HTTP APIs")
    if not document.get("AuthorizerCredentialsArn", True):
        del document["AuthorizerCredentialsArn"]
    check(call, api, document)
    if document.get("AuthorizerCredentialsArn") != before:
        check_credentials(call, document.get("AuthorizerCredentialsArn"))
    lookup.put(call, lookup.AUTHORIZERS, api, document["AuthorizerId"], document)
    auto_deploy(call, api)
    return document


@ops("DeleteAuthorizer", resource=arns.AUTHORIZER)
def delete_authorizer(call: Call) -> Mapping[str, Any]:
    """Raises Conflict while a route uses it."""
    document = lookup.child(call, lookup.AUTHORIZERS)
    api = lookup.api_id(call)
    for route in lookup.children(call, lookup.ROUTES, api):
        if route.get("AuthorizerId") == document["AuthorizerId"]:
            raise conflict(
                f"Cannot delete authorizer '{document['Name']}', is referenced in route: {route['RouteKey']}"
            )
    lookup.remove(call, lookup.AUTHORIZERS, api, document["AuthorizerId"])
    auto_deploy(call, api)
    return {}


@ops("ResetAuthorizersCache", resource=arns.AUTHORIZERS_CACHE)
def reset_authorizers_cache(call: Call) -> Mapping[str, Any]:
    """Results live in the data plane, which forgets those of a stage whose ``AuthorizersCacheEpoch`` moved on."""
    document = lookup.stage(call)
    document["AuthorizersCacheEpoch"] = document.get("AuthorizersCacheEpoch", 0) + 1
    lookup.put(call, lookup.STAGES, lookup.api_id(call), document["StageName"], document)
    return {}


def make(call: Call, api: str, given: Mapping[str, Any]) -> Doc:
    """A new authorizer from CreateAuthorizer's members."""
    if len(lookup.children(call, lookup.AUTHORIZERS, api)) >= MAX_AUTHORIZERS:
        raise conflict(
            "Maximum number of Authorizers for this API has been reached.  Please contact AWS if you need additional "
            "Authorizers.",
            429,
        )
    if given.get("IdentityValidationExpression"):
        raise bad_request("IdentityValidationExpression is not supported for HTTP APIs")
    document = present(
        AuthorizerId=lookup.new_id(call, lookup.AUTHORIZERS, api, 6),
        Name=given["Name"],
        AuthorizerType=given["AuthorizerType"],
        IdentitySource=list(given.get("IdentitySource") or ()),
        JwtConfiguration=given.get("JwtConfiguration"),
        **{name: given.get(name) for name in LAMBDA_MEMBERS},
    )
    if given.get("AuthorizerCredentialsArn") == "":
        raise bad_request("Invalid credentials ARN: it must not be empty")
    if document["AuthorizerType"] == "REQUEST":
        document.setdefault("AuthorizerResultTtlInSeconds", 0)
        document.setdefault("EnableSimpleResponses", False)
    check(call, api, document)
    check_credentials(call, document.get("AuthorizerCredentialsArn"))
    lookup.put(call, lookup.AUTHORIZERS, api, document["AuthorizerId"], document)
    return document


def check(call: Call, api: str, document: Mapping[str, Any]) -> None:
    lookup.check_length("name", document["Name"], 1, 128)
    for other in lookup.children(call, lookup.AUTHORIZERS, api):
        if other["Name"] == document["Name"] and other["AuthorizerId"] != document["AuthorizerId"]:
            raise bad_request(
                f"Authorizer name must be unique. Authorizer {document['Name']} already exists in this API"
            )
    if document["AuthorizerType"] == "JWT":
        _check_jwt(document)
    elif document["AuthorizerType"] == "REQUEST":
        _check_request(document)
    else:
        raise bad_request(f"Invalid AuthorizerType: {document['AuthorizerType']}")


def _check_jwt(document: Mapping[str, Any]) -> None:
    for name in LAMBDA_MEMBERS:
        if document.get(name):
            raise bad_request(f"{name} is not supported for JWT authorizers")
    sources = document["IdentitySource"]
    if len(sources) != 1 or not JWT_SOURCE.fullmatch(sources[0]):
        raise bad_request(
            f"Invalid identity source: {','.join(sources) or 'null'}. JWT authorizers have one, "
            "$request.header.<name> or $request.querystring.<name>"
        )
    configuration = document.get("JwtConfiguration") or {}
    issuer = configuration.get("Issuer") or ""
    if not ISSUER.fullmatch(issuer) or len(issuer) > 2048:
        raise bad_request(
            f"Invalid issuer: {issuer}. Issuer must have a valid discovery endpoint ended with "
            "'/.well-known/openid-configuration'"
        )
    audience = configuration.get("Audience") or []
    if not audience or len(audience) > MAX_AUDIENCES or not all(audience):
        raise bad_request("Audience must be specified for JWT authorizers")


def _check_request(document: Mapping[str, Any]) -> None:
    if document.get("JwtConfiguration"):
        raise bad_request("JwtConfiguration is not supported for REQUEST authorizers")
    ttl = document["AuthorizerResultTtlInSeconds"]
    if not 0 <= ttl <= MAX_TTL:
        raise bad_request(f"Authorizer result TTL must be between 0 and {MAX_TTL} seconds")
    sources = document["IdentitySource"]
    if ttl and not sources:
        raise bad_request("Identity source must be specified when authorizer result caching is enabled.")
    for source in sources:
        if not SOURCE.fullmatch(source):
            raise bad_request(f"Invalid identity source: {source}")
    version = document.get("AuthorizerPayloadFormatVersion")
    if not version:
        raise bad_request("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
    if version not in ("1.0", "2.0"):
        raise bad_request(f"Invalid AuthorizerPayloadFormatVersion: {version}. Valid values are 1.0, 2.0")
    if document.get("EnableSimpleResponses") and version != "2.0":
        raise bad_request("EnableSimpleResponses is only supported with AuthorizerPayloadFormatVersion 2.0")
    _check_uri(document.get("AuthorizerUri") or "")


def _check_uri(uri: str) -> None:
    found = INVOCATION.fullmatch(uri)
    if found is None or (VARIABLE not in found["function"] and not FUNCTION.fullmatch(found["function"])):
        raise bad_request(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
            "function invocation."
        )


def check_credentials(call: Call, credentials: str | None) -> None:
    """A role that does not exist is admitted; what is no IAM ARN is not (vectors authzrole/http-create-*)."""
    if not credentials:
        return
    arn = Arn.parse(credentials)
    if arn is None or arn.service != "iam" or not arn.resource.startswith(("role/", "user/")):
        raise bad_request(f"Invalid credentials ARN: {credentials}")
    if arn.resource.startswith("role/"):
        check_pass_role(call, credentials, SERVICE)
