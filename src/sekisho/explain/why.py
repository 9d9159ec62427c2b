"""From a refused request to an explanation: rule, then every candidate tried, then only those that work are offered."""

from __future__ import annotations

from sekisho.config.snapshot import Snapshot
from sekisho.explain.case import Case, passes
from sekisho.explain.chain import method_arn, opened
from sekisho.explain.cors import missing, through_a_browser
from sekisho.explain.explanation import Candidate, Explanation, Remedy
from sekisho.explain.replay import Workbench
from sekisho.explain.rules import finding_for
from sekisho.explain.served import explain_served
from sekisho.faults.face import face_of
from sekisho.faults.fault import NATURE
from sekisho.gateway.trace import Trace


def explain(trace: Trace, bench: Workbench) -> Explanation | None:
    """Why the request was refused, or what is wrong with an answer that was passed on; None when nothing is."""
    fault = trace.fault
    if fault is None:
        return explain_served(trace)
    case = Case(trace, bench)
    finding = through_a_browser(case, finding_for(case, fault))
    remedies = [remedy for remedy in (_try(case, candidate) for candidate in finding.candidates) if remedy]
    return Explanation(
        request_id=trace.request_id,
        fault=fault.name,
        cause=finding.cause,
        blame=finding.blame or NATURE[fault].blame.value,
        gate=trace.refused_at,
        headline=finding.headline,
        evidence=finding.evidence,
        remedies=tuple(remedies),
        source=str(face_of(trace.kind, fault).source),
        also=finding.also,
    )


def _try(case: Case, candidate: Candidate) -> Remedy | None:
    """The candidate as a remedy when it gets the request past the gate that refused it, and ends no worse."""
    ended = case.attempt(candidate.calls, forget=candidate.forget)
    if isinstance(ended, str):
        return None
    works = not missing(ended.trace) if candidate.goal == "visible" else passes(case.trace, ended)
    if not works:
        return None
    return Remedy(candidate, True, ended.reached, _opened(case, ended.trace.snapshot))


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
