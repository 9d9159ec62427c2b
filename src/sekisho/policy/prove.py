"""Who can, and can nobody else: questions about every principal and every resource at once.

Theory of operation. The principals are those that are given (``Actor``) and one stand-in for every kind of outsider
that policies can tell apart: each principal and account that the resource policy names, any other account, any other
service, the anonymous. Stand-ins from other accounts are taken to be allowed everything by their own account: what is
proved must not rest on what others configure. The resources of a pattern are replaced by one example of each class
(``classes``), condition keys that are not given stay open (``partial``). So a proof is finitely many partial decisions,
and each refutation is a *witness*: a concrete principal, resource and context that ``decide`` allows.

That ``*`` crosses ``/``: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from sekisho.kit.glob import Matcher, compile_glob, has_wildcard
from sekisho.policy.classes import MOST_STATES, Classes, Row, classes, row_of, shape
from sekisho.policy.combine import NO_POLICIES, Decision, PolicyStack, decide
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.partial import (
    PRINCIPAL_KEYS,
    Outcome,
    Partial,
    Partially,
    decide_partially,
    find_context,
    keys_of,
)
from sekisho.policy.pattern import ArnPattern, Variable
from sekisho.policy.principals import account_of
from sekisho.policy.request import (
    ANONYMOUS,
    MappingContext,
    Question,
    Subject,
    SubjectKind,
    Value,
    service_subject,
    subject_from,
)

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
MOST_ACTORS: Final = 1_000
MOST_WITNESSES: Final = 20
MOST_PAIRS: Final = 50_000
"""Principals times classes of resources that are asked about; each costs about ten microseconds."""


class Actor(NamedTuple):
    """Somebody who might ask."""

    name: str
    """What reports call it."""
    subject: Subject
    stack: PolicyStack = NO_POLICIES
    keys: Mapping[str, Value] = {}
    """Condition keys that follow from it beyond ``partial.keys_of``: ``aws:principaltag/…`` in lower case."""
    outsider: bool = False
    """A stand-in for principals that are not configured here."""


class Target(NamedTuple):
    """What may be asked for."""

    action: str
    resource: str
    """An ARN, or a pattern with wildcards."""
    resource_account: str
    resource_policy: CompiledPolicy | None = None
    known: Mapping[str, Value | None] = {}
    """Condition keys of the request (lower case); None: known to be absent. All others stay open."""


class Reach(NamedTuple):
    """What one principal can do."""

    actor: Actor
    resource: str
    """The resource, or an example of a class of them."""
    found: Partially


class WitnessRequest(NamedTuple):
    """A request that is allowed and should not be; ``replay`` asks it again."""

    actor: Actor
    question: Question
    context: Mapping[str, Value]
    decision: Decision

    def replay(self, resource_policy: CompiledPolicy | None) -> Decision:
        """The decision of the engine on exactly this request."""
        return decide(self.question, self.actor.stack, resource_policy)


class Proof(NamedTuple):
    """Whether nobody but the allowed can."""

    holds: bool | None
    """None: not settled, see ``doubts`` and ``complete``."""
    witnesses: tuple[WitnessRequest, ...]
    doubts: tuple[Reach, ...]
    """Who might be allowed under conditions for which no concrete request was found."""
    actors: int
    classes: int
    complete: bool
    """False: the pattern tells more resources apart than were looked at."""


@cache
def _everything() -> PolicyStack:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = compile_policy({"Version": "2012-10-17", "Statement": statement}, name="whatever its own account allows")
    return PolicyStack(identity=(policy,))


def outsiders(target: Target, actors: Iterable[Actor]) -> list[Actor]:
    """Stand-ins for everybody who is not among ``actors``."""
    known = {name for actor in actors for name in (actor.subject.arn, actor.subject.issuer_arn) if name}
    account = target.resource_account
    found: list[Actor] = []
    services: list[str] = []
    accounts: set[str] = {account} if account else set()
    for named in _named(target.resource_policy):
        if named.kind == "Service":
            services.append(named.text)
        elif named.kind == "Federated":
            found.append(Actor(f"identity provider {named.text}", Subject(SubjectKind.WEB_IDENTITY, "", named.text)))
        elif owner := account_of(named.text):
            accounts.add(owner)
            if owner != account:
                arn = f"arn:aws:iam::{owner}:user/somebody"
                stack = _everything()
                found.append(
                    Actor(f"anybody in account {owner}", Subject(SubjectKind.USER, owner, arn), stack, outsider=True)
                )
        elif named.text.startswith("arn:") and named.text not in known:
            subject = subject_from(named.text)
            accounts.add(subject.account)
            stack = NO_POLICIES if subject.account == account else _everything()
            found.append(Actor(f"{named.text} (named by the policy)", subject, stack, outsider=True))
    if account:
        arn = f"arn:aws:iam::{account}:user/anybody-else"
        found.append(
            Actor(f"any other principal of {account}, itself allowed nothing", Subject(SubjectKind.USER, account, arn))
        )
    strange = next(f"{digit * 12}" for digit in "9876543210" if digit * 12 not in accounts)
    somebody = Subject(SubjectKind.USER, strange, f"arn:aws:iam::{strange}:user/somebody")
    found.append(Actor("anybody in any other account", somebody, _everything()))
    found += [Actor(f"service {name}", service_subject(name)) for name in dict.fromkeys(services)]
    found.append(Actor("any other AWS service", service_subject("any-other.amazonaws.com")))
    found.append(Actor("anonymous", ANONYMOUS))
    return _distinct(found)


def _distinct(actors: Iterable[Actor]) -> list[Actor]:
    by_name = {actor.name: actor._replace(outsider=True) for actor in actors}
    return list(by_name.values())


class _Named(NamedTuple):
    kind: str
    text: str


def _named(policy: CompiledPolicy | None) -> list[_Named]:
    """Every principal that the policy names, in Allows and Denies."""
    found: dict[_Named, None] = {}
    for statement in policy.index.statements if policy is not None else ():
        if not statement.arm() or statement.source is None or (principals := statement.source.principals) is None:
            continue
        for kind, names in (
            ("AWS", principals.aws),
            ("Service", principals.service),
            ("Federated", principals.federated),
        ):
            found.update(dict.fromkeys(_Named(kind, name) for name in names if name != "*"))
    return list(found)


def context_of(actor: Actor, target: Target) -> Partial:
    """What is known of the actor's requests."""
    values = {**keys_of(actor.subject), **actor.keys}
    absent = set(PRINCIPAL_KEYS)
    for key, value in target.known.items():
        if value is None:
            absent.add(key.lower())
        else:
            values[key.lower()] = value
    local = not actor.outsider or actor.subject.kind in (SubjectKind.ANONYMOUS, SubjectKind.SERVICE)
    return Partial(values, absent if local else absent - {"aws:userid"}, tags_known=local)


def examples(target: Target, actors: Sequence[Actor], most: int = MOST_STATES) -> Classes:
    """One example of each class of resources that the policies tell apart within the target's pattern."""
    if not has_wildcard(target.resource):
        return Classes((target.resource,), True)
    within = row_of(ArnPattern(target.resource, False))
    if within is None:
        return Classes((), True)
    rows: dict[Row, None] = {}
    policies: dict[int, CompiledPolicy] = {}
    for actor in actors:
        policies.update((id(policy), policy) for policy in _policies(actor.stack))
    if target.resource_policy is not None:
        policies[id(target.resource_policy)] = target.resource_policy
    action = target.action.lower()
    for policy in policies.values():
        for statement in policy.index.about(action):
            if statement.arm():
                rows.update((row, None) for p in statement.patterns or () if (row := row_of(p)) is not None)
                if statement.dynamic:
                    rows.update(_resolved_rows(statement.dynamic, actors, target))
    return classes(within, rows, _shapes(action), most)


def _resolved_rows(patterns: Iterable[ArnPattern], actors: Iterable[Actor], target: Target) -> dict[Row, None]:
    """Patterns with variables, as each actor's settled keys resolve them."""
    found: dict[Row, None] = {}
    for actor in actors:
        context = context_of(actor, target)
        for pattern in patterns:
            text = pattern.text
            for part in pattern.parts:
                value = context.get(part.key) if isinstance(part, Variable) else None
                if isinstance(part, Variable) and isinstance(value, str) and not has_wildcard(value):
                    text = _filled(text, part.key, value)
            if "${" not in text and (row := row_of(ArnPattern(text, False))) is not None:
                found[row] = None
    return found


def _filled(text: str, key: str, value: str) -> str:
    start = text.lower().find("${" + key)
    end = text.find("}", start)
    return text if start < 0 or end < 0 else text[:start] + value + text[end + 1 :]


@cache
def _shapes(action: str) -> tuple[Row, ...]:
    """What resources of a service look like, where that narrows the question: API id, stage, verb, path."""
    if action.startswith("execute-api:"):
        return tuple(shape(f"arn:*:execute-api:*:*:*/*/{verb}/**") for verb in METHODS)
    return ()


def _policies(stack: PolicyStack) -> Iterable[CompiledPolicy]:
    yield from stack.identity
    yield from stack.session or ()
    yield from stack.endpoint
    if stack.boundary is not None:
        yield stack.boundary
    for levels in (stack.scps, stack.rcps):
        for level in levels:
            yield from level


def who_can(target: Target, actors: Sequence[Actor], *, with_outsiders: bool = True) -> list[Reach]:
    """For every principal whether it can, cannot, or under which conditions.

    For a pattern, the answer is the most generous one of any class of resources, with the example it is given for.
    Bounded by ``MOST_PAIRS``; ``nobody_but`` says when a bound was met.
    """
    asked = [*actors[:MOST_ACTORS], *(outsiders(target, actors) if with_outsiders else ())]
    found: list[Reach] = []
    resources = _bounded(examples(target, asked), len(asked)).examples
    for actor in asked:
        context = context_of(actor, target)
        best: Reach | None = None
        for resource in resources:
            reach = Reach(actor, resource, _ask(actor, target, resource, context))
            if best is None or _RANK[reach.found.outcome] > _RANK[best.found.outcome]:
                best = reach
            if reach.found.outcome is Outcome.CAN:
                break
        if best is not None:
            found.append(best)
    return found


def _bounded(found: Classes, actors: int) -> Classes:
    most = max(1, MOST_PAIRS // max(1, actors))
    return found if len(found.examples) <= most else Classes(found.examples[:most], False)


_RANK: Final = {Outcome.CANNOT: 0, Outcome.CONDITIONAL: 1, Outcome.CAN: 2}


def _ask(actor: Actor, target: Target, resource: str, context: Partial) -> Partially:
    question = Question(actor.subject, target.action, resource, target.resource_account, context)
    return decide_partially(question, actor.stack, target.resource_policy, context)


def nobody_but(
    allowed: Collection[str], target: Target, actors: Sequence[Actor], *, most_states: int = MOST_STATES
) -> Proof:
    """Prove that nobody outside ``allowed`` can, or give requests that show who can.

    ``allowed`` names principals: ARNs (of a role, for its sessions), actors' names, with wildcards.
    """
    spared = [compile_glob(name) for name in allowed]
    asked = [actor for actor in (*actors[:MOST_ACTORS], *outsiders(target, actors)) if not _spared(actor, spared)]
    found = _bounded(examples(target, asked, most_states), len(asked))
    witnesses: list[WitnessRequest] = []
    doubts: list[Reach] = []
    for actor in asked:
        context = context_of(actor, target)
        doubt: Reach | None = None
        for resource in found.examples:
            answer = _ask(actor, target, resource, context)
            if answer.outcome is Outcome.CANNOT:
                continue
            witness = _witness(actor, target, resource, context)
            if witness is not None:
                witnesses.append(witness)
                doubt = None
                break
            doubt = doubt or Reach(actor, resource, answer)
        if doubt is not None:
            doubts.append(doubt)
    complete = found.complete and len(actors) <= MOST_ACTORS
    holds = False if witnesses else None if doubts or not complete else True
    shown = tuple(witnesses[:MOST_WITNESSES])
    return Proof(holds, shown, tuple(doubts), len(asked), len(found.examples), complete)


def _spared(actor: Actor, allowed: Sequence[Matcher]) -> bool:
    names = (actor.name, actor.subject.arn, actor.subject.issuer_arn)
    return any(matches(name) for matches in allowed for name in names if name)


def _witness(actor: Actor, target: Target, resource: str, context: Partial) -> WitnessRequest | None:
    question = Question(actor.subject, target.action, resource, target.resource_account)
    values = find_context(question, actor.stack, target.resource_policy, context)
    if values is None:
        return None
    concrete = question.about(context=MappingContext(values))
    decision = decide(concrete, actor.stack, target.resource_policy)
    return WitnessRequest(actor, concrete, values, decision) if decision.allowed else None


def crossing(pattern: str) -> str | None:
    """A request that an ``execute-api`` pattern covers although its verb says otherwise: ``*`` crosses ``/``.

    ``…:api/*/GET/pets/*`` also covers ``…:api/prod/POST/x/GET/pets/y``. None when the pattern names no verb, or covers
    no other verb.
    """
    fields = pattern.split(":", 5)
    if len(fields) != 6 or fields[2] != "execute-api":
        return None
    parts = fields[5].split("/")
    verb = next((part for part in parts[1:] if part in METHODS), "")
    if not verb or parts.index(verb) > 2:
        return None
    row = row_of(ArnPattern(pattern, False))
    others = tuple(shape(f"arn:*:execute-api:*:*:*/*/{other}/**") for other in METHODS if other != verb)
    found = classes(row, (), others, 5_000).examples if row is not None else ()
    return found[0] if found else None


__all__ = [
    "Actor",
    "Proof",
    "Reach",
    "Target",
    "WitnessRequest",
    "context_of",
    "crossing",
    "examples",
    "nobody_but",
    "outsiders",
    "who_can",
]
