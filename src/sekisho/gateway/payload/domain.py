"""Under which host an API shows itself."""

from __future__ import annotations

from sekisho.gateway.trace import Trace


def domain_name(t: Trace) -> str:
    """The host that the API has on AWS, unless the client really used an execute-api host."""
    host = t.request.host
    return host if ".execute-api." in host else f"{t.api.id}.execute-api.{t.api.region}.amazonaws.com"
