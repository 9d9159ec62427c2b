"""REST execution-log lines, from the same trace as everything else.

At level INFO a request tells its whole way, at level ERROR only what went wrong. Bodies and headers (``dataTrace``) are
not written: the trace's record shows them, masked. vectors: execlog/rest-info-success,
execlog/rest-trace-lambda-raises-tail.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

from typing import Final

from sekisho.faults.appearance import fill
from sekisho.faults.face import face_of
from sekisho.gateway.trace import UNROUTED, Trace

LONGEST: Final = 1024
"""Characters of one event; longer ones are cut."""
_CUT: Final = " [TRUNCATED]"


def log_group(trace: Trace) -> str:
    """The group that API Gateway itself writes to; it exists only when execution logging was ever on."""
    return f"API-Gateway-Execution-Logs_{trace.api.id}/{trace.stage.name}"


def execution_lines(trace: Trace, level: str) -> list[str]:
    """The events of one request at ``level`` (``INFO``, ``ERROR``, ``OFF``), each beginning with its request id."""
    if level not in ("INFO", "ERROR") or trace.route is UNROUTED:
        return []
    failure = _failure(trace)
    if level == "ERROR":
        told = failure
    else:
        told = [*_beginning(trace), *(failure or ["Successfully completed execution"])]
        told.append(f"Method completed with status: {trace.status}")
        if trace.integration_request_id:
            told.append(f"AWS Integration Endpoint RequestId : {trace.integration_request_id}")
    return [_cut(f"({trace.request_id}) {line}") for line in told]


def _beginning(trace: Trace) -> list[str]:
    """How every request begins. Two blanks stand where the API key would."""
    request_id, method, path = trace.request_id, trace.request.method, trace.route.resource_path
    stage = f"{trace.api.id}/{trace.stage.name}"
    return [
        f"Extended Request Id: {trace.extended_id}",
        f"Verifying Usage Plan for request: {request_id}. API Key:  API Stage: {stage}",
        f"API Key  authorized because method '{method} {path}' does not require API Key. "
        "Request will not contribute to throttle or quota limits",
        f"Usage Plan check succeeded for API Key  and API Stage {stage}",
        f"Starting execution for request: {request_id}",
        f"HTTP Method: {method}, Resource Path: {path}",
    ]


def _failure(trace: Trace) -> list[str]:
    rejection = trace.rejection
    if rejection is None:
        return []
    face = face_of(trace.kind, rejection.fault)
    return [fill(face.execution or face.text or "", rejection.evidence)] if face.execution or face.text else []


def _cut(line: str) -> str:
    line = line.replace("\r", " ").replace("\n", " ")
    return line if len(line) <= LONGEST else line[: LONGEST - len(_CUT)] + _CUT
