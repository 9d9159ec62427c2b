"""Is there budget? API keys and their usage plans (REST), and limits for everybody together."""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.config.api import Limits
from sekisho.config.method_throttle import EXTRA, MethodThrottle
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.gates.usage_plan import FROM_AUTHORIZER, judge, shown_key
from sekisho.kit.outcome import PASS


def with_usage_plan(x: Exchange) -> Outcome:
    """REST: the API key and its plan, then the method's limits for all callers.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
    """
    t = x.trace
    route = t.route
    if "x-api-key" in x.request.headers.index() or route.api_key_required or FROM_AUTHORIZER in t.fields:
        refusal = judge(x, shown_key(t))
        if refusal is not None:
            return refusal
    limits = route.extras.get(EXTRA)
    return _method(x, limits) if limits else PASS


def _method(x: Exchange, by_verb: Mapping[str, MethodThrottle]) -> Outcome:
    t = x.trace
    verb = x.request.method
    row = by_verb.get(verb)
    if row is None:
        return PASS
    limits = row.limits
    bucket = (t.api.id, t.stage.name, t.route.resource_path, verb)
    if x.ledger.take(bucket, limits, x.now):
        return PASS
    return _exceeded(x, "stage", row.setting, bucket, limits)


def with_limits(x: Exchange) -> Outcome:
    """HTTP: each route has a bucket of its own, on the route's terms or the stage's."""
    t = x.trace
    limits = t.route.throttle or t.stage.throttle
    if limits is None:
        return PASS
    key = (t.api.id, t.stage.name, t.route.route_key)
    if x.ledger.take(key, limits, x.now):
        return PASS
    return _exceeded(x, "http-stage" if t.route.throttle is None else "http-route", t.route.route_key, key, limits)


def _exceeded(x: Exchange, scope: str, setting: str, bucket: tuple[str, ...], limits: Limits) -> Reject:
    """The refusal of a limit for all callers; ``setting`` is where it is configured."""
    t = x.trace
    return Reject(
        Fault.THROTTLED,
        {
            "scope": scope,
            "rate": f"{limits.rate:.2f}",
            "burst": str(limits.burst),
            "setting": setting,
            "bucket": "\n".join(bucket),
            "missing": str(x.ledger.missing(bucket, limits)),
            "log": f"Method throttle limit exceeded for RestApi {t.api.id}, Stage {t.stage.name}, Resource "
            f"{t.route.resource_id}, HttpMethod {x.request.method}. Limit: {limits.rate:.2f} Burst: {limits.burst}",
        },
    )
