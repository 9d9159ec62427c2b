"""Edits of policies, as the engine proposes them, as the AWS calls that make them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sekisho.config.identities import Principal
from sekisho.config.snapshot import Snapshot
from sekisho.explain.explanation import ApiCall
from sekisho.explain.statements import policy_name, role_name
from sekisho.policy.combine import Layer
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.remedy import Edit, EditKind, edited
from sekisho.policy.request import SubjectKind

_INLINE = re.compile(r"inline policy '(?P<name>[^']+)' of (?P<kind>role|user|group) '(?P<owner>[^']+)'")
_KINDS = {
    "role": ("PutRolePolicy", "RoleName"),
    "user": ("PutUserPolicy", "UserName"),
    "group": ("PutGroupPolicy", "GroupName"),
}
_DELETES = {"role": "DeleteRolePolicy", "user": "DeleteUserPolicy", "group": "DeleteGroupPolicy"}


def calls_for(
    edits: Sequence[Edit], principal: Principal, snapshot: Snapshot, resource_calls: Sequence[ApiCall] = ()
) -> tuple[ApiCall, ...] | None:
    """The calls that make the edits; None when one of them is not in a person's hands.

    ``resource_calls`` are the calls that replace the resource policy when an edit touches it.
    """
    calls: list[ApiCall] = []
    touched: list[CompiledPolicy] = []
    for edit in edits:
        if edit.layer in (Layer.RESOURCE, Layer.TRUST):
            if not resource_calls:
                return None
            calls += [call for call in resource_calls if call not in calls]
            continue
        if edit.policy is None or (edit.layer is Layer.IDENTITY and edit.kind is EditKind.ADD_STATEMENT):
            made = _new_policy(edit, principal, snapshot) if edit.layer is Layer.IDENTITY else None
        elif any(edit.policy is policy for policy in touched):
            continue
        else:
            touched.append(edit.policy)
            made = _changed_policy(edit.policy, [other for other in edits if other.policy is edit.policy])
        if made is None:
            return None
        calls.append(made)
    return tuple(calls)


def _new_policy(edit: Edit, principal: Principal, snapshot: Snapshot) -> ApiCall | None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [edit.value]})
    subject = principal.subject
    if subject.kind is SubjectKind.ROLE_SESSION and subject.issuer_arn in snapshot.identities.roles:
        named = {"RoleName": role_name(principal), "PolicyName": policy_name("sekisho-allow", document)}
        return ApiCall("iam", "PutRolePolicy", {**named, "PolicyDocument": document})
    if subject.kind is SubjectKind.USER and subject.arn in snapshot.identities.users:
        named = {"UserName": subject.arn.rsplit("/", 1)[-1], "PolicyName": policy_name("sekisho-allow", document)}
        return ApiCall("iam", "PutUserPolicy", {**named, "PolicyDocument": document})
    return None


def _changed_policy(policy: CompiledPolicy, edits: Sequence[Edit]) -> ApiCall | None:
    document = edited(policy.document, edits)
    text = json.dumps(document)
    if policy.arn:
        if policy.arn.startswith("arn:aws:iam::aws:"):
            return None
        return ApiCall(
            "iam", "CreatePolicyVersion", {"PolicyArn": policy.arn, "PolicyDocument": text, "SetAsDefault": True}
        )
    found = _INLINE.match(policy.name)
    if found is None:
        return None
    operation, member = _KINDS[found["kind"]]
    if not document["Statement"]:
        return ApiCall("iam", _DELETES[found["kind"]], {member: found["owner"], "PolicyName": found["name"]})
    return ApiCall("iam", operation, {member: found["owner"], "PolicyName": found["name"], "PolicyDocument": text})
