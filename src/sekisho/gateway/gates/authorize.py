"""May they? Dispatch on the route's compiled authorizer; IAM and the API's resource policy live here.

How the two combine (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html):
without authentication the policy, when there is one, must allow; with ``AWS_IAM`` an Allow of either side is enough for
callers of the API's account, while callers of another account need both; a Deny of either side always wins. That is
what ``policy.combine`` decides for every resource, so the gate only asks. With a Lambda authorizer the policy's
explicit denies come first, and then an Allow of either is enough; with a user pool it must allow whom the pool knows.
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import Authorizer, Iam, Open, UnsupportedAuthorizer
from sekisho.config.authorizers import CognitoAuthorizer, JwtAuthorizer, LambdaAuthorizer
from sekisho.config.identities import Principal
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.authorizers import cognito, jwt, lambda_
from sekisho.gateway.exchange import Exchange, Gate, Outcome
from sekisho.gateway.gates.method_arn import INVOKE, caller_context, method_arn
from sekisho.gateway.trace import NOBODY, Check, Phase
from sekisho.kit.outcome import PASS, Ask
from sekisho.policy.combine import NO_POLICIES, Layer, Verdict, decide, explicit_deny_of
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.request import ANONYMOUS, Question, SubjectKind

AUTHORIZED: Final = Phase("200")


def decide_rest(x: Exchange) -> Outcome:
    """REST: open, IAM, or what the route's authorizer says; an API's resource policy has its word in each."""
    t = x.trace
    authorizer = t.route.authorizer
    policy = t.stage.resource_policy
    if isinstance(authorizer, Open):
        return PASS if policy is None else _ask(x, NOBODY, "resource-policy") or PASS
    if isinstance(authorizer, Iam):
        refusal = _ask(x, t.caller, "invoke-api")
        if refusal is not None:
            return refusal
        t.authorize = AUTHORIZED
        return PASS
    if isinstance(authorizer, LambdaAuthorizer):
        refusal = None if policy is None else _denied_beforehand(x, policy)
        return _afterwards(x, refusal or lambda_.authorize(x, authorizer), _authorized)
    if isinstance(authorizer, CognitoAuthorizer):
        then = _authorized if policy is None else _policy_allows
        return _afterwards(x, cognito.authorize(x, authorizer), then)
    return _unsupported(authorizer)


def decide_http(x: Exchange) -> Outcome:
    """HTTP: open, IAM, or what the route's authorizer says. There are no resource policies."""
    t = x.trace
    authorizer = t.route.authorizer
    if isinstance(authorizer, Open):
        return PASS
    if isinstance(authorizer, Iam):
        return _ask(x, t.caller, "invoke-api") or PASS
    if isinstance(authorizer, LambdaAuthorizer):
        return lambda_.authorize(x, authorizer)
    if isinstance(authorizer, JwtAuthorizer):
        return jwt.authorize(x, authorizer)
    return _unsupported(authorizer)


def _unsupported(authorizer: Authorizer) -> Reject:
    """An authorizer that does not run here lets nobody pass."""
    kind = authorizer.type if isinstance(authorizer, UnsupportedAuthorizer) else type(authorizer).__name__
    message = f"authorizers of type {kind} do not run here"
    return Reject(Fault.AUTHORIZER_FAILED, {"type": kind, "kind": "unsupported", "message": message})


def _afterwards(x: Exchange, outcome: Outcome, then: Gate) -> Outcome:
    """``then``, once ``outcome`` has come to a pass, however many effects that takes."""
    if isinstance(outcome, Ask):
        continued = outcome.then
        return Ask(outcome.effect, lambda again, result: _afterwards(again, continued(again, result), then))
    return outcome if isinstance(outcome, Reject) else then(x)


def _authorized(x: Exchange) -> Outcome:
    x.trace.authorize = AUTHORIZED
    return PASS


def _policy_allows(x: Exchange) -> Outcome:
    """Whom a user pool knows must be allowed by the resource policy as well."""
    return _ask(x, NOBODY, "resource-policy") or _authorized(x)


def _denied_beforehand(x: Exchange, policy: CompiledPolicy) -> Reject | None:
    """An explicit Deny of the resource policy spares the function the call."""
    t = x.trace
    arn = method_arn(x)
    question = Question(ANONYMOUS, INVOKE, arn, t.api.account, caller_context(x, NOBODY))
    decision = explicit_deny_of(question, policy)
    if decision is None:
        return None
    t.checks.append(Check("resource-policy", question, NO_POLICIES, policy, decision))
    evidence = {"principal": "anonymous", "resource": arn, "layer": decision.layer.value}
    return Reject(Fault.RESOURCE_POLICY_EXPLICITLY_DENIED, evidence)


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
