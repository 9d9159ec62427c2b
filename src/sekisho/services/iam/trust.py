"""Whom a role's trust policy names, and what becomes of the name when its bearer is deleted.

Theory of operation. When a trust policy is saved, IAM resolves the users and roles it names and from then on trusts
those *entities*, not their names: delete one and create another of the same name, and the policy shows ``AROA…`` and
trusts nobody. The document is kept as it was put; ``TrustIds`` of the record keeps what each ARN meant then, and
``current_trust`` substitutes the unique id wherever the two no longer agree.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.kit.arn import Arn
from sekisho.services.iam.records import current_trust as resolved_trust
from sekisho.services.operation import Call, ServiceError
from sekisho.state.world import GLOBAL, Key

_ACCOUNT = re.compile(r"\d{12}")
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{17}")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")
_ENTITY = re.compile(r"(user|role)/(?:[!-~]+/)?([A-Za-z0-9_+=,.@-]+)")
_SESSION = re.compile(r"(?:assumed-role/[A-Za-z0-9_+=,.@-]+/|federated-user/)[A-Za-z0-9_+=,.@-]+")
_PROVIDER = re.compile(r"(?:saml-provider|oidc-provider)/.+")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def current_trust(call: Call, role: Mapping[str, Any]) -> str:
    """The trust policy's text as IAM would show it now."""
    return resolved_trust(call.store, role)


def trust_ids(call: Call, document: Mapping[str, Any]) -> dict[str, str]:
    """ARN → unique id of every user and role of this account that the document names.

    Raises MalformedPolicyDocument for a principal that IAM could not resolve. Principals of other accounts are taken
    as given: they may live elsewhere.
    """
    found: dict[str, str] = {}
    for kind, value in principals(document):
        unique_id = _resolve(call, kind, value)
        if unique_id:
            found[value] = unique_id
    return found


def principals(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """``(kind, value)`` of every principal: ``("AWS", "arn:…")``, ``("Service", "lambda.amazonaws.com")`` …"""
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping):
            continue
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, Mapping):
                for kind, values in named.items():
                    for value in values if isinstance(values, list) else [values]:
                        if isinstance(value, str):
                            yield kind, value


def _resolve(call: Call, kind: str, value: str) -> str:
    """The unique id of a user or role of this account; empty for every other acceptable principal."""
    if kind == "AWS":
        return _resolve_aws(call, value)
    if kind == "Service":
        acceptable = bool(_SERVICE.fullmatch(value))
    elif kind == "Federated":
        arn = Arn.parse(value)
        acceptable = bool(_PROVIDER.fullmatch(arn.resource)) if arn else bool(_HOST.fullmatch(value))
    else:
        acceptable = kind == "CanonicalUser"
    if not acceptable:
        raise _invalid(kind, value)
    return ""


def _resolve_aws(call: Call, value: str) -> str:
    if value == "*" or _ACCOUNT.fullmatch(value):
        return ""
    if _UNIQUE_ID.fullmatch(value):
        return _resolve_id(call, value)
    arn = Arn.parse(value)
    if arn is None or arn.region or not _ACCOUNT.fullmatch(arn.account) or arn.service not in ("iam", "sts"):
        raise _invalid("AWS", value)
    if arn.service == "sts":
        if not _SESSION.fullmatch(arn.resource):
            raise _invalid("AWS", value)
        return ""
    if arn.resource == "root":
        return ""
    entity = _ENTITY.fullmatch(arn.resource)
    if entity is None:
        raise _invalid("AWS", value)
    if arn.account != call.account:
        return ""
    kind, name = entity.groups()
    record = call.store.get(Key(call.account, GLOBAL, "iam", kind, name))
    if record is None or record["Arn"] != value:
        raise _invalid("AWS", value)
    return str(record["UserId" if kind == "user" else "RoleId"])


def _resolve_id(call: Call, unique_id: str) -> str:
    """Unique ids of this account's own entities may be named; those that nobody bears are refused."""
    for kind, member in (("user", "UserId"), ("role", "RoleId")):
        bearers = call.global_table(kind, service="iam").items()
        if any(record[member] == unique_id for _, record in bearers):
            return ""
    raise _invalid("AWS", unique_id)


def _invalid(kind: str, value: str) -> ServiceError:
    shown = kind if kind == "AWS" else kind.upper()
    return ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "{shown}":{json.dumps(value)}')
