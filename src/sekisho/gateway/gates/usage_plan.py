"""API keys of REST APIs: which key a request shows, whether it counts here, and whether its plan has budget left.

Theory of operation. The key comes in the header ``x-api-key``, or, where the API says so, from what the Lambda
authorizer answered as ``usageIdentifierKey`` (then the header means nothing). A method that requires a key wants one
that exists, is enabled, and is in a usage plan with this stage. A method that requires none still shows the key to the
integration; and when a plan covers key and stage, its limits hold, even for a disabled key.

Limits of a plan are per key: the method's own and the plan's on all stages together both hold, then the quota. A
request that a limit refused takes nothing of the quota.

vectors: apikeys/*, apikey/*, api-key/*.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import Limits
from sekisho.config.api_keys import ID, NO_KEYS, VALUE, ApiKey, UsagePlan
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.trace import Trace

FROM_AUTHORIZER: Final = "authorizer.usageIdentifierKey"
_SHOWN: Final = 6


def source_of(t: Trace) -> str:
    """``HEADER`` or ``AUTHORIZER``, as the deployment has it."""
    found: str = t.stage.settings.get("apiKeySource") or t.api.api_key_source
    return found


def shown_key(t: Trace) -> str | None:
    """The value of the key that the request shows."""
    if source_of(t) == "AUTHORIZER":
        found: str | None = t.fields.get(FROM_AUTHORIZER)
        return found
    return t.request.headers.get("x-api-key")


def identify(t: Trace, value: str) -> ApiKey | None:
    """The key of a value; both become known to ``$context`` and events."""
    fields = t.fields
    fields[VALUE] = value
    key = t.snapshot.api_keys.get((t.api.account, t.api.region), NO_KEYS).keys.get(value)
    if key is not None:
        fields[ID] = key.id
    return key


def judge(x: Exchange, value: str | None) -> Reject | None:
    """The refusal of the key or of its plan's limits, or None."""
    t = x.trace
    key = identify(t, value) if value else None
    place = (t.api.id, t.stage.name)
    plan = key.by_stage.get(place) if key is not None else None
    if t.route.api_key_required:
        refusal = _refusal(t, value, key, plan)
        if refusal is not None:
            return refusal
    return None if key is None or plan is None else _spend(x, key, plan)


def _refusal(t: Trace, value: str | None, key: ApiKey | None, plan: UsagePlan | None) -> Reject | None:
    """Why the key does not count here; None when it does. The sentences are those of the execution log."""
    if key is not None and key.enabled and plan is not None:
        return None
    stage = f"{t.api.id}/{t.stage.name}"
    because = (
        f"method '{t.request.method} {t.route.resource_path}' requires API Key and API Key is not associated with a "
        f"Usage Plan for API Stage {stage}: "
    )
    if not value:
        kind, because = "missing", because + "No API Key"
    elif key is None:
        kind, because = "unknown", because + "Invalid API Key"
    elif not key.enabled:
        kind, because = "disabled", "API Key is disabled"
    elif _covered(t):
        kind, because = "not-in-plan", because + "No Usage Plan found for API Key and API Stage"
    else:
        kind, because = "stage-not-in-plan", because + "API Stage is not in a Usage Plan"
    evidence = {
        "kind": kind,
        "source": source_of(t),
        "log": f"API Key {masked(value)} not authorized because {because}",
    }
    if key is not None:
        evidence["key"] = key.id
    return Reject(Fault.API_KEY_INVALID, evidence)


def _covered(t: Trace) -> bool:
    """Whether any plan has this stage."""
    place = (t.api.id, t.stage.name)
    table = t.snapshot.api_keys.get((t.api.account, t.api.region), NO_KEYS)
    return any(place in plan.stages for plan in table.plans.values())


def masked(value: str | None) -> str:
    """A key's value as logs show it: its last six characters."""
    if not value:
        return ""
    return "*" * (len(value) - _SHOWN) + value[-_SHOWN:] if len(value) >= 2 * _SHOWN else "*" * len(value)


def _spend(x: Exchange, key: ApiKey, plan: UsagePlan) -> Reject | None:
    """One request of the plan's budget."""
    t = x.trace
    bucket: tuple[str, ...]
    methods = plan.stages[t.api.id, t.stage.name]
    if methods:
        path = f"{t.route.resource_path}/{t.request.method}"
        limits = methods.get(path)
        if limits is None:
            path = f"{t.route.resource_path}/{t.route.method}"
            limits = methods.get(path)
        bucket = ("usage-plan-method", plan.id, key.id, t.api.id, t.stage.name, path)
        if limits is not None and not x.ledger.take(bucket, limits, x.now):
            return _throttled(x, "usage-plan-method", bucket, limits, key, plan)
    if plan.limits is not None:
        bucket = ("usage-plan", plan.id, key.id)
        if not x.ledger.take(bucket, plan.limits, x.now):
            return _throttled(x, "usage-plan", bucket, plan.limits, key, plan)
    if x.ledger.usage.take((plan.id, key.id), plan.quota, x.now):
        return None
    assert plan.quota is not None
    return Reject(
        Fault.QUOTA_EXCEEDED,
        {
            "plan": plan.id,
            "key": key.id,
            "limit": str(plan.quota.limit),
            "period": plan.quota.period,
            "used": str(x.ledger.usage.used((plan.id, key.id), plan.quota, x.now)),
        },
    )


def _throttled(
    x: Exchange, scope: str, bucket: tuple[str, ...], limits: Limits, key: ApiKey, plan: UsagePlan
) -> Reject:
    t = x.trace
    return Reject(
        Fault.THROTTLED,
        {
            "scope": scope,
            "plan": plan.id,
            "key": key.id,
            "rate": f"{limits.rate:.2f}",
            "burst": str(limits.burst),
            "bucket": "\n".join(bucket),
            "missing": str(x.ledger.missing(bucket, limits)),
            "verb": bucket[-1].rpartition("/")[2],
            "log": f"Key throttle limit exceeded for RestApi {t.api.id}, Stage {t.stage.name}, Resource "
            f"{t.route.resource_id}, HttpMethod {t.request.method}. Limit: {limits.rate:.2f} Burst: {limits.burst}",
        },
    )


def remind(ledger: Ledger, t: Trace) -> None:
    """Let ``ledger`` know what a refusal says of earlier requests, so that a replay is refused as well."""
    evidence = t.rejection.evidence if t.rejection is not None else {}
    if "bucket" in evidence and "missing" in evidence:
        ledger.owed[tuple(evidence["bucket"].split("\n"))] = float(evidence["missing"])
    if "used" in evidence:
        table = t.snapshot.api_keys.get((t.api.account, t.api.region), NO_KEYS)
        plan = table.plans.get(evidence["plan"])
        if plan is not None and plan.quota is not None:
            left = plan.quota.limit - int(evidence["used"])
            ledger.usage.leave((plan.id, evidence["key"]), plan.quota, left, t.received)
