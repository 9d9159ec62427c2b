"""REST APIs: create, describe, update, delete; and the spelling of their resource policies."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from sekisho.kit import ids
from sekisho.kit.arn import execute_api_arn
from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.apigateway.lookup import Doc, listing, rest_api
from sekisho.services.apigateway.usage_plans import forget_stage
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

ENDPOINT_TYPES = ("EDGE", "REGIONAL", "PRIVATE")
MAX_POLICY = 8192
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
MAX_COMPRESSION = 10_485_760
INVALID_POLICY = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."

CHILDREN = (
    lookup.RESOURCES,
    lookup.DEPLOYMENTS,
    lookup.STAGES,
    lookup.AUTHORIZERS,
    lookup.VALIDATORS,
    lookup.MODELS,
    lookup.GATEWAY_RESPONSES,
)

TARGETS = (
    patch.member("/apiKeySource", convert=patch.one_of("HEADER", "AUTHORIZER")),
    patch.item("/binaryMediaTypes/{binaryMediaType}", "add replace remove"),
    patch.member("/description"),
    patch.member("/disableExecuteApiEndpoint", convert=patch.boolean),
    patch.item("/endpointConfiguration/types/{type}", "replace"),
    patch.values("/endpointConfiguration/vpcEndpointIds"),
    patch.member("/minimumCompressionSize", "add replace remove", patch.integer, cleared_by_empty=True),
    patch.member("/name"),
    patch.member("/policy", "add replace remove", cleared_by_empty=True),
    patch.member("/version"),
)
ADMITTED = (*TARGETS, patch.member("/endpointConfiguration/ipAddressType", convert=patch.one_of("ipv4", "dualstack")))
"""``TARGETS`` are the paths that AWS's message names; it was recorded before there were address types."""


@ops("CreateRestApi", resource=arns.RESTAPIS)
def create_rest_api(call: Call) -> Mapping[str, Any]:
    """An API with nothing but its root resource. Raises BadRequestException."""
    params = call.params
    if "cloneFrom" in params:
        raise not_implemented("CreateRestApi with cloneFrom")
    table = call.table(lookup.REST_APIS)
    identifier = ids.api_id(call.entropy)
    while identifier in table:
        identifier = ids.api_id(call.entropy)
    root = ids.short_id(call.entropy, 10)
    document: Doc = {
        "id": identifier,
        "createdDate": float(int(call.now)),
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"]},
        "disableExecuteApiEndpoint": False,
        "tags": {},
        "rootResourceId": root,
        **{
            name: copy.deepcopy(params[name])
            for name in (
                "name",
                "description",
                "version",
                "binaryMediaTypes",
                "minimumCompressionSize",
                "apiKeySource",
                "endpointConfiguration",
                "policy",
                "tags",
                "disableExecuteApiEndpoint",
            )
            if params.get(name) is not None
        },
    }
    document = checked(call, document)
    table.put(identifier, document)
    top = {"id": root, "path": "/", "resourceMethods": {}}
    call.table(lookup.RESOURCES).put(f"{identifier}/{root}", top)
    for model in default_models():
        call.table(lookup.MODELS).put(f"{identifier}/{model['name']}", {"id": ids.short_id(call.entropy), **model})
    return describe(document)


@ops("GetRestApi", resource=arns.RESTAPI)
def get_rest_api(call: Call) -> Mapping[str, Any]:
    return describe(rest_api(call))


@ops("GetRestApis", resource=arns.RESTAPIS)
def get_rest_apis(call: Call) -> Mapping[str, Any]:
    every = [describe(document) for _, document in call.table(lookup.REST_APIS).items()]
    return listing(call, every, lambda api: str(api["id"]))


@ops("UpdateRestApi", resource=arns.RESTAPI)
def update_rest_api(call: Call) -> Mapping[str, Any]:
    """Applies patch operations. The stored policy reaches stages at their next deployment."""
    before = rest_api(call)
    asked = patch.operations(call.params.get("patchOperations"))
    document = checked(
        call, patch.apply(before, asked, ADMITTED, wrong_path=lambda each: patch.must_be_one_of(each, TARGETS))
    )
    call.table(lookup.REST_APIS).put(document["id"], document)
    return describe(document)


@ops("DeleteRestApi", resource=arns.RESTAPI)
def delete_rest_api(call: Call) -> Mapping[str, Any]:
    """Deletes the API with everything under it."""
    api = rest_api(call)
    for stage in lookup.children(call, lookup.STAGES):
        forget_stage(call, api["id"], stage["stageName"])
    for kind in CHILDREN:
        table = call.table(kind)
        for key in [key for key, _ in table.items(f"{api['id']}/")]:
            table.delete(key)
    call.table(lookup.REST_APIS).delete(api["id"])
    return {}


def describe(document: Mapping[str, Any]) -> Doc:
    """The API as AWS shows it: the policy is the body of a JSON string literal, every quote escaped."""
    shown = dict(document)
    policy = shown.pop("policy", None)
    if policy:
        shown["policy"] = json.dumps(policy, ensure_ascii=False)[1:-1]
    return shown


def checked(call: Call, document: Doc) -> Doc:
    """The document with its policy rewritten. Raises BadRequestException."""
    if not document.get("name"):
        raise bad_request("API name cannot be empty")
    size = document.get("minimumCompressionSize")
    if size is not None and not 0 <= size <= MAX_COMPRESSION:
        raise bad_request(f"Invalid minimum compression size, must be between 0 - {MAX_COMPRESSION}")
    configuration = document["endpointConfiguration"] or {}
    types = configuration.get("types") or ["EDGE"]
    if len(types) != 1:
        raise bad_request("Cannot create an api with multiple Endpoint Types")
    if types[0] not in ENDPOINT_TYPES:
        raise bad_request(f"Invalid endpoint type {types[0]}. Must be one of: [{', '.join(ENDPOINT_TYPES)}]")
    if configuration.get("vpcEndpointIds") and types != ["PRIVATE"]:
        raise bad_request("Only private APIs can have VPC endpoint associations.")
    document["endpointConfiguration"] = {**configuration, "types": types}
    if document.get("policy"):
        document["policy"] = rewrite_policy(document["policy"], call.region, call.account, document["id"])
    return document


def default_models() -> tuple[Doc, ...]:
    """``Empty`` and ``Error``, which every API has from the beginning."""
    draft = "http://json-schema.org/draft-04/schema#"
    error = {"$schema": draft, "title": "Error Schema", "type": "object", "properties": {"message": {"type": "string"}}}
    schemas = {"Empty": {"$schema": draft, "title": "Empty Schema", "type": "object"}, "Error": error}
    return tuple(
        {
            "name": name,
            "description": f"This is a default {name.lower()} schema model",
            "schema": json.dumps(schema, indent=2),
            "contentType": "application/json",
        }
        for name, schema in schemas.items()
    )


def rewrite_policy(text: str, region: str, account: str, api: str) -> str:
    """The policy as AWS stores it: ``execute-api:/…`` spelled out, principal lists of one element made texts.

    vector policy/get-rest-api-rewrites-policy
    """
    if len(text.encode("utf-8")) > MAX_POLICY:
        raise bad_request(f"Resource policy exceeds the maximum size of {MAX_POLICY} bytes")
    try:
        policy = json.loads(text)
    except ValueError as problem:
        raise bad_request(INVALID_POLICY) from problem
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    listed = [statements] if isinstance(statements, dict) else statements
    if not isinstance(listed, list) or not all(_is_statement(each) for each in listed):
        raise bad_request(INVALID_POLICY)
    prefix = execute_api_arn(region, account, api)
    for statement in listed:
        for name in ("Resource", "NotResource"):
            if name in statement:
                statement[name] = _spelled_out(statement[name], prefix)
        for name in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(name), dict):
                statement[name] = {
                    kind: who[0] if isinstance(who, list) and len(who) == 1 else who
                    for kind, who in statement[name].items()
                }
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.get("Effect") in ("Allow", "Deny")
        and ("Principal" in statement) != ("NotPrincipal" in statement)
        and ("Action" in statement) != ("NotAction" in statement)
        and ("Resource" in statement) != ("NotResource" in statement)
        and _is_principal(statement.get("Principal", statement.get("NotPrincipal")))
        and isinstance(statement.get("Condition", {}), dict)
        and all(
            _is_texts(statement[name])
            for name in ("Action", "NotAction", "Resource", "NotResource")
            if name in statement
        )
    )


def _is_principal(principal: Any) -> bool:
    if isinstance(principal, dict):
        kinds = {"AWS", "Service", "Federated", "CanonicalUser"}
        return bool(principal) and set(principal) <= kinds and all(_is_texts(who) for who in principal.values())
    return bool(principal == "*")


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
    )


def _spelled_out(resource: Any, prefix: str) -> Any:
    if isinstance(resource, list):
        return [_spelled_out(each, prefix) for each in resource]
    if resource.startswith("execute-api:"):
        return f"{prefix}/{resource.removeprefix('execute-api:').removeprefix('/')}"
    return resource
