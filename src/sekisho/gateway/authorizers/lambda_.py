"""Lambda authorizers: a function decides who may pass.

Theory of operation. ``authorize`` is a gate in four steps, each of which can end it.

1. *Identity sources.* What identifies the caller is read from the request. REST APIs refuse when a source is missing or
   empty, HTTP APIs when it is missing; the function is not called then.
2. *Memory.* With a TTL the answer for the same values of the same authorizer on the same stage is used again, as long
   as the authorizer is what it was. Remembered is what the function *answered*: a policy is judged anew for each
   request, a simple response is the decision for every route.
3. *Permission.* API Gateway may have to assume a role, and must be allowed to invoke the function;
   ``aws:SourceArn`` is ``…:api/authorizers/id``, so permissions for methods do not cover it.
4. *The call.* Whatever goes wrong with it, nobody passes. An error whose message is exactly ``Unauthorized`` is the
   function's way to say 401. Neither errors nor malformed answers are remembered.

The trace's ``fields`` hold the event (``authorizer.event``), the answer's bytes (``authorizer.answer``) and, when it
was remembered, the request that it was made for (``authorizer.cached``). ``results`` holds the answer in either case,
so that a replay can be fed with it.

Sources: vectors authz/*, authzrole/*, seed/2-http-simple-missing-isauthorized;
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html;
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from sekisho.config.authorizers import IdentitySource, LambdaAuthorizer
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import (
    Failed,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
    Throttled,
)
from sekisho.gateway.authorizers.answer import LATENCY, REST, Answer, Malformed, read_answer
from sekisho.gateway.authorizers.decision import decide_answer
from sekisho.gateway.context.variables import read_variable
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.gates.method_arn import method_arn
from sekisho.gateway.integrations import authority
from sekisho.gateway.payload import http_v1, rest_authorizer, v2
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.trace import Phase
from sekisho.kit.ids import uuid4
from sekisho.kit.outcome import Ask

MAX_ARN: Final = 1600
"""Bytes of a method's ARN. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
PATIENCE: Final = {REST: 30.0, "1.0": 10.0, "2.0": 10.0}
"""Seconds by payload format. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
UNAUTHORIZED: Final = "Unauthorized"
ALLOWED: Final = Phase("200")
_FAILED: Final = Phase("500")

_EVENTS: Final[dict[str, Callable[[Exchange, LambdaAuthorizer, tuple[str, ...], str], dict[str, Any]]]] = {
    REST: rest_authorizer.event,
    "1.0": http_v1.authorizer_event,
    "2.0": v2.authorizer_event,
}


def authorize(x: Exchange, authorizer: LambdaAuthorizer) -> Outcome:
    """Pass with the context in ``trace.authorizer_context``, refuse, or ask for the function."""
    t = x.trace
    begun = x.clock()
    values: tuple[str, ...] = ()
    for source in authorizer.identity_sources:
        value = _identity(x, source)
        if value is None or (value == "" and authorizer.payload == REST):
            return _unidentified(authorizer, source, "missing" if value is None else "empty")
        values += (value,)
    if authorizer.validation is not None and values and not authorizer.validation(values[0]):
        return _unidentified(authorizer, authorizer.identity_sources[0], "pattern")
    key = None
    if authorizer.ttl > 0 and values:
        key = (t.api.id, t.stage.name, authorizer.id, *values)
        known = x.ledger.answer(key, authorizer, x.now)
        if known is not None:
            fields = t.fields
            fields["authorizer.cached"] = known.request_id
            fields["authorizer.answer"] = known.result.payload
            fields["authorizer.integrationLatency"] = fields["authorizer.latency"] = "0"
            t.results.append((authorizer.function_arn, known.result))
            return _use(x, authorizer, known.answer, known.answer.remembered)
    arn = method_arn(x)
    if len(arn) > MAX_ARN:
        return Reject(Fault.ARN_TOO_LONG, {})
    return _ask(x, authorizer, values, key, arn, begun)


def _identity(x: Exchange, source: IdentitySource) -> str | None:
    """The text at a source; None when there is none. Repeated values are joined by commas.

    vector: authz/http-duplicate-query.
    """
    place, name, _ = source
    if place == "header":
        values = x.request.headers.all(name)
        return (values[0] if len(values) == 1 else ",".join(values)) if values else None
    if place == "querystring":
        found = query_values(x.request.query).get(name)
        return None if found is None else ",".join(found)
    if place == "stageVariables":
        return x.trace.stage.variables.get(name)
    return read_variable(x.trace, name)


def _unidentified(authorizer: LambdaAuthorizer, source: IdentitySource, kind: str) -> Reject:
    """The caller did not say who they are: ``missing``, ``empty``, or not as the validation ``pattern`` wants it."""
    return Reject(Fault.IDENTITY_SOURCE_MISSING, {"authorizer": authorizer.name, "source": source.text, "kind": kind})


def _ask(
    x: Exchange,
    authorizer: LambdaAuthorizer,
    values: tuple[str, ...],
    key: tuple[str, ...] | None,
    arn: str,
    begun: float,
) -> Outcome:
    t = x.trace
    function = x.snapshot.functions.get(authorizer.function_arn)
    session = authority.SESSION if authorizer.payload == REST else authority.numbered_session(x.entropy)
    refusal = authority.refusal(x, authorizer, function, authorizer.source_arn, "invoke-authorizer", session)
    if refusal is not None:
        t.authorizer = _FAILED
        t.fields["authorizer.latency"] = _millis(x.clock() - begun)
        return Reject(Fault.AUTHORIZER_NOT_INVOCABLE, {"authorizer": authorizer.name, **_why(authorizer, refusal)})
    spec = function.spec(authorizer.qualifier) if function is not None else None
    assert spec is not None
    t.xray_id = trace_id(x)
    payload = orjson.dumps(_EVENTS[authorizer.payload](x, authorizer, values, arn))
    t.fields["authorizer.event"] = payload
    invoked = f"{spec.arn}:{authorizer.qualifier}" if authorizer.qualifier else spec.arn
    effect = InvokeFunction(spec, invoked, payload, uuid4(x.entropy), PATIENCE[authorizer.payload], trace_id=t.xray_id)
    called = x.clock()

    def then(again: Exchange, result: InvocationResult) -> Outcome:
        fields, now = again.trace.fields, again.clock()
        fields["authorizer.integrationLatency"] = _millis(now - called)
        fields["authorizer.latency"] = _millis(now - begun)
        return _conclude(again, authorizer, key, result)

    return Ask(effect, then)


def _why(authorizer: LambdaAuthorizer, refusal: Reject) -> dict[str, str]:
    """Evidence of a call that may not be made, with the sentence of the execution log."""
    if refusal.fault is Fault.ROLE_NOT_ASSUMABLE:
        error = f"API Gateway does not have permission to assume the provided role {authorizer.role_arn}"
    elif not authorizer.function_arn:
        error = "Invalid endpoint address"
    else:
        error = "Invalid permissions on Lambda function"
    return {"error": error, **refusal.evidence}


def _conclude(
    x: Exchange, authorizer: LambdaAuthorizer, key: tuple[str, ...] | None, result: InvocationResult
) -> Outcome:
    """What Lambda answered: an answer to read, the word for 401, or no decision."""
    t = x.trace
    t.results.append((authorizer.function_arn, result))
    t.fields["authorizer.requestId"] = result.request_id
    if not isinstance(result, Returned):
        return _failed(x, authorizer, result)
    t.fields["authorizer.integrationStatus"] = "200"
    t.fields["authorizer.answer"] = result.payload
    answer = read_answer(result.payload, authorizer.payload, authorizer.simple)
    if isinstance(answer, Malformed):
        t.authorizer = _FAILED
        evidence = {"authorizer": authorizer.name, "rule": answer.rule, "detail": answer.detail}
        return Reject(Fault.AUTHORIZER_BAD_REPLY, {**evidence, "reason": _REASONS.get(answer.rule, "")})
    if key is not None:
        x.ledger.remember_answer(
            key, authorizer, answer, x.now + authorizer.ttl, t.request_id, result.payload, result.request_id
        )
    visible = answer.visible
    if authorizer.payload == REST:
        visible = {**visible, LATENCY: int(t.fields["authorizer.integrationLatency"])}
    return _use(x, authorizer, answer, visible)


_REASONS: Final = {
    "json": " Invalid json in authorizer response",
    "is-authorized-missing": " Simple response did not include 'isAuthorized'",
}
"""What HTTP APIs add to their sentence, where that is known. vector: seed/2-http-simple-missing-isauthorized."""


def _failed(x: Exchange, authorizer: LambdaAuthorizer, result: InvocationResult) -> Reject:
    t = x.trace
    evidence = {"authorizer": authorizer.name, "request_id": result.request_id}
    if isinstance(result, Failed):
        t.fields["authorizer.integrationStatus"] = "200"
        t.fields["authorizer.answer"] = result.payload
        if result.message == UNAUTHORIZED:
            return Reject(Fault.TOKEN_REJECTED, {**evidence, "message": UNAUTHORIZED, "kind": "unauthorized"})
        evidence |= {"kind": result.kind, "message": result.message}
    elif isinstance(result, GaveUp):
        evidence |= {"kind": "patience", "message": f"no answer within {PATIENCE[authorizer.payload]:.0f} seconds"}
    elif isinstance(result, Throttled):
        t.fields["authorizer.integrationStatus"] = "429"
        evidence |= {"kind": "throttled", "message": result.reason}
    else:
        assert not isinstance(result, Returned)
        t.fields["authorizer.integrationStatus"] = str(result.status)
        evidence |= {"kind": "unavailable", "message": f"{result.code}: {result.message}"}
    t.authorizer = _FAILED
    return Reject(Fault.AUTHORIZER_FAILED, evidence)


def _use(x: Exchange, authorizer: LambdaAuthorizer, answer: Answer, visible: dict[str, Any]) -> Outcome:
    """Let the answer decide. What it says of the caller is known to the reply even when they may not pass."""
    t = x.trace
    t.authorizer = ALLOWED
    if authorizer.payload == REST:
        t.authorizer_context = visible
        if answer.usage_key is not None:
            t.fields["authorizer.usageIdentifierKey"] = answer.usage_key
    else:
        t.authorizer_context = {"lambda": answer.context}
        if answer.principal is not None:
            t.fields["authorizer.principalId"] = answer.principal
    return decide_answer(x, authorizer, answer)


def _millis(seconds: float) -> str:
    return str(max(0, int(seconds * 1000)))
