"""Effects of the control plane that the data plane answers: usage of API keys, and requests played on an API as it
stands. They need no I/O of their own: what a played request asks for (functions) is asked for in turn.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import orjson

from sekisho.config.api import OPEN
from sekisho.config.snapshot import Snapshot
from sekisho.gateway import trial
from sekisho.gateway.context.execution_log import authorizer_lines, trial_lines
from sekisho.gateway.exchange import Exchange, Keyring
from sekisho.gateway.ledger import Ledger
from sekisho.kit.ids import Entropy
from sekisho.publish.rest import undeployed
from sekisho.services.effects import LeaveUsage, Ran, ReadUsage, RunRequest

R = TypeVar("R")


def answering(
    work: Generator[Any, Any, R], *, snapshot: Snapshot, keyring: Keyring, ledger: Ledger, now: float, entropy: Entropy
) -> Generator[Any, Any, R]:
    """``work`` with these effects answered; all others are asked for."""
    result: Any = None
    problem: Exception | None = None
    while True:
        try:
            effect = work.send(result) if problem is None else work.throw(problem)
        except StopIteration as stop:
            ended: R = stop.value
            return ended
        result, problem = None, None
        try:
            if isinstance(effect, RunRequest):
                result = yield from run_request(effect, snapshot, keyring, now, entropy)
            elif isinstance(effect, ReadUsage):
                result = {
                    key: ledger.usage.between((effect.plan, key), effect.quota, effect.start, effect.end)
                    for key in effect.keys
                }
            elif isinstance(effect, LeaveUsage):
                ledger.usage.leave((effect.plan, effect.key), effect.quota, effect.remaining, now)
            else:
                result = yield effect
        except Exception as caught:
            problem = caught


def run_request(
    effect: RunRequest, snapshot: Snapshot, keyring: Keyring, now: float, entropy: Entropy
) -> Generator[Any, Any, Ran]:
    """Compile the API as it stands, and play the request."""
    api = undeployed(effect.account, effect.region, effect.api, effect.stage, effect.deployment)
    (stage,) = api.stages.values()
    authorizer = stage.settings["authorizers"].get(effect.authorizer, OPEN)
    if effect.authorizer:
        route = trial.authorizer_route(api, stage, authorizer)
    else:
        match = stage.router.match(effect.resource_path, effect.method)
        assert match is not None
        route = match.route
    x = trial.exchange(
        api,
        stage,
        route,
        method=effect.method,
        path=effect.path,
        query=effect.query,
        headers=effect.headers,
        body=effect.body,
        caller=effect.caller,
        snapshot=snapshot,
        keyring=keyring,
        now=now,
        clock=time.monotonic,
        entropy=entropy,
    )
    if effect.authorizer:
        yield from trial.asked(x, authorizer)
        return _authorizer(x, effect.authorizer)
    yield from trial.played(x, effect.user_agent)
    return _method(x, effect.path)


def _method(x: Exchange, path: str) -> Ran:
    headers = trial.shown_headers(x)
    return Ran(x.response.status, headers, x.response.body, trial_lines(x, path, headers), _latency(x))


def _authorizer(x: Exchange, identifier: str) -> Ran:
    t = x.trace
    status = 0 if trial.succeeded(t) else x.response.status
    log = authorizer_lines(x, identifier, status)
    claims = t.authorizer_context.get("claims")
    if status or "authorizer.answer" not in t.fields:
        shown = {name: str(value) for name, value in claims.items()} if claims and not status else None
        return Ran(status, (), b"", log, _latency(x), claims=shown)
    answer = orjson.loads(t.fields["authorizer.answer"])
    policy = answer.get("policyDocument")
    text = policy if isinstance(policy, str) else orjson.dumps(policy).decode()
    return Ran(status, (), b"", log, _latency(x), str(answer.get("principalId", "")), text)


def _latency(x: Exchange) -> int:
    return max(0, int((x.trace.ended - x.trace.marks[0]) * 1000))
