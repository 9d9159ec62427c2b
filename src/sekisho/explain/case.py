"""What a rule is given: the refused request, and a bench on which calls can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sekisho.config.identities import AccessKey
from sekisho.explain.explanation import ApiCall, Candidate
from sekisho.explain.replay import Replayed, Workbench, replay
from sekisho.functions.invocation import Failed, InvocationResult, Returned, Throttled, Unavailable
from sekisho.gateway.trace import Trace


class Tried(NamedTuple):
    """A candidate that was replayed."""

    candidate: Candidate
    ended: Replayed


def recorded_results(trace: Trace) -> list[tuple[str, InvocationResult]]:
    """What functions answered while the request was served, for feeding replays."""
    found: list[tuple[str, InvocationResult]] = []
    target = getattr(trace.route.integration, "function_arn", "")
    if target and isinstance(trace.reply, Returned | Failed | Throttled | Unavailable):
        found.append((target, trace.reply))
    return found


class Case:
    """One refused request under investigation."""

    __slots__ = ("bench", "trace")

    def __init__(self, trace: Trace, bench: Workbench) -> None:
        self.trace = trace
        self.bench = bench

    def attempt(self, calls: Sequence[ApiCall]) -> Replayed | str:
        """Replay the request after ``calls``; text when the calls themselves are refused."""
        snapshot = self.bench.apply(calls, self.trace)
        if isinstance(snapshot, str):
            return snapshot
        return replay(self.trace, snapshot, self.bench.keyring, recorded_results(self.trace))

    def cures(self, calls: Sequence[ApiCall]) -> Replayed | None:
        """The replay, when after ``calls`` the request passes the gate that refused it with another fault or none."""
        ended = self.attempt(calls)
        if isinstance(ended, str):
            return None
        return ended if passes(self.trace, ended) else None

    def key(self) -> AccessKey | None:
        """The credential the request was signed with, when it is known."""
        return self.bench.keyring.find(self.trace.access_key_id, self.trace.snapshot)


def passes(trace: Trace, ended: Replayed) -> bool:
    """Whether the replay got past the gate that refused ``trace``: served, at the function's door, or refused later."""
    if ended.reached in ("response", "function-call"):
        return True
    names = [name for name, _ in ended.order]
    return names.index(ended.reached) > names.index(trace.refused_at) if trace.refused_at in names else False


def deploy(trace: Trace) -> ApiCall:
    """CreateDeployment to the stage the request went to."""
    return ApiCall("apigateway", "CreateDeployment", {"restApiId": trace.api.id, "stageName": trace.stage.name})
