"""What a rule is given: the refused request, and a bench on which calls can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sekisho.config.identities import AccessKey
from sekisho.explain.explanation import ApiCall
from sekisho.explain.replay import Replayed, Workbench, recorded, replay
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import Returned
from sekisho.gateway.trace import Trace

WEB_SERVER: Final = "http"
"""In place of a function: the recorded answer of the web server behind the integration."""


class Case:
    """One refused request under investigation."""

    __slots__ = ("bench", "trace")

    def __init__(self, trace: Trace, bench: Workbench) -> None:
        self.trace = trace
        self.bench = bench

    def attempt(self, calls: Sequence[ApiCall], *, forget: str = "", answer: str = "") -> Replayed | str:
        """Replay the request after ``calls``; text when the calls themselves are refused.

        ``forget`` is a function whose recorded answer is not used again, or ``WEB_SERVER``; ``answer`` takes the place
        of what the last function answered.
        """
        snapshot = self.bench.apply(calls, self.trace)
        if isinstance(snapshot, str):
            return snapshot
        answers = recorded(self.trace)
        if forget:
            results = [each for each in answers.results if each[0] != forget]
            answers = answers._replace(results=results, http=None if forget == WEB_SERVER else answers.http)
        if answer and answers.results:
            *others, (function, last) = answers.results
            instead = Returned(answer.encode(), last.request_id, 0.0)
            answers = answers._replace(results=[*others, (function, instead)])
        return replay(self.trace, snapshot, self.bench.keyring, answers)

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
    if ended.reached in ("response", "function-call", "http-call"):
        return True
    names = [name for name, _ in ended.order]
    if trace.refused_at not in names or ended.reached == "token-keys":
        return False
    refused = names.index(trace.refused_at)
    if ended.reached == "authorizer-call":
        return refused <= names.index("authorize")
    return names.index(ended.reached) > refused


def deploy(trace: Trace) -> ApiCall:
    """CreateDeployment to the stage the request went to."""
    if trace.kind is Kind.HTTP:
        return ApiCall("apigatewayv2", "CreateDeployment", {"ApiId": trace.api.id, "StageName": trace.stage.name})
    return ApiCall("apigateway", "CreateDeployment", {"restApiId": trace.api.id, "stageName": trace.stage.name})


def deployed(case: Case, change: ApiCall) -> tuple[ApiCall, ...]:
    """The change, and the deployment it needs: a stage that deploys by itself takes no other."""
    return (change,) if case.cures((change,)) is not None else (change, deploy(case.trace))
