"""What makes HTTP APIs different: their gates, in order."""

from __future__ import annotations

from typing import Final

from sekisho.gateway.gates import admit, authenticate, authorize, integrate, route, throttle
from sekisho.gateway.pipeline import Gates

GATES: Final[Gates] = (
    ("admit", admit.by_stage_or_default),
    ("route", route.by_route_key),
    ("authenticate", authenticate.by_route),
    ("authorize", authorize.decide_http),
    ("throttle", throttle.with_limits),
    ("integrate", integrate.call),
)
