"""Documents → the next snapshot: only what a change touched is compiled again.

Theory of operation. The edge calls ``publish`` after each commit with the keys that changed. Each compiler receives
them and its own previous result, and keeps by reference whatever does not depend on them. ``changed=None`` compiles
everything: at the start, and when a snapshot is made from stored history.
"""

from __future__ import annotations

from collections.abc import Collection

from sekisho.config.snapshot import Snapshot
from sekisho.publish.api_keys import api_keys
from sekisho.publish.functions import functions
from sekisho.publish.http import domains, http_apis
from sekisho.publish.identities import identities
from sekisho.publish.rest import rest_apis
from sekisho.state.world import Key, View

RELEVANT = frozenset({"iam", "lambda", "apigateway", "apigatewayv2", "organizations"})
"""Services whose documents the data plane is compiled from."""
_IDENTITY = frozenset({"iam", "organizations"})


def publish(view: View, changed: Collection[Key] | None, previous: Snapshot, revision: int) -> Snapshot:
    """The snapshot of ``view`` at ``revision``, sharing with ``previous`` what did not change."""
    touched = frozenset(RELEVANT if changed is None else (key.service for key in changed))
    apis = rest_apis(view, changed, previous.apis) if "apigateway" in touched else previous.apis
    v2 = "apigatewayv2" in touched
    return Snapshot(
        revision=revision,
        apis=http_apis(view, changed, apis) if v2 else apis,
        functions=functions(view, changed, previous.functions) if "lambda" in touched else previous.functions,
        identities=identities(view, changed, previous.identities) if touched & _IDENTITY else previous.identities,
        domains=domains(view, changed, previous.domains) if v2 else previous.domains,
        api_keys=api_keys(view, changed, previous.api_keys) if "apigateway" in touched else previous.api_keys,
    )
