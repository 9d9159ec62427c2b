"""The X-Ray id under which a request's calls are made.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

from sekisho.gateway.exchange import Exchange


def trace_id(x: Exchange) -> str:
    """The client's own when it sent one with a root, else a new one."""
    sent = x.request.headers.get("x-amzn-trace-id")
    if sent and "Root=" in sent:
        return sent
    return f"Root=1-{int(x.now):08x}-{x.entropy(12).hex()}"
