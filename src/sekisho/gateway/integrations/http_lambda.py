"""``AWS_PROXY`` of HTTP APIs: prepare → Ask(InvokeFunction) → conclude.

The permission is asked for under the route (``…:api/stage/GET/pets/{id}``, ``…:api/stage/$default``), the event has the
format of the integration, and the reply is read in that format. vectors: accesslog/http-*, intcred/http-*.
"""

from __future__ import annotations

import base64
import binascii

from sekisho.config.integrations import HttpLambda
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import Failed, GaveUp, InvocationResult, InvokeFunction, Returned
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import authority
from sekisho.gateway.integrations.lambda_failure import ADDRESS_INVALID, BAD_BASE64, GAVE_UP, no_reply
from sekisho.gateway.integrations.parameter_mapping import mapped_request, mapped_response
from sekisho.gateway.payload import http_v1, v2
from sekisho.gateway.payload.http_request import view
from sekisho.gateway.payload.reply import Malformed
from sekisho.gateway.payload.reply_v2 import read_strict_v1, read_v2
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.ids import uuid4
from sekisho.kit.outcome import PASS, Ask


def prepare(x: Exchange, target: HttpLambda) -> Outcome:
    """May API Gateway call the function? Then have it called."""
    t = x.trace
    begun = x.clock()
    t.asked = (begun, begun)
    if not target.function_arn:
        return ADDRESS_INVALID
    function = x.snapshot.functions.get(target.function_arn)
    session = "" if not target.role_arn else authority.numbered_session(x.entropy)
    refusal = authority.refusal(x, target, function, _source_arn(x, target), session=session)
    if refusal is not None:
        t.asked = (begun, x.clock())
        return refusal
    spec = function.spec(target.qualifier) if function is not None else None
    assert spec is not None
    if not t.xray_id:
        t.xray_id = trace_id(x)
    seen = view(x)
    if target.request_mappings:
        seen = mapped_request(x, seen, target.request_mappings)
    if target.payload != "2.0":
        payload = http_v1.encode(x, seen)
    else:
        # Format 2.0 does not show the part of the path that belongs to a custom domain's mapping.
        payload = v2.encode(x, seen if t.mapping is None else seen._replace(path=t.local_path))
    arn = f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn
    effect = InvokeFunction(spec, arn, payload, uuid4(x.entropy), target.timeout, trace_id=t.xray_id)
    return Ask(effect, conclude)


def _source_arn(x: Exchange, target: HttpLambda) -> str:
    route = x.trace.route
    if route.route_key == "$default":
        return f"{target.source_arn}$default"
    return authority.source_arn(x, target.source_arn)


def conclude(x: Exchange, result: InvocationResult) -> Outcome:
    """What Lambda answered: a reply to read, or one of the ways in which there is none."""
    t = x.trace
    target = t.route.integration
    assert isinstance(target, HttpLambda)
    t.reply = result
    t.results.append((target.function_arn, result))
    t.asked = (t.asked[0] if t.asked else 0.0, x.clock())
    if isinstance(result, GaveUp):
        return GAVE_UP
    t.integration_request_id = result.request_id or None
    if isinstance(result, Returned):
        t.integration_status = "200"
        t.fields["dataProcessed"] = len(result.payload)
        return _read(x, target, result)
    if isinstance(result, Failed):
        t.backend_status = "500"
        t.fields["dataProcessed"] = len(result.payload)
    return no_reply(x, result)


def _read(x: Exchange, target: HttpLambda, result: Returned) -> Outcome:
    found = read_v2(result.payload) if target.payload == "2.0" else read_strict_v1(result.payload)
    if isinstance(found, Malformed):
        x.trace.backend_status = "500"
        return Reject(Fault.FUNCTION_BAD_REPLY, {"problem": found.problem, "detail": found.detail})
    if found.base64:
        try:
            body = base64.b64decode(found.body, validate=True)
        except (binascii.Error, ValueError):
            return BAD_BASE64
    else:
        body = found.body.encode("utf-8", "surrogatepass")
    x.trace.backend_status = str(found.status)
    status, headers = found.status, found.headers
    rows = target.response_mappings.get(str(status)) if target.response_mappings else None
    if rows:
        status, headers = mapped_response(x, status, headers, body, rows)
    x.response = GatewayResponse(status, headers, body)
    return PASS
