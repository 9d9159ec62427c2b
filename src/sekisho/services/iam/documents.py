"""Policy documents on their way in: grammar, size, and whom a trust policy may name."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sekisho.policy.validate import Malformed, PolicyKind, over_inline_total, validate
from sekisho.services.iam.entities import Entity
from sekisho.services.iam.trust import trust_ids
from sekisho.services.operation import Call, ServiceError


def check_managed_policy(text: str) -> None:
    """Raises MalformedPolicyDocument, LimitExceeded."""
    _refuse(validate(text, PolicyKind.MANAGED))


def check_inline_policies(entity: Entity, name: str, documents: Mapping[str, str], new: str) -> None:
    """The one called ``new``, and all of an entity's together. Raises MalformedPolicyDocument, LimitExceeded."""
    _refuse(validate(documents[new], PolicyKind.INLINE))
    _refuse(over_inline_total(documents.values(), entity.kind, name))


def check_trust_policy(call: Call, text: str) -> dict[str, str]:
    """A role's trust policy; whom it names, see ``trust_ids``. Raises MalformedPolicyDocument, LimitExceeded."""
    _refuse(validate(text, PolicyKind.TRUST))
    return trust_ids(call, json.loads(text))


def _refuse(problem: Malformed | None) -> None:
    if problem is not None:
        raise ServiceError(problem.code, problem.message, 409 if problem.code == "LimitExceeded" else 400)
