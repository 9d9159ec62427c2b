"""What the limits of a usage plan may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sekisho.services.apigateway.errors import bad_request

PERIODS: Final = ("DAY", "WEEK", "MONTH")


def check_limits(document: Mapping[str, Any]) -> None:
    """The throttle, the quota, and the throttles of methods. Raises BadRequestException."""
    _throttle(document.get("throttle"), "throttle")
    for stage in document["apiStages"]:
        for place, row in (stage.get("throttle") or {}).items():
            _throttle(row, place)
    quota = document.get("quota")
    if quota is not None:
        _quota(quota)


def _throttle(row: Mapping[str, Any] | None, place: str) -> None:
    if row is None:
        return
    for name in ("rateLimit", "burstLimit"):
        if row.get(name) is not None and row[name] < 0:
            raise bad_request(f"Invalid {name} specified for {place}. Must be 0 or more")


def _quota(quota: Mapping[str, Any]) -> None:
    if quota.get("limit") is None or quota["limit"] < 0:
        raise bad_request("Usage Plan quota must have a limit of 0 or more")
    if quota.get("period") not in PERIODS:
        raise bad_request(f"Usage Plan quota must have a period. Must be one of: [{', '.join(PERIODS)}]")
    if not 0 <= quota.get("offset", 0) <= quota["limit"]:
        raise bad_request("Usage Plan quota offset must be between 0 and the limit")
