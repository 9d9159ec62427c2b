"""How often the methods of a REST stage may be called by everybody together: the stage's method settings, compiled.

``Route.extras["throttle"]`` holds verb → ``MethodThrottle``, for the verbs that have less than the account's throttle.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.api import Limits

EXTRA: Final = "throttle"
ACCOUNT: Final = Limits(10000.0, 5000)
"""The account's throttle, which this server does not enforce."""
_VERBS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class MethodThrottle(NamedTuple):
    """What one method admits."""

    limits: Limits
    setting: str
    """The key of the setting that says so: ``*/*``, ``~1pets/GET``."""


def compile_method_throttle(
    settings: Mapping[str, Mapping[str, Any]], path: str, method: str
) -> Mapping[str, MethodThrottle]:
    """Verb → its limits. ``settings`` is the stage's ``methodSettings``; the closest key decides alone."""
    found = {}
    for verb in _VERBS if method == "ANY" else (method,):
        place = path.replace("/", "~1")
        for key in (f"{place}/{verb}", f"{place}/*", f"*/{verb}", "*/*"):
            if key in settings:
                limits = _limits(settings[key])
                if limits is not None:
                    found[verb] = MethodThrottle(limits, key)
                break
    return found


def _limits(row: Mapping[str, Any]) -> Limits | None:
    """None when the account's limits are the lower ones. ``-1`` means no limit of the method's own."""
    rate, burst = row.get("throttlingRateLimit", -1), row.get("throttlingBurstLimit", -1)
    rate = ACCOUNT.rate if rate < 0 else float(rate)
    burst = ACCOUNT.burst if burst < 0 else int(burst)
    return None if rate >= ACCOUNT.rate and burst >= ACCOUNT.burst else Limits(rate, burst)
