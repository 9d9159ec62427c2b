"""ExportApi: an HTTP API, or what a stage serves, as an OpenAPI 3.0 document.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sekisho.kit.instants import iso
from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request
from sekisho.services.apigatewayv2.lookup import Doc
from sekisho.services.apigatewayv2.openapi import (
    ANY,
    AUTHORIZER_MEMBERS,
    CORS_MEMBERS,
    INTEGRATION_MEMBERS,
    SIGV4,
    X,
)
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

PARAMETER = re.compile(r"\{([^}+]+)\+?\}")


@ops("ExportApi", resource=arns.EXPORT)
def export_api(call: Call) -> Mapping[str, Any]:
    """``OutputType`` YAML gives the same text: JSON is YAML, too. Raises BadRequest, NotFound."""
    params = call.params
    api = lookup.api(call)
    if params["Specification"] != "OAS30":
        raise bad_request("Invalid specification. Valid options are OAS30")
    if params["OutputType"] not in ("JSON", "YAML"):
        raise bad_request("Invalid output type. Valid options are JSON, YAML")
    if params.get("ExportVersion") not in (None, "", "1.0"):
        raise bad_request("Invalid export version. Valid options are 1.0")
    stage = lookup.stage(call) if params.get("StageName") else None
    if stage is None:
        parts = {
            "api": api,
            "routes": lookup.children(call, lookup.ROUTES, api["ApiId"]),
            "integrations": _by(call, lookup.INTEGRATIONS, api["ApiId"], "IntegrationId"),
            "authorizers": _by(call, lookup.AUTHORIZERS, api["ApiId"], "AuthorizerId"),
        }
    else:
        if not stage.get("DeploymentId"):
            raise bad_request(f"Stage {stage['StageName']} has no deployment")
        parts = lookup.child_of(call, api["ApiId"], lookup.DEPLOYMENTS, stage["DeploymentId"])["Frozen"]
    extensions = params.get("IncludeExtensions", True)
    url = f"https://{api['ApiId']}.execute-api.{call.region}.amazonaws.com/{{basePath}}"
    base = stage["StageName"] if stage is not None and stage["StageName"] != "$default" else ""
    document = _document(parts, extensions=extensions)
    document["servers"] = [{"url": url, "variables": {"basePath": {"default": base}}}]
    return {"body": json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace")}


def _by(call: Call, kind: str, api: str, member: str) -> Doc:
    return {each[member]: each for each in lookup.children(call, kind, api)}


def _document(parts: Mapping[str, Any], *, extensions: bool) -> Doc:
    api = parts["api"]
    info: Doc = {"title": api["Name"], "version": api.get("Version") or iso(api["CreatedDate"])}
    if api.get("Description"):
        info["description"] = api["Description"]
    paths: Doc = {}
    for route in sorted(parts["routes"], key=lambda each: str(each["RouteKey"])):
        verb, _, path = route["RouteKey"].partition(" ")
        item = paths.setdefault(path or "/$default", {})
        item[ANY if verb in ("ANY", "$default") else verb.lower()] = _operation(route, parts, extensions)
        names = PARAMETER.findall(path)
        if names:
            item["parameters"] = [_parameter(name) for name in names]
    document: Doc = {"openapi": "3.0.1", "info": info, "paths": paths}
    schemes = _schemes(parts, extensions)
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if extensions:
        if api.get("CorsConfiguration"):
            document[f"{X}cors"] = _renamed(api["CorsConfiguration"], CORS_MEMBERS)
        if api["DisableExecuteApiEndpoint"]:
            document[f"{X}endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
        document[f"{X}importexport-version"] = "1.0"
    return document


def _operation(route: Mapping[str, Any], parts: Mapping[str, Any], extensions: bool) -> Doc:
    operation: Doc = {"responses": {"default": {"description": f"Default response for {route['RouteKey']}"}}}
    if route.get("OperationName"):
        operation["operationId"] = route["OperationName"]
    kind = route["AuthorizationType"]
    if kind == "AWS_IAM":
        operation["security"] = [{"sigv4": []}]
    elif kind != "NONE" and route.get("AuthorizerId") in parts["authorizers"]:
        name = parts["authorizers"][route["AuthorizerId"]]["Name"]
        operation["security"] = [{name: list(route.get("AuthorizationScopes") or ())}]
    if route["RouteKey"] == "$default":
        operation["isDefaultRoute"] = True
    backend = parts["integrations"].get(route.get("Target", "").removeprefix("integrations/"))
    if extensions and backend is not None:
        shown = _renamed(backend, INTEGRATION_MEMBERS)
        if "TlsConfig" in backend:
            shown["tlsConfig"] = {"serverNameToVerify": backend["TlsConfig"].get("ServerNameToVerify", "")}
        operation[f"{X}integration"] = shown
    return operation


def _schemes(parts: Mapping[str, Any], extensions: bool) -> Doc:
    schemes: Doc = {}
    for record in parts["authorizers"].values():
        jwt = record["AuthorizerType"] == "JWT"
        scheme: Doc = {"type": "oauth2", "flows": {}} if jwt else {"type": "apiKey", "name": "Unused", "in": "header"}
        if extensions:
            shown = {"type": record["AuthorizerType"].lower(), "identitySource": ",".join(record["IdentitySource"])}
            shown.update(_renamed(record, AUTHORIZER_MEMBERS))
            if jwt:
                configuration = record["JwtConfiguration"]
                shown["jwtConfiguration"] = {"issuer": configuration["Issuer"], "audience": configuration["Audience"]}
            scheme[f"{X}authorizer"] = shown
        schemes[record["Name"]] = scheme
    if any(route["AuthorizationType"] == "AWS_IAM" for route in parts["routes"]):
        sigv4: Doc = {"type": "apiKey", "name": "Authorization", "in": "header"}
        schemes["sigv4"] = {**sigv4, f"{X}authtype": SIGV4} if extensions else sigv4
    return schemes


def _parameter(name: str) -> Doc:
    return {
        "name": name,
        "in": "path",
        "description": f"Generated path parameter for {name}",
        "required": True,
        "schema": {"type": "string"},
    }


def _renamed(record: Mapping[str, Any], table: Mapping[str, tuple[str, type]]) -> Doc:
    return {key: record[member] for key, (member, _) in table.items() if member in record and key != "subtype"}
