"""Session records: issuing temporary credentials, and forgetting the ones that expired long ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.ids import access_key_id, secret_key, session_token
from sekisho.services.operation import Call
from sekisho.services.sts.records import SessionRecord
from sekisho.services.sts.session_terms import Terms

KEPT_AFTER_EXPIRY = 86400.0
"""Seconds for which an expired session still answers ExpiredToken rather than being unknown."""

SWEEP = 32
"""One issue in so many looks for sessions to forget."""


def issue(
    call: Call,
    *,
    account: str,
    kind: str,
    arn: str,
    user_id: str,
    issuer: tuple[str, str],
    name: str,
    seconds: int,
    terms: Terms,
    source_identity: str = "",
) -> Mapping[str, Any]:
    """Store a session of ``account`` and return the output member ``Credentials``. ``issuer`` is (ARN, unique id)."""
    id_ = access_key_id(call.entropy, "ASIA")
    record: SessionRecord = {
        "AccessKeyId": id_,
        "SecretAccessKey": secret_key(call.entropy),
        "SessionToken": session_token(call.entropy),
        "Expiration": float(int(call.now) + seconds),
        "IssuedAt": call.now,
        "Kind": kind,
        "Arn": arn,
        "UserId": user_id,
        "IssuerArn": issuer[0],
        "IssuerId": issuer[1],
        "SessionName": name,
        "Policies": terms.policies,
        "Tags": terms.tags,
        "TransitiveTags": terms.transitive,
        "SourceIdentity": source_identity,
        "Mfa": False,
    }
    sessions = call.global_table("session", account=account)
    if call.entropy(1)[0] % SWEEP == 0:
        for old, document in list(sessions.items()):
            if document["Expiration"] + KEPT_AFTER_EXPIRY < call.now:
                sessions.delete(old)
    sessions.put(id_, record)
    return {
        "AccessKeyId": id_,
        "SecretAccessKey": record["SecretAccessKey"],
        "SessionToken": record["SessionToken"],
        "Expiration": record["Expiration"],
    }
