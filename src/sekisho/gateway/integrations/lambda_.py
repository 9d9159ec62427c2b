"""``AWS_PROXY``: prepare → Ask(InvokeFunction) → conclude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.config.integrations import LambdaProxy
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import (
    Failed,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
    Throttled,
    Unavailable,
)
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import authority
from sekisho.gateway.payload import reply, v1
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.ids import uuid4
from sekisho.kit.outcome import PASS, Ask

_ADDRESS_INVALID: Final = Reject(Fault.FUNCTION_ADDRESS_INVALID, {})
_BAD_BASE64: Final = Reject(Fault.FUNCTION_BAD_BASE64, {})
_GAVE_UP: Final = Reject(Fault.INTEGRATION_TIMED_OUT, {})

_FAILURES: Final[Mapping[str, Fault]] = {
    "timeout": Fault.FUNCTION_TIMED_OUT,
    "response-size": Fault.FUNCTION_RESPONSE_TOO_LARGE,
}
"""``Failed.kind`` → fault; every other kind is a function that raised."""


def prepare(x: Exchange, target: LambdaProxy) -> Outcome:
    """May API Gateway call the function? Then have it called."""
    t = x.trace
    begun = x.clock()
    t.asked = (begun, begun)
    if not target.function_arn:
        return _ADDRESS_INVALID
    if target.http_method != "POST":
        return Reject(Fault.FUNCTION_METHOD_NOT_POST, {"method": target.http_method})
    if target.illegal_header:
        return Reject(Fault.HEADER_MAPPING_ILLEGAL, {"header": target.illegal_header})
    function = x.snapshot.functions.get(target.function_arn)
    refusal = authority.refusal(x, target, function, authority.source_arn(x, target.source_arn))
    if refusal is not None:
        t.asked = (begun, x.clock())
        return refusal
    assert function is not None
    spec = function.spec(target.qualifier)
    assert spec is not None
    if not t.xray_id:
        t.xray_id = trace_id(x)
    arn = f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn
    effect = InvokeFunction(spec, arn, v1.encode(x), uuid4(x.entropy), target.timeout, trace_id=t.xray_id)
    return Ask(effect, conclude)


def conclude(x: Exchange, result: InvocationResult) -> Outcome:
    """What Lambda answered: a reply to read, or one of the ways in which there is none."""
    t = x.trace
    t.reply = result
    target = t.route.integration
    assert isinstance(target, LambdaProxy)
    t.results.append((target.function_arn, result))
    t.asked = (t.asked[0] if t.asked else 0.0, x.clock())
    if isinstance(result, GaveUp):
        return _GAVE_UP
    t.integration_request_id = result.request_id or None
    if isinstance(result, Returned):
        t.integration_status = "200"
        return _read(x, result)
    if isinstance(result, Failed):
        t.integration_status = "200"
        fault = _FAILURES.get(result.kind, Fault.FUNCTION_RAISED)
        return Reject(fault, {"message": result.message, "request_id": result.request_id, "kind": result.kind})
    if isinstance(result, Throttled):
        t.integration_status = t.backend_status = "429"
        return Reject(Fault.FUNCTION_THROTTLED, {"reason": result.reason, "request_id": result.request_id})
    assert isinstance(result, Unavailable)
    t.integration_status = t.backend_status = str(result.status)
    evidence = {
        "code": result.code,
        "reason": result.message,
        "status": str(result.status),
        "request_id": result.request_id,
    }
    return Reject(Fault.FUNCTION_UNAVAILABLE, evidence)


def _read(x: Exchange, result: Returned) -> Outcome:
    t = x.trace
    found = reply.read_v1(result.payload)
    if isinstance(found, reply.Malformed):
        return Reject(Fault.FUNCTION_BAD_REPLY, {"problem": found.problem, "detail": found.detail})
    t.backend_status = str(found.status)
    body = reply.body_bytes(found, x.request.headers.get("accept"), t.stage.binary_media_types)
    if body is None:
        return _BAD_BASE64
    x.response = GatewayResponse(found.status, found.headers, body)
    return PASS
