"""Usage plans: which API keys count on which stages, how often they may call, and how much in a period.

INVARIANT: a key is in at most one plan of a stage.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from sekisho.kit import ids
from sekisho.services.apigateway import arns, lookup, patch, usage_plan_patch
from sekisho.services.apigateway.api_keys import api_key
from sekisho.services.apigateway.errors import bad_request, conflict, not_found
from sekisho.services.apigateway.lookup import Doc, listing, present
from sekisho.services.apigateway.usage_plan_limits import check_limits
from sekisho.services.operation import Call, Operations
from sekisho.state.table import Table

ops = Operations("apigateway")

MISSING: Final = "Invalid Usage Plan ID specified"


@ops("CreateUsagePlan", resource=arns.USAGE_PLANS)
def create_usage_plan(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException."""
    params = call.params
    table = call.table(lookup.USAGE_PLANS)
    identifier = ids.short_id(call.entropy)
    while identifier in table:
        identifier = ids.short_id(call.entropy)
    document: Doc = {
        "id": identifier,
        "name": params["name"],
        "apiStages": [dict(each) for each in params.get("apiStages") or ()],
        **present(
            description=params.get("description"),
            throttle=dict(params["throttle"]) if params.get("throttle") else None,
            quota={"offset": 0, **params["quota"]} if params.get("quota") else None,
            tags=dict(params.get("tags") or {}) or None,
        ),
    }
    return _store(call, document, {})


@ops("GetUsagePlan", resource=arns.USAGE_PLAN)
def get_usage_plan(call: Call) -> Mapping[str, Any]:
    return describe(usage_plan(call))


@ops("GetUsagePlans", resource=arns.USAGE_PLANS)
def get_usage_plans(call: Call) -> Mapping[str, Any]:
    """With ``keyId`` only the plans that the key is in."""
    key = call.params.get("keyId")
    memberships = call.table(lookup.USAGE_PLAN_KEYS)
    found = [
        describe(each)
        for id_, each in call.table(lookup.USAGE_PLANS).items()
        if key is None or f"{id_}/{key}" in memberships
    ]
    return listing(call, found, lambda each: str(each["id"]))


@ops("UpdateUsagePlan", resource=arns.USAGE_PLAN)
def update_usage_plan(call: Call) -> Mapping[str, Any]:
    """Raises BadRequest, Conflict, NotFound."""
    before = usage_plan(call)
    document = copy.deepcopy(before)
    for asked in patch.operations(call.params.get("patchOperations")):
        document = usage_plan_patch.patched(document, asked)
    return _store(call, document, before)


@ops("DeleteUsagePlan", resource=arns.USAGE_PLAN)
def delete_usage_plan(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException while it covers stages."""
    document = usage_plan(call)
    if document["apiStages"]:
        first = document["apiStages"][0]
        raise bad_request(
            f"Cannot delete Usage Plan {document['id']} because there are API Stages associated with it, "
            f"including {first['apiId']}:{first['stage']}"
        )
    call.table(lookup.USAGE_PLANS).delete(document["id"])
    memberships = call.table(lookup.USAGE_PLAN_KEYS)
    for membership, _ in list(memberships.items(f"{document['id']}/")):
        memberships.delete(membership)
    return {}


@ops("CreateUsagePlanKey", resource=arns.USAGE_PLAN_KEYS)
def create_usage_plan_key(call: Call) -> Mapping[str, Any]:
    """Raises Conflict, BadRequest, NotFound."""
    plan = usage_plan(call)
    if call.params["keyType"] != "API_KEY":
        raise bad_request("Invalid key type specified. Must be one of: [API_KEY]")
    key = api_key(call, call.params["keyId"])
    table = call.table(lookup.USAGE_PLAN_KEYS)
    if f"{plan['id']}/{key['id']}" in table:
        raise conflict(f"API Key {key['id']} is already in Usage Plan {plan['id']}")
    _refuse_overlap(call, plan, key["id"])
    join(table, plan["id"], key["id"])
    return describe_key(key)


@ops("GetUsagePlanKey", resource=arns.USAGE_PLAN_KEY)
def get_usage_plan_key(call: Call) -> Mapping[str, Any]:
    return describe_key(member_key(call))


@ops("GetUsagePlanKeys", resource=arns.USAGE_PLAN_KEYS)
def get_usage_plan_keys(call: Call) -> Mapping[str, Any]:
    plan, prefix = usage_plan(call), call.params.get("nameQuery") or ""
    keys = [api_key(call, id_) for id_ in keys_of(call, plan["id"])]
    found = [describe_key(each) for each in keys if each.get("name", "").startswith(prefix)]
    return listing(call, found, lambda each: str(each["id"]))


@ops("DeleteUsagePlanKey", resource=arns.USAGE_PLAN_KEY)
def delete_usage_plan_key(call: Call) -> Mapping[str, Any]:
    key = member_key(call)
    call.table(lookup.USAGE_PLAN_KEYS).delete(f"{call.params['usagePlanId']}/{key['id']}")
    return {}


def join(memberships: Table, plan: str, key: str) -> None:
    """Put a key into a plan."""
    memberships.put(f"{plan}/{key}", {"usagePlanId": plan, "keyId": key, "type": "API_KEY"})


def usage_plan(call: Call) -> Doc:
    """The plan that ``usagePlanId`` names. Raises NotFoundException."""
    found = call.table(lookup.USAGE_PLANS).get(call.params["usagePlanId"])
    if found is None:
        raise not_found(MISSING)
    return copy.deepcopy(found)


def member_key(call: Call) -> Doc:
    """The key that ``keyId`` names, which must be in the plan. Raises NotFoundException."""
    plan = usage_plan(call)
    key = api_key(call, call.params["keyId"])
    if f"{plan['id']}/{key['id']}" not in call.table(lookup.USAGE_PLAN_KEYS):
        raise not_found("Invalid Usage Plan Key identifier specified")
    return key


def keys_of(call: Call, plan: str) -> list[str]:
    """Ids of the keys in a plan."""
    return [id_.partition("/")[2] for id_, _ in call.table(lookup.USAGE_PLAN_KEYS).items(f"{plan}/")]


def forget_stage(call: Call, api: str, stage: str) -> None:
    """A stage that is deleted leaves its plans."""
    table = call.table(lookup.USAGE_PLANS)
    for id_, plan in list(table.items()):
        kept = [each for each in plan["apiStages"] if (each["apiId"], each["stage"]) != (api, stage)]
        if len(kept) != len(plan["apiStages"]):
            table.put(id_, {**plan, "apiStages": kept})


def describe(document: Mapping[str, Any]) -> Doc:
    """The plan without what only this server needs to know."""
    return {name: each for name, each in document.items() if name != "quotaSince"}


def describe_key(key: Mapping[str, Any]) -> Doc:
    return {"id": key["id"], "type": "API_KEY", "value": key["value"], **present(name=key.get("name"))}


def _store(call: Call, document: Doc, before: Mapping[str, Any]) -> Doc:
    check_limits(document)
    _check_stages(call, document)
    if document.get("quota") != before.get("quota"):
        # A changed limit goes on counting; a quota that was not there begins with nothing used.
        if "quota" not in document:
            document.pop("quotaSince", None)
        elif "quota" not in before:
            document["quotaSince"] = call.now
    for key in keys_of(call, document["id"]):
        _refuse_overlap(call, document, key)
    call.table(lookup.USAGE_PLANS).put(document["id"], document)
    return describe(document)


def _check_stages(call: Call, document: Doc) -> None:
    seen = set()
    for each in document["apiStages"]:
        place = (each.get("apiId"), each.get("stage"))
        if f"{place[0]}/{place[1]}" not in call.table(lookup.STAGES):
            raise bad_request(
                f"Invalid API Stage {{api: {place[0]}, stage: {place[1]}}} specified for usageplan {document['id']}"
            )
        if place in seen:
            raise conflict(f"API Stage {place[0]}:{place[1]} is already in Usage Plan {document['id']}")
        seen.add(place)


def _refuse_overlap(call: Call, plan: Mapping[str, Any], key: str) -> None:
    """vector: apikeys/control-stage-overlap."""
    refuse_overlap(plan, key, dict(call.table(lookup.USAGE_PLANS).items()), call.table(lookup.USAGE_PLAN_KEYS))


def refuse_overlap(plan: Mapping[str, Any], key: str, plans: Mapping[str, Any], memberships: Table) -> None:
    """Raises ConflictException when the key is in another of ``plans`` with a stage of this plan."""
    mine = {(each["apiId"], each["stage"]) for each in plan["apiStages"]}
    for id_, other in plans.items():
        if id_ == plan["id"] or f"{id_}/{key}" not in memberships:
            continue
        for each in other["apiStages"]:
            if (each["apiId"], each["stage"]) in mine:
                raise conflict(
                    f"Usage Plan {plan['id']} cannot be added because API Key {key} cannot reference multiple Usage "
                    f"Plans with the same API stage: {each['apiId']}:{each['stage']}"
                )
