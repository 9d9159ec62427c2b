"""The ways in which Lambda gives no reply, as every integration with a function records and refuses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import Failed, Throttled, Unavailable
from sekisho.gateway.exchange import Exchange

ADDRESS_INVALID: Final = Reject(Fault.FUNCTION_ADDRESS_INVALID, {})
BAD_BASE64: Final = Reject(Fault.FUNCTION_BAD_BASE64, {})
GAVE_UP: Final = Reject(Fault.INTEGRATION_TIMED_OUT, {})

_FAILURES: Final[Mapping[str, Fault]] = {
    "timeout": Fault.FUNCTION_TIMED_OUT,
    "response-size": Fault.FUNCTION_RESPONSE_TOO_LARGE,
}
"""``Failed.kind`` → fault; every other kind is a function that raised."""


def no_reply(x: Exchange, result: Failed | Throttled | Unavailable) -> Reject:
    """The invocation's status for the log, and the refusal."""
    t = x.trace
    if isinstance(result, Failed):
        t.integration_status = "200"
        fault = _FAILURES.get(result.kind, Fault.FUNCTION_RAISED)
        return Reject(fault, {"message": result.message, "request_id": result.request_id, "kind": result.kind})
    if isinstance(result, Throttled):
        t.integration_status = t.backend_status = "429"
        return Reject(Fault.FUNCTION_THROTTLED, {"reason": result.reason, "request_id": result.request_id})
    return not_invoked(x, result.code, result.message, result.status, result.request_id)


def not_invoked(x: Exchange, code: str, message: str, status: int, request_id: str = "") -> Reject:
    """Lambda's Invoke refuses the call with an error of its own."""
    t = x.trace
    t.integration_status = t.backend_status = str(status)
    evidence = {"code": code, "reason": message, "status": str(status), "request_id": request_id}
    return Reject(Fault.FUNCTION_UNAVAILABLE, evidence)
