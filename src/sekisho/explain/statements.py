"""Policy decisions as evidence: who was asked as whom, and what kept each statement that could have allowed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.config.identities import Principal
from sekisho.config.snapshot import Snapshot
from sekisho.explain.explanation import ApiCall, Evidence, Said, say
from sekisho.gateway.trace import Check
from sekisho.policy.combine import Layer, Verdict
from sekisho.policy.request import Question, SubjectKind
from sekisho.policy.witness import Element, Finding, LayerWitness, Reason, StatementWitness, Witness
from sekisho.policy.witness import explain as witness_of

MOST_STATEMENTS = 20
"""Statements that are spoken of one by one; what more there are is counted."""


def who(question: Question) -> str:
    """The asker, for sentences."""
    return question.subject.arn or "anonymous"


def check_evidence(check: Check) -> list[Evidence]:
    """The question, the layer that decided, and the statements about the action."""
    witness = witness_of(check.question, check.stack, check.resource_policy)
    # An authorizer's answer is judged by rules of its own, so its decision is the recorded one.
    answered = check.purpose == "authorizer-policy" and check.decision.layer is not Layer.RESOURCE
    return question_evidence(witness._replace(decision=check.decision), "@layer.answer" if answered else "")


def layer_word(layer: Layer) -> str:
    """The name of a kind of policy, in the reader's language."""
    return f"@layer.{layer.name.lower()}"


def question_evidence(witness: Witness, layer_name: str = "") -> list[Evidence]:
    """The same, from a witness. ``layer_name`` is what the deciding layer is called, when not by its own name."""
    question = witness.question
    asked = {"who": who(question), "action": question.action, "resource": question.resource}
    found = [Evidence(say("perm.asked", **asked), asked)]
    decision = witness.decision
    found.append(
        Evidence(
            say(
                "perm.decided",
                layer=layer_name or layer_word(decision.layer),
                verdict=f"@verdict.{decision.verdict.name.lower().replace('_', '-')}",
            ),
            {"layer": decision.layer.value, "verdict": decision.verdict.value},
        )
    )
    near = list(_near(witness))
    for layer, statement in near[:MOST_STATEMENTS]:
        found.append(_statement(layer, statement))
    if len(near) > MOST_STATEMENTS:
        found.append(Evidence(say("perm.more-statements", count=str(len(near) - MOST_STATEMENTS))))
    speechless = not near and question.subject.kind is SubjectKind.SERVICE
    if (near or speechless) and not decision.allowed and all(layer.layer is not decision.layer for layer, _ in near):
        silent = say("perm.layer-silent", layer=layer_name or layer_word(decision.layer), action=question.action)
        found.append(Evidence(silent))
    elif not near:
        found.append(Evidence(say("perm.no-statements", who=who(question), action=question.action)))
    return found


def _near(witness: Witness) -> Iterator[tuple[LayerWitness, StatementWitness]]:
    """Statements that are about the action: those that could have decided."""
    for layer in witness.layers:
        for statement in layer.statements:
            if not any(f.element in (Element.ACTION, Element.NOT_ACTION) and not f.matched for f in statement.findings):
                yield layer, statement


def _statement(layer: LayerWitness, statement: StatementWitness) -> Evidence:
    source = raw_statement(statement)
    name = str(source.get("Sid") or f"#{statement.position}")
    where = f"{statement.policy.name or layer.layer.value}, {'Deny' if statement.deny else 'Allow'} {name}"
    details = {
        "layer": layer.layer.value,
        "policy": statement.policy.arn or statement.policy.name,
        "pointer": statement.pointer,
        "effect": "Deny" if statement.deny else "Allow",
        "applies": statement.applies,
        "misses": [_detail(miss) for miss in statement.misses],
    }
    if statement.applies:
        return Evidence(say("perm.applies", where=where), details)
    miss = statement.misses[0] if statement.misses else None
    if miss is None:
        return Evidence(say("perm.applies", where=where), details)
    return Evidence(
        say(
            f"miss.{miss.reason.name.lower().replace('_', '-')}",
            where=where,
            element=miss.detail if miss.element is Element.CONDITION else miss.element.value,
            expected=", ".join(miss.expected) or "-",
            actual=_shown(miss),
            detail=miss.detail or "-",
        ),
        details,
    )


def _shown(miss: Finding) -> str:
    if miss.actual is None:
        return "-"
    return miss.actual if isinstance(miss.actual, str) else ", ".join(miss.actual)


def _detail(miss: Finding) -> dict[str, Any]:
    return {
        "element": miss.element.value,
        "pointer": miss.pointer,
        "reason": miss.reason.value,
        "expected": list(miss.expected),
        "actual": miss.actual,
        "detail": miss.detail,
    }


def raw_statement(statement: StatementWitness) -> Mapping[str, Any]:
    """The statement as it stands in its document."""
    found = statement.policy.document.get("Statement", [])
    if isinstance(found, Mapping):
        return found
    raw = found[statement.position]
    return raw if isinstance(raw, Mapping) else {}


def misses_only(witness: Witness, element: Element) -> bool:
    """Whether some Allow about the action fails in ``element`` alone."""
    return any(
        not statement.deny and [miss.element for miss in statement.misses] == [element]
        for _, statement in _near(witness)
    )


def reasons(witness: Witness) -> set[Reason]:
    """Every reason for which a statement about the action did not apply."""
    return {miss.reason for _, statement in _near(witness) for miss in statement.misses}


def role_name(principal: Principal) -> str:
    """The name of the role behind a session; empty for others."""
    subject = principal.subject
    return subject.issuer_arn.rsplit("/", 1)[-1] if subject.kind is SubjectKind.ROLE_SESSION else ""


def allow(action: str, resource: str) -> str:
    """A document with one Allow."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


def policy_name(prefix: str, document: str) -> str:
    """A name that depends on the content: applying a remedy twice changes nothing, and no policy is overwritten."""
    return f"{prefix}-{hashlib.sha256(document.encode()).hexdigest()[:8]}"


def grant_to_principal(
    principal: Principal, snapshot: Snapshot, prefix: str, action: str, resource: str
) -> ApiCall | None:
    """An inline policy for a role or user that exists in the snapshot; None when it is neither."""
    subject = principal.subject
    document = allow(action, resource)
    if subject.kind is SubjectKind.ROLE_SESSION and subject.issuer_arn in snapshot.identities.roles:
        parameters = {"RoleName": role_name(principal), "PolicyName": policy_name(prefix, document)}
        return ApiCall("iam", "PutRolePolicy", {**parameters, "PolicyDocument": document})
    if subject.kind is SubjectKind.USER and subject.arn in snapshot.identities.users:
        parameters = {"UserName": subject.arn.rsplit("/", 1)[-1], "PolicyName": policy_name(prefix, document)}
        return ApiCall("iam", "PutUserPolicy", {**parameters, "PolicyDocument": document})
    return None


LIMITS = (Layer.BOUNDARY, Layer.SESSION, Layer.SCP, Layer.RCP)
"""Layers that can only take away."""


def refusing_layer(witness: Witness) -> tuple[str, Said] | None:
    """The cause and headline of a refusal by a limit or by a Deny; None when an Allow is missing."""
    decision = witness.decision
    asker = who(witness.question)
    if decision.layer in LIMITS:
        return "IAM_SCP_OR_BOUNDARY", say("perm.limited", layer=layer_word(decision.layer), who=asker)
    if decision.verdict is Verdict.EXPLICITLY_DENIED:
        policy = decision.policy.name if decision.policy else "-"
        return "IAM_EXPLICIT_DENY", say("perm.explicit", policy=policy, who=asker, resource=witness.question.resource)
    return None
