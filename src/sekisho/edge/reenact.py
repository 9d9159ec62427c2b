"""What must be kept of a request to judge it again, and judging it again: an explanation long after.

The stored form holds the request as it was sent (it stays in the data folder, which is private), when, and what the
function answered. With the world of that revision the gates come to the same end, so the trace is made anew instead of
being stored whole.
"""

from __future__ import annotations

import base64
from typing import Any

from sekisho.config.snapshot import Snapshot
from sekisho.edge.recorder import Document
from sekisho.explain.replay import replay
from sekisho.functions.invocation import (
    Failed,
    GaveUp,
    InvocationResult,
    Returned,
    Throttled,
    Unavailable,
)
from sekisho.gateway.exchange import Keyring
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers

_RESULTS: dict[str, type[Any]] = {
    variant.__name__: variant for variant in (Returned, Failed, Throttled, Unavailable, GaveUp)
}


def keep(trace: Trace) -> Document:
    """The request of a trace and the function's answer, as JSON."""
    request = trace.request._asdict()
    request["headers"] = list(trace.request.headers.pairs)
    request["body"] = base64.b64encode(trace.request.body).decode("ascii")
    kept: Document = {
        "request": request,
        "received": trace.received,
        "requestId": trace.request_id,
        "extendedId": trace.extended_id,
    }
    function = getattr(trace.route.integration, "function_arn", "")
    if function and trace.reply is not None:
        fields = {
            name: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
            for name, value in trace.reply._asdict().items()
        }
        kept["reply"] = {"function": function, "kind": type(trace.reply).__name__, "fields": fields}
    return kept


def _reply(kept: Document) -> list[tuple[str, InvocationResult]]:
    found = kept.get("reply")
    if not found:
        return []
    variant = _RESULTS[found["kind"]]
    fields = {
        name: base64.b64decode(value) if variant.__annotations__[name] == "bytes" else value
        for name, value in found["fields"].items()
    }
    return [(found["function"], variant(**fields))]


def remake(kept: Document, snapshot: Snapshot, keyring: Keyring) -> Trace:
    """The trace, by judging the request again under ``snapshot``."""
    fields = dict(kept["request"])
    fields["headers"] = Headers((name, value) for name, value in fields["headers"])
    fields["body"] = base64.b64decode(fields["body"])
    request = GatewayRequest(**fields)
    empty = Trace(request, snapshot, kept["received"], kept["requestId"], kept["extendedId"])
    trace = replay(empty, snapshot, keyring, _reply(kept)).trace
    trace.request_id = kept["requestId"]
    trace.extended_id = kept["extendedId"]
    return trace
