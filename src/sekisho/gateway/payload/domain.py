"""Under which host an API shows itself."""

from __future__ import annotations

from sekisho.gateway.trace import Trace


def domain_name(t: Trace) -> str:
    """The host that the API has on AWS, unless the client really used one of its hosts."""
    host = t.request.host
    return (
        host
        if ".execute-api." in host or t.mapping is not None
        else f"{t.api.id}.execute-api.{t.api.region}.amazonaws.com"
    )
