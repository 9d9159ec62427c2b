"""From a refused request to an explanation: rule, then every candidate tried, then only those that work are offered."""

from __future__ import annotations

from dataclasses import replace

from sekisho.config.snapshot import Snapshot
from sekisho.explain.backends import error_as_success
from sekisho.explain.case import Case, passes
from sekisho.explain.chain import method_arn, opened
from sekisho.explain.cors import missing, through_a_browser
from sekisho.explain.explanation import Candidate, Explanation, Remedy
from sekisho.explain.replay import Replayed, Workbench
from sekisho.explain.rules import finding_for
from sekisho.explain.served import explain_served
from sekisho.faults.face import face_of
from sekisho.faults.fault import NATURE
from sekisho.gateway.trace import Trace


def explain(trace: Trace, bench: Workbench) -> Explanation | None:
    """Why the request was refused, or what is wrong with an answer that was passed on; None when nothing is."""
    fault = trace.fault
    case = Case(trace, bench)
    if fault is None:
        served = explain_served(trace)
        if served is None or served.cause != "MAP_ERROR_AS_200":
            return served
        return replace(served, remedies=_tried(case, error_as_success(case)))
    finding = through_a_browser(case, finding_for(case, fault))
    return Explanation(
        request_id=trace.request_id,
        fault=fault.name,
        cause=finding.cause,
        blame=finding.blame or NATURE[fault].blame.value,
        gate=trace.refused_at,
        headline=finding.headline,
        evidence=finding.evidence,
        remedies=_tried(case, finding.candidates),
        source=str(face_of(trace.kind, fault).source),
        also=finding.also,
    )


def _tried(case: Case, candidates: tuple[Candidate, ...]) -> tuple[Remedy, ...]:
    return tuple(remedy for remedy in (_try(case, candidate) for candidate in candidates) if remedy)


def _try(case: Case, candidate: Candidate) -> Remedy | None:
    """The candidate as a remedy when it gets the request past the gate that refused it, and ends no worse."""
    ended = case.attempt(candidate.calls, forget=candidate.forget, answer=candidate.answer)
    if isinstance(ended, str):
        return None
    works = _reaches(case, candidate.goal, ended)
    if not works:
        return None
    return Remedy(candidate, True, ended.reached, _opened(case, ended.trace.snapshot))


def _reaches(case: Case, goal: str, ended: Replayed) -> bool:
    if goal == "visible":
        return not missing(ended.trace)
    if goal == "failure":
        return ended.reached == "response" and ended.trace.status >= 400
    return passes(case.trace, ended)


def _opened(case: Case, after: Snapshot) -> tuple[tuple[str, str, str], ...]:
    """What else is allowed under ``after``: everything but what the request itself asked."""
    trace = case.trace
    if after is trace.snapshot or not trace.api.id or not trace.stage.name:
        return ()
    integration = trace.route.integration
    function, qualifier = getattr(integration, "function_arn", ""), getattr(integration, "qualifier", "")
    template = method_arn(trace.route)
    own = {check.question.resource for check in trace.checks}
    asker = {trace.caller.subject.arn, trace.caller.subject.issuer_arn, "anonymous"}
    return tuple(
        (found.principal, found.action, found.resource)
        for found in opened(trace.snapshot, after, trace.api.id, trace.stage.name, function, qualifier)
        if found.principal not in asker or (found.resource != template and found.resource not in own)
    )
