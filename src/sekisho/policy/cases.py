"""Decision cases as data: given these policies, when this is asked, then that is decided.

The format is documented in ``docs``; a case is a JSON object with ``given``, ``when`` and ``then``. Unknown members are
errors that name them, so that a misspelt policy layer cannot silently be left out of a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sekisho.policy.combine import PolicyStack, Verdict
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.parse import statements_of
from sekisho.policy.request import MappingContext, Question, Subject, subject_from

_CASE: Final = frozenset({"id", "area", "source", "note", "given", "when", "then"})
_GIVEN: Final = frozenset(
    {
        "identityPolicies",
        "resourcePolicy",
        "permissionBoundary",
        "sessionPolicies",
        "scps",
        "rcps",
        "endpointPolicies",
        "principal",
        "principalAccount",
        "resourceAccount",
        "principalIsServiceLinkedRole",
    }
)
_WHEN: Final = frozenset({"action", "resource", "context"})
_THEN: Final = frozenset({"decision", "confidence"})
_VERDICTS: Final[Mapping[str, Verdict]] = {verdict.value: verdict for verdict in Verdict}


class Case(NamedTuple):
    """A case, ready to be decided."""

    id: str
    question: Question
    stack: PolicyStack
    resource_policy: CompiledPolicy | None
    expected: Verdict
    confidence: str
    """``documented``, ``inferred``, ``engine-test`` or ``uncertain``."""


def read_case(raw: Any) -> Case | str:
    """The case that ``raw`` (decoded JSON) describes, or what is wrong with it."""
    if not isinstance(raw, Mapping):
        return "a case is an object"
    given, when, then = raw.get("given"), raw.get("when"), raw.get("then")
    for name, part, known in (("", raw, _CASE), ("given", given, _GIVEN), ("when", when, _WHEN), ("then", then, _THEN)):
        if not isinstance(part, Mapping):
            return f"{name} is missing or not an object"
        for member in part:
            if member not in known:
                return f"unknown member {name + '.' if name else ''}{member}"
    assert isinstance(given, Mapping) and isinstance(when, Mapping) and isinstance(then, Mapping)
    if not isinstance(when.get("action"), str) or not isinstance(when.get("resource"), str):
        return "when.action and when.resource are strings"
    context = when.get("context") or {}
    if not isinstance(context, Mapping) or not all(_is_value(value) for value in context.values()):
        return "when.context is an object of strings or lists of strings"
    expected = _VERDICTS.get(str(then.get("decision")))
    if expected is None:
        return f"then.decision is one of {', '.join(_VERDICTS)}"
    subject = _subject(given)
    if isinstance(subject, str):
        return subject
    question = Question(
        subject, when["action"], when["resource"], _text(given.get("resourceAccount")), MappingContext(context)
    )
    return Case(
        _text(raw.get("id")),
        question,
        _stack(given),
        _merged(given.get("resourcePolicy"), "resource policy"),
        expected,
        _text(then.get("confidence")),
    )


def _subject(given: Mapping[str, Any]) -> Subject | str:
    principal = given.get("principal")
    if isinstance(principal, Mapping) and principal.get("type") == "Anonymous":
        principal = ""
    if not isinstance(principal, str):
        return 'given.principal is an ARN, a service principal or {"type": "Anonymous"}'
    linked = given.get("principalIsServiceLinkedRole") is True
    return subject_from(principal, _text(given.get("principalAccount")), linked)


def _stack(given: Mapping[str, Any]) -> PolicyStack:
    return PolicyStack(
        identity=_many(given.get("identityPolicies"), "identity policy"),
        boundary=_merged(given.get("permissionBoundary"), "permissions boundary"),
        session=_many(given.get("sessionPolicies"), "session policy") or None,
        scps=_levels(given.get("scps"), "service control policy"),
        rcps=_levels(given.get("rcps"), "resource control policy"),
        endpoint=_many(given.get("endpointPolicies"), "endpoint policy"),
    )


def _many(raw: Any, name: str) -> tuple[CompiledPolicy, ...]:
    documents = raw if isinstance(raw, list) else [raw] if raw else []
    return tuple(
        compile_policy(document, name=f"{name} {place}")
        for place, document in enumerate(documents, 1)
        if isinstance(document, (Mapping, str))
    )


def _merged(raw: Any, name: str) -> CompiledPolicy | None:
    """One policy; several documents for a layer that holds one count as one document with all their statements."""
    documents = [policy.document for policy in _many(raw, name)]
    if len(documents) < 2:
        return compile_policy(documents[0], name=name) if documents else None
    statements = [statement for document in documents for statement in statements_of(document)]
    return compile_policy({**documents[0], "Statement": statements}, name=name)


def _levels(raw: Any, name: str) -> tuple[tuple[CompiledPolicy, ...], ...]:
    levels = raw if isinstance(raw, list) else []
    return tuple(_many(level.get("policies"), name) for level in levels if isinstance(level, Mapping))


def _is_value(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""
