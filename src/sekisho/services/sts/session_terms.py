"""What a session is given beside its issuer's rights: session policies, tags, and their packed size.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from sekisho.policy.validate import PolicyKind, validate
from sekisho.services.operation import Call, ServiceError

PACKED_LIMIT = 4096
"""Bytes of compressed policies and tags. AWS publishes no figure, only that there is one; inferred from the largest
session policy and fifty tags of ordinary length fitting."""

POLICY_ARNS = 10
POLICY_LENGTH = 2048


class Terms(NamedTuple):
    """The session's own policies and tags, checked."""

    policies: list[str] | None
    """Documents, the inline one first; None when none were passed."""
    tags: dict[str, str]
    transitive: list[str]
    packed: int | None
    """Percent of the allotted space; None when nothing was passed that takes space."""


def terms(call: Call, account: str) -> Terms:
    """The terms in the params. Raises MalformedPolicyDocument, PackedPolicyTooLarge, InvalidParameterValue and others.

    ``account`` owns the session: managed session policies must be its own, or AWS's.
    """
    policies = _policies(call, account)
    tags = _tags(call)
    transitive = _transitive(call, tags)
    texts = [call.params.get("Policy") or "", *_policy_arns(call), *(f"{key}={value}" for key, value in tags.items())]
    packed = _packed("\n".join(texts)) if policies is not None or tags else None
    return Terms(policies, tags, transitive, packed)


def _policy_arns(call: Call) -> list[str]:
    return [descriptor.get("arn", "") for descriptor in call.params.get("PolicyArns") or ()]


def _policies(call: Call, account: str) -> list[str] | None:
    inline, arns = call.params.get("Policy"), _policy_arns(call)
    if inline is None and not arns:
        return None
    out: list[str] = []
    if inline is not None:
        check_session_policy(inline)
        out.append(inline)
    if len(arns) > POLICY_ARNS:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for PoliciesPerSession: {POLICY_ARNS}")
    managed = call.snapshot.identities.managed
    for arn in arns:
        found = managed.get(arn)
        if found is None or arn.split(":", 5)[4] not in (account, "aws"):
            raise ServiceError("ValidationError", f"Policy {arn} does not exist or is not attachable.")
        out.append(json.dumps(dict(found.document), separators=(",", ":")))
    return out


def check_session_policy(text: str) -> None:
    """Raises MalformedPolicyDocument, PackedPolicyTooLarge."""
    if len(text) > POLICY_LENGTH:
        raise too_large(-(-100 * len(text) // POLICY_LENGTH))
    problem = validate(text, PolicyKind.SESSION)
    if problem is not None:
        raise ServiceError(problem.code, problem.message)


def too_large(percent: int) -> ServiceError:
    return ServiceError(
        "PackedPolicyTooLarge",
        f"Packed size of session policies, tags and context consumes {percent}% of allotted space.",
    )


def _packed(text: str) -> int:
    percent = -(-100 * len(zlib.compress(text.encode("utf-8"))) // PACKED_LIMIT)
    if percent > 100:
        raise too_large(percent)
    return percent


def _tags(call: Call) -> dict[str, str]:
    out: dict[str, str] = {}
    seen: set[str] = set()
    for tag in call.params.get("Tags") or ():
        key = tag["Key"]
        if key.lower().startswith("aws:"):
            raise ServiceError("InvalidParameterValue", "Tag keys that start with aws: are reserved for system use.")
        if key.lower() in seen:
            raise ServiceError(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        seen.add(key.lower())
        out[key] = tag["Value"]
    return out


def _transitive(call: Call, tags: dict[str, str]) -> list[str]:
    """Keys that sessions assumed from this one inherit. Error texts: recorded from AWS."""
    keys: list[str] = call.params.get("TransitiveTagKeys") or []
    inherited = call.caller.transitive_tags
    requested = {key.lower() for key in tags}
    if requested & inherited:
        raise ServiceError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
        )
    if any(key.lower() not in requested for key in keys):
        raise ServiceError(
            "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
        )
    return list(keys)
