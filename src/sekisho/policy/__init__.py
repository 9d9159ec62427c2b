"""The IAM engine: questions, policies, decisions and their reasons. No knowledge of any service's operations.

``compile_policy`` a document, put policies into a ``PolicyStack``, ask a ``Question``: ``decide`` answers, ``explain``
answers with every statement's reasons, ``remedies`` says what would turn a denial around, ``validate`` looks at
documents. ``policy.prove`` asks about everybody at once (``who_can``, ``nobody_but``), ``policy.partial`` about
contexts that are partly known, ``policy.lint`` for traps; they are imported by who needs them, since a server starts
without.
All are pure functions and total: what cannot be parsed matches nothing. ``docs/policies.md`` has examples.
"""

from sekisho.policy.cases import Case, read_case
from sekisho.policy.combine import (
    NO_POLICIES,
    Decision,
    Layer,
    PolicyStack,
    Verdict,
    decide,
    decide_answered,
    decide_resource_policy_alone,
    explicit_deny_of,
)
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.messages import denial_message, denial_reason
from sekisho.policy.principals import Match
from sekisho.policy.remedy import Edit, EditKind, Remedy, patched, remedies
from sekisho.policy.request import (
    ANONYMOUS,
    EMPTY_CONTEXT,
    Context,
    MappingContext,
    Question,
    Subject,
    SubjectKind,
    Value,
    service_subject,
    subject_from,
)
from sekisho.policy.validate import KIND_OF_OPERATION, Malformed, PolicyKind, validate
from sekisho.policy.witness import Finding, LayerWitness, Reason, StatementWitness, Witness, explain

__all__ = [
    "ANONYMOUS",
    "EMPTY_CONTEXT",
    "KIND_OF_OPERATION",
    "NO_POLICIES",
    "Case",
    "CompiledPolicy",
    "Context",
    "Decision",
    "Edit",
    "EditKind",
    "Finding",
    "Layer",
    "LayerWitness",
    "Malformed",
    "MappingContext",
    "Match",
    "PolicyKind",
    "PolicyStack",
    "Question",
    "Reason",
    "Remedy",
    "StatementWitness",
    "Subject",
    "SubjectKind",
    "Value",
    "Verdict",
    "Witness",
    "compile_policy",
    "decide",
    "decide_answered",
    "decide_resource_policy_alone",
    "denial_message",
    "denial_reason",
    "explain",
    "explicit_deny_of",
    "patched",
    "read_case",
    "remedies",
    "service_subject",
    "subject_from",
    "validate",
]
