"""Is there budget? API keys, usage plans and rate limits are compiled into ``route.extras`` and ``stage.settings``."""

from __future__ import annotations

from typing import Final

from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.kit.outcome import PASS


def with_usage_plan(x: Exchange) -> Outcome:
    """REST: a method that requires an API key refuses every request, since no key is known here yet (fail closed)."""
    if x.trace.route.api_key_required:
        return Reject(Fault.API_KEY_INVALID, {})
    return PASS


_THROTTLED: Final = Reject(Fault.THROTTLED, {})


def with_limits(x: Exchange) -> Outcome:
    """HTTP: each route has a bucket of its own, on the route's terms or the stage's."""
    t = x.trace
    limits = t.route.throttle or t.stage.throttle
    if limits is None:
        return PASS
    key = (t.api.id, t.stage.name, t.route.route_key)
    return PASS if x.ledger.take(key, limits, x.now) else _THROTTLED
