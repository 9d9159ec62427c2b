"""What a caller asks for, as policies name it, and what their conditions can see."""

from __future__ import annotations

from typing import Final

from sekisho.config.context import NO_EXTRA, CallerContext
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
    request = x.request
    headers = request.headers
    source_ip, extra = request.source_ip, NO_EXTRA
    if request.source_vpce:
        # Through an endpoint the caller's address is another key.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
        extra = {"aws:sourcevpce": request.source_vpce, "aws:vpcsourceip": source_ip}
        source_ip = ""
    return CallerContext(
        principal,
        x.now,
        source_ip,
        True,
        headers.get("user-agent"),
        headers.get("referer"),
        x.trace.api.region,
        extra,
    )
