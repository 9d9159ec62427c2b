"""GetUsage and UpdateUsage: what API keys have used of a usage plan. The counters live in the data plane's memory.

https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sekisho.config.api_keys import Quota
from sekisho.kit.outcome import Ask
from sekisho.services.apigateway import arns, patch
from sekisho.services.apigateway.api_keys import api_key
from sekisho.services.apigateway.errors import bad_request
from sekisho.services.apigateway.lookup import Doc, listing
from sekisho.services.apigateway.usage_plans import keys_of, member_key, usage_plan
from sekisho.services.effects import Effect, LeaveUsage, ReadUsage
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

MAX_DAYS: Final = 90
"""Between the two dates."""
TARGETS: Final = (patch.member("/remaining", "replace", patch.integer),)


@ops("GetUsage", resource=arns.USAGE)
def get_usage(call: Call) -> Ask[Effect, Call]:
    """``items``: key → a pair of used and remaining for each day. Raises BadRequest, NotFound."""
    plan, wanted = usage_plan(call), call.params.get("keyId")
    start, end = _day(call.params["startDate"]), _day(call.params["endDate"])
    if end < start or end - start > timedelta(days=MAX_DAYS):
        raise bad_request(f"Invalid date range specified. Must be 0 to {MAX_DAYS} days")
    keys = [api_key(call, wanted)["id"]] if wanted else keys_of(call, plan["id"])
    part = listing(call, [{"id": each} for each in keys], lambda each: str(each["id"]))
    shown = tuple(each["id"] for each in part["items"])
    effect = ReadUsage(plan["id"], shown, quota_of(plan), start.isoformat(), end.isoformat())

    def then(again: Call, found: Mapping[str, list[list[int]]]) -> Mapping[str, Any]:
        answer: Doc = {"usagePlanId": plan["id"], "startDate": effect.start, "endDate": effect.end, "items": found}
        return {**answer, "position": part["position"]} if "position" in part else answer

    return Ask(effect, then)


@ops("UpdateUsage", resource=arns.KEY_USAGE)
def update_usage(call: Call) -> Ask[Effect, Call]:
    """Grants, or takes, what is left of the quota until its period ends. Raises BadRequest, NotFound."""
    plan, key = usage_plan(call), member_key(call)
    quota = quota_of(plan)
    if quota is None:
        raise bad_request(f"Usage Plan {plan['id']} has no quota")
    remaining = patch.apply({}, patch.operations(call.params.get("patchOperations")), TARGETS).get("remaining")
    if remaining is None or remaining < 0:
        raise bad_request("Invalid remaining quota specified. Must be 0 or more")
    today = datetime.fromtimestamp(call.now, UTC).date().isoformat()
    read = ReadUsage(plan["id"], (key["id"],), quota, today, today)

    def told(again: Call, found: Mapping[str, list[list[int]]]) -> Mapping[str, Any]:
        return {"usagePlanId": plan["id"], "startDate": today, "endDate": today, "items": found}

    return Ask(LeaveUsage(plan["id"], key["id"], quota, remaining), lambda again, _: Ask(read, told))


def quota_of(plan: Mapping[str, Any]) -> Quota | None:
    """The plan's quota as the data plane counts it."""
    quota = plan.get("quota")
    if not quota:
        return None
    return Quota(quota["limit"], quota.get("offset", 0), quota["period"], plan.get("quotaSince", 0.0))


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as problem:
        raise bad_request(f"Invalid date specified: {text}. Must be YYYY-MM-DD") from problem
