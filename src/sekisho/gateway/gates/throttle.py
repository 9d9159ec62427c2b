"""Is there budget? API keys, usage plans and rate limits are compiled into ``route.extras`` and ``stage.settings``."""

from __future__ import annotations

from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.kit.outcome import PASS


def with_usage_plan(x: Exchange) -> Outcome:
    """REST: a method that requires an API key refuses every request, since no key is known here yet (fail closed)."""
    if x.trace.route.api_key_required:
        return Reject(Fault.API_KEY_INVALID, {})
    return PASS
