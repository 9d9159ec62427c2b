"""API keys: values that clients show in ``x-api-key``, or that authorizers answer as ``usageIdentifierKey``.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from sekisho.kit import ids
from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, not_found
from sekisho.services.apigateway.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

SHORTEST: Final = 20
LONGEST: Final = 128
"""Characters of a value."""
MISSING: Final = "Invalid API Key identifier specified"
TARGETS: Final = (
    patch.member("/customerId"),
    patch.member("/description"),
    patch.member("/enabled", convert=patch.boolean),
    patch.member("/name"),
)
_STAGES: Final = "/stages"


@ops("CreateApiKey", resource=arns.API_KEYS)
def create_api_key(call: Call) -> Mapping[str, Any]:
    """Raises Conflict when another key has the value, BadRequest, NotFound. ``generateDistinctId`` means nothing any
    more: ids always differ from values."""
    params = call.params
    value = params.get("value") or ""
    if value:
        check_value(value)
        if any(each["value"] == value for _, each in call.table(lookup.API_KEYS).items()):
            raise conflict("API Key already exists")
    stages = [_stage(call, each.get("restApiId"), each.get("stageName")) for each in params.get("stageKeys") or ()]
    return describe(
        create(
            call,
            value,
            name=params.get("name"),
            description=params.get("description"),
            enabled=bool(params.get("enabled")),
            customerId=params.get("customerId"),
            stageKeys=list(dict.fromkeys(stages)),
            tags=dict(params.get("tags") or {}) or None,
        ),
        value=True,
    )


@ops("GetApiKey", resource=arns.API_KEY)
def get_api_key(call: Call) -> Mapping[str, Any]:
    return describe(api_key(call, call.params["apiKey"]), value=bool(call.params.get("includeValue")))


@ops("GetApiKeys", resource=arns.API_KEYS)
def get_api_keys(call: Call) -> Mapping[str, Any]:
    """``nameQuery`` is how the name begins."""
    params = call.params
    prefix, customer = params.get("nameQuery") or "", params.get("customerId")
    found = [
        describe(dict(each), value=bool(params.get("includeValues")))
        for _, each in call.table(lookup.API_KEYS).items()
        if each.get("name", "").startswith(prefix) and customer in (None, each.get("customerId"))
    ]
    return listing(call, found, lambda each: str(each["id"]))


@ops("UpdateApiKey", resource=arns.API_KEY)
def update_api_key(call: Call) -> Mapping[str, Any]:
    document = api_key(call, call.params["apiKey"])
    for asked in patch.operations(call.params.get("patchOperations")):
        if asked.path == _STAGES and asked.op in ("add", "remove"):
            document["stageKeys"] = _patched_stages(call, document["stageKeys"], asked)
        else:
            document = patch.apply(document, [asked], TARGETS)
    document["lastUpdatedDate"] = float(int(call.now))
    call.table(lookup.API_KEYS).put(document["id"], document)
    return describe(document)


@ops("DeleteApiKey", resource=arns.API_KEY)
def delete_api_key(call: Call) -> Mapping[str, Any]:
    """Takes the key out of its usage plans, too."""
    document = api_key(call, call.params["apiKey"])
    call.table(lookup.API_KEYS).delete(document["id"])
    memberships = call.table(lookup.USAGE_PLAN_KEYS)
    for membership in [id_ for id_, _ in memberships.items() if id_.endswith(f"/{document['id']}")]:
        memberships.delete(membership)
    return {}


def api_key(call: Call, identifier: str) -> Doc:
    """The key of an id. Raises NotFoundException."""
    found = call.table(lookup.API_KEYS).get(identifier)
    if found is None:
        raise not_found(MISSING)
    return copy.deepcopy(found)


def create(call: Call, value: str, **members: Any) -> Doc:
    """A stored key with ``value``, which no other key has, or a value of its own when that is empty."""
    table = call.table(lookup.API_KEYS)
    identifier = ids.short_id(call.entropy, 10)
    while identifier in table:
        identifier = ids.short_id(call.entropy, 10)
    document: Doc = {
        "id": identifier,
        "value": value or ids.alphanumeric(call.entropy, 40),
        "createdDate": float(int(call.now)),
        "lastUpdatedDate": float(int(call.now)),
        "stageKeys": [],
        **present(**members),
    }
    table.put(identifier, document)
    return document


def check_value(value: str) -> None:
    """Raises BadRequestException for values that keys cannot have."""
    if len(value) < SHORTEST:
        raise bad_request(f"API Key value should be at least {SHORTEST} characters")
    if len(value) > LONGEST:
        raise bad_request(f"API Key value exceeds maximum size of {LONGEST} characters")
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise bad_request("API Key value contains characters that a header value cannot have")


def describe(document: Mapping[str, Any], *, value: bool = False) -> Doc:
    """The key as operations answer it; its value only where that was asked for."""
    return {name: each for name, each in document.items() if value or name != "value"}


def _stage(call: Call, api: str | None, stage: str | None) -> str:
    """``api/stage``, which must exist."""
    if f"{api}/{stage}" not in call.table(lookup.STAGES):
        raise bad_request(f"Invalid stage identifier specified: {api}/{stage}")
    return f"{api}/{stage}"


def _patched_stages(call: Call, stages: list[str], asked: patch.Operation) -> list[str]:
    api, _, stage = (asked.value or "").partition("/")
    if asked.op == "add":
        return list(dict.fromkeys([*stages, _stage(call, api, stage)]))
    return [each for each in stages if each != f"{api}/{stage}"]
