"""The chain of a route as one question: authorization, resource policy, integration, function → who gets what.

Theory of operation. A request passes two questions of policies: may the caller invoke the method (``front``), and may
API Gateway, a role, or the caller invoke the function (``back``). The back question does not depend on the caller
unless the integration passes the caller on; when it fails, the route answers 500 to everybody. Both are asked by
partial decisions, for every principal of the account and for outsiders, so that conditions on keys that are not known
come back as such. What an authorizer decides by a token or by code is a condition as well.

``opened`` compares two snapshots by the same questions: what a remedy opens beyond the request it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sekisho.config.api import ApiSnapshot, Iam, Open, Route, Stage, UnsupportedAuthorizer
from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.config.functions import Function
from sekisho.config.integrations import Authority, LambdaCustom, LambdaProxy, Mock
from sekisho.config.snapshot import Snapshot
from sekisho.explain.permissions import actors_of, conditions_text, decided_by
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.partial import Outcome, Partially, decide_partially
from sekisho.policy.prove import Actor, Target, context_of, outsiders
from sekisho.policy.request import ANONYMOUS, Question, Subject, SubjectKind, Value, service_subject

MOST_PRINCIPALS: Final = 200
MOST_ROUTES: Final = 200
MOST_OPENED: Final = 50
GATEWAY: Final = service_subject("apigateway.amazonaws.com")
INVOKE_API: Final = "execute-api:Invoke"
INVOKE_FUNCTION: Final = "lambda:InvokeFunction"
_VARIABLE: Final = re.compile(r"\{[^}]*\}")
_REQUEST: Final[Mapping[str, Value | None]] = {"aws:securetransport": "true", "aws:viaawsservice": "false"}
_FORWARDED: Final[Mapping[str, Value | None]] = {
    "aws:viaawsservice": "true",
    "aws:calledvia": ("apigateway.amazonaws.com",),
    "aws:calledviafirst": "apigateway.amazonaws.com",
    "aws:calledvialast": "apigateway.amazonaws.com",
}


class Link(NamedTuple):
    """One question of the chain, answered."""

    step: str
    """``authorization``, ``resource-policy``, ``authorizer``, ``trust``, ``function``."""
    found: Partially | None
    """None: not a matter of policies; see ``broken``."""
    broken: str = ""
    """Why this fails for everybody, whoever asks."""
    depends: str = ""
    """What beyond policies decides: the authorizer, by what the request carries."""


class Way(NamedTuple):
    """What becomes of one principal's request."""

    actor: Actor
    status: int
    """200, 403 or 500; that of the first link that fails. Conditional links count as passed."""
    links: tuple[Link, ...]

    @property
    def conditional(self) -> bool:
        return any(
            link.depends or (link.found is not None and link.found.outcome is Outcome.CONDITIONAL)
            for link in self.links
        )


def method_arn(route: Route) -> str:
    """The ARN of a request to the route: ANY asked by GET, path variables by an example."""
    verb = "GET" if route.method == "ANY" else route.method
    return f"{route.arn_prefix}{verb}{_VARIABLE.sub('example', route.resource_path)}"


def front(stage: Stage, api: ApiSnapshot, route: Route, actor: Actor) -> Link:
    """May the principal invoke the method?"""
    authorizer, policy = route.authorizer, stage.resource_policy
    if isinstance(authorizer, UnsupportedAuthorizer):
        return Link("authorization", None, f"authorizers of type {authorizer.type} do not run here")
    if isinstance(authorizer, Iam):
        target = Target(
            INVOKE_API, method_arn(route), api.account, policy, {**_REQUEST, "aws:requestedregion": api.region}
        )
        return Link("authorization", _ask(actor, target))
    depends = "" if isinstance(authorizer, Open) else f"the answer of authorizer {authorizer.name}"
    if policy is None:
        return Link("authorization", None, depends=depends)
    target = Target(INVOKE_API, method_arn(route), api.account, policy, _REQUEST)
    return Link("resource-policy", _ask(Actor("anonymous", ANONYMOUS, outsider=True), target), depends=depends)


def back(snapshot: Snapshot, api: ApiSnapshot, route: Route, actor: Actor) -> tuple[Link, ...]:
    """May the gateway call what the route is integrated with?"""
    links: list[Link] = []
    if isinstance(route.authorizer, LambdaAuthorizer):
        authorizer = route.authorizer
        links += _call(snapshot, api, authorizer, authorizer.source_arn, actor, "authorizer")
    integration = route.integration
    if isinstance(integration, Mock):
        return tuple(links)
    if not isinstance(integration, LambdaProxy | LambdaCustom):
        return tuple(links)
    verb = "GET" if route.method == "ANY" else route.method
    source = f"{integration.source_arn}{verb}{route.resource_path}"
    return (*links, *_call(snapshot, api, integration, source, actor, "function"))


def _call(
    snapshot: Snapshot,
    api: ApiSnapshot,
    target: LambdaProxy | LambdaCustom | LambdaAuthorizer,
    source: str,
    actor: Actor,
    step: str,
) -> list[Link]:
    function = snapshot.functions.get(target.function_arn)
    if function is None or function.spec(target.qualifier) is None:
        return [
            Link(step, None, f"there is no function {target.function_arn or 'in the URI'} {target.qualifier}".strip())
        ]
    arn = f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn
    policy = function.policies.get(target.qualifier)
    asked = Target(INVOKE_FUNCTION, arn, function.account, policy)
    if target.authority is Authority.SERVICE:
        known: dict[str, Value | None] = {"aws:sourcearn": source, "aws:sourceaccount": api.account}
        return [Link(step, _ask(Actor("API Gateway", GATEWAY), asked._replace(known=known)))]
    if target.authority is Authority.CALLER:
        return [Link(step, _ask(actor, asked._replace(known=_FORWARDED)))]
    role = snapshot.identities.roles.get(target.role_arn)
    if role is None:
        return [Link("trust", None, f"there is no role {target.role_arn}")]
    trusted = Target("sts:AssumeRole", role.arn, role.account, role.trust)
    session = Subject(
        SubjectKind.ROLE_SESSION,
        role.account,
        f"arn:aws:sts::{role.account}:assumed-role/{role.name}/BackplaneAssumeRoleSession",
        role.arn,
    )
    return [
        Link("trust", _ask(Actor("API Gateway", GATEWAY), trusted)),
        Link(step, _ask(Actor(role.arn, session, role.stack), asked)),
    ]


def _ask(actor: Actor, target: Target) -> Partially:
    context = context_of(actor, target)
    question = Question(actor.subject, target.action, target.resource, target.resource_account, context)
    return decide_partially(question, actor.stack, target.resource_policy, context)


def way(snapshot: Snapshot, api: ApiSnapshot, stage: Stage, route: Route, actor: Actor) -> Way:
    """The whole chain for one principal."""
    first = front(stage, api, route, actor)
    if first.broken:
        return Way(actor, 500, (first,))
    if _fails(first):
        return Way(actor, 403, (first,))
    rest = back(snapshot, api, route, actor)
    return Way(actor, 500 if any(map(_fails, rest)) else 200, (first, *rest))


def _fails(link: Link) -> bool:
    return bool(link.broken) or (link.found is not None and link.found.outcome is Outcome.CANNOT)


def chain(snapshot: Snapshot, api_id: str, stage_name: str) -> dict[str, Any] | None:
    """Who gets 200, who 403 and why, and which routes answer 500 to everybody; None: no such stage. JSON.

    At most ``MOST_PRINCIPALS`` principals and ``MOST_ROUTES`` routes are looked at; ``complete``: that was all.
    """
    api = snapshot.apis.get(api_id)
    stage = api.stages.get(stage_name) if api is not None else None
    if api is None or stage is None:
        return None
    actors = actors_of(snapshot, api.account)
    target = Target(INVOKE_API, "*", api.account, stage.resource_policy)
    asked = [*actors[:MOST_PRINCIPALS], *outsiders(target, actors)]
    routes = sorted(stage.router.routes(), key=lambda route: (route.resource_path, route.method))
    rows = [_row(snapshot, api, stage, route, asked) for route in routes[:MOST_ROUTES]]
    complete = len(actors) <= MOST_PRINCIPALS and len(routes) <= MOST_ROUTES
    return {"api": api_id, "stage": stage_name, "routes": rows, "complete": complete}


def _row(snapshot: Snapshot, api: ApiSnapshot, stage: Stage, route: Route, actors: list[Actor]) -> dict[str, Any]:
    ways = [way(snapshot, api, stage, route, actor) for actor in actors]
    served = [found for found in ways if found.status == 200]
    broken = next((found for found in ways if found.status == 500), None)
    everybody = broken is not None and not served
    return {
        "route": f"{route.method} {route.resource_path}",
        "authorization": "NONE" if isinstance(route.authorizer, Open) else type(route.authorizer).__name__,
        "brokenForEverybody": _why(broken) if everybody and broken is not None else None,
        "principals": [
            {
                "principal": found.actor.name,
                "status": found.status,
                "conditional": found.conditional,
                "why": _why(found),
            }
            for found in ways
        ],
    }


def _why(found: Way) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for link in found.links:
        row: dict[str, Any] = {"step": link.step}
        if link.depends:
            row["depends"] = link.depends
        if link.broken:
            row["broken"] = link.broken
        elif link.found is not None:
            answer = link.found
            row["verdict"] = answer.outcome.value
            row["decidedBy"] = decided_by(answer.worst if answer.outcome is Outcome.CAN else answer.best)
            if answer.outcome is Outcome.CONDITIONAL:
                row["conditions"] = conditions_text(answer)
        rows.append(row)
    return rows


class Opened(NamedTuple):
    """What somebody can after a change and could not before."""

    principal: str
    action: str
    resource: str


def opened(
    before: Snapshot, after: Snapshot, api_id: str, stage_name: str, function_arn: str, qualifier: str = ""
) -> list[Opened]:
    """What a change opens on the routes of a stage and on a function. Bounded, and quick where nothing changed."""
    api, stage = after.apis.get(api_id), None
    if api is not None:
        stage = api.stages.get(stage_name)
    if api is None or stage is None:
        return []
    old_api = before.apis.get(api_id)
    old_stage = old_api.stages.get(stage_name) if old_api is not None else None
    old_policy = old_stage.resource_policy if old_stage is not None else None
    old_doors = {route.resource_path + route.method: route for route in old_stage.router.routes()} if old_stage else {}
    found: list[Opened] = []
    pairs = list(_actors(before, after, api.account, stage.resource_policy))
    for route in list(stage.router.routes())[:MOST_ROUTES]:
        door = old_doors.get(route.resource_path + route.method, route)
        kept = _same(old_policy, stage.resource_policy) and door.authorizer == route.authorizer
        for old, new in pairs:
            if kept and old is not None and old.stack is new.stack:
                continue
            now = front(stage, api, route, new)
            then = front(old_stage or stage, api, door, old) if old is not None else None
            if _rank(now) > (_rank(then) if then is not None else 0):
                found.append(Opened(new.name, INVOKE_API, method_arn(route)))
    found += _opened_function(before, after, function_arn, qualifier, pairs)
    return found[:MOST_OPENED]


def _opened_function(
    before: Snapshot, after: Snapshot, arn: str, qualifier: str, pairs: list[tuple[Actor | None, Actor]]
) -> list[Opened]:
    function, known = after.functions.get(arn), before.functions.get(arn)
    if function is None:
        return []
    policy, old_policy = function.policies.get(qualifier), _policy(known, qualifier)
    name = f"{arn}:{qualifier}" if qualifier else arn
    found: list[Opened] = []
    service = Actor("API Gateway, for any API of any account", GATEWAY)
    for old, new in [*pairs, (service, service)]:
        if _same(policy, old_policy) and old is not None and old.stack is new.stack:
            continue
        target = Target(INVOKE_FUNCTION, name, function.account, policy)
        then = _RANK[_ask(old, target._replace(resource_policy=old_policy)).outcome] if old is not None else 0
        outcome = _ask(new, target).outcome
        # A grant to the service that names its source is for that API alone; only one that does not opens more.
        if new is service and outcome is not Outcome.CAN:
            continue
        if _RANK[outcome] > then:
            found.append(Opened(new.name, INVOKE_FUNCTION, name))
    return found


def _policy(function: Function | None, qualifier: str) -> CompiledPolicy | None:
    return function.policies.get(qualifier) if function is not None else None


def _same(one: CompiledPolicy | None, other: CompiledPolicy | None) -> bool:
    return one is other or (one is not None and other is not None and one.document == other.document)


_RANK: Final = {Outcome.CANNOT: 0, Outcome.CONDITIONAL: 1, Outcome.CAN: 2}


def _rank(link: Link) -> int:
    """How generous a link is; where no policy is asked, it lets everybody pass."""
    if link.broken:
        return 0
    return 2 if link.found is None else _RANK[link.found.outcome]


def _actors(
    before: Snapshot, after: Snapshot, account: str, policy: CompiledPolicy | None
) -> Iterator[tuple[Actor | None, Actor]]:
    """Principals after the change, each with what it was before."""
    old = {actor.name: actor for actor in actors_of(before, account)}
    new = actors_of(after, account)[:MOST_PRINCIPALS]
    for actor in new:
        yield old.get(actor.name), actor
    for actor in outsiders(Target(INVOKE_API, "*", account, policy), new):
        yield actor, actor


__all__ = ["Link", "Opened", "Way", "chain", "method_arn", "opened", "way"]
