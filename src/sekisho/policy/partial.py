"""Decisions when some condition keys are not known: always, never, or under which conditions.

Theory of operation. A key is *settled* when its value, or its absence, is known; what depends on other keys is open.
The statements about the action and the resource are the very entries that ``decide`` would run; each is now certain,
impossible or open. The question is then judged twice by the same code: once with every open Deny holding and no open
Allow (the worst for the asker), once the other way round (the best). Allowed at worst means allowed always; refused at
best means never; between them the answer is conditional, and the open statements say under which conditions.

``find_context`` looks for values of the open keys under which ``decide`` allows. It tries, for every key, the values at
which the open conditions change their mind, so it finds one in practice; not finding one proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice, product
from typing import Final, NamedTuple

from sekisho.kit.glob import Wild
from sekisho.policy.ast import Condition
from sekisho.policy.combine import (
    Decision,
    Layer,
    Plan,
    PolicyStack,
    decide,
    judge,
    resource_layer,
)
from sekisho.policy.compile import CompiledPolicy, CompiledStatement
from sekisho.policy.evaluate import NOTHING, Entry, Sides, sides
from sekisho.policy.operators import NULL, applied
from sekisho.policy.pattern import Part, Variable, parts_of
from sekisho.policy.principals import Match
from sekisho.policy.request import EMPTY_CONTEXT, Context, Question, Subject, SubjectKind, Value
from sekisho.policy.witness import pointer_of

MOST_CONTEXTS: Final = 1_500
"""Contexts that ``find_context`` tries; each costs about two microseconds."""
_VALUES: Final = 8
"""Values tried for one key."""

PRINCIPAL_KEYS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:userid",
        "aws:username",
    }
)
"""Keys that follow from who asks."""
PRINCIPAL_TAG: Final = "aws:principaltag/"
_TYPES: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.ROOT: "Account",
    SubjectKind.USER: "User",
    SubjectKind.ROLE_SESSION: "AssumedRole",
    SubjectKind.FEDERATED_USER: "FederatedUser",
    SubjectKind.ANONYMOUS: "Anonymous",
}


def keys_of(subject: Subject) -> dict[str, Value]:
    """The condition keys that follow from the subject."""
    found: dict[str, Value] = {}
    if subject.kind is SubjectKind.ANONYMOUS:
        found["aws:principalaccount"] = "anonymous"
    elif subject.account:
        found["aws:principalaccount"] = subject.account
    if subject.principal_arn:
        found["aws:principalarn"] = subject.principal_arn
    if subject.unique_id:
        found["aws:userid"] = subject.unique_id
    if subject.kind is SubjectKind.SERVICE:
        found["aws:principalservicename"] = subject.arn
    if subject.kind is not SubjectKind.ANONYMOUS:
        found["aws:principalisawsservice"] = "true" if subject.kind is SubjectKind.SERVICE else "false"
    if subject.kind in _TYPES:
        found["aws:principaltype"] = _TYPES[subject.kind]
    if subject.kind is SubjectKind.USER:
        found["aws:username"] = subject.arn.rpartition("/")[2]
    return found


class Partial:
    """A context of which only a part is known; satisfies ``request.Context`` for what is settled."""

    __slots__ = ("absent", "tags_known", "values")

    def __init__(
        self, values: Mapping[str, Value], absent: Iterable[str] = PRINCIPAL_KEYS, *, tags_known: bool = True
    ) -> None:
        """``values`` by key in lower case; ``absent`` are keys that, without a value, are known to be missing;
        ``tags_known``: a principal tag that is not in ``values`` does not exist."""
        self.values = values
        self.absent = frozenset(absent)
        self.tags_known = tags_known

    def get(self, key: str) -> Value | None:
        return self.values.get(key)

    def settled(self, key: str) -> bool:
        """Whether the value of ``key``, or its absence, is known."""
        return key in self.values or key in self.absent or (self.tags_known and key.startswith(PRINCIPAL_TAG))


class Outcome(Enum):
    """What can be said of a question whose context is partly known."""

    CAN = "can"
    CANNOT = "cannot"
    CONDITIONAL = "conditional"


class Term(NamedTuple):
    """One open condition: ``aws:SourceIp`` ``IpAddress`` ``203.0.113.0/24``."""

    key: str
    operator: str
    values: tuple[str, ...]


class OpenStatement(NamedTuple):
    """A statement that applies if all its terms hold."""

    layer: Layer
    policy: str
    pointer: str
    deny: bool
    terms: tuple[Term, ...]


class Partially(NamedTuple):
    """A decision under a partial context."""

    outcome: Outcome
    worst: Decision
    best: Decision
    needs: tuple[tuple[OpenStatement, ...], ...]
    """One statement of each group must apply …"""
    unless: tuple[OpenStatement, ...]
    """… and none of these may."""


def decide_partially(
    question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None, context: Partial
) -> Partially:
    """Judge ``question`` (whose own context is not looked at) with the keys that ``context`` settles."""
    plan, theirs = _facts(question, stack, resource_policy)
    if not plan.quiet or plan.identity.allows or theirs is not NOTHING:
        worst_plan, best_plan = _view(plan, context, False), _view(plan, context, True)
        worst = judge(question, worst_plan, _settle(theirs, context, False))
        best = judge(question, best_plan, _settle(theirs, context, True))
    else:
        worst = best = judge(question, plan, theirs)
    if worst.allowed:
        return Partially(Outcome.CAN, worst, best, (), ())
    if not best.allowed:
        return Partially(Outcome.CANNOT, worst, best, (), ())
    needs, unless = _residual(question, plan, theirs, context)
    return Partially(Outcome.CONDITIONAL, worst, best, needs, unless)


def _facts(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> tuple[Plan, Sides]:
    key = (question.action, question.resource)
    plan = stack.plans.get(key) or stack.plan(*key)
    theirs = NOTHING if resource_policy is None else sides(resource_policy, *key)
    return plan, theirs


def _view(plan: Plan, context: Partial, best: bool) -> Plan:
    def each(part: Sides | None) -> Sides | None:
        return None if part is None else _settle(part, context, best)

    return plan._replace(
        identity=_settle(plan.identity, context, best),
        boundary=each(plan.boundary),
        session=each(plan.session),
        scps=tuple([_settle(level, context, best) for level in plan.scps]),
        rcps=tuple([_settle(level, context, best) for level in plan.rcps]),
        endpoint=each(plan.endpoint),
    )


def _settle(part: Sides, context: Partial, best: bool) -> Sides:
    """The entries that (may) apply, without tests."""
    if part is NOTHING:
        return part
    return Sides(
        tuple([Entry((), e.statement) for e in part.denies if _applies(e, context, not best)]),
        tuple([Entry((), e.statement) for e in part.allows if _applies(e, context, best)]),
    )


def _applies(entry: Entry, context: Partial, hopeful: bool) -> bool:
    state = _state(entry, context)
    return hopeful if state is None else state


def _state(entry: Entry, context: Partial) -> bool | None:
    """Whether the entry's tests hold; None: open."""
    verdict: bool | None = True
    for position, keys in _tests(entry):
        if all(map(context.settled, keys)):
            if not entry.tests[position](context):
                return False
        else:
            verdict = None
    return verdict


def _tests(entry: Entry) -> Iterator[tuple[int, tuple[str, ...]]]:
    """For each test of the entry the keys it reads. A test of the resource, when there is one, comes first."""
    statement = entry.statement
    assert statement.source is not None
    conditions = statement.source.conditions
    extra = len(entry.tests) - len(statement.tests)
    if extra:
        yield (
            0,
            tuple(part.key for pattern in statement.dynamic for part in pattern.parts if isinstance(part, Variable)),
        )
    if not entry.tests:
        return
    for position, condition in enumerate(conditions, extra):
        yield position, keys_read(condition, statement.variables)


def keys_read(condition: Condition, variables: bool) -> tuple[str, ...]:
    """The key of a condition and those of the variables in its values."""
    key = condition.key.lower()
    known = applied(condition.operator)
    if not variables or known is None or not known.row.variables or not any("${" in text for text in condition.values):
        return (key,)
    named = [part.key for text in condition.values for part in parts_of(text, True) if isinstance(part, Variable)]
    return (key, *named)


def _residual(
    question: Question, plan: Plan, theirs: Sides, context: Partial
) -> tuple[tuple[tuple[OpenStatement, ...], ...], tuple[OpenStatement, ...]]:
    layers = _layers(question, plan, theirs)
    unless = tuple(
        open_statement(layer, entry, context)
        for layer, part in layers
        for entry in part.denies
        if _state(entry, context) is None and _names(entry, question, layer)
    )
    certain = [
        layer
        for layer, part in layers
        if any(_state(entry, context) and _names(entry, question, layer) for entry in part.allows)
    ]
    needs: list[tuple[OpenStatement, ...]] = []
    grants = [
        open_statement(layer, entry, context)
        for layer, part in layers
        if layer is resource_layer(question)
        for entry in part.allows
        if _state(entry, context) is None and _names(entry, question, layer)
    ]
    own_account = not question.resource_account or question.resource_account == question.subject.account
    for layer, part in layers:
        if layer in certain:
            continue
        options = [
            open_statement(layer, entry, context)
            for entry in part.allows
            if _state(entry, context) is None and _names(entry, question, layer)
        ]
        if layer is Layer.IDENTITY and own_account and resource_layer(question) not in certain:
            options += [grant for grant in grants if grant not in options]
        elif layer is resource_layer(question) and own_account and question.subject.account:
            continue
        if options:
            needs.append(tuple(options))
    return tuple(needs), unless


def _layers(question: Question, plan: Plan, theirs: Sides) -> list[tuple[Layer, Sides]]:
    """The layers in which something may be open."""
    found = [(Layer.SCP, level) for level in plan.scps] + [(Layer.RCP, level) for level in plan.rcps]
    if plan.endpoint is not None:
        found.append((Layer.ENDPOINT, plan.endpoint))
    found += [(resource_layer(question), theirs), (Layer.IDENTITY, plan.identity)]
    found += [(Layer.BOUNDARY, plan.boundary)] if plan.boundary is not None else []
    found += [(Layer.SESSION, plan.session)] if plan.session is not None else []
    return found


def _names(entry: Entry, question: Question, layer: Layer) -> bool:
    return entry.statement.names(question.subject, False) is not Match.NONE


def open_statement(layer: Layer, entry: Entry, context: Partial) -> OpenStatement:
    """The open terms of an entry."""
    statement = entry.statement
    assert statement.source is not None
    extra = len(entry.tests) - len(statement.tests)
    terms: list[Term] = []
    for position, keys in _tests(entry):
        if all(map(context.settled, keys)):
            continue
        if position < extra:
            terms += [
                Term(part.key, "resource pattern", (pattern.text,))
                for pattern in statement.dynamic
                for part in pattern.parts
                if isinstance(part, Variable)
            ]
        else:
            condition = statement.source.conditions[position - extra]
            terms.append(Term(condition.key, condition.operator, condition.values))
    return OpenStatement(layer, statement.policy.name, pointer_of(statement), statement.deny, tuple(terms))


class _Tried:
    """A context made of the settled keys and of values being tried."""

    __slots__ = ("base", "extra")

    def __init__(self, base: Partial, extra: Mapping[str, Value]) -> None:
        self.base = base
        self.extra = extra

    def get(self, key: str) -> Value | None:
        return self.base.values.get(key) or self.extra.get(key)


def find_context(
    question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None, context: Partial
) -> dict[str, Value] | None:
    """Values of open keys under which ``decide`` allows; None when none of the tried ones does."""
    plan, theirs = _facts(question, stack, resource_policy)
    open_keys: dict[str, list[Value | None]] = {}
    for _, part in _layers(question, plan, theirs):
        for entry in (*part.allows, *part.denies):
            if _state(entry, context) is None:
                _collect(entry.statement, question.resource, context, open_keys)
    names = list(open_keys)
    for choice in islice(product(*open_keys.values()), MOST_CONTEXTS):
        extra = {name: value for name, value in zip(names, choice, strict=True) if value is not None}
        tried = question.about(context=_Tried(context, extra))
        if decide(tried, stack, resource_policy).allowed:
            return {**context.values, **extra}
    return None


def _collect(
    statement: CompiledStatement, resource: str, context: Context, into: dict[str, list[Value | None]]
) -> None:
    """Values for the open keys of a statement at which its conditions change their mind."""
    assert statement.source is not None and isinstance(context, Partial)
    for condition in statement.source.conditions:
        for key in keys_read(condition, statement.variables):
            if context.settled(key):
                continue
            values = into.setdefault(key, [None])
            if key == condition.key.lower():
                values += [value for value in values_near(condition, context) if value not in values][:_VALUES]
    for pattern in statement.dynamic:
        for part in pattern.parts:
            if isinstance(part, Variable) and not context.settled(part.key):
                values = into.setdefault(part.key, [None])
                values += [value for value in _pieces(resource) if value not in values][:_VALUES]


def _pieces(resource: str) -> list[Value]:
    """What a variable in a resource pattern may stand for: the parts of the resource, the last ones first."""
    return [piece for piece in reversed(resource.replace(":", "/").split("/")) if piece]


def values_near(condition: Condition, context: Context = EMPTY_CONTEXT) -> list[Value]:
    """A value that satisfies the condition, when there is a simple one, and one that does not. Variables are resolved
    in ``context``."""
    known = applied(condition.operator)
    if known is None:
        return []
    name = known.row.name
    found: list[Value] = []
    for text in condition.values[:_VALUES]:
        if known.row is NULL:
            found.append("present")
        elif name.startswith(("Numeric", "Date")):
            found += _around(text)
        elif "IpAddress" in name:
            found.append(text.partition("/")[0])
        else:
            parts = parts_of(text, True)
            plain = "".join(_plain(part, context) for part in parts)
            found.append(plain)
            if name.startswith("Bool"):
                found += ["true", "false"]
    other = "198.18.0.1" if "IpAddress" in name else "arn:aws:sekisho:::other" if name.startswith("Arn") else "other"
    if known.row is not NULL and name != "Bool":
        found.append(other)
    return list(dict.fromkeys(found))


def _plain(part: Part, context: Context) -> str:
    if isinstance(part, Variable):
        value = context.get(part.key)
        return value if isinstance(value, str) else part.default or ""
    return "x" if isinstance(part, Wild) else part


def _around(text: str) -> list[Value]:
    try:
        number = float(text)
    except ValueError:
        return [text, "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]
    return [text, repr(number + 1), repr(number - 1)]


def readable(found: Partially) -> dict[str, object]:
    """The conditions of a conditional answer as JSON."""
    return {
        "allOf": [{"anyOf": [_readable(option) for option in group]} for group in found.needs],
        "noneOf": [_readable(option) for option in found.unless],
    }


def _readable(statement: OpenStatement) -> dict[str, object]:
    return {
        "layer": statement.layer.value,
        "policy": statement.policy,
        "pointer": statement.pointer,
        "allOf": [{"key": t.key, "operator": t.operator, "values": list(t.values)} for t in statement.terms],
    }


def sentence(statement: OpenStatement) -> str:
    """The terms of an open statement for people."""
    return " and ".join(f"{term.key} {term.operator} {', '.join(term.values)}" for term in statement.terms)


__all__ = [
    "PRINCIPAL_KEYS",
    "OpenStatement",
    "Outcome",
    "Partial",
    "Partially",
    "Term",
    "decide_partially",
    "find_context",
    "keys_of",
    "readable",
    "sentence",
]
