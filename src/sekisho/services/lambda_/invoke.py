"""Invoke: the same effect the gateway uses, asked for by a client.

Theory of operation. The caller's right to ``lambda:InvokeFunction`` is judged by the front door from the caller's own
policies and the resource policy of exactly the qualifier that is invoked (``resource_policy``). The operation checks
the payload, chooses the version an alias stands for, and asks the edge to run it. A function that fails is no error of
Invoke: AWS answers 200 with ``X-Amz-Function-Error``.

Event invocations are marked asynchronous: the edge starts the function and does not wait for it. The two retries that
AWS makes after a failed asynchronous invocation are not made.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from sekisho.functions.invocation import (
    Failed,
    FunctionSpec,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
    Throttled,
    Unavailable,
)
from sekisho.kit.arn import Arn
from sekisho.kit.outcome import Ask
from sekisho.policy.compile import CompiledPolicy
from sekisho.services.effects import Effect
from sekisho.services.lambda_.names import LATEST, Target, qualified_arn, target
from sekisho.services.lambda_.records import AliasRecord, function_spec
from sekisho.services.lambda_.refusals import event_too_large, no_function, too_large, unsupported
from sekisho.services.lambda_.shelf import alias, function, version
from sekisho.services.operation import Call, Operations, Result, ServiceError

ops = Operations("lambda")

MAX_PAYLOAD = 6_291_456
"""Bytes of a synchronous invocation's event."""
MAX_EVENT = 1_048_576
"""Bytes of an asynchronous invocation's event.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
MAX_CONTEXT = 3583
"""Bytes of the client context, in base64."""


def resource_policy(call: Call) -> CompiledPolicy | None:
    """The policy of the qualifier that is invoked; ``$LATEST`` has the function's own."""
    arn = Arn.parse(qualified_arn(call))
    if arn is None:
        return None
    _, name, *qualifier = arn.resource.split(":")
    compiled = call.snapshot.functions.get(str(arn._replace(resource=f"function:{name}")))
    if compiled is None:
        return None
    wanted = qualifier[0] if qualifier and qualifier[0] != LATEST else ""
    return compiled.policies.get(wanted)


@ops("Invoke", action="lambda:InvokeFunction", resource=qualified_arn, resource_policy=resource_policy)
def invoke(call: Call) -> Result:
    params = call.params
    found = target(call)
    kind = params.get("InvocationType") or "RequestResponse"
    for name in ("DurableExecutionName", "TenantId"):
        if params.get(name):
            raise unsupported(name, "invocations are neither durable nor isolated by tenant")
    payload: bytes = params.get("Payload") or b""
    if len(payload) > MAX_PAYLOAD:
        raise too_large(MAX_PAYLOAD, "InvokeFunction")
    if kind == "Event" and len(payload) > MAX_EVENT:
        raise event_too_large(len(payload), MAX_EVENT)
    spec = _version(call, found)
    if kind == "DryRun":
        return {"StatusCode": 204}
    effect = InvokeFunction(
        function=spec,
        invoked_arn=found.arn,
        payload=_checked(payload),
        request_id=call.request_id,
        patience=math.inf,
        client_context=_client_context(params.get("ClientContext") or ""),
        want_log_tail=params.get("LogType") == "Tail" and kind == "RequestResponse",
        asynchronous=kind == "Event",
    )

    def conclude(_: Call, result: InvocationResult) -> Mapping[str, Any]:
        if kind == "Event":
            return _accepted(result)
        return _answer(result, spec.version, tail=effect.want_log_tail)

    return Ask[Effect, Call](effect, conclude)


def _version(call: Call, found: Target) -> FunctionSpec:
    """What is run: ``$LATEST``, a version, or one of an alias's versions by weight. Raises ServiceError (404)."""
    document = call.table("function", account=found.account).get(found.name)
    if document is None:
        raise no_function(found.arn)
    reserved = function(call, found)["ReservedConcurrency"]
    number = LATEST if found.latest else found.qualifier
    if not found.latest and not found.version:
        named = alias(call, found)
        if named is None:
            raise no_function(found.arn)
        number = _weighted(named, int.from_bytes(call.entropy(4), "big") / 2**32)
    record = version(call, found, number)
    if record is None:
        raise no_function(found.arn)
    return function_spec(record, found.account, found.region, reserved)


def _weighted(named: AliasRecord, point: float) -> str:
    """The version at ``point`` (0 ≤ point < 1) of an alias; what the additional versions leave is the main one's."""
    for number, weight in named["RoutingConfig"].items():
        if point < weight:
            return number
        point -= weight
    return named["FunctionVersion"]


def _accepted(result: InvocationResult) -> Mapping[str, Any]:
    """202: the event was handed to the function. What can be known to have failed before that is said."""
    _refuse(result)
    return {"StatusCode": 202, "Payload": b""}


def _answer(result: InvocationResult, executed: str, *, tail: bool) -> Mapping[str, Any]:
    _refuse(result)
    if isinstance(result, Returned | Failed):
        out: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": executed, "Payload": result.payload}
        if isinstance(result, Failed):
            out["FunctionError"] = "Unhandled"
        if tail:
            out["LogResult"] = base64.b64encode(result.log_tail).decode()
        return out
    raise ServiceError("ServiceException", "The function did not answer.", 500, Type="Service")


def _refuse(result: InvocationResult) -> None:
    if isinstance(result, Throttled):
        raise ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, Reason=result.reason, Type="User")
    if isinstance(result, Unavailable):
        raise ServiceError(
            result.code, result.message, result.status, Type="Service" if result.status >= 500 else "User"
        )
    assert isinstance(result, Returned | Failed | GaveUp)


def _checked(payload: bytes) -> bytes:
    """The event: no payload is the empty object; anything else must be JSON. Raises ServiceError."""
    if not payload:
        return b"{}"
    problem = _json_problem(payload)
    if problem:
        message = f"Could not parse request body into json: Could not parse payload into json: {problem}"
        raise ServiceError("InvalidRequestContentException", message, 400, Type="User")
    return payload


_WORD = re.compile(r"[A-Za-z0-9_$]+")
_EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def _json_problem(payload: bytes) -> str:
    """Why ``payload`` is not JSON, in the manner of Lambda's parser; empty when it is."""
    shown = payload[:500].decode("utf-8", "replace")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"line: 1, column: {error.start + 2}"
        return f'Invalid UTF-8 start byte 0x{payload[error.start]:02x}\n at [Source: (byte[])"{shown}"; {where}]'
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f'\n at [Source: (byte[])"{shown}"; line: {error.lineno}, column: {error.colno}]'
        word = _WORD.match(text, error.pos)
        if error.pos >= len(text.rstrip()):
            return f"Unexpected end-of-input{where}"
        if word and not word[0][0].isdigit():
            return f"Unrecognized token '{word[0]}': was expecting {_EXPECTED}{where}"
        character = text[error.pos]
        return f"Unexpected character ('{character}' (code {ord(character)})): {error.msg}{where}"
    except RecursionError:
        return "Document nesting depth exceeds the maximum allowed"
    except ValueError as error:
        # A constant that JSON does not have, or an integer too long to be read.
        return f'{error}\n at [Source: (byte[])"{shown}"; line: 1, column: 1]'
    return ""


def _no_constant(name: str) -> None:
    raise ValueError(f"Non-standard token '{name}': not allowed in JSON")


def _client_context(encoded: str) -> str:
    """The client context's JSON text. Raises ServiceError."""
    if not encoded:
        return ""
    message = "Client context must be a valid Base64-encoded JSON object."
    if len(encoded) > MAX_CONTEXT:
        raise ServiceError("InvalidRequestContentException", message, 400, Type="User")
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
        valid = isinstance(json.loads(text), dict)
    except (binascii.Error, ValueError, RecursionError):
        valid = False
    if not valid:
        raise ServiceError("InvalidRequestContentException", message, 400, Type="User")
    return text
