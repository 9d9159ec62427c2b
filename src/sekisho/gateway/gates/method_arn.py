"""What a caller asks for, as policies name it, and what their conditions can see."""

from __future__ import annotations

from typing import Final

from sekisho.config.context import CallerContext
from sekisho.config.identities import Principal
from sekisho.gateway.exchange import Exchange

INVOKE: Final = "execute-api:Invoke"


def method_arn(x: Exchange) -> str:
    """What is asked for: the concrete path, ``…:api/stage/GET/pets/1``; ``…/GET/`` for the root.

    A slash at the end does not choose another route, so it is not part of the name either: otherwise a Deny of
    ``/GET/admin`` would not cover ``/admin/``.
    """
    t = x.trace
    path = t.local_path
    if path[-1] == "/" and len(path) > 1:
        path = path[:-1]
    return f"{t.route.arn_prefix}{x.request.method}{path}"


def caller_context(x: Exchange, principal: Principal) -> CallerContext:
    """The condition keys of a request to an API, which on AWS always came through TLS."""
    headers = x.request.headers
    return CallerContext(
        principal,
        x.now,
        x.request.source_ip,
        True,
        headers.get("user-agent"),
        headers.get("referer"),
        x.trace.api.region,
    )
