"""The same walk as ``decide``, recorded: per layer, policy, statement and element, what matched or why not.

Theory of operation. ``explain`` visits every statement of every policy, armed or not, and asks the elements one by one
with the *same compiled matchers* that ``decide`` uses. It then combines what it recorded with the same ``required``
table. Nothing is taken from ``decide``, so agreement of the two is a property that can be tested, and is.

Every mismatch has a reason from one closed table (``Reason``) and a JSON pointer into the policy's document.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from sekisho.policy.ast import Condition
from sekisho.policy.combine import (
    IMPLICIT,
    NO_OWN_SIDE,
    Decision,
    Layer,
    PolicyStack,
    Verdict,
    bound_by_rcps,
    bound_by_scps,
    insists,
    required,
    resource_layer,
    session_may_be_missing,
)
from sekisho.policy.compile import CompiledPolicy, CompiledStatement, names_action
from sekisho.policy.operators import NULL, Quantifier, applied
from sekisho.policy.pattern import parts_of, unresolved
from sekisho.policy.principals import Match
from sekisho.policy.request import Question, SubjectKind, Value


class Element(Enum):
    """Elements of a statement."""

    STATEMENT = "Statement"
    PRINCIPAL = "Principal"
    NOT_PRINCIPAL = "NotPrincipal"
    ACTION = "Action"
    NOT_ACTION = "NotAction"
    RESOURCE = "Resource"
    NOT_RESOURCE = "NotResource"
    CONDITION = "Condition"


class Reason(Enum):
    """Why an element did, or did not, match. Closed: everything ``explain`` can say about an element is here."""

    MATCHED = "matched"
    UNREADABLE = "the statement is not well-formed"
    WRONG_SERVICE = "the actions are another service's"
    ACTION_MISMATCH = "no action pattern covers the action"
    ACTION_EXCLUDED = "NotAction excludes the action"
    NOT_AN_ARN = "the resource is not an ARN, and the pattern is"
    PARTITION_MISMATCH = "another partition"
    SERVICE_MISMATCH = "another service's resource"
    REGION_MISMATCH = "another region"
    ACCOUNT_MISMATCH = "another account"
    RESOURCE_MISMATCH = "another resource"
    RESOURCE_EXCLUDED = "NotResource excludes the resource"
    PRINCIPAL_MISMATCH = "the statement names other principals"
    PRINCIPAL_EXCLUDED = "NotPrincipal spares the principal"
    VARIABLE_UNRESOLVED = "a policy variable has no value"
    KEY_ABSENT = "the request does not have the condition key"
    KEY_PRESENT = "the request has the condition key"
    KEY_MULTIVALUED = "the key has several values and the operator no set prefix"
    VALUE_MISMATCH = "the request's value is not among the expected ones"
    VALUE_EXCLUDED = "the request's value is among the excluded ones"
    VALUE_ILL_TYPED = "the request's value is not of the operator's type"
    UNKNOWN_OPERATOR = "there is no such condition operator"


class Finding(NamedTuple):
    """What one element said."""

    element: Element
    pointer: str
    """JSON pointer into the policy's document."""
    reason: Reason
    expected: tuple[str, ...] = ()
    """What the policy says: patterns, principals, condition values."""
    actual: Value | None = None
    """What the request has; None: nothing."""
    detail: str = ""
    """The condition (``StringEquals aws:SourceArn``), the ARN segment, or the variable concerned."""

    @property
    def matched(self) -> bool:
        return self.reason is Reason.MATCHED


class StatementWitness(NamedTuple):
    """One statement and what its elements said; every element that was looked at is listed, mismatches included."""

    policy: CompiledPolicy
    position: int
    """Index of the statement in its document."""
    pointer: str
    deny: bool
    applies: bool
    match: Match
    """How closely it names the subject (``DIRECT`` in policies without principals)."""
    findings: tuple[Finding, ...]

    @property
    def misses(self) -> tuple[Finding, ...]:
        """The elements that did not match."""
        return tuple(finding for finding in self.findings if not finding.matched)


class LayerWitness(NamedTuple):
    """A layer (one SCP or RCP level, for those) and its statements."""

    layer: Layer
    statements: tuple[StatementWitness, ...]
    policies: tuple[CompiledPolicy, ...]
    relevant: bool = True
    """Whether the layer binds this subject at all."""
    level: int = 0
    """For SCPs and RCPs: 0 is the root."""

    @property
    def allow(self) -> StatementWitness | None:
        """The applying Allow that names the subject most closely."""
        allows = [statement for statement in self.statements if statement.applies and not statement.deny]
        return max(allows, key=lambda statement: statement.match, default=None)

    @property
    def deny(self) -> StatementWitness | None:
        """The first applying Deny."""
        return next((statement for statement in self.statements if statement.applies and statement.deny), None)


class Witness(NamedTuple):
    """A decision with everything that led to it."""

    question: Question
    decision: Decision
    layers: tuple[LayerWitness, ...]
    """In the order in which explicit denies are looked for."""
    required: tuple[Layer, ...]
    """Layers of principal and resource that had to allow; see ``combine.required``."""
    grant: Match
    """How closely the resource policy's Allow names the subject."""

    def of(self, layer: Layer) -> tuple[LayerWitness, ...]:
        """What was recorded for ``layer``; empty when there is no such policy."""
        return tuple(found for found in self.layers if found.layer is layer)


Explanation = Witness


def explain(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> Witness:
    """``decide`` with its reasons. Agrees with it always; allocates freely."""
    layers = _record(question, stack, resource_policy)
    theirs = next((found for found in layers if found.layer is resource_layer(question)), None)
    grant = theirs.allow if theirs is not None else None
    match = Match.NONE if grant is None else grant.match
    needed = required(question, match, insists(question.action, question.resource))
    return Witness(question, _settle(question, layers, needed, grant), layers, needed, match)


def _record(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> tuple[LayerWitness, ...]:
    subject = question.subject
    own = subject.kind not in NO_OWN_SIDE
    bounded = stack.boundary is not None
    found: list[LayerWitness] = []

    def add(layer: Layer, policies: Sequence[CompiledPolicy], relevant: bool = True, level: int = 0) -> None:
        statements = tuple(
            witness_statement(statement, question, bounded)
            for policy in policies
            for statement in policy.index.statements
        )
        found.append(LayerWitness(layer, statements, tuple(policies), relevant, level))

    for level, policies in enumerate(stack.scps):
        add(Layer.SCP, policies, bound_by_scps(subject), level)
    for level, policies in enumerate(stack.rcps):
        add(Layer.RCP, policies, bound_by_rcps(question), level)
    if stack.endpoint:
        add(Layer.ENDPOINT, stack.endpoint)
    if resource_policy is not None:
        add(resource_layer(question), (resource_policy,))
    add(Layer.IDENTITY, stack.identity, own)
    if stack.boundary is not None:
        add(Layer.BOUNDARY, (stack.boundary,), own)
    if stack.session is not None:
        add(Layer.SESSION, stack.session, own)
    return tuple(found)


def _settle(
    question: Question, layers: Sequence[LayerWitness], needed: Sequence[Layer], grant: StatementWitness | None
) -> Decision:
    """The decision that follows from what was recorded."""
    relevant = [found for found in layers if found.relevant]
    for found in relevant:
        if deny := found.deny:
            return Decision(Verdict.EXPLICITLY_DENIED, found.layer, deny.policy, deny.position)
    for layer in (Layer.RCP, Layer.SCP, Layer.ENDPOINT):
        if any(found.layer is layer and found.allow is None for found in relevant):
            return IMPLICIT[layer]
    allowing: StatementWitness | None = None
    for layer in needed:
        here = next((found for found in relevant if found.layer is layer), None)
        if layer is Layer.RESOURCE:
            return IMPLICIT[resource_layer(question)]
        if here is None:
            if layer is Layer.BOUNDARY or session_may_be_missing(question.subject):
                continue
            return IMPLICIT[layer]
        if here.allow is None:
            return IMPLICIT[layer]
        if layer is Layer.IDENTITY:
            allowing = here.allow
    if allowing is not None:
        return Decision(Verdict.ALLOWED, Layer.IDENTITY, allowing.policy, allowing.position)
    if grant is not None:
        return Decision(Verdict.ALLOWED, resource_layer(question), grant.policy, grant.position)
    return Decision(Verdict.ALLOWED, Layer.IDENTITY, None, -1)


# Members of enumerations are looked up slowly; these are wanted for every statement.
_MATCHED: Final = Reason.MATCHED
_NONE: Final = Match.NONE
_CONDITION: Final = Element.CONDITION


class _Notes(NamedTuple):
    """What every explanation says again of a statement: pointers, expectations, findings of elements that matched."""

    pointer: str
    principals: tuple[str, ...]
    action: Finding
    """Of an action that matches; ``actual`` is filled in."""
    resource: str
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...]
    """For each condition its pointer, its key in lower case, and what to call it."""
    said: dict[int, Finding]
    """The last finding of the action (-1) and of each condition that held: questions repeat themselves."""


def witness_statement(statement: CompiledStatement, question: Question, bounded: bool) -> StatementWitness:
    """One statement against the question, element by element. One that is about other actions is not looked into."""
    if not statement.arm():
        pointer = pointer_of(statement)
        unreadable = _unreadable(statement, pointer)
        return StatementWitness(statement.policy, statement.index, pointer, statement.deny, False, _NONE, (unreadable,))
    notes = statement.notes
    if not isinstance(notes, _Notes):
        notes = statement.notes = _note(statement)
    match = statement.names(question.subject, bounded)
    action = _action(statement, question, notes)
    findings = [] if statement.principals is None else [_principal(statement, question, notes, match)]
    findings.append(action)
    applies = match is not _NONE and action.reason is _MATCHED
    if action.reason is _MATCHED:
        if statement.patterns is not None:
            resource = _resource(statement, question, notes)
            applies = applies and resource.reason is _MATCHED
            findings.append(resource)
        position = 0
        for test in statement.tests:
            holds = test(question.context)
            applies = applies and holds
            findings.append(_condition(statement, position, holds, question, notes))
            position += 1  # noqa: SIM113  (enumerate makes tuples)
    return StatementWitness(
        statement.policy, statement.index, notes.pointer, statement.deny, applies, match, tuple(findings)
    )


def _note(statement: CompiledStatement) -> _Notes:
    source, pointer = statement.source, pointer_of(statement)
    assert source is not None
    named: tuple[str, ...] = ()
    if (principals := source.principals) is not None:
        named = (*principals.aws, *principals.service, *principals.federated, *principals.canonical)
        named = ("*",) if principals.everyone else named
    element = Element.NOT_ACTION if source.not_action else Element.ACTION
    return _Notes(
        pointer,
        named,
        Finding(element, f"{pointer}/{element.value}", _MATCHED, source.actions),
        f"{pointer}/{'NotResource' if source.not_resource else 'Resource'}",
        source.resources or (),
        tuple(
            (
                f"{pointer}/Condition/{escape(condition.operator)}/{escape(condition.key)}",
                condition.key.lower(),
                f"{condition.operator} {condition.key}",
            )
            for condition in source.conditions
        ),
        {},
    )


def pointer_of(statement: CompiledStatement) -> str:
    """JSON pointer of the statement in its document; a lone statement need not stand in a list."""
    lone = isinstance(statement.policy.document.get("Statement"), dict)
    return "/Statement" if lone else f"/Statement/{statement.index}"


def escape(token: str) -> str:
    """``token`` as a reference token of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _unreadable(statement: CompiledStatement, pointer: str) -> Finding:
    for operator in statement.operators():
        if applied(operator) is None:
            where = f"{pointer}/Condition/{escape(operator)}"
            return Finding(_CONDITION, where, Reason.UNKNOWN_OPERATOR, detail=operator)
    return Finding(Element.STATEMENT, pointer, Reason.UNREADABLE)


def _principal(statement: CompiledStatement, question: Question, notes: _Notes, match: Match) -> Finding:
    element = Element.NOT_PRINCIPAL if statement.not_principal else Element.PRINCIPAL
    reason = _MATCHED
    if match is _NONE:
        reason = Reason.PRINCIPAL_EXCLUDED if statement.not_principal else Reason.PRINCIPAL_MISMATCH
    subject = question.subject
    actual = "anonymous" if subject.kind is SubjectKind.ANONYMOUS else subject.arn
    return Finding(element, f"{notes.pointer}/{element.value}", reason, notes.principals, actual)


@lru_cache(maxsize=1024)
def _names(patterns: tuple[str, ...], action: str) -> bool:
    return any(names_action(pattern, action) for pattern in patterns)


def _action(statement: CompiledStatement, question: Question, notes: _Notes) -> Finding:
    said = notes.said.get(-1)
    if said is not None and said.actual == question.action:
        return said
    action, note = question.action.lower(), notes.action
    named = action in statement.actions or _names(statement.actions, action)
    reason = _MATCHED
    if note.element is Element.NOT_ACTION:
        if named:
            reason = Reason.ACTION_EXCLUDED
    elif not named:
        service = action.partition(":")[0]
        same = any(pattern.partition(":")[0] in (service, "*") for pattern in statement.actions)
        reason = Reason.ACTION_MISMATCH if same else Reason.WRONG_SERVICE
    said = notes.said[-1] = Finding(note.element, note.pointer, reason, note.expected, question.action)
    return said


_BY_SEGMENT = {
    "": Reason.NOT_AN_ARN,
    "arn": Reason.NOT_AN_ARN,
    "partition": Reason.PARTITION_MISMATCH,
    "service": Reason.SERVICE_MISMATCH,
    "region": Reason.REGION_MISMATCH,
    "account": Reason.ACCOUNT_MISMATCH,
    "resource": Reason.RESOURCE_MISMATCH,
}
_NEARNESS = {segment: place for place, segment in enumerate(_BY_SEGMENT)}


def _resource(statement: CompiledStatement, question: Question, notes: _Notes) -> Finding:
    """The pattern that got furthest speaks for the element."""
    resource, context = question.resource, question.context
    element = Element.NOT_RESOURCE if statement.not_resource else Element.RESOURCE
    where, expected = notes.resource, notes.resources
    covered = statement.covers(resource)
    if covered is None:
        covered = statement.covers_in(resource, context)
    if covered:
        return Finding(element, where, _MATCHED, expected, resource)
    if statement.not_resource:
        return Finding(element, where, Reason.RESOURCE_EXCLUDED, expected, resource)
    nearest, variable = "", ""
    for pattern in statement.patterns or ():
        segment = pattern.mismatch(resource, context) or ""
        if _NEARNESS[segment] >= _NEARNESS[nearest]:
            nearest = segment
            variable = unresolved(pattern.parts, context) if pattern.static is None and segment == "resource" else ""
    if variable:
        return Finding(element, where, Reason.VARIABLE_UNRESOLVED, expected, resource, variable)
    return Finding(element, where, _BY_SEGMENT[nearest], expected, resource, nearest)


def _condition(statement: CompiledStatement, position: int, holds: bool, question: Question, notes: _Notes) -> Finding:
    where, key, detail = notes.conditions[position]
    actual = question.context.get(key)
    if holds:
        said = notes.said.get(position)
        if said is not None and said.actual == actual:
            return said
    assert statement.source is not None
    condition = statement.source.conditions[position]
    if holds:
        said = Finding(_CONDITION, where, _MATCHED, condition.values, actual, detail)
        notes.said[position] = said
        return said
    reason, variable = _why_not(statement, condition, actual, question)
    return Finding(_CONDITION, where, reason, condition.values, actual, variable or detail)


def _why_not(
    statement: CompiledStatement, condition: Condition, actual: Value | None, question: Question
) -> tuple[Reason, str]:
    known = applied(condition.operator)
    assert known is not None
    row, quantifier, _ = known
    absent = actual is None or actual == ()
    if row is NULL:
        return (Reason.KEY_ABSENT if absent else Reason.KEY_PRESENT), ""
    if absent:
        return Reason.KEY_ABSENT, ""
    if not isinstance(actual, str) and quantifier is Quantifier.NONE:
        return Reason.KEY_MULTIVALUED, ""
    variables = statement.variables and row.variables
    values = (actual,) if isinstance(actual, str) else actual or ()
    if row.reads is not None and any(row.reads(value) is None for value in values):
        return Reason.VALUE_ILL_TYPED, ""
    if row.negated:
        return Reason.VALUE_EXCLUDED, ""
    for text in condition.values:
        if variable := unresolved(parts_of(text, variables), question.context):
            return Reason.VARIABLE_UNRESOLVED, variable
    return Reason.VALUE_MISMATCH, ""
