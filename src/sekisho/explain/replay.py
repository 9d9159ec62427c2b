"""Advice is tried before it is given: the pure pipeline is run again on a patched snapshot.

The recorded results of effects are fed back in. A request that was refused before its function was called has no
recorded reply: the replay then says that it got as far as the call. The server's memory takes no part, except that the
keys of issuers are what they were, and that a budget which was used up still is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from sekisho.config.snapshot import Snapshot
from sekisho.explain.explanation import ApiCall
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import InvocationResult, InvokeFunction
from sekisho.gateway.authorizers.keys import SEEN, KeySet
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed, KeysUnavailable
from sekisho.gateway.entry import begin, gates_of
from sekisho.gateway.exchange import Exchange, Keyring
from sekisho.gateway.gates.usage_plan import remind
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
    """``response``, an effect without recorded answer (``function-call`` or ``http-call`` of the integration,
    ``authorizer-call``, ``token-keys``), or the name of the gate that refused."""

    @property
    def fault(self) -> Fault | None:
        return self.trace.fault

    @property
    def order(self) -> Gates:
        """The gates of the API's kind, in order."""
        return gates_of(self.trace.api.kind)


class Recorded(NamedTuple):
    """What the world outside answered while a request was served."""

    results: Sequence[tuple[str, InvocationResult]] = ()
    """Answers of functions, by unqualified ARN; each is used once."""
    http: HttpAnswer | HttpFailed | None = None
    keys: Mapping[str, KeySet | KeysUnavailable] = {}
    """Issuer → the keys that its tokens were judged by."""


NOTHING: Final = Recorded()


def recorded(trace: Trace) -> Recorded:
    """The answers that a trace has kept."""
    reply = trace.reply
    http = reply if isinstance(reply, HttpAnswer | HttpFailed) else None
    return Recorded(tuple(trace.results), http, trace.fields.get(SEEN, {}))


def _zeros(count: int) -> bytes:
    return bytes(count)


def replay(
    trace: Trace,
    snapshot: Snapshot,
    keyring: Keyring,
    answers: Recorded = NOTHING,
    clock: Callable[[], float] = lambda: 0.0,
) -> Replayed:
    """Run the traced request again, judged by ``snapshot``, with the answers that were recorded."""
    ledger = Ledger()
    for issuer, keys in answers.keys.items():
        ledger.remember_keys(issuer, keys, trace.received)
    remind(ledger, trace)
    x: Exchange
    x, steps = begin(trace.request, snapshot, keyring, trace.received, clock, _zeros, ledger)
    results, http = list(answers.results), answers.http
    try:
        effect = next(steps)
        while True:
            answer: Any = None
            if isinstance(effect, InvokeFunction):
                answer = _result(effect, results)
            elif isinstance(effect, CallHttp):
                answer, http = http, None
            if answer is None:
                return Replayed(x.trace, _stopped_at(x.trace, effect))
            effect = steps.send(answer)
    except StopIteration:
        return Replayed(x.trace, x.trace.refused_at or "response")


def _result(effect: InvokeFunction, left: list[tuple[str, InvocationResult]]) -> InvocationResult | None:
    for index, (arn, result) in enumerate(left):
        if arn == effect.function.arn:
            del left[index]
            return result
    return None


def _stopped_at(trace: Trace, effect: object) -> str:
    if isinstance(effect, CallHttp):
        return "http-call"
    if not isinstance(effect, InvokeFunction):
        return "token-keys"
    return "authorizer-call" if _is_authorizer(trace, effect) else "function-call"


def _is_authorizer(trace: Trace, effect: InvokeFunction) -> bool:
    asked = trace.checks[-1].purpose if trace.checks else ""
    arn = getattr(trace.route.authorizer, "function_arn", "")
    return bool(asked == "invoke-authorizer" and arn == effect.function.arn)
