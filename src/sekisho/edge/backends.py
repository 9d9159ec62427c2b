"""Calling the web servers behind HTTP proxy integrations.

Any http or https address may be a backend, on this machine too, except addresses that hand out credentials and this
server itself: a client of an API must not reach the control plane through it.
"""

from __future__ import annotations

from typing import Final

from sekisho.edge.outbound import OutboundProblem, Reach, fetch
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed

MAX_ANSWER: Final = 10 * 1024 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


async def call(effect: CallHttp, own_port: int) -> HttpAnswer | HttpFailed:
    """Perform ``CallHttp``. Raises nothing: what goes wrong is an answer."""
    try:
        found = await fetch(
            effect.method,
            effect.url,
            effect.headers,
            effect.body,
            timeout=effect.patience,
            limit=MAX_ANSWER,
            reach=Reach(True, own_port=own_port),
            server_name=effect.tls_server_name,
            insecure=effect.insecure,
        )
    except OutboundProblem as problem:
        return HttpFailed(problem.kind, str(problem))
    return HttpAnswer(found.status, tuple(found.headers), found.body)
