"""The only loop: a request passes gates until one refuses; then it is answered.

Theory of operation. ``run`` is a generator. It yields effects and is sent their results, so the same code runs under
the server's event loop, in a unit test, and in a replay that feeds recorded results. Gates never time themselves:
``trace.marks`` holds the moments between them.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sekisho.faults.fault import Reject
from sekisho.gateway.effects import Effect
from sekisho.gateway.exchange import Exchange, Gate
from sekisho.gateway.request import GatewayResponse
from sekisho.gateway.respond import refuse, respond
from sekisho.kit.outcome import PASS, Ask

Gates = tuple[tuple[str, Gate], ...]


def run(x: Exchange, gates: Gates) -> Generator[Effect, Any, GatewayResponse]:
    """Answer one request. Yields effects, is sent results, returns the response."""
    mark = x.trace.marks.append
    clock = x.clock
    for name, decide in gates:
        mark(clock())
        outcome = decide(x)
        if outcome is PASS:
            continue
        while isinstance(outcome, Ask):
            outcome = outcome.then(x, (yield outcome.effect))
        if isinstance(outcome, Reject):
            refuse(x, name, outcome)
            break
    mark(clock())
    respond(x)
    return x.response
