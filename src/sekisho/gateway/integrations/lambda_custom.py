"""``AWS`` with a Lambda function: a template makes the event, and the function's result makes the answer.

A function that fails is no failure of the request: Lambda's Invoke answers 200 also then, and only a selection pattern
on ``errorMessage`` tells the two apart. ``X-Amz-Invocation-Type`` (``'Event'``, ``'DryRun'``) may be mapped.

vectors: lambda-aws/*, header-remap/AWS/*.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integration-async.html
"""

from __future__ import annotations

from typing import Final

import orjson

from sekisho.config.integrations import LambdaCustom
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import (
    Failed,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
)
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import authority
from sekisho.gateway.integrations.lambda_failure import ADDRESS_INVALID, GAVE_UP, no_reply, not_invoked
from sekisho.gateway.integrations.transformation import SENT, Prepared, answer
from sekisho.gateway.integrations.transformation import prepare as transform
from sekisho.gateway.payload.rest_mapping import Lines
from sekisho.gateway.payload.tracing import trace_id
from sekisho.kit.ids import uuid4
from sekisho.kit.outcome import Ask
from sekisho.vtl import Overrides

_INVOCATION_TYPE: Final = "x-amz-invocation-type"
_LONGEST_EVENT: Final = 1_048_576
"""Of asynchronous invocations. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def prepare(x: Exchange, target: LambdaCustom) -> Outcome:
    """Make the event. May API Gateway call the function? Then have it called."""
    t = x.trace
    begun = x.clock()
    if not t.xray_id:
        t.xray_id = trace_id(x)
    if not target.function_arn:
        return ADDRESS_INVALID
    if target.http_method != "POST":
        return Reject(Fault.FUNCTION_METHOD_NOT_POST, {"method": target.http_method})
    if target.illegal_header:
        return Reject(Fault.HEADER_MAPPING_ILLEGAL, {"header": target.illegal_header})
    prepared = transform(x, target.transformation)
    if isinstance(prepared, Reject):
        return prepared
    t.asked = (begun, begun)
    function = x.snapshot.functions.get(target.function_arn)
    refusal = authority.refusal(x, target, function, authority.source_arn(x, target.source_arn))
    if refusal is not None:
        t.asked = (begun, x.clock())
        return refusal
    spec = function.spec(target.qualifier) if function is not None else None
    assert spec is not None
    event = prepared.body.strip() or b"{}"
    t.fields[SENT] = event
    kind = _invocation_type(prepared)
    try:
        orjson.loads(event)
    except orjson.JSONDecodeError as problem:
        return not_invoked(
            x, "InvalidRequestContentException", f"Could not parse request body into json: {problem}", 400
        )
    if kind == "dryrun":
        t.integration_status = t.backend_status = "204"
        return answer(x, target.transformation, None, "204", [], b"", prepared.overrides)
    if kind not in ("event", "requestresponse"):
        return not_invoked(x, "InvalidParameterValueException", f"{kind} is no invocation type", 400)
    if kind == "event" and len(event) > _LONGEST_EVENT:
        message = f"{len(event)} byte payload is too large for the Event invocation type (limit {_LONGEST_EVENT} bytes)"
        return not_invoked(x, "RequestEntityTooLargeException", message, 413)
    arn = f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn
    effect = InvokeFunction(
        spec,
        arn,
        event,
        uuid4(x.entropy),
        target.timeout,
        trace_id=t.xray_id,
        asynchronous=kind == "event",
    )

    def then(x: Exchange, result: InvocationResult) -> Outcome:
        return conclude(x, result, prepared.overrides, accepted=effect.asynchronous)

    return Ask(effect, then)


def _invocation_type(prepared: Prepared) -> str:
    found = [value for name, value in prepared.headers if name.lower() == _INVOCATION_TYPE]
    return found[-1].lower() if found else "requestresponse"


def conclude(x: Exchange, result: InvocationResult, overrides: Overrides, *, accepted: bool = False) -> Outcome:
    """What Lambda answered. ``accepted``: nobody waits for the function's own answer."""
    t = x.trace
    target = t.route.integration
    assert isinstance(target, LambdaCustom)
    t.reply = result
    t.results.append((target.function_arn, result))
    t.asked = (t.asked[0] if t.asked else 0.0, x.clock())
    t.integration_request_id = result.request_id or None
    if isinstance(result, GaveUp):
        if not accepted:
            t.integration_request_id = None
            return GAVE_UP
        t.integration_status = t.backend_status = "202"
        return answer(x, target.transformation, None, "202", _headers(result.request_id), b"", overrides)
    if not isinstance(result, Returned | Failed):
        return no_reply(x, result)
    t.integration_status = t.backend_status = "200"
    headers = _headers(result.request_id)
    subject = None
    if isinstance(result, Failed):
        headers.append(("X-Amz-Function-Error", "Unhandled"))
        subject = result.message
    return answer(x, target.transformation, subject, "200", headers, result.payload, overrides)


def _headers(request_id: str) -> Lines:
    """What of Lambda's own answer can be mapped."""
    return [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id)]
