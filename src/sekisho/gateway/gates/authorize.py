"""May they? Dispatch on the route's compiled authorizer; IAM and the API's resource policy live here.

How the two combine (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html):
without authentication the policy, when there is one, must allow; with ``AWS_IAM`` an Allow of either side is enough for
callers of the API's account, while callers of another account need both; a Deny of either side always wins. That is
what ``policy.combine`` decides for every resource, so the gate only asks.
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import Iam, Open, UnsupportedAuthorizer
from sekisho.config.context import CallerContext
from sekisho.config.identities import Principal
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.trace import NOBODY, Check, Phase
from sekisho.kit.outcome import PASS
from sekisho.policy.combine import Layer, Verdict, decide
from sekisho.policy.request import Question, SubjectKind

INVOKE: Final = "execute-api:Invoke"
AUTHORIZED: Final = Phase("200")


def decide_rest(x: Exchange) -> Outcome:
    """REST: open, IAM, or an authorizer that does not run here and therefore lets nobody pass."""
    t = x.trace
    authorizer = t.route.authorizer
    if isinstance(authorizer, Open):
        if t.stage.resource_policy is None:
            return PASS
        return _ask(x, NOBODY, "resource-policy") or PASS
    if isinstance(authorizer, Iam):
        refusal = _ask(x, t.caller, "invoke-api")
        if refusal is not None:
            return refusal
        t.authorize = AUTHORIZED
        return PASS
    kind = authorizer.type if isinstance(authorizer, UnsupportedAuthorizer) else type(authorizer).__name__
    return Reject(Fault.AUTHORIZER_FAILED, {"type": kind})


def method_arn(x: Exchange) -> str:
    """What is asked for: the concrete path, ``…:api/stage/GET/pets/1``; ``…/GET/`` for the root.

    A slash at the end does not choose another route, so it is not part of the name either: otherwise a Deny of
    ``/GET/admin`` would not cover ``/admin/``.
    """
    t = x.trace
    path = t.local_path
    if path[-1] == "/" and len(path) > 1:
        path = path[:-1]
    return f"{t.route.arn_prefix}{x.request.method}{path}"


def caller_context(x: Exchange, principal: Principal) -> CallerContext:
    """The condition keys of a request to an API, which on AWS always came through TLS."""
    headers = x.request.headers
    return CallerContext(
        principal,
        x.now,
        x.request.source_ip,
        True,
        headers.get("user-agent"),
        headers.get("referer"),
        x.trace.api.region,
    )


def _ask(x: Exchange, principal: Principal, purpose: str) -> Reject | None:
    t = x.trace
    arn = method_arn(x)
    question = Question(principal.subject, INVOKE, arn, t.api.account, caller_context(x, principal))
    policy = t.stage.resource_policy
    decision = decide(question, principal.stack, policy)
    t.checks.append(Check(purpose, question, principal.stack, policy, decision))
    if decision.allowed:
        return None
    explicit = decision.verdict is Verdict.EXPLICITLY_DENIED
    if decision.layer is Layer.RESOURCE:
        fault = Fault.RESOURCE_POLICY_EXPLICITLY_DENIED if explicit else Fault.RESOURCE_POLICY_DENIED
    else:
        fault = Fault.CALLER_EXPLICITLY_DENIED if explicit else Fault.CALLER_DENIED
    anonymous = principal.subject.kind is SubjectKind.ANONYMOUS
    who = "anonymous" if anonymous else principal.subject.arn
    return Reject(fault, {"principal": who, "resource": arn, "layer": decision.layer.value})
