"""The only loop: a request passes gates until one refuses; then it is answered.

Theory of operation. A ``Passage`` stops when a gate asks for an effect and goes on when it is given the result, so the
same code runs under the server's event loop, in a unit test, and in a replay that feeds recorded results. Gates never
time themselves: ``trace.marks`` holds the moments between them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from sekisho.faults.fault import Reject
from sekisho.gateway.effects import Effect
from sekisho.gateway.exchange import Exchange, Gate
from sekisho.gateway.request import GatewayResponse
from sekisho.gateway.respond import refuse, respond
from sekisho.kit.outcome import PASS, Ask

Gates = tuple[tuple[str, Gate], ...]


class Passage:
    """One request on its way through the gates."""

    __slots__ = ("_gates", "_place", "_then", "x")

    def __init__(self, x: Exchange, gates: Gates) -> None:
        self.x = x
        self._gates = gates
        self._place = 0
        """The gate that is asked next; while an effect is being performed, one behind the gate that asked for it."""
        self._then: Callable[[Exchange, Any], Any] | None = None

    def advance(self, result: Any) -> Effect | None:
        """Go on to the next effect that is needed, or to the end (None): then ``x.response`` is the answer.

        ``result`` is that of the effect before; None the first time.
        """
        x = self.x
        gates = self._gates
        # Any: moments are only passed on here, and compiled code would take each apart and put it together again.
        clock: Callable[[], Any] = x.clock
        marks: list[Any] = x.trace.marks
        then = self._then
        place = self._place
        if then is not None:
            self._then = None
            outcome = then(x, result)
        else:
            marks.append(clock())
            outcome = gates[0][1](x)
            place = 1
        count = len(gates)
        while True:
            if outcome is PASS:
                if place == count:
                    break
                marks.append(clock())
                outcome = gates[place][1](x)
                place += 1
            elif isinstance(outcome, Ask):
                self._then = outcome.then
                self._place = place
                effect: Effect = outcome.effect
                return effect
            else:
                if isinstance(outcome, Reject):
                    refuse(x, gates[place - 1][0], outcome)
                break
        respond(x)
        ended = clock()
        marks.append(ended)
        x.trace.ended = ended
        return None


def steps(passage: Passage) -> Generator[Effect, Any, GatewayResponse]:
    """A passage as a generator: it yields effects, is sent results, and returns the response."""
    effect = passage.advance(None)
    while effect is not None:
        effect = passage.advance((yield effect))
    return passage.x.response


def run(x: Exchange, gates: Gates) -> Generator[Effect, Any, GatewayResponse]:
    """Answer one request that passes ``gates``."""
    return steps(Passage(x, gates))
