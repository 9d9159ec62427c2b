"""Rules about IAM decisions on calling the API: identity policies, boundaries, session policies, resource policies."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sekisho.config.api import Open
from sekisho.config.authorizers import CognitoAuthorizer
from sekisho.config.identities import Role
from sekisho.explain.case import Case, deploy
from sekisho.explain.edits import calls_for
from sekisho.explain.explanation import ApiCall, Candidate, Finding, Said, say
from sekisho.explain.statements import grant_to_principal, misses_only, question_evidence, refusing_layer, who
from sekisho.faults.fault import Kind
from sekisho.gateway.trace import Check
from sekisho.kit.glob import compile_glob
from sekisho.policy.combine import Layer, Verdict, decide
from sekisho.policy.remedy import Edit, EditKind, Remedy, edited, remedies
from sekisho.policy.witness import Element, Witness
from sekisho.policy.witness import explain as witness_of


def caller_denied(case: Case) -> Finding:
    """The caller's own side refuses (or, across accounts, one of the two sides)."""
    check = case.trace.checks[-1]
    witness = witness_of(check.question, check.stack, check.resource_policy)
    cause, headline = _caller_cause(witness)
    if cause == "IAM_ARN_MISMATCH" and case.trace.kind is Kind.HTTP and _other_stage(witness):
        stage = case.trace.stage.name
        cause, headline = "IAM_HTTP_STAGE_ARN", say("perm.http-stage", who=who(check.question), stage=stage)
    other = _meant_role(case, witness) if cause == "IAM_NO_ALLOW" else None
    if other is not None:
        cause, headline = "IAM_WRONG_ROLE_ASSUMED", say("perm.wrong-role", who=who(check.question), other=other.arn)
    return Finding(cause, headline, tuple(question_evidence(witness)), _candidates(case, check), blame=_blame(witness))


def _blame(witness: Witness) -> str:
    return "configuration" if witness.decision.verdict is Verdict.EXPLICITLY_DENIED else "caller"


def _caller_cause(witness: Witness) -> tuple[str, Said]:
    refusing = refusing_layer(witness)
    if refusing is not None:
        return refusing
    question = witness.question
    asked = {"who": who(question), "resource": question.resource}
    if question.subject.account and question.subject.account != question.resource_account:
        return "IAM_CROSS_ACCOUNT_ONE_SIDED", say("perm.cross-account", who=asked["who"])
    if misses_only(witness, Element.RESOURCE):
        return "IAM_ARN_MISMATCH", say("perm.arn", **asked)
    return "IAM_NO_ALLOW", say("perm.no-allow", **asked)


def _other_stage(witness: Witness) -> bool:
    """Whether an allowed ARN would match with the stage of the question in the place of its own."""
    asked = witness.question.resource.split("/", 2)
    for layer in witness.layers:
        for statement in layer.statements:
            for miss in statement.misses if not statement.deny else ():
                for pattern in miss.expected if miss.element is Element.RESOURCE else ():
                    parts = pattern.split("/", 2)
                    if len(parts) == len(asked) == 3 and parts[1] != asked[1]:
                        parts[1] = asked[1]
                        if compile_glob("/".join(parts))("/".join(asked)):
                            return True
    return False


def _meant_role(case: Case, witness: Witness) -> Role | None:
    """Another role that may be meant: same account, same trust, and a permission for this API where the caller's role
    has none."""
    question, roles = witness.question, case.trace.snapshot.identities.roles
    assumed = roles.get(question.subject.issuer_arn)
    if assumed is None or _speaks_of_apis(assumed):
        return None
    for role in roles.values():
        if role.account == assumed.account and role is not assumed and role.trust.document == assumed.trust.document:
            subject = question.subject._replace(arn=role.arn, issuer_arn=role.arn, unique_id=role.unique_id)
            asked = question.about(subject=subject)
            if _speaks_of_apis(role) and decide(asked, role.stack, None).allowed:
                return role
    return None


def _speaks_of_apis(role: Role) -> bool:
    """Whether an identity policy of the role has a statement on execute-api by name."""
    return any('"execute-api:' in json.dumps(policy.document) for policy in role.stack.identity)


def resource_policy_denied(case: Case) -> Finding:
    """The API's resource policy refuses, by a Deny or by not allowing."""
    trace, check = case.trace, case.trace.checks[-1]
    witness = witness_of(check.question, check.stack, check.resource_policy)
    evidence = tuple(question_evidence(witness))
    redeploy = (deploy(trace),)
    if case.cures(redeploy) is not None:
        cure = Candidate(say("cure.redeploy", stage=trace.stage.name), redeploy)
        return Finding("RP_NOT_REDEPLOYED", say("perm.rp-stale", stage=trace.stage.name), evidence, (cure,))
    cause, headline = _resource_cause(case, witness)
    candidates = list(_candidates(case, check))
    if cause == "RP_PRINCIPAL_NEEDS_IAM_AUTH":
        candidates.append(_iam_auth(case))
    return Finding(cause, headline, evidence, tuple(candidates), blame="configuration")


def _resource_cause(case: Case, witness: Witness) -> tuple[str, Said]:
    question = witness.question
    if case.trace.api.endpoint_type == "PRIVATE" and _tests(witness, ("aws:sourceip",)):
        return "RP_SOURCEIP_ON_PRIVATE_API", say("perm.rp-source-ip")
    if witness.decision.verdict is Verdict.EXPLICITLY_DENIED:
        return "RP_EXPLICIT_DENY", say("perm.rp-deny")
    if _tests(witness, ("aws:sourcevpce", "aws:sourcevpc")):
        return "RP_VPCE_MISMATCH", say("perm.rp-vpce")
    if isinstance(case.trace.route.authorizer, CognitoAuthorizer):
        return "RP_COGNITO_REQUIRES_ALLOW", say("perm.rp-cognito")
    subject = question.subject
    if subject.account and subject.account != question.resource_account:
        return "IAM_CROSS_ACCOUNT_ONE_SIDED", say("perm.cross-account", who=who(question))
    if isinstance(case.trace.route.authorizer, Open) and misses_only(witness, Element.PRINCIPAL):
        return "RP_PRINCIPAL_NEEDS_IAM_AUTH", say("perm.rp-anonymous")
    if misses_only(witness, Element.RESOURCE):
        return "RP_RESOURCE_TOO_NARROW", say("perm.rp-narrow", resource=question.resource)
    return "RP_IMPLICIT_DENY", say("perm.rp-none")


def _tests(witness: Witness, keys: Sequence[str]) -> bool:
    """Whether a condition on one of ``keys`` decided: it held in an applying Deny, or kept an Allow from applying."""
    for layer in witness.of(Layer.RESOURCE):
        for statement in layer.statements:
            if statement.deny and not statement.applies:
                continue
            if not statement.deny and any(miss.element is not Element.CONDITION for miss in statement.misses):
                continue
            concerned = statement.findings if statement.deny else statement.misses
            for finding in concerned:
                if finding.element is Element.CONDITION and finding.pointer.rsplit("/", 1)[-1].lower() in keys:
                    return True
    return False


def _iam_auth(case: Case) -> Candidate:
    trace = case.trace
    update = ApiCall(
        "apigateway",
        "UpdateMethod",
        {
            "restApiId": trace.api.id,
            "resourceId": trace.route.resource_id,
            "httpMethod": trace.route.method,
            "patchOperations": [{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}],
        },
    )
    return Candidate(say("cure.iam-auth"), (update, deploy(trace)))


def _candidates(case: Case, check: Check) -> tuple[Candidate, ...]:
    """What the engine proposes, as calls; an inline grant on exactly this method first."""
    question = check.question
    found: list[Candidate] = []
    for remedy in remedies(question, check.stack, check.resource_policy):
        resource_calls = _resource_policy_calls(case, check, remedy.edits)
        calls = calls_for(remedy.edits, case.trace.caller, case.trace.snapshot, resource_calls)
        if calls and all(calls != other.calls for other in found):
            found.append(Candidate(_summary(case, remedy, check), calls))
    if not found:
        grant = grant_to_principal(
            case.trace.caller, case.trace.snapshot, "sekisho-invoke-api", question.action, question.resource
        )
        if grant is not None:
            found.append(Candidate(say("cure.grant-invoke", who=who(question)), (grant,)))
    return tuple(found[:4])


def _summary(case: Case, remedy: Remedy, check: Check) -> Said:
    edit = remedy.edits[0]
    asker = who(check.question)
    if edit.kind is EditKind.REMOVE_STATEMENT:
        return say("cure.drop-deny", policy=edit.policy.name if edit.policy else edit.layer.value)
    if edit.layer is Layer.RESOURCE:
        changed = edit.kind is EditKind.CHANGE_ELEMENT
        return say("cure.widen-resource", pointer=edit.pointer) if changed else say("cure.resource-policy")
    if edit.layer is Layer.BOUNDARY:
        return say("cure.boundary", who=asker)
    if edit.kind is EditKind.CHANGE_ELEMENT:
        return say("cure.widen", policy=edit.policy.name if edit.policy else "-", pointer=edit.pointer)
    return say("cure.grant-invoke", who=asker)


def _resource_policy_calls(case: Case, check: Check, edits: Sequence[Edit]) -> tuple[ApiCall, ...]:
    """UpdateRestApi with the whole edited document, then the deployment without which it has no effect."""
    concerned = [edit for edit in edits if edit.layer is Layer.RESOURCE]
    if not concerned:
        return ()
    document = check.resource_policy.document if check.resource_policy else {"Version": "2012-10-17", "Statement": []}
    changed = edited(document, concerned)
    value = json.dumps(changed) if changed["Statement"] else ""
    patch = [{"op": "replace", "path": "/policy", "value": value}]
    update = ApiCall("apigateway", "UpdateRestApi", {"restApiId": case.trace.api.id, "patchOperations": patch})
    return (update, deploy(case.trace))
