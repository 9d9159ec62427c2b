"""ImportRestApi and PutRestApi: an API from an OpenAPI document."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import (
    arns,
    authorizers,
    gateway_responses,
    integration_responses,
    integrations,
    lookup,
    methods,
    models,
    openapi,
    resources,
    rest_apis,
    validators,
)
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.apigateway.openapi import Ref
from sekisho.services.operation import Call, Operations, ServiceError, compose

ops = Operations("apigateway")

BUILDERS = compose(
    module.ops
    for module in (
        rest_apis,
        resources,
        methods,
        integrations,
        integration_responses,
        authorizers,
        validators,
        models,
        gateway_responses,
    )
)
REPLACED = (
    lookup.RESOURCES,
    lookup.AUTHORIZERS,
    lookup.VALIDATORS,
    lookup.MODELS,
    lookup.GATEWAY_RESPONSES,
)


@ops("ImportRestApi", resource=arns.RESTAPIS)
def import_rest_api(call: Call) -> Mapping[str, Any]:
    """A new API. Nothing is left of it when the document is refused."""
    parameters = _parameters(call)
    document = openapi.read(call.params["body"])
    wanted = openapi.settings(document)
    openapi.check_types(wanted.members)
    members = dict(wanted.members)
    if "endpointConfigurationTypes" in parameters:
        members["endpointConfiguration"] = {"types": [parameters["endpointConfigurationTypes"]]}
    made = _run(call, "CreateRestApi", {"name": wanted.name, **members})
    _build(call, made["id"], document, parameters)
    return made


@ops("PutRestApi", resource=arns.RESTAPI)
def put_rest_api(call: Call) -> Mapping[str, Any]:
    """``overwrite`` replaces what is under the API, ``merge`` (the default) adds to it and replaces equal methods."""
    before = lookup.rest_api(call)
    mode = call.params.get("mode") or "merge"
    if mode not in ("merge", "overwrite"):
        raise bad_request(f"Invalid import mode specified: {mode}")
    document = openapi.read(call.params["body"])
    wanted = openapi.settings(document)
    openapi.check_types(wanted.members)
    members = {**wanted.members, **({"name": wanted.name} if wanted.name else {})}
    if mode == "overwrite":
        _clear(call, before)
    after = rest_apis.checked(call, {**before, **copy.deepcopy(members)})
    call.table(lookup.REST_APIS).put(before["id"], after)
    _build(call, before["id"], document, _parameters(call))
    return rest_apis.describe(after)


def _parameters(call: Call) -> Mapping[str, str]:
    given = dict(call.params.get("parameters") or {})
    if str(given.get("basepath", "ignore")) not in ("ignore", "prepend", "split"):
        raise bad_request("Invalid basepath mode specified. Valid options are ignore,prepend,split")
    if given.get("ignore") not in (None, "documentation"):
        raise not_implemented(f"Importing with ignore={given['ignore']}")
    return given


def _build(call: Call, api: str, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    made: dict[Ref, str] = {}
    for row in openapi.plan(document, _base_path(document, parameters.get("basepath", "ignore"))):
        openapi.check_types(row.params)
        params: dict[str, Any] = {"restApiId": api}
        for name, value in row.params.items():
            params[name] = _find(call, api, value, made) if isinstance(value, Ref) else copy.deepcopy(value)
        _replace(call, row.operation, params)
        where = row.params.get("resourceId")
        answer = _run(call, row.operation, params, where.name if isinstance(where, Ref) else "")
        if row.makes is not None:
            made[row.makes] = answer["id"]


def _replace(call: Call, operation: str, params: Mapping[str, Any]) -> None:
    """Merging replaces what has the same name: a model, a method."""
    inner = _inner(call, operation, params)
    if operation == "CreateModel":
        call.table(lookup.MODELS).delete(f"{params['restApiId']}/{params['name']}")
    elif operation == "PutMethod":
        owner = lookup.resource(inner)
        if owner["resourceMethods"].pop(params["httpMethod"], None) is not None:
            lookup.put_resource(inner, owner)
    elif operation == "CreateAuthorizer":
        for each in lookup.children(inner, lookup.AUTHORIZERS):
            if each["name"] == params["name"]:
                call.table(lookup.AUTHORIZERS).delete(f"{params['restApiId']}/{each['id']}")


def _find(call: Call, api: str, wanted: Ref, made: dict[Ref, str]) -> str:
    """The identifier of what an earlier row made; resources are made as they are needed."""
    if wanted in made:
        return made[wanted]
    if wanted.kind != "path":
        raise bad_request(f"Unable to find {wanted.kind} '{wanted.name}'")
    known = {
        each["path"]: each["id"] for each in lookup.children(_inner(call, "", {"restApiId": api}), lookup.RESOURCES)
    }
    here, parent = "", str(known["/"])
    for part in wanted.name.strip("/").split("/") if wanted.name != "/" else ():
        here = f"{here}/{part}"
        if here not in known:
            params = {"restApiId": api, "parentId": parent, "pathPart": part}
            known[here] = _run(call, "CreateResource", params, here)["id"]
        parent = str(known[here])
    made[wanted] = parent
    return parent


def _clear(call: Call, api: Mapping[str, Any]) -> None:
    root = f"{api['id']}/{api['rootResourceId']}"
    for kind in REPLACED:
        table = call.table(kind)
        for key in [key for key, _ in table.items(f"{api['id']}/") if key != root]:
            table.delete(key)
    call.table(lookup.RESOURCES).put(root, {"id": api["rootResourceId"], "path": "/", "resourceMethods": {}})
    for model in rest_apis.default_models():
        call.table(lookup.MODELS).put(f"{api['id']}/{model['name']}", {"id": model["name"].lower(), **model})


def _base_path(document: Mapping[str, Any], mode: str) -> str:
    base = document.get("basePath")
    if not isinstance(base, str) or mode == "ignore":
        return ""
    parts = [part for part in base.split("/") if part]
    return "/" + "/".join(parts if mode == "prepend" else parts[1:])


def _inner(call: Call, operation: str, params: Mapping[str, Any]) -> Call:
    """The same call with another operation's parameters."""
    inner = copy.copy(call)
    inner.operation, inner.params = operation, dict(params)
    return inner


def _run(call: Call, operation: str, params: Mapping[str, Any], path: str = "") -> Mapping[str, Any]:
    """An operation of this service within this call; what it refuses is refused with the path in front."""
    try:
        answer = BUILDERS[operation].run(_inner(call, operation, params))
    except ServiceError as problem:
        if problem.code not in ("BadRequestException", "NotFoundException", "ConflictException"):
            raise
        raise bad_request(
            f"Errors found during import:\n\t{_subject(operation, params, path)}: {problem.message}"
        ) from problem
    if not isinstance(answer, Mapping):
        raise TypeError(f"{operation} asks for an effect, which importing cannot answer")
    return answer


def _subject(operation: str, params: Mapping[str, Any], path: str) -> str:
    if operation == "CreateResource":
        return f"Unable to create resource at path '{path}'"
    what = {"PutMethod": "create method", "PutIntegration": "put integration on"}.get(operation)
    if what is not None:
        return f"Unable to {what} '{params['httpMethod']}' for resource at path '{path}'"
    return f"Unable to process {operation}" + (f" at path '{path}'" if path else "")
