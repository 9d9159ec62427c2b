"""REST execution-log lines, from the same trace as everything else.

At level INFO a request tells its whole way, at level ERROR only what went wrong. With data tracing the request, what
was sent to the integration, its answer and the response are told, too: headers in braces, bodies as text, credentials
as asterisks. Of the headers that API Gateway sends to Lambda, those of its own signature are not told: there is none.

vectors: execlog/rest-info-success, execlog/rest-trace-lambda-raises-tail, test-invoke/*.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sekisho.config.api_keys import VALUE
from sekisho.config.execution_logs import EXTRA
from sekisho.faults.appearance import fill
from sekisho.faults.face import face_of
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import Failed, GaveUp, Returned
from sekisho.gateway.context.backend_log import web_server
from sekisho.gateway.effects import CallHttp
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.gates.usage_plan import masked
from sekisho.gateway.integrations.transformation import SENT
from sekisho.gateway.payload import v1
from sekisho.gateway.payload.media import is_binary
from sekisho.gateway.trace import UNROUTED, Trace
from sekisho.kit.instants import http_date

LONGEST: Final = 1024
"""Bytes of one event; longer ones are cut."""
_CUT: Final = " [TRUNCATED]"
_SECRET: Final = frozenset(("authorization", "x-api-key", "x-amz-security-token", "cookie", "set-cookie"))
EVENT: Final = "trial.event"
"""Where a trace keeps the event of a trial, which is not what clients' requests make of it."""
_SHOWN: Final = 6
"""Characters of a secret that are left, at its end."""

Pairs = Iterable[tuple[str, str]]


class Told(NamedTuple):
    """What one request writes to the execution log."""

    account: str
    region: str
    group: str
    stream: str
    lines: list[str]


def tell(x: Exchange) -> Told | None:
    """The execution log's share of an answered request, or None when its method is not logged."""
    t = x.trace
    logs = t.route.extras.get(EXTRA)
    log = logs.get(x.request.method) if logs else None
    if log is None:
        return None
    lines = execution_lines(t, log.level, x if log.data else None)
    return Told(t.api.account, t.api.region, log.group, log.stream, lines) if lines else None


def log_group(trace: Trace) -> str:
    """The group that API Gateway itself writes to; it exists only when execution logging was ever on."""
    return f"API-Gateway-Execution-Logs_{trace.api.id}/{trace.stage.name}"


def execution_lines(trace: Trace, level: str, data: Exchange | None = None) -> list[str]:
    """The events of one request at ``level`` (``INFO``, ``ERROR``, ``OFF``), each beginning with its request id.

    ``data`` is the exchange when requests and responses are to be told (at INFO)."""
    if level not in ("INFO", "ERROR") or trace.route is UNROUTED:
        return []
    failure = _failure(trace)
    if level == "ERROR":
        told = failure
    else:
        told = _beginning(trace)
        if data is not None:
            told += [*_request(data), *_backend(data)]
            if not failure:
                told += _response(data)
        told += failure or ["Successfully completed execution"]
        told.append(f"Method completed with status: {trace.status}")
        if trace.integration_request_id:
            told.append(f"AWS Integration Endpoint RequestId : {trace.integration_request_id}")
    return [_cut(f"({trace.request_id}) {line}") for line in told]


def _beginning(trace: Trace) -> list[str]:
    """How every request begins: with its API key, of which the last characters are shown, or two blanks."""
    request_id, method, path = trace.request_id, trace.request.method, trace.route.resource_path
    stage = f"{trace.api.id}/{trace.stage.name}"
    key = masked(trace.fields.get(VALUE))
    lines = [
        f"Extended Request Id: {trace.extended_id}",
        f"Verifying Usage Plan for request: {request_id}. API Key: {key} API Stage: {stage}",
    ]
    if trace.fault in _BUDGET:
        return lines
    if trace.route.api_key_required:
        why = f"requires API Key and API Key is associated with a Usage Plan for API Stage {stage}"
    else:
        why = "does not require API Key. Request will not contribute to throttle or quota limits"
    return [
        *lines,
        f"API Key {key} authorized because method '{method} {path}' {why}",
        f"Usage Plan check succeeded for API Key {key} and API Stage {stage}",
        f"Starting execution for request: {request_id}",
        f"HTTP Method: {method}, Resource Path: {path}",
    ]


_BUDGET: Final = frozenset((Fault.API_KEY_INVALID, Fault.QUOTA_EXCEEDED, Fault.THROTTLED))
"""Refusals that come before execution starts."""


def _failure(trace: Trace) -> list[str]:
    rejection = trace.rejection
    if rejection is None:
        return []
    face = face_of(trace.kind, rejection.fault)
    return [fill(face.execution or face.text or "", rejection.evidence)] if face.execution or face.text else []


def trial_lines(x: Exchange, path: str, headers: Pairs) -> str:
    """The log that ``TestInvokeMethod`` answers. vectors: test-invoke/*."""
    t = x.trace
    given = x.request.headers
    query = {name: values[-1] for name, values in v1.query_values(x.request.query).items()}
    lines = [
        f"Starting execution for request: {t.request_id}",
        f"HTTP Method: {x.request.method}, Resource Path: {path}",
        f"Method request path: {_map(t.path_parameters.items())}",
        f"Method request query string: {_map(query.items())}",
        f"Method request headers: {_map(given.pairs)}",
        f"Method request body before transformations: {_text(x, x.request.body, given.get('content-type'))}",
        *_backend(x),
    ]
    failure = _failure(t)
    if not failure:
        media = next((value for name, value in x.response.headers if name.lower() == "content-type"), None)
        lines.append(f"Method response body after transformations: {_text(x, x.response.body, media)}")
        lines.append(f"Method response headers: {_map(headers)}")
    lines += failure or ["Successfully completed execution"]
    lines.append(f"Method completed with status: {x.response.status}")
    return _trial(t, lines)


def authorizer_lines(x: Exchange, authorizer: str, status: int) -> str:
    """The log that ``TestInvokeAuthorizer`` answers; ``status`` is 0 when the authorizer succeeded."""
    t, fields = x.trace, x.trace.fields
    lines = [f"Starting authorizer: {authorizer}"]
    event, answer = fields.get("authorizer.event"), fields.get("authorizer.answer")
    if event is not None:
        lines.append(f"Endpoint request body after transformations: {event.decode('utf-8', 'replace')}")
    if answer is not None:
        lines.append(f"Authorizer result body before parsing: {answer.decode('utf-8', 'replace')}")
    if status:
        lines += _failure(t)
        if status == 401:
            lines.append(f"Unauthorized request: {t.request_id}")
    else:
        lines.append(f"Successfully completed authorizer execution: {authorizer}")
    return _trial(t, lines)


def _trial(t: Trace, lines: list[str]) -> str:
    """Lines as a test tells them, each with the time as Java prints dates."""
    moment = datetime.fromtimestamp(t.received, UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    stamp = f"{day} {month} {moment:%d %H:%M:%S} UTC {moment.year}"
    told = [f"{stamp} : {_cut(line)}" for line in lines]
    return "\n".join([f"Execution log for request {t.request_id}", *told, ""])


def _request(x: Exchange) -> list[str]:
    """The client's request. vectors: test-invoke/test-invoke-method-get-with-qs."""
    t = x.trace
    media = x.request.headers.get("content-type")
    query = {name: values[-1] for name, values in v1.query_values(x.request.query).items()}
    media = x.request.headers.get("content-type")
    return [
        f"Method request path: {_map(t.path_parameters.items())}",
        f"Method request query string: {_map(query.items())}",
        f"Method request headers: {_map(v1.header_maps(x)[0].items())}",
        f"Method request body before transformations: {_text(x, x.request.body, media)}",
    ]


def _backend(x: Exchange) -> list[str]:
    """What a Lambda function or a web server was sent and answered; nothing when none was asked."""
    t = x.trace
    sent_body = t.fields.get(SENT)
    if isinstance(sent_body, CallHttp):
        return web_server(t, sent_body, _map)
    target = getattr(t.route.integration, "function_arn", "")
    reply = t.reply
    if not target or reply is None or t.asked is None:
        return []
    qualifier = getattr(t.route.integration, "qualifier", "")
    arn = f"{target}:{qualifier}" if qualifier else target
    url = f"https://lambda.{target.split(':')[3]}.amazonaws.com/2015-03-31/functions/{arn}/invocations"
    sent = (
        ("x-amzn-lambda-integration-tag", t.request_id),
        ("x-amzn-apigateway-api-id", t.api.id),
        ("Accept", "application/json"),
        ("User-Agent", f"AmazonAPIGateway_{t.api.id}"),
        ("X-Amzn-Trace-Id", t.xray_id),
        ("X-Amz-Source-Arn", f"{t.route.arn_prefix}{t.route.method}{t.route.resource_path}"),
    )
    event: bytes = t.fields.get(EVENT) or sent_body or v1.encode(x)
    lines = [
        f"Endpoint request URI: {url}",
        f"Endpoint request headers: {_map(sent)}",
        f"Endpoint request body after transformations: {event.decode('utf-8', 'replace')}",
        f"Sending request to {url}",
    ]
    if isinstance(reply, GaveUp) or t.integration_status is None:
        return lines
    latency = round((t.asked[1] - t.asked[0]) * 1000)
    lines.append(f"Received response. Status: {t.integration_status}, Integration latency: {latency} ms")
    if isinstance(reply, Returned | Failed):
        lines.append(f"Endpoint response headers: {_map(_lambda_headers(t, reply))}")
        lines.append(f"Endpoint response body before transformations: {reply.payload.decode('utf-8', 'replace')}")
    return lines


def _lambda_headers(t: Trace, reply: Returned | Failed) -> list[tuple[str, str]]:
    """The header fields of Lambda's answer. vector: execlog/rest-trace-lambda-raises-tail."""
    target = t.route.integration
    function = t.snapshot.functions.get(getattr(target, "function_arn", ""))
    spec = function.spec(getattr(target, "qualifier", "")) if function else None
    failed = [("X-Amz-Function-Error", "Unhandled")] if isinstance(reply, Failed) else []
    return [
        ("Date", http_date(t.received)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(reply.payload))),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", reply.request_id),
        *failed,
        ("x-amzn-Remapped-Content-Length", "0"),
        ("X-Amz-Executed-Version", spec.version if spec else "$LATEST"),
        ("X-Amzn-Trace-Id", t.xray_id),
    ]


def _response(x: Exchange) -> list[str]:
    headers = [
        (name, value)
        for name, value in x.response.headers
        if name.lower() not in ("x-amzn-requestid", "x-amz-apigw-id", "content-length")
    ]
    media = next((value for name, value in headers if name.lower() == "content-type"), None)
    return [
        f"Method response body after transformations: {_text(x, x.response.body, media)}",
        f"Method response headers: {_map(headers)}",
    ]


def _map(pairs: Pairs) -> str:
    """``{name=value, …}``; secrets keep their last characters."""
    return "{" + ", ".join(f"{name}={_shown(name, value)}" for name, value in pairs) + "}"


def _shown(name: str, value: str) -> str:
    if name.lower() not in _SECRET:
        return value
    return "*" * len(value) if len(value) <= 4 * _SHOWN else "*" * (len(value) - _SHOWN) + value[-_SHOWN:]


def _text(x: Exchange, body: bytes, media: str | None) -> str:
    if body and is_binary(media or "", x.trace.stage.binary_media_types):
        return "[Binary Data]"
    return body[:LONGEST].decode("utf-8", "replace")


def _cut(line: str) -> str:
    line = line.replace("\r", " ").replace("\n", " ")
    if len(line) * 4 <= LONGEST:
        return line
    data = line.encode("utf-8", "surrogatepass")
    return line if len(data) <= LONGEST else data[: LONGEST - len(_CUT)].decode("utf-8", "ignore") + _CUT
