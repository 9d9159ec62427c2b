"""Models: JSON schemas by name. Every API has ``Empty`` and ``Error`` from the beginning."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sekisho.kit.ids import short_id
from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, not_found, not_implemented
from sekisho.services.apigateway.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

NAME = re.compile(r"[A-Za-z0-9]+")
MAX_SCHEMA = 409_600
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""

TARGETS = (patch.member("/description"), patch.member("/schema"))


@ops("CreateModel", resource=arns.MODELS)
def create_model(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    name = call.params["name"]
    if not NAME.fullmatch(name):
        raise bad_request(f"Model name must be alphanumeric: {name}")
    if f"{lookup.api_id(call)}/{name}" in call.table(lookup.MODELS):
        raise conflict("Model name already exists for this REST API")
    document = present(
        id=short_id(call.entropy),
        name=name,
        description=call.params.get("description"),
        schema=call.params.get("schema"),
        contentType=call.params["contentType"],
    )
    check(document)
    lookup.put_child(call, lookup.MODELS, name, document)
    return document


@ops("GetModel", resource=arns.MODEL)
def get_model(call: Call) -> Mapping[str, Any]:
    if call.params.get("flatten"):
        raise not_implemented("GetModel with flatten")
    return _model(call)


@ops("GetModels", resource=arns.MODELS)
def get_models(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    return listing(call, lookup.children(call, lookup.MODELS), lambda each: str(each["name"]))


@ops("UpdateModel", resource=arns.MODEL)
def update_model(call: Call) -> Mapping[str, Any]:
    document = patch.apply(_model(call), patch.operations(call.params.get("patchOperations")), TARGETS)
    check(document)
    lookup.put_child(call, lookup.MODELS, document["name"], document)
    return document


@ops("DeleteModel", resource=arns.MODEL)
def delete_model(call: Call) -> Mapping[str, Any]:
    """Raises Conflict while a method or another model refers to it."""
    document = _model(call)
    name = document["name"]
    for owner in lookup.children(call, lookup.RESOURCES):
        for verb, method in owner["resourceMethods"].items():
            used = set((method.get("requestModels") or {}).values())
            for response in method.get("methodResponses", {}).values():
                used |= set((response.get("responseModels") or {}).values())
            if name in used:
                raise conflict(f"Cannot delete model '{name}', is referenced in method: {owner['path']}/{verb}")
    for other in lookup.children(call, lookup.MODELS):
        if other["name"] != name and f'/models/{name}"' in str(other.get("schema", "")):
            raise conflict(f"Cannot delete model '{name}', is referenced in model: {other['name']}")
    call.table(lookup.MODELS).delete(f"{lookup.api_id(call)}/{name}")
    return {}


def check(document: Mapping[str, Any]) -> None:
    schema = document.get("schema")
    if schema is None:
        return
    if not schema:
        raise bad_request("Model schema must have at least 1 property or array items defined")
    if len(schema.encode("utf-8")) > MAX_SCHEMA:
        raise bad_request(f"Model schema must not exceed {MAX_SCHEMA} bytes")
    if "json" not in document["contentType"]:
        return
    try:
        parsed = json.loads(schema)
    except (ValueError, RecursionError) as problem:
        raise bad_request(f"Invalid model specified: Invalid model schema specified. {problem}") from problem
    if not isinstance(parsed, dict):
        raise bad_request(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
        )


def _model(call: Call) -> Doc:
    name = call.params["modelName"]
    lookup.rest_api(call)
    found = call.table(lookup.MODELS).get(f"{lookup.api_id(call)}/{name}")
    if found is None:
        raise not_found(f"Invalid model name specified: {name}")
    return found
