"""OpenAPI documents with API Gateway's extensions → the calls that build the API.

Theory of operation. ``plan`` reads a document and returns rows (operation, parameters) in an order in which each finds
what it refers to; importing is running the rows. Identifiers that are only known while running are written as ``Ref``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sekisho.services.apigateway.errors import bad_request, not_implemented

X = "x-amazon-apigateway-"
VERBS = ("get", "post", "put", "patch", "delete", "head", "options", f"{X}any-method")
PLACES = {"header": "header", "query": "querystring", "path": "path"}
MAX_BODY = 6_291_456
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


class Ref(NamedTuple):
    """An identifier that an earlier row makes: kind (``authorizer``, ``validator``, ``path``) and name."""

    kind: str
    name: str


class Row(NamedTuple):
    """A call to make; ``makes`` names the identifier in its answer."""

    operation: str
    params: Mapping[str, Any]
    makes: Ref | None = None


class Settings(NamedTuple):
    """What the document says about the API itself; None: nothing."""

    name: str
    members: Mapping[str, Any]


def read(body: bytes | str) -> Mapping[str, Any]:
    """The document, if it is OpenAPI 2 or 3 in JSON. Raises BadRequestException."""
    if len(body) > MAX_BODY:
        raise bad_request(f"Invalid OpenAPI input: larger than {MAX_BODY} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        if re.match(r"\s*(---|swagger:|openapi:|['\"]?(swagger|openapi)['\"]?\s*:)", text):
            raise not_implemented("An OpenAPI document in YAML") from problem
        raise bad_request("Invalid OpenAPI input.") from problem
    if not isinstance(document, dict):
        raise bad_request("Invalid OpenAPI input.")
    version = str(document.get("swagger") or document.get("openapi") or "")
    if not version.startswith(("2.", "3.0", "3.1")):
        raise bad_request("Invalid OpenAPI input.")
    return document


def settings(document: Mapping[str, Any]) -> Settings:
    """Name, description, policy and the other members of the API."""
    info = _mapping(document.get("info"), "info")
    found: dict[str, Any] = {}
    for name, key in (("description", "description"), ("version", "version")):
        if isinstance(info.get(key), str):
            found[name] = info[key]
    if f"{X}policy" in document:
        policy = document[f"{X}policy"]
        found["policy"] = policy if isinstance(policy, str) else json.dumps(policy)
    for name, key in (
        ("binaryMediaTypes", "binary-media-types"),
        ("apiKeySource", "api-key-source"),
        ("minimumCompressionSize", "minimum-compression-size"),
    ):
        if X + key in document:
            found[name] = document[X + key]
    endpoint = _mapping(document.get(f"{X}endpoint-configuration"), f"{X}endpoint-configuration")
    if "disableExecuteApiEndpoint" in endpoint:
        found["disableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    return Settings(str(info.get("title") or ""), found)


def plan(document: Mapping[str, Any], base_path: str) -> Iterator[Row]:
    """The rows that build what is under the API. ``base_path`` is put before every path."""
    schemas = document.get("definitions") or _mapping(document.get("components"), "components").get("schemas")
    for name, schema in _mapping(schemas, "schemas").items():
        params = {"name": name, "contentType": "application/json", "schema": json.dumps(schema)}
        yield Row("CreateModel", params, Ref("model", name))
    for name, each in _mapping(document.get(f"{X}request-validators"), "validators").items():
        checks = {key: bool(value) for key, value in _mapping(each, name).items()}
        yield Row("CreateRequestValidator", {"name": name, **checks}, Ref("validator", name))
    schemes = security_schemes(document)
    for name, scheme in schemes.items():
        if isinstance(scheme.get(f"{X}authorizer"), dict):
            yield Row("CreateAuthorizer", _authorizer(name, scheme), Ref("authorizer", name))
    for kind, each in _mapping(document.get(f"{X}gateway-responses"), "gateway responses").items():
        yield Row("PutGatewayResponse", {"responseType": kind, **_gateway_response(_mapping(each, kind))})
    for path, item in _mapping(document.get("paths"), "paths").items():
        resource = Ref("path", (base_path.rstrip("/") + "/" + path.strip("/")).rstrip("/") or "/")
        operations = _mapping(item, path)
        shared = _list(operations.get("parameters"), path)
        for verb in VERBS:
            if verb in operations:
                operation = _mapping(operations[verb], f"{path} {verb}")
                yield from _method(document, schemes, resource, verb, operation, shared)


def security_schemes(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found = document.get("securityDefinitions") or _mapping(document.get("components"), "components").get(
        "securitySchemes"
    )
    return {name: _mapping(each, name) for name, each in _mapping(found, "security schemes").items()}


def _authorizer(name: str, scheme: Mapping[str, Any]) -> dict[str, Any]:
    given = scheme[f"{X}authorizer"]
    params: dict[str, Any] = {"name": name, "type": str(given.get("type", "")).upper()}
    for key in (
        "authorizerUri",
        "authorizerCredentials",
        "identitySource",
        "identityValidationExpression",
        "authorizerResultTtlInSeconds",
        "providerARNs",
    ):
        if key in given:
            params[key] = given[key]
    if "identitySource" not in params and scheme.get("in") == "header" and params["type"] != "REQUEST":
        params["identitySource"] = f"method.request.header.{scheme.get('name')}"
    if f"{X}authtype" in scheme:
        params["authType"] = scheme[f"{X}authtype"]
    return params


def _gateway_response(given: Mapping[str, Any]) -> dict[str, Any]:
    params = {key: given[key] for key in ("responseParameters", "responseTemplates") if key in given}
    if given.get("statusCode"):
        params["statusCode"] = str(given["statusCode"])
    return params


def _method(
    document: Mapping[str, Any],
    schemes: Mapping[str, Mapping[str, Any]],
    resource: Ref,
    verb: str,
    operation: Mapping[str, Any],
    shared: list[Any],
) -> Iterator[Row]:
    where = {"resourceId": resource, "httpMethod": "ANY" if verb.startswith(X) else verb.upper()}
    params: dict[str, Any] = {"authorizationType": "NONE", **_request(document, operation, shared)}
    params |= _security(schemes, operation.get("security", document.get("security")))
    auth = operation.get(f"{X}auth")
    if isinstance(auth, dict) and auth.get("type"):
        params["authorizationType"] = str(auth["type"]).upper()
    if isinstance(operation.get("operationId"), str):
        params["operationName"] = operation["operationId"]
    validator = operation.get(f"{X}request-validator", document.get(f"{X}request-validator"))
    if validator:
        params["requestValidatorId"] = Ref("validator", str(validator))
    yield Row("PutMethod", {**where, **params})
    for status, response in _mapping(operation.get("responses"), "responses").items():
        if str(status).isdecimal():
            yield Row("PutMethodResponse", {**where, "statusCode": str(status), **_response(document, response)})
    backend = operation.get(f"{X}integration")
    if backend is not None:
        yield from _integration(where, _mapping(backend, f"{X}integration"))


def _request(document: Mapping[str, Any], operation: Mapping[str, Any], shared: list[Any]) -> dict[str, Any]:
    parameters: dict[str, bool] = {}
    models: dict[str, str] = {}
    for each in [*shared, *_list(operation.get("parameters"), "parameters")]:
        given = resolve(document, each)
        place = str(given.get("in"))
        if place in PLACES:
            parameters[f"method.request.{PLACES[place]}.{given.get('name')}"] = bool(given.get("required"))
        elif place == "body" and _model(given.get("schema")):
            models["application/json"] = _model(given.get("schema"))
    for kind, content in _mapping(resolve(document, operation.get("requestBody")).get("content"), "content").items():
        name = _model(_mapping(content, kind).get("schema"))
        if name:
            models[kind] = name
    return {name: each for name, each in (("requestParameters", parameters), ("requestModels", models)) if each}


def _response(document: Mapping[str, Any], response: Any) -> dict[str, Any]:
    given = resolve(document, response)
    models = {"application/json": _model(given["schema"])} if _model(given.get("schema")) else {}
    for kind, content in _mapping(given.get("content"), "content").items():
        name = _model(_mapping(content, kind).get("schema"))
        if name:
            models[kind] = name
    headers = {f"method.response.header.{name}": False for name in _mapping(given.get("headers"), "headers")}
    return {name: each for name, each in (("responseParameters", headers), ("responseModels", models)) if each}


def _security(schemes: Mapping[str, Mapping[str, Any]], asked: Any) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for requirement in _list(asked, "security"):
        for name, scopes in _mapping(requirement, "security").items():
            scheme = schemes.get(name, {})
            authorizer = scheme.get(f"{X}authorizer")
            if isinstance(authorizer, dict):
                cognito = str(authorizer.get("type", "")).lower() == "cognito_user_pools"
                params["authorizationType"] = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
                params["authorizerId"] = Ref("authorizer", name)
                if scopes:
                    params["authorizationScopes"] = _list(scopes, name)
            elif str(scheme.get(f"{X}authtype", "")).lower() == "awssigv4":
                params["authorizationType"] = "AWS_IAM"
            elif str(scheme.get("name", "")).lower() == "x-api-key":
                params["apiKeyRequired"] = True
    return params


def _integration(where: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Row]:
    params: dict[str, Any] = {**where, "type": str(given.get("type", "")).upper()}
    for key in (
        "uri",
        "credentials",
        "requestParameters",
        "requestTemplates",
        "contentHandling",
        "connectionId",
        "cacheNamespace",
        "cacheKeyParameters",
        "tlsConfig",
        "timeoutInMillis",
    ):
        if given.get(key) is not None:
            params[key] = given[key]
    for key, name in (
        ("httpMethod", "integrationHttpMethod"),
        ("passthroughBehavior", "passthroughBehavior"),
        ("connectionType", "connectionType"),
    ):
        if given.get(key):
            params[name] = str(given[key]).upper()
    yield Row("PutIntegration", params)
    for pattern, each in _mapping(given.get("responses"), "responses").items():
        response = _mapping(each, pattern)
        row: dict[str, Any] = {**where, "statusCode": str(response.get("statusCode", ""))}
        if pattern != "default":
            row["selectionPattern"] = pattern
        row |= {
            key: response[key]
            for key in ("responseParameters", "responseTemplates", "contentHandling")
            if response.get(key) is not None
        }
        yield Row("PutIntegrationResponse", row)


def resolve(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """``value``, following ``$ref`` within the document (a few steps, so that cycles end)."""
    here = value
    for _ in range(8):
        if not isinstance(here, dict):
            return {}
        pointer = here.get("$ref")
        if not isinstance(pointer, str):
            return here
        here = document
        for part in pointer.removeprefix("#/").split("/"):
            here = here.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(here, Mapping) else None
    raise bad_request("Invalid OpenAPI input: reference without end")


def _model(schema: Any) -> str:
    """The name of the model that a schema refers to, or empty."""
    pointer = schema.get("$ref") if isinstance(schema, dict) else None
    return pointer.rsplit("/", 1)[1] if isinstance(pointer, str) and "/" in pointer else ""


MAPS = {"requestParameters", "requestTemplates", "responseParameters", "responseTemplates", "tlsConfig"}
MAPS |= {"requestModels", "responseModels"}
LISTS = {"providerARNs", "cacheKeyParameters", "authorizationScopes", "binaryMediaTypes"}
NUMBERS = {"timeoutInMillis", "authorizerResultTtlInSeconds", "minimumCompressionSize"}
FLAGS = {"apiKeyRequired", "validateRequestBody", "validateRequestParameters", "disableExecuteApiEndpoint"}


def check_types(params: Mapping[str, Any]) -> None:
    """Whether members have the types that the operation's shapes give them, as the wire would check."""
    for name, value in params.items():
        if name in MAPS:
            good = isinstance(value, dict) and all(isinstance(each, str | bool) for each in value.values())
        elif name in LISTS:
            good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        elif name in NUMBERS:
            good = isinstance(value, int) and not isinstance(value, bool)
        elif name in FLAGS:
            good = isinstance(value, bool)
        else:
            good = isinstance(value, str | Ref)
        if not good:
            raise bad_request(f"Invalid OpenAPI input: {name} has a wrong type")


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_request(f"Invalid OpenAPI input: {where} must be an array")
    return value


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"Invalid OpenAPI input: {where} must be an object")
    return value
