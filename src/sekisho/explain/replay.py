"""Advice is tried before it is given: the pure pipeline is run again on a patched snapshot.

The recorded results of effects are fed back in. A request that was refused before its function was called has no
recorded reply: the replay then says that it got as far as the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from sekisho.config.snapshot import Snapshot
from sekisho.explain.explanation import ApiCall
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import InvocationResult, InvokeFunction
from sekisho.gateway.authorizers.keys import SEEN
from sekisho.gateway.entry import begin, gates_of
from sekisho.gateway.exchange import Exchange, Keyring
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.pipeline import Gates
from sekisho.gateway.trace import Trace


class Workbench(Protocol):
    """What the composition root lends: a copy of the configuration in force, on which calls can be tried."""

    @property
    def keyring(self) -> Keyring: ...

    def apply(self, calls: Sequence[ApiCall], trace: Trace) -> Snapshot | str:
        """The snapshot after these calls, made as the root of the API's account; or why they are refused."""
        ...


class Replayed(NamedTuple):
    """How a replay ended."""

    trace: Trace
    reached: str
    """``response``, ``function-call`` (no recorded answer), or the name of the gate that refused."""

    @property
    def fault(self) -> Fault | None:
        return self.trace.fault

    @property
    def order(self) -> Gates:
        """The gates of the API's kind, in order."""
        return gates_of(self.trace.api.kind)


def _zeros(count: int) -> bytes:
    return bytes(count)


def replay(
    trace: Trace,
    snapshot: Snapshot,
    keyring: Keyring,
    results: Sequence[tuple[str, InvocationResult]] = (),
    clock: Callable[[], float] = lambda: 0.0,
) -> Replayed:
    """Run the traced request again, judged by ``snapshot``.

    ``results`` are the recorded answers of functions, by function ARN; each is used once. Keys of issuers are those
    that the trace was judged by.
    """
    x: Exchange
    x, steps = begin(trace.request, snapshot, keyring, trace.received, clock, _zeros, _ledger(trace))
    left = list(results)
    try:
        effect = next(steps)
        while True:
            answer = _recorded(effect, left)
            if answer is None:
                return Replayed(x.trace, "function-call")
            effect = steps.send(answer)
    except StopIteration:
        return Replayed(x.trace, x.trace.refused_at or "response")


def _ledger(trace: Trace) -> Ledger:
    ledger = Ledger()
    for issuer, keys in trace.fields.get(SEEN, {}).items():
        ledger.remember_keys(issuer, keys, trace.received)
    return ledger


def _recorded(effect: object, left: list[tuple[str, InvocationResult]]) -> InvocationResult | None:
    if isinstance(effect, InvokeFunction):
        for index, (arn, result) in enumerate(left):
            if arn == effect.function.arn:
                del left[index]
                return result
    return None
