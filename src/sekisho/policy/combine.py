"""PolicyStack (identity, boundary, session, SCP, RCP, endpoint) and a resource policy → Decision.

Theory of operation. An explicit deny anywhere decides. Otherwise every *required* layer must allow; which layers are
required is the whole of AWS's combination logic and is a table over four facts: what kind of principal asks, whether
principal and resource share an account, how closely the resource policy names the principal, and whether the service
insists on its resource policy (role trust, KMS). ``required`` is that table; ``witness`` uses the same one.

- Same account: the resource policy's grant takes the place of the identity policy; a grant to the session (or to
  anybody) also of boundary and session policy, a grant to the role does not; a grant to the account only delegates.
- Across accounts: the principal's side and the resource policy must both allow.
- Services and the anonymous have no side of their own: the resource policy alone allows.
- SCPs bind principals of member accounts, RCPs resources of the services that support them. Who publishes a stack
  leaves out the levels of a management account; service-linked roles are left alone here.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from sekisho.kit.memory import remember
from sekisho.policy.compile import CompiledPolicy, CompiledStatement
from sekisho.policy.evaluate import (
    LONGEST_REMEMBERED,
    NOTHING,
    Entry,
    Pool,
    Sides,
    closest,
    first,
    first_naming,
    pool,
    sides,
)
from sekisho.policy.principals import Match
from sekisho.policy.request import Question, Subject, SubjectKind


class Layer(Enum):
    """Kinds of policy that can decide."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"
    TRUST = "role trust policy"


class Verdict(Enum):
    """The three outcomes of a decision."""

    ALLOWED = "Allowed"
    IMPLICITLY_DENIED = "ImplicitlyDenied"
    EXPLICITLY_DENIED = "ExplicitlyDenied"


class Plan(NamedTuple):
    """What a stack's policies have to say about one (action, resource)."""

    identity: Sides
    boundary: Sides | None
    session: Sides | None
    scps: tuple[Sides, ...]
    rcps: tuple[Sides, ...]
    endpoint: Sides | None
    quiet: bool
    """No deny, SCP, RCP or endpoint policy to look at."""
    unlimited: bool
    """Neither boundary nor session policy."""
    insisting: bool
    """What ``insists`` says."""


class _Pools(NamedTuple):
    """A plan's sources, before the resource is known."""

    identity: Pool
    boundary: Pool | None
    session: Pool | None
    scps: tuple[Pool, ...]
    rcps: tuple[Pool, ...]
    endpoint: Pool | None
    insisting: bool
    """What ``insists`` says of any resource but ``*``."""
    trust: bool
    plain: bool
    """Nothing but identity policies."""
    known: dict[int, Plan]
    """Plans of plain pools by the identity of their ``Sides``: routes that meet the same statements share one."""


@dataclass(frozen=True, slots=True)
class PolicyStack:
    """The policies on the principal's own side, references into the snapshot."""

    identity: tuple[CompiledPolicy, ...] = ()
    boundary: CompiledPolicy | None = None
    session: tuple[CompiledPolicy, ...] | None = None
    """None: no session policy was passed; a tuple is evaluated as one set."""
    scps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """Levels, root first; every level must allow."""
    rcps: tuple[tuple[CompiledPolicy, ...], ...] = ()
    """Levels that apply to the resource's account."""
    endpoint: tuple[CompiledPolicy, ...] = ()
    pools: dict[str, _Pools] = field(default_factory=dict, init=False, repr=False, compare=False)
    plans: dict[tuple[str, str], Plan] = field(default_factory=dict, init=False, repr=False, compare=False)

    def plan(self, action: str, resource: str) -> Plan:
        """The plan for (action, resource), worked out and remembered; who asks looks into ``plans`` first."""
        key = (action, resource)
        pools = self.pools.get(action)
        if pools is None:
            pools = remember(self.pools, action, self._pools(action.lower()))
        found = _plan(pools, resource)
        if len(resource) <= LONGEST_REMEMBERED:
            remember(self.plans, key, found)
        return found

    def _pools(self, action: str) -> _Pools:
        return _Pools(
            pool(self.identity, action),
            None if self.boundary is None else pool((self.boundary,), action),
            None if self.session is None else pool(self.session, action),
            tuple([pool(level, action) for level in self.scps]),
            tuple([pool(level, action) for level in self.rcps]),
            pool(self.endpoint, action) if self.endpoint else None,
            insists(action, ""),
            is_trust(action),
            not (self.boundary or self.session is not None or self.scps or self.rcps or self.endpoint),
            {},
        )


def _plan(pools: _Pools, resource: str) -> Plan:
    identity = pools.identity.select(resource)
    if pools.plain and resource != "*":
        known = pools.known.get(id(identity))
        if known is None or known.identity is not identity:
            known = Plan(identity, None, None, (), (), None, not identity.denies, True, pools.insisting)
            remember(pools.known, id(identity), known)
        return known
    insisting = pools.insisting and (resource != "*" or pools.trust)
    boundary = None if pools.boundary is None else pools.boundary.select(resource)
    session = None if pools.session is None else pools.session.select(resource)
    endpoint = None if pools.endpoint is None else pools.endpoint.select(resource)
    scps = tuple([level.select(resource) for level in pools.scps])
    rcps = tuple([level.select(resource) for level in pools.rcps])
    denies = any(part is not None and part.denies for part in (identity, boundary, session))
    quiet = not (denies or scps or rcps or endpoint is not None)
    unlimited = boundary is None and session is None
    return Plan(identity, boundary, session, scps, rcps, endpoint, quiet, unlimited, insisting)


NO_POLICIES: Final = PolicyStack()


class Decision(NamedTuple):
    """Allowed or not, and which layer's which statement decided (statement index -1: the absence of any Allow)."""

    verdict: Verdict
    layer: Layer
    policy: CompiledPolicy | None
    statement: int

    @property
    def allowed(self) -> bool:
        return self.verdict is _ALLOWED


TRUST_ACTIONS: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    }
)
"""Actions judged by a role's trust policy when the resource is a role."""

INSISTING: Final = frozenset({"kms"})
"""Services whose resource policy must itself allow, even inside the account.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"""

RCP_SERVICES: Final = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss"})
"""Services whose resources RCPs protect; neither Lambda nor execute-api is among them.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"""

_OWN: Final = (Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION)
_IDENTITY_ONLY: Final = (Layer.IDENTITY,)
# Looking a member up in an enumeration takes longer than comparing it.
_ALLOWED: Final = Verdict.ALLOWED
_IDENTITY: Final = Layer.IDENTITY
_RESOURCE: Final = Layer.RESOURCE
_FEDERATED_USER: Final = SubjectKind.FEDERATED_USER
_LIMITS: Final = (Layer.BOUNDARY, Layer.SESSION)
_REMAINING: Final[Mapping[SubjectKind, tuple[tuple[Layer, ...], ...]]] = {
    # granted:              to nobody, to the account, to the role or user behind the session, to the principal itself
    SubjectKind.USER: (_OWN, _OWN, _LIMITS, ()),
    SubjectKind.ROLE_SESSION: (_OWN, _OWN, _LIMITS, ()),
    SubjectKind.FEDERATED_USER: (_OWN, _OWN, _LIMITS, ()),
    SubjectKind.ROOT: ((), (), (), ()),
}
"""Layers of the principal's own side that must still allow, by how its account's resource policy grants (``Match``)."""

NO_OWN_SIDE: Final = frozenset({SubjectKind.SERVICE, SubjectKind.WEB_IDENTITY, SubjectKind.ANONYMOUS})
"""Principals without policies of their own."""
_RESOURCE_ONLY: Final = (Layer.RESOURCE,)


def required(question: Question, level: Match, insisting: bool) -> tuple[Layer, ...]:
    """The layers that must allow when the resource policy names the subject with ``level``, in the order in which a
    missing one is reported. ``insisting`` is what ``insists`` says of the question.

    ``Layer.RESOURCE`` is in the result when the resource policy must grant and does not. Organisation and endpoint
    policies are required besides, whenever they apply.
    """
    kind, account = question.subject.kind, question.subject.account
    if kind in NO_OWN_SIDE:
        return () if level else _RESOURCE_ONLY
    if question.resource_account != account and question.resource_account:
        own = _REMAINING[kind][Match.NONE]
        return own if level else (*own, Layer.RESOURCE)
    if insisting and not level:
        return (*_REMAINING[kind][Match.NONE], Layer.RESOURCE)
    return _REMAINING[kind][level]


def is_trust(action: str) -> bool:
    """Whether the resource policy that judges ``action`` is a role's trust policy."""
    return action.lower() in TRUST_ACTIONS


def insists(action: str, resource: str) -> bool:
    """Whether the resource policy must grant even within the account: role trust and KMS keys."""
    return is_trust(action) or (resource != "*" and action.partition(":")[0].lower() in INSISTING)


def bound_by_scps(subject: Subject) -> bool:
    """Whether SCPs apply to ``subject``."""
    return subject.kind not in NO_OWN_SIDE and not subject.service_linked


def bound_by_rcps(question: Question) -> bool:
    """Whether RCPs apply to the question."""
    return question.action.partition(":")[0].lower() in RCP_SERVICES and not question.subject.service_linked


def decide(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None) -> Decision:
    """The whole decision, single account or cross account, as AWS combines the layers."""
    key = (question.action, question.resource)
    plan = stack.plans.get(key) or stack.plan(*key)
    theirs = NOTHING
    if resource_policy is not None:
        theirs = resource_policy.answers.get(key) or sides(resource_policy, *key)
    return judge(question, plan, theirs)


def judge(question: Question, plan: Plan, theirs: Sides) -> Decision:
    """``decide``, once it is known which statements are about the action and the resource."""
    if theirs.denies or not plan.quiet:
        denied = _explicit_deny(question, plan, theirs)
        if denied is not None:
            return denied
        missing = _organisation(question, plan)
        if missing is not None:
            return IMPLICIT[missing]
    level, grant = closest(theirs.allows, question) if theirs.allows else _UNGRANTED
    allowing: CompiledStatement | None = None
    layers = required(question, level, plan.insisting)
    if layers is _OWN and plan.unlimited and question.subject.kind is not _FEDERATED_USER:
        layers = _IDENTITY_ONLY
    for layer in layers:
        if layer is _IDENTITY:
            allowing = first(plan.identity.allows, question.context)
            if allowing is None:
                return _NO_IDENTITY
        elif layer is _RESOURCE:
            return IMPLICIT[resource_layer(question)]
        elif not _limit_allows(layer, question, plan):
            return IMPLICIT[layer]
    if allowing is not None:
        return allowing.verdict or _allowed_by_identity(allowing)
    if grant is not None:
        return _allowed(resource_layer(question), grant)
    return _ROOT_ALLOWED


IMPLICIT: Final[Mapping[Layer, Decision]] = {
    layer: Decision(Verdict.IMPLICITLY_DENIED, layer, None, -1) for layer in Layer
}
"""No statement of the layer allows."""
_NO_IDENTITY: Final = IMPLICIT[Layer.IDENTITY]
_ROOT_ALLOWED: Final = Decision(Verdict.ALLOWED, Layer.IDENTITY, None, -1)
_UNGRANTED: Final[tuple[Match, CompiledStatement | None]] = (Match.NONE, None)


def _allowed(layer: Layer, statement: CompiledStatement) -> Decision:
    return Decision(Verdict.ALLOWED, layer, statement.policy, statement.index)


def _allowed_by_identity(statement: CompiledStatement) -> Decision:
    """The same for the commonest layer, kept with the statement."""
    statement.verdict = decision = _allowed(Layer.IDENTITY, statement)
    return decision


def resource_layer(question: Question) -> Layer:
    """What the resource policy of the question is called."""
    return Layer.TRUST if is_trust(question.action) else _RESOURCE


def session_may_be_missing(subject: Subject) -> bool:
    """Without a session policy a role session keeps its role's permissions; a GetFederationToken session has none.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html"""
    return subject.kind is not SubjectKind.FEDERATED_USER


def _limit_allows(layer: Layer, question: Question, plan: Plan) -> bool:
    if layer is Layer.BOUNDARY:
        return plan.boundary is None or first(plan.boundary.allows, question.context) is not None
    if plan.session is None:
        return session_may_be_missing(question.subject)
    return first(plan.session.allows, question.context) is not None


def _explicit_deny(question: Question, plan: Plan, theirs: Sides) -> Decision | None:
    """The first explicit deny. AWS names one policy type and does not document which; ours goes from the outside in."""
    subject, context = question.subject, question.context
    if plan.scps and bound_by_scps(subject):
        for level in plan.scps:
            if found := first(level.denies, context):
                return _denied(Layer.SCP, found)
    bounded = plan.boundary is not None
    if plan.rcps and bound_by_rcps(question):
        for level in plan.rcps:
            if found := first_naming(level.denies, question, bounded):
                return _denied(Layer.RCP, found)
    if plan.endpoint is not None and (found := first_naming(plan.endpoint.denies, question, bounded)):
        return _denied(Layer.ENDPOINT, found)
    if theirs.denies and (found := first_naming(theirs.denies, question, bounded)):
        return _denied(resource_layer(question), found)
    if subject.kind in NO_OWN_SIDE:
        return None
    own = ((Layer.IDENTITY, plan.identity), (Layer.BOUNDARY, plan.boundary), (Layer.SESSION, plan.session))
    for layer, part in own:
        if part is not None and part.denies and (found := first(part.denies, context)):
            return _denied(layer, found)
    return None


def _denied(layer: Layer, statement: CompiledStatement) -> Decision:
    return Decision(Verdict.EXPLICITLY_DENIED, layer, statement.policy, statement.index)


def _organisation(question: Question, plan: Plan) -> Layer | None:
    """The first of RCPs, SCPs and endpoint policy that applies and does not allow."""
    bounded = plan.boundary is not None
    if plan.rcps and bound_by_rcps(question):
        for level in plan.rcps:
            if first_naming(level.allows, question, bounded) is None:
                return Layer.RCP
    if plan.scps and bound_by_scps(question.subject):
        for level in plan.scps:
            if first(level.allows, question.context) is None:
                return Layer.SCP
    if plan.endpoint is not None and first_naming(plan.endpoint.allows, question, bounded) is None:
        return Layer.ENDPOINT
    return None


def decide_resource_policy_alone(question: Question, resource_policy: CompiledPolicy | None) -> Decision:
    """A resource policy by itself: an explicit deny decides, else only an Allow that names the subject lets it pass.

    That is how a REST API's policy judges methods without IAM authorization and Cognito callers, where nothing else can
    allow. No policy at all is for the caller to handle: it allows everybody there.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    layer = resource_layer(question)
    theirs = NOTHING if resource_policy is None else sides(resource_policy, question.action, question.resource)
    if found := first_naming(theirs.denies, question, False):
        return _denied(layer, found)
    level, grant = closest(theirs.allows, question)
    if grant is None or level is Match.NONE:
        return IMPLICIT[layer]
    return _allowed(layer, grant)


def explicit_deny_of(question: Question, resource_policy: CompiledPolicy | None) -> Decision | None:
    """The explicit deny of a resource policy, if any: what is looked at before a Lambda authorizer is asked."""
    if resource_policy is None:
        return None
    decision = decide_resource_policy_alone(question, resource_policy)
    return decision if decision.verdict is Verdict.EXPLICITLY_DENIED else None


def decide_answered(
    question: Question, answered: CompiledPolicy, resource_policy: CompiledPolicy | None, *, same_account: bool = True
) -> Decision:
    """The policy a Lambda authorizer answered, as identity policy, combined with the API's resource policy.

    Same account: either may allow; else both must. Any explicit deny wins. The resource policy judges whoever
    ``question.subject`` is (the anonymous, for authorizers). ``question.resource`` is the method's ARN.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    key = (question.action, question.resource)
    mine = answered.answers.get(key) or sides(answered, *key)
    if mine.denies and (denied := first(mine.denies, question.context)):
        return _denied(Layer.IDENTITY, denied)
    theirs: Decision | None = None
    if resource_policy is not None:
        theirs = decide_resource_policy_alone(question, resource_policy)
        if theirs.verdict is Verdict.EXPLICITLY_DENIED:
            return theirs
    allowing = first(mine.allows, question.context)
    if allowing is None:
        return theirs if theirs is not None and theirs.allowed and same_account else _NO_IDENTITY
    if not same_account and (theirs is None or not theirs.allowed):
        return theirs or IMPLICIT[resource_layer(question)]
    return allowing.verdict or _allowed_by_identity(allowing)


__all__ = [
    "INSISTING",
    "NO_OWN_SIDE",
    "NO_POLICIES",
    "RCP_SERVICES",
    "TRUST_ACTIONS",
    "Decision",
    "Entry",
    "Layer",
    "Plan",
    "PolicyStack",
    "Verdict",
    "bound_by_rcps",
    "bound_by_scps",
    "decide",
    "decide_answered",
    "decide_resource_policy_alone",
    "explicit_deny_of",
    "insists",
    "is_trust",
    "judge",
    "required",
    "resource_layer",
    "session_may_be_missing",
]
