"""What must be kept of a request to judge it again: an explanation long after.

The stored form holds the request as it was sent (it stays in the data folder, which is private), when, and what was
answered from outside: by functions, by a backend, by issuers of tokens. With the world of that revision the gates come
to the same end, so the trace is made anew (``explaining.remake``) instead of being stored whole.
"""

from __future__ import annotations

import base64
from typing import Any

from sekisho.edge.recorder import Document
from sekisho.explain.replay import Recorded, recorded
from sekisho.functions.invocation import Failed, GaveUp, Returned, Throttled, Unavailable
from sekisho.gateway.authorizers.keys import KeySet, read_jwks
from sekisho.gateway.effects import HttpAnswer, HttpFailed, KeysUnavailable
from sekisho.gateway.trace import Trace

_VARIANTS: dict[str, type[Any]] = {
    variant.__name__: variant
    for variant in (Returned, Failed, Throttled, Unavailable, GaveUp, HttpAnswer, HttpFailed, KeysUnavailable)
}
REMEMBERED = "authorizer.cached"
"""The trace's field with the request for which a remembered answer of an authorizer was made."""
_BYTES = "base64"
"""The member of an object that stands for bytes."""


def keep(trace: Trace) -> Document:
    """The request of a trace and what was answered from outside, as JSON."""
    request = trace.request._asdict()
    request["headers"] = list(trace.request.headers.pairs)
    request["body"] = base64.b64encode(trace.request.body).decode("ascii")
    answers = recorded(trace)
    kept: Document = {
        "request": request,
        "received": trace.received,
        "requestId": trace.request_id,
        "extendedId": trace.extended_id,
    }
    remembered = trace.fields.get(REMEMBERED)
    if remembered:
        kept["remembered"] = remembered
    if answers.results:
        kept["results"] = [{"function": arn, **_variant(result)} for arn, result in answers.results]
    if answers.http is not None:
        kept["http"] = _variant(answers.http)
    if answers.keys:
        kept["keys"] = {
            issuer: {"jwks": keys.document()} if isinstance(keys, KeySet) else _variant(keys)
            for issuer, keys in answers.keys.items()
        }
    return kept


def _variant(value: Any) -> Document:
    fields = {
        name: {_BYTES: base64.b64encode(each).decode("ascii")} if isinstance(each, bytes) else each
        for name, each in value._asdict().items()
    }
    return {"kind": type(value).__name__, "fields": fields}


def answers_of(kept: Document) -> Recorded:
    """What was answered from outside, from the stored form."""
    results = [(each["function"], _read(each)) for each in kept.get("results", ())]
    http = kept.get("http")
    keys = {
        issuer: read_jwks(each["jwks"]) if "jwks" in each else _read(each)
        for issuer, each in kept.get("keys", {}).items()
    }
    return Recorded(results, _read(http) if http else None, keys)


def _read(stored: Document) -> Any:
    variant = _VARIANTS[stored["kind"]]
    fields: Document = {
        name: base64.b64decode(each[_BYTES]) if isinstance(each, dict) else each
        for name, each in stored["fields"].items()
    }
    if "headers" in fields:
        fields["headers"] = tuple((name, each) for name, each in fields["headers"])
    return variant(**fields)
