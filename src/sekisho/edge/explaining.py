"""Explanations, on request. Imported only then: most servers never give one, and all start the sooner."""

from __future__ import annotations

import base64
import time

from sekisho.config.identities import Principal
from sekisho.config.keyring import Sessions
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.edge.logschema import Stored
from sekisho.edge.recorder import Document
from sekisho.edge.reenact import REMEMBERED, answers_of
from sekisho.edge.workbench import Bench
from sekisho.explain.denial import Asked, explain_denial
from sekisho.explain.render import as_json
from sekisho.explain.replay import replay
from sekisho.explain.why import explain
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Keyring
from sekisho.gateway.record import scrubbed, secrets_of
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers
from sekisho.kit.ids import Entropy
from sekisho.policy.compile import CompiledPolicy
from sekisho.publish.publisher import publish
from sekisho.services.frontdoor import Tables
from sekisho.state.world import View
from sekisho.wire.model import Models


def explanation_for(
    found: Trace | Stored,
    language: str,
    view: View,
    *,
    keyring: Sessions,
    tables: Tables,
    models: Models,
    entropy: Entropy,
    region: str,
) -> Document | None:
    """Why a request was refused, under the world it was judged by (``view``); None when there is nothing to explain."""
    bench = Bench(view, keyring, tables, models, entropy, time.time())
    if isinstance(found, Stored):
        if not found.kept:
            return _denied_call(found, language, view, keyring, bench)
        stored = found.document
        found = remake(found.kept, publish(view, None, EMPTY, found.revision), keyring)
        _as_recorded(found, stored)
    explanation = explain(found, bench)
    if explanation is None:
        return None
    shown: Document = scrubbed(as_json(explanation, language, region=found.api.region or region), secrets_of(found))
    return shown


def _denied_call(found: Stored, language: str, view: View, keyring: Sessions, bench: Bench) -> Document | None:
    """Why a call of the control plane was denied."""
    call, denied = found.document, found.document.get("denied")
    if denied is None:
        return None
    snapshot = publish(view, None, EMPTY, int(call.get("revision", found.revision)))
    asked = Asked(
        request_id=call["requestId"],
        access_key_id=call["accessKeyId"],
        action=denied["action"],
        resource=denied["resource"],
        resource_account=denied["resourceAccount"],
        received=float(call["received"]),
        source_ip=call["sourceIp"],
        user_agent=call["userAgent"],
        region=call["region"],
        extra={
            name: value if isinstance(value, str) else tuple(value) for name, value in denied["conditionKeys"].items()
        },
    )

    def find(access_key_id: str, under: Snapshot) -> Principal | None:
        key = keyring.find(access_key_id, under)
        return key.principal if key is not None else None

    def policy(under: Snapshot) -> CompiledPolicy | None:
        if asked.action != "lambda:InvokeFunction":
            return None
        parts = asked.resource.split(":")
        function = under.functions.get(":".join(parts[:7]))
        qualifier = parts[7] if len(parts) > 7 else ""
        return function.policies.get("" if qualifier == "$LATEST" else qualifier) if function else None

    explanation = explain_denial(
        asked, snapshot, find, lambda calls: bench.apply_in(calls, snapshot, call["account"], call["region"]), policy
    )
    return None if explanation is None else as_json(explanation, language, region=call["region"])


def _as_recorded(trace: Trace, stored: Document) -> None:
    """What the server's memory decided (limits, quotas) a replay cannot find again: it is as it was written down."""
    name = stored.get("fault")
    fault = Fault.__members__.get(name) if name else None
    if fault is not None and trace.fault is not fault:
        trace.rejection = Reject(fault, stored.get("evidence", {}))
        trace.refused_at = stored.get("gate", "")
        trace.status = stored.get("response", {}).get("status", trace.status)


def remake(kept: Document, snapshot: Snapshot, keyring: Keyring) -> Trace:
    """The trace, by judging the request again under ``snapshot``."""
    fields = dict(kept["request"])
    fields["headers"] = Headers((name, value) for name, value in fields["headers"])
    fields["body"] = base64.b64decode(fields["body"])
    request = GatewayRequest(**fields)
    empty = Trace(request, snapshot, kept["received"], kept["requestId"], kept["extendedId"])
    trace = replay(empty, snapshot, keyring, answers_of(kept)).trace
    trace.request_id = kept["requestId"]
    trace.extended_id = kept["extendedId"]
    if "remembered" in kept:
        # The replay has no memory of its own: it was given the remembered answer as if the function had made it.
        trace.fields[REMEMBERED] = kept["remembered"]
    return trace
