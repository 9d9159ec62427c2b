"""Which API and stage is this? Sizes and hosts that are refused before anything is looked at."""

from __future__ import annotations

from typing import Final

from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.kit.outcome import PASS

MAX_BODY: Final = 10_485_760
"""Bytes. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
MAX_HEADERS: Final = 10_240
"""Bytes of all header names and values; same page."""

_TOO_LARGE = Reject(Fault.BODY_TOO_LARGE, {})
_HEADERS_TOO_LARGE = Reject(Fault.HEADERS_TOO_LARGE, {})
_DISABLED = Reject(Fault.ENDPOINT_DISABLED, {})


def no_such_api(x: Exchange) -> Outcome:
    """The host names no API that is deployed here."""
    return Reject(Fault.NO_SUCH_API, {"api": x.request.api_id})


def by_stage_path(x: Exchange) -> Outcome:
    """REST: the first segment of the path is the stage.

    Slashes before the stage are one, and so are those right behind it; all others count.
    vector: rest-proxy-event/invocation-payload-with-prepended-slash.
    """
    request, t = x.request, x.trace
    sizes = _sizes_problem(x)
    if sizes is not None:
        return sizes
    name, _, rest = request.path.lstrip("/").partition("/")
    t.path = f"/{name}/{rest}" if rest or request.path.endswith("/") else f"/{name}"
    t.local_path = "/" + (rest.lstrip("/") if rest[:1] == "/" else rest)
    stage = t.api.stages.get(name)
    if stage is None:
        return Reject(Fault.NO_SUCH_STAGE, {"stage": name})
    if t.api.disable_execute_api_endpoint and ".execute-api." in request.host:
        return _DISABLED
    t.stage = stage
    return PASS


def _sizes_problem(x: Exchange) -> Reject | None:
    request = x.request
    if len(request.body) > MAX_BODY:
        return _TOO_LARGE
    size = 0
    for name, value in request.headers.pairs:
        size += len(name) + len(value)
    return _HEADERS_TOO_LARGE if size > MAX_HEADERS else None
