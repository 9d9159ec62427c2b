"""What the execution log tells of a web server: the request that it was sent, and its answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sekisho.gateway.effects import CallHttp, HttpAnswer
from sekisho.gateway.trace import Trace

Show = Callable[[Iterable[tuple[str, str]]], str]


def web_server(t: Trace, sent: CallHttp, show: Show) -> list[str]:
    """The lines; ``show`` writes header fields, secrets hidden."""
    lines = [
        f"Endpoint request URI: {sent.url}",
        f"Endpoint request headers: {show(sent.headers)}",
        f"Endpoint request body after transformations: {sent.body.decode('utf-8', 'replace')}",
        f"Sending request to {sent.url}",
    ]
    reply = t.reply
    if not isinstance(reply, HttpAnswer) or t.asked is None:
        return lines
    latency = round((t.asked[1] - t.asked[0]) * 1000)
    return [
        *lines,
        f"Received response. Status: {reply.status}, Integration latency: {latency} ms",
        f"Endpoint response headers: {show(reply.headers)}",
        f"Endpoint response body before transformations: {reply.body.decode('utf-8', 'replace')}",
    ]
