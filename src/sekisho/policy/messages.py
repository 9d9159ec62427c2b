"""AWS's words for a denied request.

One policy type is named even when several deny. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sekisho.policy.combine import Decision, Layer, Verdict
from sekisho.policy.request import Question, Subject, SubjectKind

_EXPLICIT: Final[Mapping[Layer, str]] = {
    Layer.IDENTITY: "with an explicit deny in an identity-based policy",
    Layer.RESOURCE: "with an explicit deny in a resource-based policy",
    Layer.BOUNDARY: "with an explicit deny in a permissions boundary",
    Layer.SESSION: "with an explicit deny in a session policy",
    Layer.SCP: "with an explicit deny in a service control policy",
    Layer.RCP: "with an explicit deny in a resource control policy",
    Layer.ENDPOINT: "with an explicit deny in a VPC endpoint policy",
    Layer.TRUST: "with an explicit deny in the role trust policy",
}
_NAMES_ITS_POLICY: Final = frozenset({Layer.SCP, Layer.RCP, Layer.BOUNDARY, Layer.SESSION, Layer.IDENTITY})
"""Layers whose explicit denies end with a managed policy's ARN, for callers of the same account or organisation."""


def denial_reason(decision: Decision, action: str, *, name_policy: bool = False) -> str:
    """Why ``action`` was denied, as AWS ends its sentence; empty for an allowed request.

    ``name_policy`` appends the denying managed policy's ARN, as AWS does since 2026 within an account or organisation.
    """
    if decision.verdict is Verdict.ALLOWED:
        return ""
    if decision.verdict is Verdict.IMPLICITLY_DENIED:
        return f"because no {decision.layer.value} allows the {action} action"
    reason = _EXPLICIT[decision.layer]
    policy = decision.policy
    if name_policy and policy is not None and policy.arn and decision.layer in _NAMES_ITS_POLICY:
        return f"{reason}: {policy.arn}"
    return reason


def denial_message(decision: Decision, question: Question, *, name_policy: bool = False) -> str:
    """``User: … is not authorized to perform: … on resource: … because …``, as an AccessDenied error says it."""
    resource = "" if question.resource in ("", "*") else f" on resource: {question.resource}"
    reason = denial_reason(decision, question.action, name_policy=name_policy)
    return (
        f"User: {name_of(question.subject)} is not authorized to perform: {question.action}{resource} {reason}".rstrip()
    )


def name_of(subject: Subject) -> str:
    """What messages call the subject."""
    return "anonymous" if subject.kind is SubjectKind.ANONYMOUS else subject.arn
