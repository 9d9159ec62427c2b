"""``AWS_PROXY``: prepare → Ask(InvokeFunction) → conclude."""

from __future__ import annotations

from sekisho.config.integrations import LambdaProxy
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import GaveUp, InvocationResult, InvokeFunction, Returned
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import authority
from sekisho.gateway.integrations.lambda_failure import ADDRESS_INVALID, BAD_BASE64, GAVE_UP, no_reply
from sekisho.gateway.payload import reply, v1
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.ids import uuid4
from sekisho.kit.outcome import PASS, Ask


def prepare(x: Exchange, target: LambdaProxy) -> Outcome:
    """May API Gateway call the function? Then have it called."""
    t = x.trace
    begun = x.clock()
    t.asked = (begun, begun)
    if not target.function_arn:
        return ADDRESS_INVALID
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
        return GAVE_UP
    t.integration_request_id = result.request_id or None
    if isinstance(result, Returned):
        t.integration_status = "200"
        return _read(x, result)
    return no_reply(x, result)


def _read(x: Exchange, result: Returned) -> Outcome:
    t = x.trace
    found = reply.read_v1(result.payload)
    if isinstance(found, reply.Malformed):
        return Reject(Fault.FUNCTION_BAD_REPLY, {"problem": found.problem, "detail": found.detail})
    t.backend_status = str(found.status)
    body = reply.body_bytes(found, x.request.headers.get("accept"), t.stage.binary_media_types)
    if body is None:
        return BAD_BASE64
    x.response = GatewayResponse(found.status, found.headers, body)
    return PASS
