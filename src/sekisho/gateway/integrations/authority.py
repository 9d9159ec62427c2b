"""As whom does the gateway call a function?

Theory of operation. API Gateway never calls Lambda "as the API". An integration's ``credentials`` choose one of three
identities, and each is judged by different policies:

* empty: the service principal ``apigateway.amazonaws.com``. Only the resource policy of the function (of the qualifier
  in the URI) can allow it, and it sees ``aws:SourceArn`` (stage, verb and the *template* of the path) and
  ``aws:SourceAccount``;
* a role: API Gateway assumes it, so the role must trust the service (that question carries no source keys), and then
  the role's own policies decide, with the function's as in every other decision;
* ``arn:aws:iam::*:user/*``: the caller's own session is passed on. The caller's policies decide, and see
  ``aws:ViaAWSService`` and ``aws:CalledVia``.

Every question is recorded, the refused one last. A function that does not exist is a function that may not be called.

Sources: vectors intcred/rest-*;
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html;
https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from sekisho.config.context import CallerContext
from sekisho.config.functions import Function
from sekisho.config.identities import Principal, Role
from sekisho.config.integrations import Authority
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.trace import Check
from sekisho.kit.arn import Arn, sts_arn
from sekisho.kit.ids import Entropy
from sekisho.policy.combine import NO_POLICIES, decide
from sekisho.policy.request import Question, Subject, SubjectKind, Value, service_subject

SERVICE: Final = Principal(service_subject("apigateway.amazonaws.com"), NO_POLICIES, name="apigateway.amazonaws.com")
"""API Gateway itself."""
_SERVICE: Final = Authority.SERVICE
INVOKE: Final = "lambda:InvokeFunction"
SESSION: Final = "BackplaneAssumeRoleSession"
"""The name of the sessions in which API Gateway uses roles."""

_TRUST_KEYS: Final[Mapping[str, Value]] = {"aws:principaltype": "AssumedRole"}
"""vector: intcred/trust-context-rest: the trust question has no source keys, and this one."""
_FORWARDED_KEYS: Final[Mapping[str, Value]] = {
    "aws:viaawsservice": "true",
    "aws:calledvia": ("apigateway.amazonaws.com",),
    "aws:calledviafirst": "apigateway.amazonaws.com",
    "aws:calledvialast": "apigateway.amazonaws.com",
}


def numbered_session(entropy: Entropy) -> str:
    """How HTTP APIs name their sessions: 19 digits. vector: assumerole/http-session-name-and-duration."""
    return str(10**18 + int.from_bytes(entropy(8), "big") % (9 * 10**18))


class Target(Protocol):
    """A function that the gateway wants to call: of an integration or of an authorizer."""

    @property
    def function_arn(self) -> str: ...
    @property
    def qualifier(self) -> str: ...
    @property
    def authority(self) -> Authority: ...
    @property
    def role_arn(self) -> str: ...


def refusal(
    x: Exchange,
    target: Target,
    function: Function | None,
    source_arn: str,
    purpose: str = "invoke-function",
    session: str = SESSION,
) -> Reject | None:
    """Why API Gateway may not call ``target``; None when it may.

    ``source_arn`` is what ``aws:SourceArn`` shows when the service itself calls; ``session`` names the role session.
    """
    if target.authority is _SERVICE:
        keys: Mapping[str, Value] = {"aws:sourcearn": source_arn, "aws:sourceaccount": x.trace.api.account}
        return _ask_lambda(x, target, function, SERVICE, "", keys, purpose)
    if target.authority is Authority.CALLER:
        return _ask_lambda(x, target, function, x.trace.caller, x.request.source_ip, _FORWARDED_KEYS, purpose)
    role = x.snapshot.identities.roles.get(target.role_arn)
    if role is None or not _may_assume(x, role):
        return Reject(Fault.ROLE_NOT_ASSUMABLE, {"role": target.role_arn})
    return _ask_lambda(x, target, function, _session(x, role, session), "", {}, purpose)


def source_arn(x: Exchange, prefix: str) -> str:
    """``aws:SourceArn``: the request's verb (never ANY) and the template of the path, ``…:api/prod/GET/pets/{id}``."""
    return f"{prefix}{x.request.method}{x.trace.route.resource_path}"


def _ask_lambda(
    x: Exchange,
    target: Target,
    function: Function | None,
    principal: Principal,
    source_ip: str,
    keys: Mapping[str, Value],
    purpose: str,
) -> Reject | None:
    t = x.trace
    arn = f"{target.function_arn}:{target.qualifier}" if target.qualifier else target.function_arn
    account = function.account if function is not None else _account(arn)
    context = CallerContext(principal, x.now, source_ip, region=t.api.region, extra=keys)
    question = Question(principal.subject, INVOKE, arn, account, context)
    policy = function.policies.get(target.qualifier) if function is not None else None
    decision = decide(question, principal.stack, policy)
    t.checks.append(Check(purpose, question, principal.stack, policy, decision))
    if decision.allowed and function is not None and function.spec(target.qualifier) is not None:
        return None
    return Reject(Fault.FUNCTION_NOT_INVOCABLE, {"function": arn, "principal": principal.subject.arn})


def _account(arn: str) -> str:
    parsed = Arn.parse(arn)
    return parsed.account if parsed else ""


def _may_assume(x: Exchange, role: Role) -> bool:
    context = CallerContext(SERVICE, x.now, "", region=x.trace.api.region, extra=_TRUST_KEYS)
    question = Question(SERVICE.subject, "sts:AssumeRole", role.arn, role.account, context)
    decision = decide(question, NO_POLICIES, role.trust)
    x.trace.checks.append(Check("assume-role", question, NO_POLICIES, role.trust, decision))
    return decision.allowed


def _session(x: Exchange, role: Role, name: str) -> Principal:
    subject = Subject(
        SubjectKind.ROLE_SESSION,
        role.account,
        sts_arn(role.account, f"assumed-role/{role.name}/{name}"),
        role.arn,
        f"{role.unique_id}:{name}",
        role.service_linked,
    )
    return Principal(subject, role.stack, name, role.tags, issued_at=x.now)
