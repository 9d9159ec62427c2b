"""The policy simulator: what would be decided, by the engine that decides.

Theory of operation. Policies are collected as ``Source``: a compiled policy, what the simulator calls it, and its text.
Each action is asked about each resource with ``policy.witness``, which agrees with the real decision; the witness says
which statements applied and which condition keys nobody gave a value for. The simulator makes no keys up: what
``ContextEntries`` does not hold is absent.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from sekisho.kit.arn import Arn, iam_arn
from sekisho.policy.combine import Layer, PolicyStack, Verdict
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.parse import parse, statements_of
from sekisho.policy.request import MappingContext, Question, Subject, SubjectKind
from sekisho.policy.validate import PolicyKind, validate
from sekisho.policy.witness import Element, Reason, Witness, explain
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import ENTITIES, GROUP, ROLE, USER, Entity, find_policy, no_such, paged
from sekisho.services.iam.positions import position, statement_spans
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()

IDENTITY_TYPE = "IAM Policy"
RESOURCE_TYPE = "Resource Policy"
_DECISIONS = {
    Verdict.ALLOWED: "allowed",
    Verdict.EXPLICITLY_DENIED: "explicitDeny",
    Verdict.IMPLICITLY_DENIED: "implicitDeny",
}
_VARIABLE = re.compile(r"\$\{\s*([A-Za-z0-9_.-]+:[^},]+?)\s*(?:,[^}]*)?\}")


class Source(NamedTuple):
    """A policy of a simulation."""

    compiled: CompiledPolicy
    text: str
    type: str


class Setting(NamedTuple):
    """Everything a simulation needs beside its actions and resources."""

    subject: Subject
    stack: PolicyStack
    resource_policy: CompiledPolicy | None
    sources: Mapping[int, Source]
    """By identity of the compiled policy."""
    owner: str


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidInput", message)


def _given(texts: Iterable[str], member: str) -> list[Source]:
    """The policies of a list parameter. Raises InvalidInput."""
    out = []
    for number, text in enumerate(texts, 1):
        problem = validate(text, PolicyKind.INLINE)
        if problem is not None and problem.code == "MalformedPolicyDocument":
            raise _invalid(f"{member}.{number}: {problem.message}")
        out.append(Source(compile_policy(text, name=f"{member}.{number}"), text, IDENTITY_TYPE))
    return out


def _stored(call: Call, entity: Entity, record: Mapping[str, Any]) -> Iterator[Source]:
    """An entity's own policies, and those of a user's groups."""
    owner = record[entity.member]
    for name, text in sorted(record["Inline"].items()):
        yield Source(compile_policy(text, name=f"{entity.kind}_{owner}_{name}"), text, IDENTITY_TYPE)
    for arn in record["Attached"]:
        yield from _managed(call, arn)
    for group in record.get("Groups", ()):
        yield from _stored(call, GROUP, GROUP.require(call, group))


def _managed(call: Call, arn: str) -> Iterator[Source]:
    found = find_policy(call, arn)
    if found is not None:
        text = found["Versions"][found["Default"]]["Document"]
        yield Source(compile_policy(text, name=found["PolicyName"], arn=arn), text, IDENTITY_TYPE)


def _entity(call: Call) -> tuple[Entity, Mapping[str, Any]]:
    """The user, group or role that ``PolicySourceArn`` names. Raises NoSuchEntity, InvalidInput."""
    source = call.params["PolicySourceArn"]
    for entity in ENTITIES:
        for record in entity.records(call):
            if record["Arn"] == source:
                return entity, record
    arn = Arn.parse(source)
    if arn is None or arn.service != "iam" or not arn.resource.startswith(("user/", "group/", "role/")):
        raise _invalid(f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
    raise no_such(f"The entity {source} cannot be found.")


def _caller(call: Call, default: Subject | None) -> Subject:
    """Whom ``Principal`` elements see. Raises InvalidInput."""
    given = call.params.get("CallerArn")
    if given is None:
        if default is not None:
            return default
        if call.params.get("ResourcePolicy"):
            raise _invalid("CallerArn is required when a ResourcePolicy is included.")
        return Subject(SubjectKind.USER, call.account, iam_arn(call.account, "user/simulated"))
    arn = Arn.parse(given)
    if arn is None or arn.service != "iam" or not arn.resource.startswith("user/"):
        raise _invalid(f"Invalid Entity Arn: {given} does not clearly define entity type and name.")
    record = USER.table(call).get(given.rsplit("/", 1)[-1]) if arn.account == call.account else None
    return Subject(SubjectKind.USER, arn.account, given, unique_id=record["UserId"] if record else "")


def _own_subject(call: Call, entity: Entity, record: Mapping[str, Any]) -> Subject | None:
    if entity is USER:
        return Subject(SubjectKind.USER, call.account, record["Arn"], unique_id=record["UserId"])
    if entity is ROLE:
        return Subject(SubjectKind.ROLE_SESSION, call.account, record["Arn"], record["Arn"], record["RoleId"])
    return None


def _setting(call: Call, identity: list[Source], boundary: list[Source], subject: Subject) -> Setting:
    params = call.params
    if params.get("OrderedOrganizationPolicyInputList") or params.get("PolicyExclusionList"):
        raise _invalid("Organization policies and policy exclusions cannot be simulated here.")
    if len(boundary) > 1:
        raise _invalid("You can only specify one permissions boundary policy.")
    resource = None
    sources = [*identity, *boundary]
    if params.get("ResourcePolicy"):
        text = params["ResourcePolicy"]
        problem = validate(text, PolicyKind.RESOURCE)
        if problem is not None and problem.code == "MalformedPolicyDocument":
            raise _invalid(f"ResourcePolicy: {problem.message}")
        resource = Source(compile_policy(text, name="ResourcePolicy"), text, RESOURCE_TYPE)
        sources.append(resource)
    stack = PolicyStack(
        identity=tuple(source.compiled for source in identity),
        boundary=boundary[0].compiled if boundary else None,
    )
    owner = Arn.parse(params.get("ResourceOwner") or "")
    return Setting(
        subject,
        stack,
        resource.compiled if resource else None,
        {id(source.compiled): source for source in sources},
        owner.account if owner else call.account,
    )


@ops("SimulateCustomPolicy")
def simulate_custom_policy(call: Call) -> Mapping[str, Any]:
    identity = _given(call.params["PolicyInputList"], "PolicyInputList")
    boundary = _given(call.params.get("PermissionsBoundaryPolicyInputList") or (), "PermissionsBoundaryPolicyInputList")
    return _simulated(call, _setting(call, identity, boundary, _caller(call, None)))


def _source_arn(call: Call) -> str:
    return str(call.params.get("PolicySourceArn", "*"))


@ops("SimulatePrincipalPolicy", resource=_source_arn)
def simulate_principal_policy(call: Call) -> Mapping[str, Any]:
    entity, record = _entity(call)
    identity = list(_stored(call, entity, record))
    identity += _given(call.params.get("PolicyInputList") or (), "PolicyInputList")
    given = call.params.get("PermissionsBoundaryPolicyInputList")
    if given:
        boundary = _given(given, "PermissionsBoundaryPolicyInputList")
    else:
        boundary = list(_managed(call, record.get("PermissionsBoundary", "")))
    subject = _caller(call, _own_subject(call, entity, record))
    return _simulated(call, _setting(call, identity, boundary, subject))


def _simulated(call: Call, setting: Setting) -> Mapping[str, Any]:
    params = call.params
    actions = params["ActionNames"]
    for action in actions:
        if ":" not in action:
            raise _invalid(f"Invalid Action: {action} is not in the form of service:action.")
    context = MappingContext(dict(_entries(params.get("ContextEntries") or ())))
    pairs = list(enumerate(product(actions, params.get("ResourceArns") or ["*"])))
    return paged(
        call,
        "EvaluationResults",
        pairs,
        lambda pair: f"{pair[0]:09d}",
        lambda pair: _result(setting, context, *pair[1]),
    )


def _entries(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for entry in entries:
        values = tuple(entry.get("ContextKeyValues") or ())
        multivalued = str(entry.get("ContextKeyType", "")).endswith("List")
        yield entry.get("ContextKeyName", ""), values if multivalued or len(values) != 1 else values[0]


def _result(setting: Setting, context: MappingContext, action: str, resource: str) -> Mapping[str, Any]:
    question = Question(setting.subject, action, resource, setting.owner, context)
    witness = explain(question, setting.stack, setting.resource_policy)
    verdict = witness.decision.verdict
    out: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _DECISIONS[verdict],
        "MatchedStatements": _matched(setting, witness, verdict),
        "MissingContextValues": _missing(witness),
    }
    if setting.stack.boundary is not None:
        allowed = all(layer.allow is not None and layer.deny is None for layer in witness.of(Layer.BOUNDARY))
        out["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return out


def _matched(setting: Setting, witness: Witness, verdict: Verdict) -> list[dict[str, Any]]:
    """The statements that made the decision: the denying ones, or the allowing ones; none for an implicit deny."""
    if verdict is Verdict.IMPLICITLY_DENIED:
        return []
    denied = verdict is Verdict.EXPLICITLY_DENIED
    out = []
    for layer in witness.layers:
        for statement in layer.statements:
            if statement.applies and statement.deny is denied:
                source = setting.sources[id(statement.policy)]
                out.append(_statement(source, statement.position))
    return out


def _statement(source: Source, number: int) -> dict[str, Any]:
    out: dict[str, Any] = {"SourcePolicyId": source.compiled.name, "SourcePolicyType": source.type}
    spans = statement_spans(source.text)
    if number < len(spans):
        start, end = spans[number]
        out["StartPosition"] = position(source.text, start)
        out["EndPosition"] = position(source.text, end)
    return out


def _missing(witness: Witness) -> list[str]:
    """Condition keys that statements about this action look at and the simulation does not have."""
    found: dict[str, str] = {}
    for layer in witness.layers:
        for statement in layer.statements:
            for finding in statement.findings:
                if finding.reason is Reason.VARIABLE_UNRESOLVED:
                    found.setdefault(finding.detail.lower(), finding.detail)
                elif finding.element is Element.CONDITION and finding.actual is None and " " in finding.detail:
                    key = finding.detail.split(" ", 1)[1]
                    found.setdefault(key.lower(), key)
    return sorted(found.values())


@ops("GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(call: Call) -> Mapping[str, Any]:
    return {"ContextKeyNames": _keys(_given(call.params["PolicyInputList"], "PolicyInputList"))}


@ops("GetContextKeysForPrincipalPolicy", resource=_source_arn)
def get_context_keys_for_principal_policy(call: Call) -> Mapping[str, Any]:
    entity, record = _entity(call)
    given = _given(call.params.get("PolicyInputList") or (), "PolicyInputList")
    return {"ContextKeyNames": _keys([*_stored(call, entity, record), *given])}


def _keys(sources: Iterable[Source]) -> list[str]:
    """Condition keys and policy variables of the documents, each once, whatever its case."""
    found: dict[str, str] = {}
    for source in sources:
        for statement in parse(source.text).policy.statements:
            for condition in statement.conditions:
                found.setdefault(condition.key.lower(), condition.key)
        for name in _VARIABLE.findall(str(statements_of(source.compiled.document))):
            found.setdefault(name.lower(), name)
    return sorted(found.values())
