"""Finisher: a trace, once answered → its access-log line, the record that is kept of it, and the form that is shown.

Three readers of one trace. ``finish`` writes nothing itself: it says which line belongs to which log.
``trace_document`` is private: it holds everything a replay needs, signatures and tokens included. ``display`` is for
eyes: whatever could be used to act as the client is masked.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from sekisho.config.api import AccessLog
from sekisho.config.authorizers import CognitoAuthorizer, JwtAuthorizer, LambdaAuthorizer
from sekisho.faults.face import face_of
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import Failed, InvocationResult, Returned
from sekisho.gateway.entry import gates_of
from sekisho.gateway.gates.usage_plan import FROM_AUTHORIZER
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.trace import NOBODY, UNROUTED, Check, Trace

MAX_BODY: Final = 256 * 1024
"""Bytes of a body that are kept."""

_SILENT: Final = frozenset((Kind.HTTP,))
_SECRET_HEADERS: Final = frozenset(
    ("cookie", "set-cookie", "x-amz-security-token", "x-api-key", "proxy-authorization", "authorization")
)
_SECRET_PARAMETERS: Final = frozenset(("x-amz-signature", "x-amz-security-token", "x-amz-credential"))
_MASK: Final = "********"
_SHORTEST: Final = 6
"""Characters from which on a secret value is looked for in other texts."""

Document = dict[str, Any]


def finish(trace: Trace) -> tuple[AccessLog, str] | None:
    """The access log of the stage and this request's line in it; None when nothing is to be logged.

    A request that reached no stage is not logged: there is nothing that would hold the settings. HTTP APIs do not log
    what matched no route either. vector: accesslog/http-unmatched-route.
    """
    log = trace.stage.log
    if log is None or (trace.route is UNROUTED and trace.kind in _SILENT):
        return None
    return log, log.render(trace)


def trace_document(trace: Trace) -> Document:
    """Everything about a request as JSON-able data; private. Bodies are cut at 256 KB."""
    request = trace.request
    body = request.body[:MAX_BODY]
    document = _common(trace)
    document["request"] = {
        "method": request.method,
        "path": request.path,
        "rawPath": request.raw_path,
        "query": request.query,
        "headers": [list(pair) for pair in request.headers.pairs],
        "body": base64.b64encode(body).decode(),
        "bodyTruncated": len(body) < len(request.body),
        "host": request.host,
        "region": request.region,
        "sourceIp": request.source_ip,
        "protocol": request.protocol,
    }
    document["effects"] = [_effect(arn, result, keep=True) for arn, result in trace.results]
    document["authorizer"] = _authorizer(trace, lambda payload: base64.b64encode(payload).decode())
    return document


def display(trace: Trace) -> Document:
    """The same for people: signatures, tokens, cookies and API keys are masked, bodies are text."""
    request = trace.request
    document = _common(trace)
    document["request"] = {
        "method": request.method,
        "path": request.path,
        "query": mask_query(request.query),
        "headers": [[name, mask_header(name, value)] for name, value in request.headers.pairs],
        "body": request.body[:MAX_BODY].decode("utf-8", "replace"),
        "bodyTruncated": len(request.body) > MAX_BODY,
        "host": request.host,
        "sourceIp": request.source_ip,
        "protocol": request.protocol,
    }
    document["effects"] = [_effect(arn, result, keep=False) for arn, result in trace.results]
    document["authorizer"] = _authorizer(trace, lambda payload: payload.decode("utf-8", "replace"))
    document["response"]["headers"] = [[name, mask_header(name, value)] for name, value in trace.response_headers]
    secrets = secrets_of(trace)
    if secrets:
        for part in ("evidence", "errorMessage", "effects", "request", "authorizer"):
            document[part] = scrubbed(document[part], secrets)
    return document


def secrets_of(trace: Trace) -> list[str]:
    """The secret values of a request: a refused signature's message repeats them, and so may a function."""
    found = []
    for name, value in (*trace.request.headers.pairs, *trace.response_headers):
        if name.lower() == "authorization":
            if not value.startswith("AWS4-HMAC-SHA256 "):
                found += [value, value.partition(" ")[2]]
        elif name.lower() in _SECRET_HEADERS:
            found.append(value)
    for pair in trace.request.query.split("&"):
        name, _, value = pair.partition("=")
        if name.lower() == "x-amz-security-token":
            found += [value, unquote(value)]
    found += _identities(trace)
    if FROM_AUTHORIZER in trace.fields:
        found.append(trace.fields[FROM_AUTHORIZER])
    return sorted({value for value in found if len(value) >= _SHORTEST}, key=len, reverse=True)


def _identities(trace: Trace) -> list[str]:
    """What the route's authorizer knows the caller by, where the client says it: such values are credentials."""
    authorizer = trace.route.authorizer
    if isinstance(authorizer, LambdaAuthorizer):
        sources = authorizer.identity_sources
    elif isinstance(authorizer, JwtAuthorizer | CognitoAuthorizer):
        sources = (authorizer.identity_source,)
    else:
        return []
    found = []
    for place, name, _ in sources:
        if place == "header":
            found += trace.request.headers.all(name)
        elif place == "querystring":
            raw = [pair.partition("=")[2] for pair in trace.request.query.split("&")]
            read = query_values(trace.request.query).get(name, [])
            found += [*read, *(each for each in raw if unquote_plus(each) in read)]
    return found


def scrubbed(value: Any, secrets: list[str]) -> Any:
    """JSON-able data with every secret in its texts masked."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _MASK)
        return value
    if isinstance(value, dict):
        return {name: scrubbed(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [scrubbed(each, secrets) for each in value]
    return value


def mask_header(name: str, value: str) -> str:
    """A header value as it may be shown. Of a signature everything but the signature itself is kept."""
    key = name.lower()
    if key not in _SECRET_HEADERS:
        return value
    if key == "authorization" and value.startswith("AWS4-HMAC-SHA256 "):
        head, found, _ = value.partition("Signature=")
        return f"{head}{found}{_MASK}" if found else _MASK
    scheme, blank, rest = value.partition(" ")
    return f"{scheme} {_MASK}" if key == "authorization" and blank and rest else _MASK


def mask_query(query: str) -> str:
    """A raw query with the secret parts of a presigned URL masked."""
    if "X-Amz-" not in query and "x-amz-" not in query.lower():
        return query
    parts = []
    for pair in query.split("&"):
        name, equal, _ = pair.partition("=")
        parts.append(f"{name}{equal}{_MASK}" if name.lower() in _SECRET_PARAMETERS else pair)
    return "&".join(parts)


def _common(trace: Trace) -> Document:
    route, stage, api = trace.route, trace.stage, trace.api
    rejection = trace.rejection
    known = trace.caller is not NOBODY
    marks = trace.marks
    return {
        "requestId": trace.request_id,
        "extendedRequestId": trace.extended_id,
        "received": trace.received,
        "revision": trace.snapshot.revision,
        "kind": trace.kind.value,
        "apiId": trace.request.api_id,
        "account": api.account,
        "region": api.region,
        "stage": stage.name,
        "deploymentId": stage.deployment_id,
        "resourcePath": route.resource_path,
        "resourceId": route.resource_id,
        "routeMethod": route.method,
        "caller": {"arn": trace.caller.subject.arn, "id": trace.caller.subject.unique_id} if known else None,
        "accessKeyId": trace.access_key_id,
        "checks": [_check(check) for check in trace.checks],
        "gate": trace.refused_at,
        "fault": rejection.fault.name if rejection else None,
        "evidence": dict(rejection.evidence) if rejection else {},
        "source": str(face_of(trace.kind, rejection.fault).source) if rejection else None,
        "errorMessage": trace.error_message,
        "errorResponseType": trace.error_type,
        "integrationError": trace.integration_error,
        "timeline": _timeline(trace),
        "milliseconds": [round((mark - marks[0]) * 1000, 3) for mark in marks] if marks else [],
        "response": {
            "status": trace.status,
            "length": trace.length,
            "headers": [list(pair) for pair in trace.response_headers],
        },
    }


def _timeline(trace: Trace) -> list[Document]:
    """The gates that ran, with when each began (ms since the request came in), how long it took and how it ended."""
    marks = trace.marks
    names = [name for name, _ in gates_of(trace.kind)] if trace.stage.name or trace.api.id else ["admit"]
    return [
        {
            "gate": name,
            "at": round((begun - marks[0]) * 1000, 3),
            "ms": round((ended - begun) * 1000, 3),
            "outcome": "refused" if name == trace.refused_at else "passed",
        }
        for name, begun, ended in zip(names, marks, marks[1:], strict=False)
    ]


def _check(check: Check) -> Document:
    question, decision = check.question, check.decision
    return {
        "purpose": check.purpose,
        "principal": question.subject.arn or "anonymous",
        "action": question.action,
        "resource": question.resource,
        "decision": decision.verdict.value,
        "layer": decision.layer.value,
        "policy": (decision.policy.arn or decision.policy.name) if decision.policy else None,
        "statement": decision.statement,
    }


def _effect(arn: str, result: InvocationResult, *, keep: bool) -> Document:
    """A function's answer. ``keep`` keeps its payload byte for byte (base64), otherwise as text."""
    document: Document = {"function": arn, "result": type(result).__name__}
    for name, value in result._asdict().items():
        if isinstance(value, bytes):
            continue
        document[name] = value
    if isinstance(result, Returned | Failed):
        payload = result.payload[:MAX_BODY]
        document["payload"] = base64.b64encode(payload).decode() if keep else payload.decode("utf-8", "replace")
    return document


def _authorizer(trace: Trace, shown: Callable[[bytes], str]) -> Document | None:
    """What a Lambda authorizer was asked and answered; ``cachedFrom`` is the request that the answer was made for."""
    authorizer, fields = trace.route.authorizer, trace.fields
    if not isinstance(authorizer, LambdaAuthorizer):
        return None
    event, answer = fields.get("authorizer.event"), fields.get("authorizer.answer")
    return {
        "id": authorizer.id,
        "name": authorizer.name,
        "function": authorizer.function_arn,
        "event": None if event is None else shown(event[:MAX_BODY]),
        "answer": None if answer is None else shown(answer[:MAX_BODY]),
        "cachedFrom": fields.get("authorizer.cached"),
    }
