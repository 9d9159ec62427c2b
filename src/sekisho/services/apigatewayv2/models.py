"""Models: JSON schemas kept beside an API. HTTP APIs do not validate requests; they are kept and given back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request, conflict
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

NAME = re.compile(r"[A-Za-z0-9]{1,128}")
MAX_SCHEMA = 32768


@ops("CreateModel", resource=arns.MODELS)
def create_model(call: Call) -> Mapping[str, Any]:
    """Raises Conflict for a name in use, BadRequest, NotFound."""
    params = call.params
    api = lookup.api(call)["ApiId"]
    document = present(
        ModelId=lookup.new_id(call, lookup.MODELS, api, 6),
        Name=params["Name"],
        Description=params.get("Description"),
        ContentType=params.get("ContentType") or "application/json",
        Schema=params["Schema"],
    )
    return _keep(call, api, document)


@ops("GetModel", resource=arns.MODEL)
def get_model(call: Call) -> Mapping[str, Any]:
    return lookup.child(call, lookup.MODELS)


@ops("GetModels", resource=arns.MODELS)
def get_models(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)["ApiId"]
    return listing(call, lookup.children(call, lookup.MODELS, api), lambda each: str(each["ModelId"]))


@ops("GetModelTemplate", resource=arns.MODEL_TEMPLATE)
def get_model_template(call: Call) -> Mapping[str, Any]:
    lookup.child(call, lookup.MODELS)
    raise bad_request("Model templates are not supported for HTTP APIs")


@ops("UpdateModel", resource=arns.MODEL)
def update_model(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.MODELS)
    for name in ("Name", "Description", "ContentType", "Schema"):
        if call.params.get(name) is not None:
            document[name] = call.params[name]
    return _keep(call, lookup.api_id(call), document)


@ops("DeleteModel", resource=arns.MODEL)
def delete_model(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.MODELS)
    lookup.remove(call, lookup.MODELS, lookup.api_id(call), document["ModelId"])
    return {}


def _keep(call: Call, api: str, document: Doc) -> Doc:
    if not NAME.fullmatch(document["Name"]):
        raise bad_request(f"Model name must be alphanumeric: {document['Name']}")
    for other in lookup.children(call, lookup.MODELS, api):
        if other["Name"] == document["Name"] and other["ModelId"] != document["ModelId"]:
            raise conflict(f"Model name already exists for this API: {document['Name']}")
    lookup.check_length("description", document.get("Description"), 0, 1024)
    lookup.check_length("schema", document["Schema"], 0, MAX_SCHEMA)
    try:
        json.loads(document["Schema"])
    except (ValueError, RecursionError) as problem:
        raise bad_request("Invalid model schema specified") from problem
    lookup.put(call, lookup.MODELS, api, document["ModelId"], document)
    return document
