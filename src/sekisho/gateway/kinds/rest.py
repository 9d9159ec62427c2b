"""What makes REST APIs different: their gates, in order."""

from __future__ import annotations

from typing import Final

from sekisho.gateway.gates import admit, authenticate, authorize, integrate, route, throttle, validate
from sekisho.gateway.pipeline import Gates

GATES: Final[Gates] = (
    ("admit", admit.by_stage_path),
    ("route", route.by_resource),
    ("authenticate", authenticate.by_route),
    ("authorize", authorize.decide_rest),
    ("throttle", throttle.with_usage_plan),
    ("validate", validate.model),
    ("integrate", integrate.call),
)
