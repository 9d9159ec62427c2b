"""``/_sekisho/policy/…``: questions about permissions, asked of the configuration in force. Imported when first asked.

Condition keys of the request are given as ``context=KEY=VALUE``, repeatedly; ``who-can`` and ``prove`` leave keys that
are not given open.
"""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.config.snapshot import Snapshot
from sekisho.edge.recorder import Document
from sekisho.explain.chain import chain
from sekisho.explain.permissions import actors_of, prove, targets_of, who, why
from sekisho.kit.instants import iso
from sekisho.policy.partial import keys_of
from sekisho.policy.prove import Actor
from sekisho.policy.request import ANONYMOUS, MappingContext, Question, Value, service_subject

Query = Mapping[str, list[str]]
Answer = tuple[int, Document]
QUESTIONS = {
    "why": ("principal", "action", "resource"),
    "who-can": ("action", "resource"),
    "prove": ("action", "resource"),
    "chain": ("api", "stage"),
}


def answer(question: str, query: Query, language: str, snapshot: Snapshot, account: str, now: float) -> Answer | None:
    """Status and JSON; None when there is no such question."""
    if question not in QUESTIONS:
        return None
    given = {name: query.get(name, [""])[0] for name in (*QUESTIONS[question], "account", "allowed")}
    for name in QUESTIONS[question]:
        if not given[name]:
            return 400, {"message": f"{name} is missing: /_sekisho/policy/{question}?{_usage(question)}"}
    if question != "chain" and ":" not in given["action"]:
        return 400, {"message": "action is SERVICE:NAME, such as execute-api:Invoke"}
    account = given["account"] or account
    context: dict[str, Value | None] = {}
    for pair in query.get("context", ()):
        key, equals, value = pair.partition("=")
        if not equals:
            return 400, {"message": f"context={pair}: expected KEY=VALUE"}
        context[key.lower()] = value
    if question == "chain":
        found = chain(snapshot, given["api"], given["stage"])
        return (200, found) if found is not None else (404, {"message": "There is no such API and stage."})
    actors = actors_of(snapshot, account)
    if question == "why":
        return _why(given, context, actors, language, snapshot, account, now)
    targets = targets_of(snapshot, given["action"], given["resource"], account, context)
    if question == "who-can":
        return 200, who(targets, actors)
    allowed = [name for name in given["allowed"].split(",") if name]
    return 200, prove(allowed, targets, actors)


def _usage(question: str) -> str:
    return "&".join(f"{name}=" for name in QUESTIONS[question])


def _why(
    given: Mapping[str, str],
    context: Mapping[str, Value | None],
    actors: list[Actor],
    language: str,
    snapshot: Snapshot,
    account: str,
    now: float,
) -> Answer:
    actor = _find(given["principal"], actors)
    if actor is None:
        known = [actor.name for actor in actors[:20]]
        return 404, {"message": f"No principal {given['principal']} in account {account}.", "principals": known}
    target = targets_of(snapshot, given["action"], given["resource"], account)[0]
    keys: dict[str, Value] = {
        "aws:currenttime": iso(now),
        "aws:epochtime": str(int(now)),
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        **keys_of(actor.subject),
        **actor.keys,
        **{key: value for key, value in context.items() if value is not None},
    }
    question = Question(
        actor.subject, given["action"], given["resource"], target.resource_account, MappingContext(dict(keys))
    )
    return 200, why(question, actor.stack, target.resource_policy, language)


def _find(name: str, actors: list[Actor]) -> Actor | None:
    """The principal by its ARN (a session's own, or its role's) or service name; ``anonymous`` is nobody."""
    if name == "anonymous":
        return Actor(name, ANONYMOUS)
    if name.endswith(".amazonaws.com"):
        return Actor(name, service_subject(name))
    for actor in actors:
        if name in (actor.name, actor.subject.arn):
            return actor
    for actor in actors:
        prefix = actor.subject.arn.rpartition("/")[0] + "/"
        if ":assumed-role/" in name and name.startswith(prefix):
            return actor._replace(name=name, subject=actor.subject._replace(arn=name))
    return None
