"""Request validators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import conflict
from sekisho.services.apigateway.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

TARGETS = (
    patch.member("/name"),
    patch.member("/validateRequestBody", convert=patch.boolean),
    patch.member("/validateRequestParameters", convert=patch.boolean),
)


@ops("CreateRequestValidator", resource=arns.VALIDATORS)
def create_request_validator(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    document = present(
        id=lookup.new_id(call, lookup.VALIDATORS),
        name=call.params.get("name"),
        validateRequestBody=bool(call.params.get("validateRequestBody")),
        validateRequestParameters=bool(call.params.get("validateRequestParameters")),
    )
    lookup.put_child(call, lookup.VALIDATORS, document["id"], document)
    return document


@ops("GetRequestValidator", resource=arns.VALIDATOR)
def get_request_validator(call: Call) -> Mapping[str, Any]:
    return _validator(call)


@ops("GetRequestValidators", resource=arns.VALIDATORS)
def get_request_validators(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    return listing(call, lookup.children(call, lookup.VALIDATORS), lambda each: str(each["id"]))


@ops("UpdateRequestValidator", resource=arns.VALIDATOR)
def update_request_validator(call: Call) -> Mapping[str, Any]:
    document = patch.apply(_validator(call), patch.operations(call.params.get("patchOperations")), TARGETS)
    lookup.put_child(call, lookup.VALIDATORS, document["id"], document)
    return document


@ops("DeleteRequestValidator", resource=arns.VALIDATOR)
def delete_request_validator(call: Call) -> Mapping[str, Any]:
    """Raises Conflict while a method uses it."""
    document = _validator(call)
    for owner in lookup.children(call, lookup.RESOURCES):
        for verb, method in owner["resourceMethods"].items():
            if method.get("requestValidatorId") == document["id"]:
                where = f"{owner['path']}/{verb}"
                raise conflict(f"Cannot delete validator '{document['id']}', is referenced in method: {where}")
    call.table(lookup.VALIDATORS).delete(f"{lookup.api_id(call)}/{document['id']}")
    return {}


def _validator(call: Call) -> Doc:
    name = call.params["requestValidatorId"]
    return lookup.child(call, lookup.VALIDATORS, name, "Invalid Request Validator identifier specified")
