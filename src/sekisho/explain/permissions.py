"""Questions about permissions, asked of a snapshot or of files: why, who can, nobody but. Answers are JSON.

Theory of operation. ``actors_of`` lists the principals of an account as ``policy.prove`` wants them, ``targets_of``
finds the resource policy that takes part: that of an API's stage, of a function's qualifier, of a role. A pattern that
spans several stages, functions or roles becomes one target for each. Everything else is laid out for readers here and
decided there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sekisho.config.identities import Levels, Principal
from sekisho.config.keyring import root_principal
from sekisho.config.snapshot import Snapshot
from sekisho.explain.messages import render
from sekisho.explain.statements import question_evidence
from sekisho.kit.arn import sts_arn
from sekisho.kit.glob import compile_glob
from sekisho.policy.combine import Decision, PolicyStack, is_trust
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.partial import OpenStatement, Outcome, Partially, readable, sentence
from sekisho.policy.prove import Actor, Proof, Reach, Target, nobody_but, who_can
from sekisho.policy.remedy import Remedy, remedies
from sekisho.policy.request import Question, Subject, SubjectKind, Value
from sekisho.policy.witness import explain

MOST_TARGETS = 200
Document = dict[str, Any]


def actors_of(snapshot: Snapshot, account: str) -> list[Actor]:
    """The principals of an account: its root, its users, and sessions of its roles."""
    root, identities = root_principal(account), snapshot.identities
    above = identities.levels.get(account, Levels())
    found = [Actor(f"root of {account}", root.subject, PolicyStack(scps=above.scps, rcps=above.rcps))]
    found += [_actor(user.arn, user.principal) for user in identities.users.values() if user.account == account]
    for role in identities.roles.values():
        if role.account == account:
            arn = sts_arn(account, f"assumed-role/{role.name}/session")
            subject = Subject(SubjectKind.ROLE_SESSION, account, arn, role.arn, f"{role.unique_id}:session")
            subject = subject._replace(service_linked=role.service_linked)
            found.append(_actor(role.arn, Principal(subject, role.stack, "session", role.tags)))
    return found


def _actor(name: str, principal: Principal) -> Actor:
    tags: dict[str, Value] = {f"aws:principaltag/{key.lower()}": value for key, value in principal.tags.items()}
    return Actor(name, principal.subject, principal.stack, tags)


def targets_of(
    snapshot: Snapshot, action: str, resource: str, account: str, known: Mapping[str, Value | None] = {}
) -> list[Target]:
    """The resource, or the parts of a pattern that have resource policies of their own, with these policies."""
    fields = resource.split(":", 5)
    if len(fields) == 6 and fields[2] == "execute-api":
        found = _stages(snapshot, fields)
    elif len(fields) == 6 and fields[2] == "lambda":
        found = _qualifiers(snapshot, resource, fields)
    elif is_trust(action):
        matches = compile_glob(resource)
        found = [(arn, role.account, role.trust) for arn, role in snapshot.identities.roles.items() if matches(arn)]
    else:
        found = []
    owner = fields[4] if len(fields) == 6 and fields[4].isdigit() else account
    known = {key.lower(): value for key, value in known.items()}
    whole = found[:MOST_TARGETS] or [(resource, owner, None)]
    return [Target(action, text, owned, policy, known) for text, owned, policy in whole]


Part = tuple[str, str, CompiledPolicy | None]


def _stages(snapshot: Snapshot, fields: Sequence[str]) -> list[Part]:
    parts = fields[5].split("/", 2)
    named_api = compile_glob(parts[0])
    named_stage = compile_glob(parts[1] if len(parts) > 1 else "*")
    rests = [parts[2] if len(parts) > 2 else "*"]
    if len(parts) > 2 and "*" in parts[1]:
        rests.append(f"*/{parts[2]}")  # A wildcard in the place of the stage swallows more than the stage.
    found: list[Part] = []
    for api in snapshot.apis.values():
        if not named_api(api.id):
            continue
        for stage in api.stages.values():
            if named_stage(stage.name):
                base = f"{':'.join(fields[:3])}:{api.region}:{api.account}:{api.id}/{stage.name}/"
                found += [(f"{base}{rest}", api.account, stage.resource_policy) for rest in rests]
    return found


def _qualifiers(snapshot: Snapshot, resource: str, fields: Sequence[str]) -> list[Part]:
    parts = fields[5].split(":")
    qualifier = parts[2] if len(parts) > 2 else ""
    matches = compile_glob(":".join([*fields[:5], ":".join(parts[:2])]))
    found: list[Part] = []
    for arn, function in snapshot.functions.items():
        if matches(arn):
            policy = function.policies.get("" if qualifier == "$LATEST" else qualifier)
            found.append((f"{arn}:{qualifier}" if qualifier else arn, function.account, policy))
    return found


def why(question: Question, stack: PolicyStack, resource_policy: CompiledPolicy | None, lang: str = "en") -> Document:
    """A decision with its evidence and, when it refuses, the edits that would turn it around."""
    witness = explain(question, stack, resource_policy)
    decision = witness.decision
    return {
        "principal": question.subject.arn or "anonymous",
        "action": question.action,
        "resource": question.resource,
        "decision": decision.verdict.value,
        "decidedBy": decided_by(decision),
        "evidence": [
            {"text": render(item.said, lang), "kind": item.said.id, "details": dict(item.details)}
            for item in question_evidence(witness)
        ],
        "remedies": [_remedy(found) for found in remedies(question, stack, resource_policy)],
        "lang": lang,
    }


def decided_by(decision: Decision) -> Document:
    """The layer, policy and statement that decided; statement None: none of the layer's statements allows."""
    policy = decision.policy
    return {
        "layer": decision.layer.value,
        "policy": (policy.arn or policy.name) if policy else None,
        "statement": decision.statement if decision.statement >= 0 else None,
    }


def _remedy(found: Remedy) -> Document:
    return {
        "edits": [
            {
                "kind": edit.kind.value,
                "layer": edit.layer.value,
                "policy": edit.policy.name if edit.policy else None,
                "pointer": edit.pointer,
                "value": edit.value,
            }
            for edit in found.edits
        ],
        "proven": True,
    }


def why_text(found: Document) -> str:
    """The JSON of ``why`` for a terminal."""
    by = found["decidedBy"]
    where = f"{by['layer']}" + (f", {by['policy']}" if by["policy"] else "")
    where += f", statement {by['statement']}" if by["statement"] is not None else ""
    lines = [f"{found['decision']} ({where})", ""]
    lines += [f"  - {item['text']}" for item in found["evidence"]]
    for number, remedy in enumerate(found["remedies"], 1):
        lines += ["", f"remedy {number} (tried):"]
        for edit in remedy["edits"]:
            lines.append(f"    {edit['kind']} in {edit['policy'] or 'a new ' + edit['layer']} at {edit['pointer']}:")
            lines.append(f"      {edit['value']}")
    return "\n".join(lines)


def who(targets: Sequence[Target], actors: Sequence[Actor], *, outsiders: bool = True) -> Document:
    """Everybody who can, cannot, or can under conditions."""
    rows = [_reach(reach) for target in targets for reach in who_can(target, actors, with_outsiders=outsiders)]
    first = targets[0]
    return {"action": first.action, "resources": [target.resource for target in targets], "principals": rows}


def _reach(reach: Reach) -> Document:
    found = reach.found
    row: Document = {
        "principal": reach.actor.name,
        "arn": reach.actor.subject.issuer_arn or reach.actor.subject.arn,
        "outsider": reach.actor.outsider,
        "verdict": found.outcome.value,
        "resource": reach.resource,
        "decidedBy": decided_by(found.worst if found.outcome is Outcome.CAN else found.best),
    }
    if found.outcome is Outcome.CONDITIONAL:
        row["conditions"] = readable(found)
        row["text"] = conditions_text(found)
    return row


def conditions_text(found: Partially) -> str:
    """Residual conditions in one line."""
    groups = [" or ".join(map(_bracketed, group)) for group in found.needs]
    parts = [f"if {group}" for group in groups] + [f"unless {_bracketed(option)}" for option in found.unless]
    return "; ".join(parts)


def _bracketed(option: OpenStatement) -> str:
    return f"[{sentence(option)}]"


def who_text(found: Document) -> str:
    """The JSON of ``who`` for a terminal."""
    lines: list[str] = []
    for verdict, heading in (("can", "can"), ("conditional", "can under conditions"), ("cannot", "cannot")):
        rows = [row for row in found["principals"] if row["verdict"] == verdict]
        lines += [f"{heading}:", *(f"  {_row_text(row)}" for row in rows)] if rows else []
    return "\n".join(lines)


def _row_text(row: Document) -> str:
    by = row["decidedBy"]
    reason = row.get("text") or f"{by['layer']}" + (f" {by['policy']}" if by["policy"] else "")
    return f"{row['principal']}  {row['resource']}  ({reason})"


def prove(allowed: Collection[str], targets: Iterable[Target], actors: Sequence[Actor]) -> Document:
    """Whether nobody but the allowed can, with witnesses when others can."""
    proofs = [(target, nobody_but(allowed, target, actors)) for target in targets]
    verdicts = [proof.holds for _, proof in proofs]
    holds = False if False in verdicts else None if None in verdicts else True
    return {
        "holds": holds,
        "allowed": list(allowed),
        "action": proofs[0][0].action,
        "resources": [target.resource for target, _ in proofs],
        "witnesses": [row for target, proof in proofs for row in _witnesses(target, proof)],
        "undecided": [_reach(doubt) for _, proof in proofs for doubt in proof.doubts],
        "complete": all(proof.complete for _, proof in proofs),
        "examined": {
            "principals": max(proof.actors for _, proof in proofs),
            "resourceClasses": sum(proof.classes for _, proof in proofs),
        },
    }


def _witnesses(target: Target, proof: Proof) -> list[Document]:
    rows: list[Document] = []
    for witness in proof.witnesses:
        question = witness.question
        rows.append(
            {
                "principal": witness.actor.name,
                "arn": question.subject.arn or "anonymous",
                "action": question.action,
                "resource": question.resource,
                "context": {key: list(v) if isinstance(v, tuple) else v for key, v in witness.context.items()},
                "decision": witness.replay(target.resource_policy).verdict.value,
                "decidedBy": decided_by(witness.decision),
            }
        )
    return rows


def prove_text(found: Document) -> str:
    """The JSON of ``prove`` for a terminal."""
    examined = found["examined"]
    scope = f"{examined['principals']} principals, {examined['resourceClasses']} classes of resources"
    if found["holds"]:
        return f"proved: nobody else can ({scope})"
    if found["holds"] is None:
        lines = [f"not settled ({scope})"]
        lines += [f"  {row['principal']}: {row.get('text', '')}" for row in found["undecided"]]
        if not found["complete"]:
            lines.append("  the pattern tells more resources apart than were looked at")
        return "\n".join(lines)
    lines = [f"refuted: others can ({scope})"]
    for row in found["witnesses"]:
        lines += [f"  {row['principal']} can {row['action']}", f"    on {row['resource']}"]
        lines += [f"    with {key} = {value}" for key, value in row["context"].items() if "principal" not in key]
    return "\n".join(lines)
