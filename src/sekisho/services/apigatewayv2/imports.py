"""ImportApi and ReimportApi: an HTTP API from an OpenAPI 3.0 document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2 import apis, arns, authorizers, cors, integrations, lookup, openapi, routes
from sekisho.services.apigatewayv2.deployments import auto_deploy
from sekisho.services.apigatewayv2.errors import bad_request
from sekisho.services.apigatewayv2.lookup import Doc
from sekisho.services.operation import Call, Operations, ServiceError

ops = Operations("apigatewayv2")

REPLACED = (lookup.ROUTES, lookup.INTEGRATIONS, lookup.AUTHORIZERS)


@ops("ImportApi", resource=arns.APIS)
def import_api(call: Call) -> Mapping[str, Any]:
    """A new API without stages. Nothing is left of it when the document is refused."""
    wanted = _read(call)
    document = apis.make(call, wanted.api)
    return _built(call, document, wanted)


@ops("ReimportApi", resource=arns.API)
def reimport_api(call: Call) -> Mapping[str, Any]:
    """Replaces the API's routes, integrations and authorizers; stages and deployments stay."""
    document = lookup.api(call)
    wanted = _read(call)
    apis.check(wanted.api)
    for kind in REPLACED:
        for key in [key for key, _ in call.table(kind).items(f"{document['ApiId']}/")]:
            call.table(kind).delete(key)
    for name in ("Description", "Version", "CorsConfiguration"):
        document.pop(name, None)
    document.update({name: value for name, value in wanted.api.items() if name not in ("Tags", "CorsConfiguration")})
    if wanted.api.get("CorsConfiguration"):
        document["CorsConfiguration"] = cors.checked(wanted.api["CorsConfiguration"])
    return _built(call, document, wanted)


def _read(call: Call) -> openapi.Read:
    wanted = openapi.read(call.params["Body"], call.params.get("Basepath") or "ignore")
    if wanted.warnings and call.params.get("FailOnWarnings"):
        raise bad_request("Warnings found during import:\n\t" + "\n\t".join(wanted.warnings))
    return wanted


def _built(call: Call, document: Doc, wanted: openapi.Read) -> Doc:
    """Makes what is under the API; refusals say which part of the document they are about."""
    api = document["ApiId"]
    document.pop("Warnings", None)
    if wanted.warnings:
        document["Warnings"] = list(wanted.warnings)
    document["ImportInfo"] = []
    call.table(lookup.APIS).put(api, document)
    made: dict[str, str] = {}
    for name, given in wanted.authorizers.items():
        try:
            made[name] = authorizers.make(call, api, given)["AuthorizerId"]
        except ServiceError as problem:
            raise _told(problem, f"Unable to create authorizer '{name}'") from problem
    backends: dict[str, str] = {}
    for route in wanted.routes:
        try:
            _make_route(call, api, route, made, backends)
        except ServiceError as problem:
            raise _told(problem, f"Unable to create route '{route.key}'") from problem
    auto_deploy(call, api)
    return apis.describe(call, document)


def _make_route(
    call: Call, api: str, route: openapi.PlannedRoute, made: Mapping[str, str], backends: dict[str, str]
) -> None:
    if route.integration and route.integration not in backends:
        backends[route.integration] = integrations.make(call, api, route.backend)["IntegrationId"]
    given = {
        "RouteKey": route.key,
        "Target": f"integrations/{backends[route.integration]}" if route.integration else None,
        "AuthorizationType": route.authorization,
        "AuthorizerId": made.get(route.authorizer),
        "AuthorizationScopes": list(route.scopes),
        "OperationName": route.operation_name[:64],
    }
    routes.make(call, api, given)


def _told(problem: ServiceError, what: str) -> ServiceError:
    if problem.code not in ("BadRequestException", "NotFoundException", "ConflictException"):
        return problem
    return bad_request(f"Errors found during import:\n\t{what}: {problem.message}")
