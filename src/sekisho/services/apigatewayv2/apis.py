"""HTTP APIs, and quick create: an API with an integration, a route and a stage in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.ids import api_id
from sekisho.services.apigatewayv2 import arns, cors, integrations, lookup, routes, stages
from sekisho.services.apigatewayv2.deployments import auto_deploy
from sekisho.services.apigatewayv2.errors import bad_request, not_implemented
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.apigatewayv2.tags import checked_tags
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

ROUTE_SELECTION = "$request.method $request.path"
ROUTE_SELECTIONS = (ROUTE_SELECTION, "${request.method} ${request.path}")
API_KEY_SELECTION = "$request.header.x-api-key"
MEMBERS = ("Name", "Description", "Version", "DisableExecuteApiEndpoint", "IpAddressType")


@ops("CreateApi", resource=arns.APIS)
def create_api(call: Call) -> Mapping[str, Any]:
    """With ``Target`` also a managed integration, route (``RouteKey`` or ``$default``) and ``$default`` stage."""
    params = call.params
    if params["ProtocolType"] != "HTTP":
        raise not_implemented(f"ProtocolType {params['ProtocolType']}")
    quick = params.get("Target")
    if not quick and (params.get("RouteKey") or params.get("CredentialsArn")):
        raise bad_request("RouteKey and CredentialsArn are only supported with Target (quick create)")
    document = make(call, params)
    if quick:
        _quick_create(call, document["ApiId"])
    return describe(call, document)


@ops("GetApi", resource=arns.API)
def get_api(call: Call) -> Mapping[str, Any]:
    return describe(call, lookup.api(call))


@ops("GetApis", resource=arns.APIS)
def get_apis(call: Call) -> Mapping[str, Any]:
    shown = [describe(call, each) for _, each in call.table(lookup.APIS).items()]
    return listing(call, shown, lambda each: str(each["ApiId"]))


@ops("UpdateApi", resource=arns.API)
def update_api(call: Call) -> Mapping[str, Any]:
    """What is given replaces what was; ``Target``, ``RouteKey`` and ``CredentialsArn`` only for quick-created APIs."""
    params = call.params
    document = lookup.api(call)
    check(params)
    for name in MEMBERS:
        if params.get(name) is not None:
            document[name] = params[name]
    if params.get("RouteSelectionExpression"):
        document["RouteSelectionExpression"] = params["RouteSelectionExpression"]
    if params.get("CorsConfiguration") is not None:
        document["CorsConfiguration"] = cors.checked(params["CorsConfiguration"])
    call.table(lookup.APIS).put(document["ApiId"], document)
    if any(params.get(name) is not None for name in ("Target", "RouteKey", "CredentialsArn")):
        _update_managed(call, document["ApiId"])
    auto_deploy(call, document["ApiId"])
    return describe(call, document)


@ops("DeleteApi", resource=arns.API)
def delete_api(call: Call) -> Mapping[str, Any]:
    """With everything under it. Raises BadRequestException while a domain name leads to it."""
    id_ = lookup.api(call)["ApiId"]
    if any(each["ApiId"] == id_ for _, each in call.table(lookup.API_MAPPINGS).items()):
        raise bad_request(
            f"Deleting API {id_} failed. Please remove all API mappings for the API from your custom domain names."
        )
    for kind in lookup.UNDER_API:
        table = call.table(kind)
        for key in [key for key, _ in table.items(f"{id_}/")]:
            table.delete(key)
    call.table(lookup.APIS).delete(id_)
    return {}


@ops("DeleteCorsConfiguration", resource=arns.CORS)
def delete_cors_configuration(call: Call) -> Mapping[str, Any]:
    document = lookup.api(call)
    if document.pop("CorsConfiguration", None) is not None:
        call.table(lookup.APIS).put(document["ApiId"], document)
        auto_deploy(call, document["ApiId"])
    return {}


def make(call: Call, given: Mapping[str, Any]) -> Doc:
    """A new API from CreateApi's members."""
    check(given)
    document: Doc = {
        "ApiId": _new_api(call),
        **present(**{name: given.get(name) for name in MEMBERS}),
        "ProtocolType": "HTTP",
        "ApiKeySelectionExpression": API_KEY_SELECTION,
        "RouteSelectionExpression": given.get("RouteSelectionExpression") or ROUTE_SELECTION,
        "CreatedDate": float(int(call.now)),
        "Tags": checked_tags({}, given.get("Tags") or {}),
    }
    document.setdefault("DisableExecuteApiEndpoint", False)
    document.setdefault("IpAddressType", "ipv4")
    if given.get("CorsConfiguration"):
        document["CorsConfiguration"] = cors.checked(given["CorsConfiguration"])
    call.table(lookup.APIS).put(document["ApiId"], document)
    return document


def check(params: Mapping[str, Any]) -> None:
    lookup.check_length("name", params.get("Name"), 1, 128)
    lookup.check_length("description", params.get("Description"), 0, 1024)
    lookup.check_length("version", params.get("Version"), 1, 64)
    if params.get("RouteSelectionExpression") not in (None, "", *ROUTE_SELECTIONS):
        raise bad_request("RouteSelectionExpression must be '${request.method} ${request.path}' for HTTP APIs")
    if params.get("ApiKeySelectionExpression"):
        raise bad_request("ApiKeySelectionExpression is not supported for HTTP APIs")
    if params.get("DisableSchemaValidation"):
        raise bad_request("DisableSchemaValidation is not supported for HTTP APIs")


def describe(call: Call, document: Mapping[str, Any]) -> Doc:
    return {"ApiEndpoint": f"https://{document['ApiId']}.execute-api.{call.region}.amazonaws.com", **document}


def _new_api(call: Call) -> str:
    """An id that no API of either kind has."""
    while True:
        candidate = api_id(call.entropy)
        taken = candidate in call.table(lookup.APIS) or candidate in call.table("restapi", service="apigateway")
        if not taken:
            return candidate


def _quick_create(call: Call, api: str) -> None:
    params = call.params
    backend = integrations.make(
        call, api, {**_target(params["Target"]), "CredentialsArn": params.get("CredentialsArn")}, managed=True
    )
    target = f"integrations/{backend['IntegrationId']}"
    routes.make(call, api, {"RouteKey": params.get("RouteKey") or "$default", "Target": target}, managed=True)
    stages.make(call, api, {"StageName": "$default", "AutoDeploy": True}, managed=True)


def _target(target: str) -> Doc:
    """A Lambda function's ARN, or a URL."""
    if target.startswith("arn:"):
        return {"IntegrationType": "AWS_PROXY", "IntegrationUri": target, "PayloadFormatVersion": "2.0"}
    return {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationUri": target,
        "IntegrationMethod": "ANY",
        "PayloadFormatVersion": "1.0",
    }


def _update_managed(call: Call, api: str) -> None:
    params = call.params
    backend = next((e for e in lookup.children(call, lookup.INTEGRATIONS, api) if e.get("ApiGatewayManaged")), None)
    route = next((e for e in lookup.children(call, lookup.ROUTES, api) if e.get("ApiGatewayManaged")), None)
    if backend is None or route is None:
        raise bad_request("Target, RouteKey and CredentialsArn can only be updated on APIs made by quick create")
    changes = {name: params[name] for name in ("CredentialsArn",) if params.get(name) is not None}
    if params.get("Target"):
        changes.update(_target(params["Target"]))
        backend.pop("IntegrationMethod", None)
    if changes:
        integrations.change(call, api, backend, changes)
    if params.get("RouteKey"):
        routes.change(call, api, route, {"RouteKey": params["RouteKey"]})
