"""The smallest grants that would turn a denial around.

Theory of operation. A witness says which Denies apply and which required layers do not allow. For each such layer there
are *options*: add a statement that allows exactly this question, or change the one element that keeps an existing Allow
from applying (append the missing value, resource or action). A ``Remedy`` picks one option per layer, plus the removal
of every applying Deny. Each is tried: only remedies after which ``decide`` allows are returned, least privilege first
and without superfluous parts. Whether an edit is *wise* is for its reader to judge; whether a service accepts it, for
replay.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import islice, product
from typing import Any, Final, NamedTuple

from sekisho.policy.ast import VARIABLES_VERSION
from sekisho.policy.combine import NO_OWN_SIDE, Layer, PolicyStack, Verdict, decide, resource_layer
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.parse import statements_of
from sekisho.policy.principals import Match
from sekisho.policy.request import Question, SubjectKind
from sekisho.policy.witness import Element, Finding, LayerWitness, Reason, StatementWitness, Witness, explain

MOST: Final = 12
"""Remedies that are offered at most."""
_OPTIONS: Final = 4
"""Options looked at per layer."""
_TRIED: Final = 256
"""Combinations tried at most: many organisation levels multiply."""


class EditKind(Enum):
    """What is done to a document."""

    ADD_STATEMENT = "add statement"
    CHANGE_ELEMENT = "change element"
    REMOVE_STATEMENT = "remove statement"


class Edit(NamedTuple):
    """One change to one policy."""

    kind: EditKind
    layer: Layer
    policy: CompiledPolicy | None
    """The policy to edit; None: a new one."""
    pointer: str
    """JSON pointer into the policy's document; ``/Statement/-`` appends."""
    value: Any
    """The statement to add, the element's new value, or the statement that goes."""
    breadth: int
    """How much more than the question it may allow, for ordering."""
    level: int = 0
    """The SCP or RCP level, 0 is the root."""


class Remedy(NamedTuple):
    """Edits that together turn the decision around."""

    edits: tuple[Edit, ...]

    @property
    def breadth(self) -> int:
        return sum(edit.breadth for edit in self.edits)


_BREADTH: Final[Mapping[Element, int]] = {
    Element.CONDITION: 0,
    Element.RESOURCE: 2,
    Element.ACTION: 2,
    Element.PRINCIPAL: 3,
}
_ADD_BREADTH: Final = 1
_REMOVE_BREADTH: Final = 8


def remedies(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> tuple[Remedy, ...]:
    """What would make ``decide`` allow; empty when it already does or nothing small helps."""
    witness = explain(question, stack, resource_policy)
    if witness.decision.allowed:
        return ()
    found: list[Remedy] = []

    def works(remedy: Remedy) -> bool:
        return decide(question, *patched(stack, resource_policy, remedy)).allowed

    for candidate in candidates(witness):
        if works(candidate):
            for edit in candidate.edits:
                less = Remedy(tuple(other for other in candidate.edits if other is not edit))
                candidate = less if works(less) else candidate
            if candidate not in found:
                found.append(candidate)
    return tuple(sorted(found, key=lambda remedy: (remedy.breadth, len(remedy.edits)))[:MOST])


def candidates(witness: Witness) -> list[Remedy]:
    """Remedies worth trying."""
    if witness.decision.verdict is Verdict.ALLOWED:
        return []
    question = witness.question
    fixed = _removals(witness)
    choices: list[list[Edit]] = []
    for layer in (Layer.RCP, Layer.SCP, Layer.ENDPOINT):
        choices += [_options(found, question) for found in witness.of(layer) if found.relevant and found.allow is None]
    own: list[list[Edit]] = []
    for layer in witness.required:
        here = witness.of(resource_layer(question) if layer is Layer.RESOURCE else layer)
        if layer is Layer.RESOURCE or not here:
            if layer is not Layer.BOUNDARY and (layer is not Layer.SESSION or _needs_session(witness)):
                missing = resource_layer(question) if layer is Layer.RESOURCE else layer
                own.append(_options(here[0] if here else LayerWitness(missing, (), ()), question))
        elif here[0].allow is None:
            own.append(_options(here[0], question))
    tried = (edits for way in _ways(witness, own) for edits in product(*choices, *way))
    return [Remedy((*fixed, *edits)) for edits in islice(tried, _TRIED)]


def _ways(witness: Witness, own: list[list[Edit]]) -> list[list[list[Edit]]]:
    """On the principal's own side, or by a grant in the resource policy of the same account instead."""
    question = witness.question
    subject = question.subject
    ways = [own]
    same = not question.resource_account or question.resource_account == subject.account
    if same and subject.kind not in NO_OWN_SIDE and witness.grant is Match.NONE and own:
        here = witness.of(resource_layer(question))
        options = _options(here[0] if here else LayerWitness(resource_layer(question), (), ()), question)
        limits = [way for way in own if way and way[0].layer in (Layer.BOUNDARY, Layer.SESSION)]
        ways.append([options, *limits])
    return ways


def _needs_session(witness: Witness) -> bool:
    return witness.question.subject.kind is SubjectKind.FEDERATED_USER


def _removals(witness: Witness) -> list[Edit]:
    """Removal of every Deny that applies."""
    edits: list[Edit] = []
    for found in witness.layers:
        for statement in found.statements:
            if found.relevant and statement.applies and statement.deny:
                raw = statements_of(statement.policy.document)[statement.position]
                kind = EditKind.REMOVE_STATEMENT
                edits.append(
                    Edit(kind, found.layer, statement.policy, statement.pointer, raw, _REMOVE_BREADTH, found.level)
                )
    return edits


def _options(found: LayerWitness, question: Question) -> list[Edit]:
    """Ways to make one layer allow, narrowest first."""
    near = [edit for statement in found.statements if (edit := _near_miss(statement, found, question)) is not None]
    policy = found.policies[-1] if found.policies and found.layer not in (Layer.IDENTITY, Layer.SCP) else None
    statement = statement_for(found.layer, question)
    add = Edit(EditKind.ADD_STATEMENT, found.layer, policy, "/Statement/-", statement, _ADD_BREADTH, found.level)
    return sorted([add, *near], key=lambda edit: edit.breadth)[:_OPTIONS]


def statement_for(layer: Layer, question: Question) -> dict[str, Any]:
    """An Allow, as JSON, for exactly this question in a policy of this layer."""
    statement: dict[str, Any] = {"Effect": "Allow"}
    if layer in (Layer.RESOURCE, Layer.TRUST, Layer.RCP, Layer.ENDPOINT):
        statement["Principal"] = _principal_of(question)
    statement["Action"] = question.action
    if layer is not Layer.TRUST:
        statement["Resource"] = _literally(question.resource)
    if "Principal" in statement and question.subject.kind is SubjectKind.SERVICE:
        condition = _source_condition(question)
        if condition:
            statement["Condition"] = condition
    return statement


def _principal_of(question: Question) -> Any:
    subject = question.subject
    if subject.kind is SubjectKind.ANONYMOUS:
        return "*"
    if subject.kind is SubjectKind.SERVICE:
        return {"Service": subject.arn}
    if subject.kind is SubjectKind.WEB_IDENTITY:
        return {"Federated": subject.arn}
    return {"AWS": subject.principal_arn or subject.arn}


def _literally(text: str) -> str:
    """``text`` as a pattern that matches nothing else: what would be a variable or a wildcard is escaped.

    ``*`` as a whole is kept: it is how requests without a resource ask.
    """
    if text == "*":
        return text
    if not any(sign in text for sign in "$*?"):
        return text
    return "".join(
        f"${{{char}}}" if char in "*?" or text[place : place + 2] == "${" else char for place, char in enumerate(text)
    )


def _source_condition(question: Question) -> dict[str, Any]:
    """Narrows a grant to a service, which acts for every account, to this source."""
    source = question.context.get("aws:sourcearn")
    if isinstance(source, str):
        return {"ArnLike": {"AWS:SourceArn": _literally(source)}}
    account = question.context.get("aws:sourceaccount")
    return {"StringEquals": {"AWS:SourceAccount": account}} if isinstance(account, str) else {}


_WIDENED_BY_VALUE: Final = frozenset(
    {
        Reason.ACTION_MISMATCH,
        Reason.REGION_MISMATCH,
        Reason.ACCOUNT_MISMATCH,
        Reason.RESOURCE_MISMATCH,
        Reason.PRINCIPAL_MISMATCH,
        Reason.VALUE_MISMATCH,
    }
)


def _near_miss(statement: StatementWitness, found: LayerWitness, question: Question) -> Edit | None:
    """The change that makes an Allow apply which only one element keeps from applying."""
    misses = statement.misses
    if statement.deny or len(misses) != 1 or misses[0].reason not in _WIDENED_BY_VALUE:
        return None
    miss = misses[0]
    breadth = _BREADTH.get(miss.element)
    value = _widened(miss, question)
    if breadth is None or value is None:
        return None
    kind = EditKind.CHANGE_ELEMENT
    return Edit(kind, found.layer, statement.policy, miss.pointer, value, breadth, found.level)


def _widened(miss: Finding, question: Question) -> Any:
    """The element with the request's value added."""
    if miss.element is Element.PRINCIPAL:
        return None
    if miss.element is Element.ACTION:
        return [*miss.expected, question.action]
    if miss.element is Element.RESOURCE:
        return [*miss.expected, _literally(question.resource)]
    actual = (miss.actual,) if isinstance(miss.actual, str) else miss.actual or ()
    if miss.detail.lower().startswith(("string", "arn", "ipaddress")):
        return [*miss.expected, *map(_literally, actual)]
    return None


def edited(document: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """A copy of ``document`` with edits made: changes first, then removals from the end, then additions."""
    changed = copy.deepcopy(dict(document))
    lone = isinstance(changed.get("Statement"), Mapping)
    statements = statements_of(changed)
    ordered = sorted(edits, key=lambda edit: tuple(EditKind).index(edit.kind), reverse=True)
    gone: set[int] = set()
    for edit in ordered:
        path = [token.replace("~1", "/").replace("~0", "~") for token in edit.pointer.split("/")[2:]]
        position = 0 if lone or not path or path[0] == "-" else int(path[0])
        if edit.kind is EditKind.REMOVE_STATEMENT:
            gone.add(position)
        elif edit.kind is EditKind.CHANGE_ELEMENT:
            _set(statements[position], path if lone else path[1:], edit.value)
    kept = [statement for position, statement in enumerate(statements) if position not in gone]
    kept += [edit.value for edit in ordered if edit.kind is EditKind.ADD_STATEMENT]
    changed["Statement"] = kept
    return changed


def _set(target: Any, path: Sequence[str], value: Any) -> None:
    for token in path[:-1]:
        target = target[token]
    target[path[-1]] = value


def patched(
    stack: PolicyStack, resource_policy: CompiledPolicy | None, remedy: Remedy
) -> tuple[PolicyStack, CompiledPolicy | None]:
    """The policies with the remedy's edits made."""
    fresh: dict[tuple[Layer, int], CompiledPolicy] = {}
    for edit in remedy.edits:
        if edit.policy is None:
            key = (edit.layer, edit.level)
            document = fresh[key].document if key in fresh else {"Version": VARIABLES_VERSION, "Statement": []}
            fresh[key] = compile_policy(edited(document, (edit,)), name="new policy")

    def renew(policy: CompiledPolicy) -> CompiledPolicy:
        edits = [edit for edit in remedy.edits if edit.policy is policy]
        if not edits:
            return policy
        return compile_policy(edited(policy.document, edits), name=policy.name, arn=policy.arn)

    def renew_all(policies: Sequence[CompiledPolicy], layer: Layer, level: int = 0) -> tuple[CompiledPolicy, ...]:
        added = fresh.get((layer, level))
        return (*map(renew, policies), *(() if added is None else (added,)))

    session = renew_all(stack.session or (), Layer.SESSION)
    changed = replace(
        stack,
        identity=renew_all(stack.identity, Layer.IDENTITY),
        boundary=None if stack.boundary is None else renew(stack.boundary),
        session=None if stack.session is None and not session else session,
        scps=tuple(renew_all(policies, Layer.SCP, level) for level, policies in enumerate(stack.scps)),
        rcps=tuple(renew_all(policies, Layer.RCP, level) for level, policies in enumerate(stack.rcps)),
        endpoint=renew_all(stack.endpoint, Layer.ENDPOINT),
    )
    if resource_policy is not None:
        return changed, renew(resource_policy)
    return changed, fresh.get((Layer.RESOURCE, 0)) or fresh.get((Layer.TRUST, 0))
