"""GetSessionToken, GetFederationToken, GetCallerIdentity, GetAccessKeyInfo.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.kit.arn import sts_arn
from sekisho.policy.request import SubjectKind
from sekisho.services.operation import Call, Operations, ServiceError
from sekisho.services.sts.assume_role import mfa_failed
from sekisho.services.sts.credentials import issue
from sekisho.services.sts.session_terms import Terms, terms
from sekisho.state.world import GLOBAL, Key

ops = Operations("sts")

LONGEST_OF_ROOT = 3600
DEFAULT = 43200


@ops("GetCallerIdentity", authorized=False)
def get_caller_identity(call: Call) -> Mapping[str, Any]:
    subject = call.caller.subject
    return {"UserId": subject.unique_id, "Account": subject.account, "Arn": subject.arn}


@ops("GetSessionToken", authorized=False)
def get_session_token(call: Call) -> Mapping[str, Any]:
    _refuse_temporary(call)
    if call.params.get("SerialNumber") or call.params.get("TokenCode"):
        raise mfa_failed()
    subject = call.caller.subject
    credentials = issue(
        call,
        account=subject.account,
        kind="user",
        arn=subject.arn,
        user_id=subject.unique_id,
        issuer=(subject.arn, subject.unique_id),
        name=call.caller.name,
        seconds=_seconds(call),
        terms=Terms(None, {}, [], None),
    )
    return {"Credentials": credentials}


def _federated_arn(call: Call) -> str:
    return sts_arn(call.account, f"federated-user/{call.params.get('Name', '')}")


@ops("GetFederationToken", resource=_federated_arn)
def get_federation_token(call: Call) -> Mapping[str, Any]:
    _refuse_temporary(call)
    subject, name = call.caller.subject, call.params["Name"]
    given = terms(call, subject.account)
    arn, user_id = _federated_arn(call), f"{subject.account}:{name}"
    credentials = issue(
        call,
        account=subject.account,
        kind="federated",
        arn=arn,
        user_id=user_id,
        issuer=(subject.arn, subject.unique_id),
        name=name,
        seconds=_seconds(call),
        terms=given,
    )
    out: dict[str, Any] = {
        "Credentials": credentials,
        "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
    }
    if given.packed is not None:
        out["PackedPolicySize"] = given.packed
    return out


def _seconds(call: Call) -> int:
    """How long the session lasts. Those of the root last an hour at most; longer ones are shortened, not refused."""
    seconds: int = call.params.get("DurationSeconds") or DEFAULT
    return min(seconds, LONGEST_OF_ROOT) if call.caller.subject.kind is SubjectKind.ROOT else seconds


def _refuse_temporary(call: Call) -> None:
    """Only long-term credentials may ask for these. Raises AccessDenied."""
    if call.caller.issued_at:
        raise ServiceError("AccessDenied", f"Cannot call {call.operation} with session credentials", 403)


@ops("GetAccessKeyInfo", authorized=False)
def get_access_key_info(call: Call) -> Mapping[str, Any]:
    id_ = call.params["AccessKeyId"]
    for partition in call.store.partitions():
        holds_keys = partition[2:] in (("iam", "accesskey"), ("sts", "session"))
        if holds_keys and call.store.get(Key(partition.account, GLOBAL, partition.service, partition.kind, id_)):
            return {"Account": partition.account}
    raise ServiceError("ValidationError", f"Invalid access key id: {id_}")
