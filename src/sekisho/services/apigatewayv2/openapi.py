"""OpenAPI 3.0 documents with API Gateway's extensions → the members of the calls that build an HTTP API.

Everything read from a document is checked for its type, because the operations' own models check only requests.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sekisho.services.apigatewayv2.errors import bad_request, not_implemented
from sekisho.services.apigatewayv2.lookup import Doc

X = "x-amazon-apigateway-"
ANY = f"{X}any-method"
VERBS = ("get", "post", "put", "patch", "delete", "head", "options", ANY)
SIGV4 = "awsSigv4"
INTEGRATIONS = f"#/components/{X}integrations/"
MAX_BODY = 6_291_456
"""Bytes."""
INTEGRATION_MEMBERS = {
    "type": ("IntegrationType", str),
    "subtype": ("IntegrationSubtype", str),
    "integrationSubtype": ("IntegrationSubtype", str),
    "httpMethod": ("IntegrationMethod", str),
    "uri": ("IntegrationUri", str),
    "connectionType": ("ConnectionType", str),
    "connectionId": ("ConnectionId", str),
    "credentials": ("CredentialsArn", str),
    "description": ("Description", str),
    "payloadFormatVersion": ("PayloadFormatVersion", str),
    "timeoutInMillis": ("TimeoutInMillis", int),
    "requestParameters": ("RequestParameters", dict),
    "responseParameters": ("ResponseParameters", dict),
}
AUTHORIZER_MEMBERS = {
    "authorizerUri": ("AuthorizerUri", str),
    "authorizerCredentials": ("AuthorizerCredentialsArn", str),
    "authorizerPayloadFormatVersion": ("AuthorizerPayloadFormatVersion", str),
    "authorizerResultTtlInSeconds": ("AuthorizerResultTtlInSeconds", int),
    "enableSimpleResponses": ("EnableSimpleResponses", bool),
}
CORS_MEMBERS = {
    "allowOrigins": ("AllowOrigins", list),
    "allowMethods": ("AllowMethods", list),
    "allowHeaders": ("AllowHeaders", list),
    "exposeHeaders": ("ExposeHeaders", list),
    "allowCredentials": ("AllowCredentials", bool),
    "maxAge": ("MaxAge", int),
}


class PlannedRoute(NamedTuple):
    """One operation of the document. Names in place of identifiers, which are known only when things are made."""

    key: str
    integration: str
    """Equal for routes that share one; empty for none."""
    backend: Mapping[str, Any]
    """CreateIntegration's members."""
    authorization: str
    authorizer: str
    """The security scheme's name, or empty."""
    scopes: tuple[str, ...]
    operation_name: str


class Read(NamedTuple):
    """What a document says, in the members of CreateApi, CreateAuthorizer and so on."""

    api: Doc
    authorizers: Mapping[str, Doc]
    routes: tuple[PlannedRoute, ...]
    warnings: tuple[str, ...]


def read(body: str, basepath: str) -> Read:
    """Raises BadRequestException for what is no OpenAPI 3.0 document; 501 for YAML."""
    if basepath not in ("ignore", "prepend", "split"):
        raise bad_request("Invalid basepath mode specified. Valid options are ignore, prepend, split")
    document = _parse(body)
    warnings: list[str] = []
    schemes = _mapping(_mapping(document.get("components"), "components").get("securitySchemes"), "securitySchemes")
    authorizers = {
        name: _authorizer(name, _mapping(scheme[f"{X}authorizer"], name))
        for name, scheme in schemes.items()
        if isinstance(scheme, dict) and f"{X}authorizer" in scheme
    }
    routes = tuple(_routes(document, schemes, authorizers, _base_path(document, basepath), warnings))
    return Read(_api(document), authorizers, routes, tuple(warnings))


def _parse(body: str) -> Mapping[str, Any]:
    if len(body) > MAX_BODY:
        raise bad_request(f"Invalid OpenAPI input: larger than {MAX_BODY} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        if re.match(r"\s*(---|['\"]?(swagger|openapi)['\"]?\s*:)", body):
            raise not_implemented("An OpenAPI document in YAML") from problem
        raise bad_request("Invalid OpenAPI input.") from problem
    if not isinstance(document, dict):
        raise bad_request("Invalid OpenAPI input.")
    if not str(document.get("openapi", "")).startswith("3.0"):
        raise bad_request("Invalid OpenAPI input. HTTP APIs are imported from OpenAPI 3.0 documents")
    return document


def _api(document: Mapping[str, Any]) -> Doc:
    info = _mapping(document.get("info"), "info")
    title = info.get("title")
    if not isinstance(title, str) or not title:
        raise bad_request("Invalid OpenAPI input: info.title is required")
    found: Doc = {"Name": title}
    for key, member in (("description", "Description"), ("version", "Version")):
        if isinstance(info.get(key), str) and info[key]:
            found[member] = info[key]
    if f"{X}cors" in document:
        cors = _mapping(document[f"{X}cors"], f"{X}cors")
        lists = {key: [value] if isinstance(value, str) else value for key, value in cors.items()}
        found["CorsConfiguration"] = _members(lists, CORS_MEMBERS, f"{X}cors")
        for each in found["CorsConfiguration"].values():
            if isinstance(each, list) and not all(isinstance(item, str) for item in each):
                raise bad_request(f"Invalid OpenAPI input: {X}cors must have lists of strings")
    endpoint = _mapping(document.get(f"{X}endpoint-configuration"), f"{X}endpoint-configuration")
    if "disableExecuteApiEndpoint" in endpoint:
        found["DisableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    given = document.get("tags") or []
    if not isinstance(given, list):
        raise bad_request("Invalid OpenAPI input: tags must be a list")
    tags = {
        each["name"]: each[f"{X}tag-value"]
        for each in given
        if isinstance(each, dict) and isinstance(each.get("name"), str) and isinstance(each.get(f"{X}tag-value"), str)
    }
    if tags:
        found["Tags"] = tags
    return found


def _authorizer(name: str, given: Mapping[str, Any]) -> Doc:
    kind = str(given.get("type", "")).upper()
    if kind not in ("REQUEST", "JWT"):
        raise bad_request(f"Invalid OpenAPI input: authorizer {name} must be of type request or jwt")
    source = given.get("identitySource")
    sources = source if isinstance(source, list) else [part.strip() for part in str(source or "").split(",")]
    found = {
        "Name": name,
        "AuthorizerType": kind,
        "IdentitySource": [str(each) for each in sources if each],
        **_members(given, AUTHORIZER_MEMBERS, name),
    }
    if kind == "JWT":
        configuration = _mapping(given.get("jwtConfiguration"), name)
        audience = configuration.get("audience") or []
        found["JwtConfiguration"] = {
            "Issuer": str(configuration.get("issuer") or ""),
            "Audience": [str(each) for each in (audience if isinstance(audience, list) else [audience])],
        }
    return found


def _routes(
    document: Mapping[str, Any],
    schemes: Mapping[str, Any],
    authorizers: Mapping[str, Doc],
    base: str,
    warnings: list[str],
) -> Iterator[PlannedRoute]:
    for path, item in _mapping(document.get("paths"), "paths").items():
        operations = _mapping(item, path)
        for verb in VERBS:
            if verb not in operations:
                continue
            operation = _mapping(operations[verb], f"{path} {verb}")
            key = "$default" if path == "/$default" else f"{'ANY' if verb == ANY else verb.upper()} {base}{path}"
            integration, backend = _backend(document, operation, key)
            if not integration:
                warnings.append(f"No integration is defined for route {key}")
            kind, authorizer, scopes = _security(document, operation, schemes, authorizers, key)
            name = operation.get("operationId")
            yield PlannedRoute(
                key, integration, backend, kind, authorizer, scopes, name if isinstance(name, str) else ""
            )


def _backend(document: Mapping[str, Any], operation: Mapping[str, Any], key: str) -> tuple[str, Mapping[str, Any]]:
    given = operation.get(f"{X}integration")
    if given is None:
        return "", {}
    found = _mapping(given, key)
    name = key
    reference = found.get("$ref")
    if isinstance(reference, str):
        shared = _mapping(_mapping(document.get("components"), "components").get(f"{X}integrations"), "integrations")
        name = reference.removeprefix(INTEGRATIONS)
        if not reference.startswith(INTEGRATIONS) or name not in shared:
            raise bad_request(f"Invalid OpenAPI input: unable to find {reference}")
        found, name = _mapping(shared[name], reference), reference
    backend = _members(found, INTEGRATION_MEMBERS, key)
    backend["IntegrationType"] = str(backend.get("IntegrationType", "")).upper()
    rows = [backend.get("RequestParameters") or {}, *(backend.get("ResponseParameters") or {}).values()]
    if not all(isinstance(row, dict) and all(isinstance(value, str) for value in row.values()) for row in rows):
        raise bad_request(f"Invalid OpenAPI input: parameters of {key} must be strings")
    tls = found.get("tlsConfig")
    if isinstance(tls, dict) and isinstance(tls.get("serverNameToVerify"), str):
        backend["TlsConfig"] = {"ServerNameToVerify": tls["serverNameToVerify"]}
    return name, backend


def _security(
    document: Mapping[str, Any],
    operation: Mapping[str, Any],
    schemes: Mapping[str, Any],
    authorizers: Mapping[str, Doc],
    key: str,
) -> tuple[str, str, tuple[str, ...]]:
    """Authorization type, security scheme, scopes. A scheme that protects nothing here is refused, never ignored."""
    wanted = operation.get("security", document.get("security"))
    if not wanted:
        return "NONE", "", ()
    if not isinstance(wanted, list) or len(wanted) != 1 or not isinstance(wanted[0], dict) or len(wanted[0]) != 1:
        raise bad_request(f"Invalid OpenAPI input: security of {key} must name exactly one scheme")
    name, scopes = next(iter(wanted[0].items()))
    if name in authorizers:
        if not isinstance(scopes, list):
            raise bad_request(f"Invalid OpenAPI input: scopes of {key} must be a list")
        jwt = authorizers[name]["AuthorizerType"] == "JWT"
        return "JWT" if jwt else "CUSTOM", name, tuple(str(each) for each in scopes) if jwt else ()
    scheme = schemes.get(name)
    if isinstance(scheme, dict) and scheme.get(f"{X}authtype") == SIGV4:
        return "AWS_IAM", "", ()
    raise bad_request(f"Invalid OpenAPI input: security scheme {name} of {key} has no authorizer")


def _base_path(document: Mapping[str, Any], mode: str) -> str:
    servers = document.get("servers")
    if mode == "ignore" or not isinstance(servers, list) or not servers or not isinstance(servers[0], dict):
        return ""
    url = str(servers[0].get("url") or "")
    for name, variable in _mapping(servers[0].get("variables"), "servers").items():
        default = variable.get("default", "") if isinstance(variable, dict) else ""
        url = url.replace(f"{{{name}}}", str(default).strip("/"))
    path = re.sub(r"^[a-z][a-z0-9+.-]*://[^/]*", "", url)
    parts = [part for part in path.split("/") if part]
    parts = parts if mode == "prepend" else parts[1:]
    return "/" + "/".join(parts) if parts else ""


def _members(given: Mapping[str, Any], table: Mapping[str, tuple[str, type]], where: str) -> Doc:
    found: Doc = {}
    for key, (member, kind) in table.items():
        value = given.get(key)
        if value is None:
            continue
        if kind is int and isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise bad_request(f"Invalid OpenAPI input: {key} of {where} has the wrong type")
        found[member] = value
    return found


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"Invalid OpenAPI input: {where} must be an object")
    return value
