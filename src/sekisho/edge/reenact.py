"""What must be kept of a request to judge it again: an explanation long after.

The stored form holds the request as it was sent (it stays in the data folder, which is private), when, what the
function answered, and the keys that tokens were verified by. With the world of that revision the gates come to the same
end, so the trace is made anew (``explaining.remake``) instead of being stored whole.
"""

from __future__ import annotations

import base64

from sekisho.edge.recorder import Document
from sekisho.gateway.authorizers.keys import SEEN, KeySet
from sekisho.gateway.trace import Trace


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
    keys = trace.fields.get(SEEN)
    if keys:
        kept["keys"] = {
            issuer: found.document() if isinstance(found, KeySet) else {"unavailable": list(found)}
            for issuer, found in keys.items()
        }
    return kept
