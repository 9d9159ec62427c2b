"""An authorizer's answer, applied to one request.

The policy it answered is judged together with the API's resource policy (REST): an Allow of either is enough, a Deny of
either wins, and the explicit denies of the resource policy were looked at before the function was called.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from __future__ import annotations

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.authorizers.answer import Answer
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.gates.method_arn import INVOKE, caller_context, method_arn
from sekisho.gateway.trace import NOBODY, Check
from sekisho.kit.outcome import PASS
from sekisho.policy.combine import Layer, Verdict, decide_answered
from sekisho.policy.request import ANONYMOUS, Question


def decide_answer(x: Exchange, authorizer: LambdaAuthorizer, answer: Answer) -> Outcome:
    """Whether this request may pass under ``answer``."""
    t = x.trace
    if answer.policy is None:
        if answer.authorized:
            return PASS
        return _denied(x, authorizer, answer, Fault.AUTHORIZER_DENIED)
    arn = method_arn(x)
    question = Question(ANONYMOUS, INVOKE, arn, t.api.account, caller_context(x, NOBODY))
    policy = t.stage.resource_policy
    decision = decide_answered(question, answer.policy, policy)
    t.checks.append(Check("authorizer-policy", question, answer.stack, policy, decision))
    if decision.verdict is Verdict.ALLOWED:
        return PASS
    explicit = decision.verdict is Verdict.EXPLICITLY_DENIED
    if decision.layer is Layer.RESOURCE:
        evidence = {"principal": "anonymous", "resource": arn, "layer": decision.layer.value}
        fault = Fault.RESOURCE_POLICY_EXPLICITLY_DENIED if explicit else Fault.RESOURCE_POLICY_DENIED
        return Reject(fault, evidence)
    return _denied(x, authorizer, answer, Fault.AUTHORIZER_EXPLICITLY_DENIED if explicit else Fault.AUTHORIZER_DENIED)


def _denied(x: Exchange, authorizer: LambdaAuthorizer, answer: Answer, fault: Fault) -> Reject:
    evidence = {
        "authorizer": authorizer.name,
        "resource": method_arn(x),
        "principal": answer.principal or "",
        "cached": x.trace.fields.get("authorizer.cached", ""),
    }
    return Reject(fault, evidence)
