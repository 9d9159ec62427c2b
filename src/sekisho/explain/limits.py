"""Cures for budgets that are used up: tenfold limits, with what was used kept in mind."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from sekisho.explain.case import Case
from sekisho.explain.explanation import ApiCall, Candidate, say

FACTOR: Final = 10


def raised(case: Case) -> tuple[Candidate, ...]:
    """Raise the limit that refused: the plan's quota, its throttle or a method's, or the stage's throttle."""
    rejection, trace = case.trace.rejection, case.trace
    proof: Mapping[str, str] = rejection.evidence if rejection is not None else {}
    if "used" in proof:
        limit = str(max(FACTOR * int(proof["limit"]), int(proof["used"]) + 1))
        return (
            Candidate(say("cure.raise-quota", plan=proof["plan"], limit=limit), _plan(proof, {"/quota/limit": limit})),
        )
    scope = proof.get("scope")
    if scope is None:
        return ()
    rate = f"{max(1.0, FACTOR * float(proof['rate'])):g}"
    burst = str(max(FACTOR * int(proof["burst"]), ceil(float(proof["missing"])) + 1))
    if not scope.startswith("usage-plan"):
        shown = say("cure.raise-stage", stage=trace.stage.name, setting=proof["setting"], rate=rate, burst=burst)
        return (Candidate(shown, (_stage(case, scope, proof["setting"], rate, burst),)),)
    if scope == "usage-plan-method":
        place = f"{trace.route.resource_path}/{proof['verb']}".replace("/", "~1")
        base = f"/apiStages/{trace.api.id}:{trace.stage.name}"
        changes = {f"{base}/throttle/{place}/rateLimit": rate, f"{base}/throttle/{place}/burstLimit": burst}
    else:
        changes = {"/throttle/rateLimit": rate, "/throttle/burstLimit": burst}
    return (Candidate(say("cure.raise-plan", plan=proof["plan"], rate=rate, burst=burst), _plan(proof, changes)),)


def _stage(case: Case, scope: str, setting: str, rate: str, burst: str) -> ApiCall:
    trace = case.trace
    if scope == "stage":
        changes = {f"/{setting}/throttling/rateLimit": rate, f"/{setting}/throttling/burstLimit": burst}
        return _update("UpdateStage", {"restApiId": trace.api.id, "stageName": trace.stage.name}, changes)
    limits = {"ThrottlingRateLimit": float(rate), "ThrottlingBurstLimit": int(burst)}
    settings = {"DefaultRouteSettings": limits} if scope == "http-stage" else {"RouteSettings": {setting: limits}}
    return ApiCall("apigatewayv2", "UpdateStage", {"ApiId": trace.api.id, "StageName": trace.stage.name, **settings})


def _plan(proof: Mapping[str, str], changes: Mapping[str, str]) -> tuple[ApiCall, ...]:
    return (_update("UpdateUsagePlan", {"usagePlanId": proof["plan"]}, changes),)


def _update(operation: str, where: Mapping[str, str], changes: Mapping[str, str]) -> ApiCall:
    patch = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    return ApiCall("apigateway", operation, {**where, "patchOperations": patch})
