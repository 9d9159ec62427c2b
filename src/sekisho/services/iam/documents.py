"""Policy documents on their way in: grammar and size. The one place that knows how documents are validated.

Source of the sizes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sekisho.services.iam.entities import Entity, limit_exceeded
from sekisho.services.iam.trust import trust_ids
from sekisho.services.operation import Call, ServiceError

MANAGED_QUOTA = 6144
TRUST_QUOTA = 2048


def malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocument", message)


def check_identity_policy(text: str) -> None:
    """A managed or inline policy. Raises MalformedPolicyDocument."""
    _parsed(text, "Syntax errors in policy.")


def check_trust_policy(call: Call, text: str) -> dict[str, str]:
    """A role's trust policy; what it names, see ``trust_ids``. Raises MalformedPolicyDocument, LimitExceeded."""
    document = _parsed(text, "This policy contains invalid Json")
    if size(text) > TRUST_QUOTA:
        raise limit_exceeded(f"Cannot exceed quota for ACLSizePerRole: {TRUST_QUOTA}")
    return trust_ids(call, document)


def check_managed_size(text: str) -> None:
    if size(text) > MANAGED_QUOTA:
        raise limit_exceeded(f"Cannot exceed quota for PolicySize: {MANAGED_QUOTA}")


def check_inline_size(entity: Entity, name: str, documents: Mapping[str, str]) -> None:
    """All inline policies of one entity together. Raises LimitExceeded."""
    if sum(map(size, documents.values())) > entity.inline_quota:
        raise limit_exceeded(f"Maximum policy size of {entity.inline_quota} bytes exceeded for {entity.kind} {name}")


def size(text: str) -> int:
    """Characters that count against a quota: IAM does not count white space."""
    return sum(1 for character in text if not character.isspace())


def _parsed(text: str, complaint: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise malformed(complaint) from problem
    if not isinstance(document, dict):
        raise malformed("Syntax errors in policy.")
    return document
