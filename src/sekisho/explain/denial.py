"""Why a call of the control plane was denied: the same evidence and advice, without a route.

Advice is tried by asking the same question again of the policies as the calls leave them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sekisho.config.context import CallerContext
from sekisho.config.identities import Principal
from sekisho.config.snapshot import Snapshot
from sekisho.explain.edits import calls_for
from sekisho.explain.explanation import ApiCall, Candidate, Explanation, Remedy, Said, say
from sekisho.explain.statements import grant_to_principal, misses_only, question_evidence, refusing_layer, who
from sekisho.policy.combine import Verdict, decide
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.remedy import EditKind, remedies
from sekisho.policy.request import Question, Value
from sekisho.policy.witness import Element, Witness
from sekisho.policy.witness import explain as witness_of

FAULT = "ACCESS_DENIED"


class Asked(NamedTuple):
    """The question a denied call put, in parts that can be stored and asked again."""

    request_id: str
    access_key_id: str
    action: str
    resource: str
    resource_account: str
    received: float
    source_ip: str
    user_agent: str
    region: str
    extra: Mapping[str, Value]
    """Condition keys beyond the caller's."""


Find = Callable[[str, Snapshot], Principal | None]
"""Access key id → its principal under a snapshot."""
Apply = Callable[[Sequence[ApiCall]], Snapshot | str]
Policy = Callable[[Snapshot], CompiledPolicy | None]
"""The resource policy that takes part, under a snapshot."""


def question_of(asked: Asked, principal: Principal) -> Question:
    """The question again, for the principal as it is now."""
    context = CallerContext(
        principal,
        asked.received,
        asked.source_ip,
        user_agent=asked.user_agent or None,
        region=asked.region,
        extra=asked.extra,
    )
    return Question(principal.subject, asked.action, asked.resource, asked.resource_account, context)


def explain_denial(asked: Asked, snapshot: Snapshot, find: Find, apply: Apply, policy: Policy) -> Explanation | None:
    """Why the call was denied; None when its key is no longer known or it would be allowed under ``snapshot``."""
    principal = find(asked.access_key_id, snapshot)
    if principal is None:
        return None
    question = question_of(asked, principal)
    attached = policy(snapshot)
    witness = witness_of(question, principal.stack, attached)
    if witness.decision.allowed:
        return None
    cause, headline = _cause(witness)

    def works(calls: Sequence[ApiCall]) -> bool:
        after = apply(calls)
        if isinstance(after, str):
            return False
        again = find(asked.access_key_id, after)
        return again is not None and decide(question_of(asked, again), again.stack, policy(after)).allowed

    offered = [
        Remedy(candidate, True, "authorization")
        for candidate in _candidates(question, principal, snapshot, attached)
        if works(candidate.calls)
    ]
    return Explanation(
        request_id=asked.request_id,
        fault=FAULT,
        cause=cause,
        blame="configuration" if witness.decision.verdict is Verdict.EXPLICITLY_DENIED else "caller",
        gate="authorize",
        headline=headline,
        evidence=tuple(question_evidence(witness)),
        remedies=tuple(offered),
        source="documented",
    )


def _cause(witness: Witness) -> tuple[str, Said]:
    refusing = refusing_layer(witness)
    if refusing is not None:
        return refusing
    question = witness.question
    shown = {"who": who(question), "resource": question.resource}
    headline = say("perm.control-plane", action=question.action, **shown)
    if question.subject.account != question.resource_account:
        return "IAM_CROSS_ACCOUNT_ONE_SIDED", headline
    return ("IAM_ARN_MISMATCH" if misses_only(witness, Element.RESOURCE) else "IAM_NO_ALLOW"), headline


def _candidates(
    question: Question, principal: Principal, snapshot: Snapshot, attached: CompiledPolicy | None
) -> list[Candidate]:
    found: list[Candidate] = []
    asked = {"who": who(question), "action": question.action, "resource": question.resource}
    for remedy in remedies(question, principal.stack, attached):
        calls = calls_for(remedy.edits, principal, snapshot)
        if not calls or any(calls == other.calls for other in found):
            continue
        edit = remedy.edits[0]
        policy = edit.policy.name if edit.policy else edit.layer.value
        if edit.kind is EditKind.REMOVE_STATEMENT:
            found.append(Candidate(say("cure.drop-deny", policy=policy), calls))
        elif edit.kind is EditKind.CHANGE_ELEMENT:
            found.append(Candidate(say("cure.widen", policy=policy, pointer=edit.pointer), calls))
        else:
            found.append(Candidate(say("cure.grant-action", **asked), calls))
    if not found:
        grant = grant_to_principal(principal, snapshot, "sekisho-allow", question.action, question.resource)
        if grant is not None:
            found.append(Candidate(say("cure.grant-action", **asked), (grant,)))
    return found[:4]
