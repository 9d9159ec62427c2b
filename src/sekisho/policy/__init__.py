"""The IAM engine: questions, policies, decisions and their reasons. No knowledge of any service's operations."""

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

__all__ = [
    "ANONYMOUS",
    "EMPTY_CONTEXT",
    "NO_POLICIES",
    "Case",
    "CompiledPolicy",
    "Context",
    "Decision",
    "Layer",
    "MappingContext",
    "PolicyStack",
    "Question",
    "Subject",
    "SubjectKind",
    "Value",
    "Verdict",
    "compile_policy",
    "decide",
    "decide_answered",
    "decide_resource_policy_alone",
    "explicit_deny_of",
    "read_case",
    "service_subject",
    "subject_from",
]
