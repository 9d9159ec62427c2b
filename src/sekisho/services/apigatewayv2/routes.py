"""Routes: a key that requests match, who may call it, and the integration that it leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.deployments import auto_deploy
from sekisho.services.apigatewayv2.errors import bad_request, conflict
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

MAX_ROUTES = 300
"""Per API. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
VERBS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
KEY = re.compile(r"(?P<method>[A-Z]+) (?P<path>/.*)")
SEGMENT = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:%]*|\{[A-Za-z0-9._\-:]+\}|[A-Za-z0-9\-._~!$&'()*+,;=:@%]+")
GREEDY = re.compile(r"\{[A-Za-z0-9._\-:]+\+\}")
TARGET = re.compile(r"integrations/(?P<id>[A-Za-z0-9]+)")
BAD_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
NO_AUTHORIZER = "Invalid authorizer ID specified. Setting the authorization type to {} requires a valid authorizer."
WEBSOCKET_ONLY = ("ModelSelectionExpression", "RequestModels", "RequestParameters", "RouteResponseSelectionExpression")
TYPES = {"JWT": "JWT", "CUSTOM": "REQUEST"}
"""Authorization type → the kind of authorizer that it needs."""


@ops("CreateRoute", resource=arns.ROUTES)
def create_route(call: Call) -> Mapping[str, Any]:
    """Raises Conflict for a key in use, BadRequest, NotFound."""
    api = lookup.api(call)["ApiId"]
    document = make(call, api, call.params)
    auto_deploy(call, api)
    return document


@ops("GetRoute", resource=arns.ROUTE)
def get_route(call: Call) -> Mapping[str, Any]:
    return lookup.child(call, lookup.ROUTES)


@ops("GetRoutes", resource=arns.ROUTES)
def get_routes(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)["ApiId"]
    return listing(call, lookup.children(call, lookup.ROUTES, api), lambda each: str(each["RouteId"]))


@ops("UpdateRoute", resource=arns.ROUTE)
def update_route(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.ROUTES)
    api = lookup.api_id(call)
    if document.get("ApiGatewayManaged") and call.params.get("RouteKey") not in (None, document["RouteKey"]):
        # docs: the key of a managed route cannot be modified.
        # https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html
        raise bad_request(f"The key of route {document['RouteId']} is managed by API Gateway; change it by UpdateApi")
    changed = change(call, api, document, call.params)
    auto_deploy(call, api)
    return changed


@ops("DeleteRoute", resource=arns.ROUTE)
def delete_route(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.ROUTES)
    api = lookup.api_id(call)
    lookup.remove(call, lookup.ROUTES, api, document["RouteId"])
    auto_deploy(call, api)
    return {}


def make(call: Call, api: str, given: Mapping[str, Any], *, managed: bool = False) -> Doc:
    """A new route from CreateRoute's members."""
    if len(lookup.children(call, lookup.ROUTES, api)) >= MAX_ROUTES:
        raise conflict(
            "Maximum number of Routes for this API has been reached.  Please contact AWS if you need additional "
            "Routes.",
            429,
        )
    document = present(
        RouteId=lookup.new_id(call, lookup.ROUTES, api),
        RouteKey=given["RouteKey"],
        Target=given.get("Target") or None,
        AuthorizationType=given.get("AuthorizationType") or "NONE",
        AuthorizerId=given.get("AuthorizerId") or None,
        AuthorizationScopes=given.get("AuthorizationScopes") or None,
        ApiKeyRequired=False,
        OperationName=given.get("OperationName") or None,
        ApiGatewayManaged=True if managed else None,
    )
    check_members(given)
    check(call, api, document)
    lookup.put(call, lookup.ROUTES, api, document["RouteId"], document)
    return document


def change(call: Call, api: str, document: Doc, given: Mapping[str, Any]) -> Doc:
    """Applies UpdateRoute's members: what is given replaces, what is empty clears."""
    check_members(given)
    if given.get("AuthorizerId") and not given.get("AuthorizationType"):
        # reported: https://github.com/hashicorp/terraform-provider-aws/pull/35821
        raise bad_request("Unable to update route. Authorizer type is invalid or null.")
    for name in ("RouteKey", "Target", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "OperationName"):
        value = given.get(name)
        if value is None:
            continue
        if value:
            document[name] = value
        elif name not in ("RouteKey", "AuthorizationType"):
            document.pop(name, None)
    if document["AuthorizationType"] not in TYPES and not given.get("AuthorizerId"):
        document.pop("AuthorizerId", None)
        if not given.get("AuthorizationScopes"):
            document.pop("AuthorizationScopes", None)
    check(call, api, document)
    lookup.put(call, lookup.ROUTES, api, document["RouteId"], document)
    return document


def check_members(given: Mapping[str, Any]) -> None:
    """What only WebSocket APIs have."""
    for name in WEBSOCKET_ONLY:
        if given.get(name):
            raise bad_request(f"{name} is not currently supported for HTTP APIs")
    if given.get("ApiKeyRequired"):
        raise bad_request("ApiKeyRequired is not currently supported for HTTP APIs")
    lookup.check_length("operationName", given.get("OperationName") or None, 1, 64)


def check(call: Call, api: str, document: Mapping[str, Any]) -> None:
    key = document["RouteKey"]
    check_key(key)
    shape = same_requests(key)
    for other in lookup.children(call, lookup.ROUTES, api):
        if other["RouteId"] != document["RouteId"] and same_requests(other["RouteKey"]) == shape:
            raise conflict(f"Route with key {other['RouteKey']} already exists for this API")
    if "Target" in document:
        found = TARGET.fullmatch(document["Target"])
        if found is None:
            raise bad_request("Target must be of the form integrations/<integrationId>")
        lookup.child_of(call, api, lookup.INTEGRATIONS, found["id"])
    _check_authorization(call, api, document)


def check_key(key: str) -> None:
    """``$default``, or a verb and a path whose parameters are whole segments, a greedy one last."""
    if key == "$default":
        return
    found = KEY.fullmatch(key)
    if found is None or found["method"] not in VERBS or len(key) > 512:
        raise bad_request(BAD_KEY)
    if found["path"].startswith("/@connections"):
        raise bad_request("The provided route key is reserved: /@connections")
    segments = found["path"][1:].split("/")
    names = [segment for segment in segments if segment.startswith("{")]
    for index, segment in enumerate(segments):
        greedy = GREEDY.fullmatch(segment) is not None
        if greedy and index != len(segments) - 1:
            raise bad_request(f"{BAD_KEY}. A greedy path variable must be at the end of the path")
        if not greedy and not SEGMENT.fullmatch(segment):
            raise bad_request(BAD_KEY)
    bare = [name.strip("{}+") for name in names]
    if len(set(bare)) != len(bare):
        raise bad_request(f"{BAD_KEY}. Path variables must be unique")


def same_requests(key: str) -> str:
    """Equal for keys that match the same requests: the names of variables do not matter."""
    return re.sub(r"\{[^}]*?(\+?)\}", r"{\1}", key)


def _check_authorization(call: Call, api: str, document: Mapping[str, Any]) -> None:
    kind = document["AuthorizationType"]
    wanted = TYPES.get(kind)
    if kind not in ("NONE", "AWS_IAM", *TYPES):
        raise bad_request(f"Invalid AuthorizationType: {kind}")
    if document.get("AuthorizationScopes") and kind != "JWT":
        raise bad_request("AuthorizationScopes can only be set when AuthorizationType is JWT")
    if wanted is None:
        if "AuthorizerId" in document:
            raise bad_request(f"AuthorizerId cannot be set when AuthorizationType is {kind}")
        return
    authorizer = call.table(lookup.AUTHORIZERS).get(f"{api}/{document.get('AuthorizerId', '')}")
    if authorizer is None or authorizer["AuthorizerType"] != wanted:
        raise bad_request(NO_AUTHORIZER.format("JWT" if kind == "JWT" else "CUSTOM or COGNITO_USER_POOLS"))
