"""Resources: the tree of path parts under an API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, limit_exceeded
from sekisho.services.apigateway.lookup import Doc, listing
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

MAX_RESOURCES = 300
PART = re.compile(r"[A-Za-z0-9._:\-]+|\{[A-Za-z0-9._:\-]+\+?\}")
"""A literal, a path variable, or a greedy path variable."""

TARGETS = (patch.member("/parentId"), patch.member("/pathPart"))


@ops("CreateResource", resource=arns.RESOURCES + "/{parentId}")
def create_resource(call: Call) -> Mapping[str, Any]:
    """A child of ``parentId``. Raises BadRequest, Conflict, NotFound."""
    lookup.rest_api(call)
    parent = _resource(call, call.params["parentId"])
    every = lookup.children(call, lookup.RESOURCES)
    if len(every) >= MAX_RESOURCES:
        raise limit_exceeded("Maximum number of resources for this API has been reached")
    part = call.params["pathPart"]
    check_part(parent, part, every, "")
    document: Doc = {
        "id": lookup.new_id(call, lookup.RESOURCES),
        "parentId": parent["id"],
        "pathPart": part,
        "path": join(parent["path"], part),
        "resourceMethods": {},
    }
    lookup.put_resource(call, document)
    return describe(document)


@ops("GetResource", resource=arns.RESOURCE)
def get_resource(call: Call) -> Mapping[str, Any]:
    return describe(lookup.resource(call), methods="methods" in (call.params.get("embed") or ()))


@ops("GetResources", resource=arns.RESOURCES)
def get_resources(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    embed = "methods" in (call.params.get("embed") or ())
    # AWS does not say in which order; by path, the root comes first, where scripts look for it.
    found = sorted(lookup.children(call, lookup.RESOURCES), key=lambda each: each["path"])
    shown = [describe(each, methods=embed) for each in found]
    return listing(call, shown, lambda each: str(each["path"]))


@ops("UpdateResource", resource=arns.RESOURCE)
def update_resource(call: Call) -> Mapping[str, Any]:
    """Renames or moves a resource; the paths of everything below follow."""
    before = lookup.resource(call)
    asked = patch.operations(call.params.get("patchOperations"))
    after = patch.apply(before, asked, TARGETS)
    if "parentId" not in before:
        if asked:
            raise bad_request("Root resource cannot be updated.")
        return describe(before)
    every = lookup.children(call, lookup.RESOURCES)
    below = subtree(every, before["id"])
    parent = next((each for each in every if each["id"] == after["parentId"]), None)
    if parent is None:
        raise bad_request("Invalid Resource identifier specified")
    if any(each["id"] == parent["id"] for each in below):
        raise bad_request("Resources cannot be their own parents.")
    check_part(parent, after["pathPart"], every, before["id"])
    after["path"] = join(parent["path"], after["pathPart"])
    for each in below:
        moved = (
            after
            if each["id"] == after["id"]
            else {**each, "path": after["path"] + each["path"][len(before["path"]) :]}
        )
        lookup.put_resource(call, moved)
    return describe(after)


@ops("DeleteResource", resource=arns.RESOURCE)
def delete_resource(call: Call) -> Mapping[str, Any]:
    """Deletes the resource with everything below it."""
    document = lookup.resource(call)
    if "parentId" not in document:
        raise bad_request("Root resource cannot be deleted.")
    table = call.table(lookup.RESOURCES)
    for each in subtree(lookup.children(call, lookup.RESOURCES), document["id"]):
        table.delete(f"{lookup.api_id(call)}/{each['id']}")
    return {}


def describe(document: Mapping[str, Any], *, methods: bool = False) -> Doc:
    """The resource; its methods only by name unless they are embedded, and not at all when there are none."""
    shown = dict(document)
    own = shown.pop("resourceMethods")
    if own:
        shown["resourceMethods"] = own if methods else {verb: {} for verb in own}
    return shown


def join(parent: str, part: str) -> str:
    return f"/{part}" if parent == "/" else f"{parent}/{part}"


def is_variable(part: str) -> bool:
    return part.startswith("{")


def check_part(parent: Mapping[str, Any], part: str, every: list[Doc], own_id: str) -> None:
    """Whether ``part`` may stand under ``parent``, beside its other children."""
    if not PART.fullmatch(part):
        raise bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            "beginning and the end."
        )
    if str(parent.get("pathPart", "")).endswith("+}"):
        raise bad_request(f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}")
    for sibling in every:
        if sibling.get("parentId") != parent["id"] or sibling["id"] == own_id:
            continue
        if sibling["pathPart"] == part:
            raise conflict(f"Another resource with the same parent already has this name: {part}")
        if is_variable(part) and is_variable(sibling["pathPart"]):
            raise bad_request(
                f"A sibling ({sibling['pathPart']}) of this resource already has a variable path part -- only one is "
                "allowed"
            )
    if part.endswith("+}") and any(each.get("parentId") == own_id for each in every if own_id):
        raise bad_request(f"Resource with children cannot have a greedy path variable: {part}")
    name = part.strip("{}").rstrip("+")
    if is_variable(part) and name in variables(parent["path"]):
        raise bad_request(f"Duplicate path parameter name specified: {name}")


def variables(path: str) -> set[str]:
    """The names of the path variables of a template."""
    return {part.strip("{}").rstrip("+") for part in path.split("/") if is_variable(part)}


def subtree(every: list[Doc], top: str) -> list[Doc]:
    """The resource ``top`` and everything below it."""
    wanted = {top}
    grown = True
    while grown:
        more = {each["id"] for each in every if each.get("parentId") in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return [each for each in every if each["id"] in wanted]


def _resource(call: Call, identifier: str) -> Doc:
    return lookup.child(call, lookup.RESOURCES, identifier, "Invalid Resource identifier specified")
