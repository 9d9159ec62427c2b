"""Who is calling the control plane.

Two regimes. Without enforcement every credential works: twelve digits name an account, whose root the caller is; a
key that exists is its principal; any other key, or none, is the root of the default account. With enforcement a
request must be signed by a key that exists, and each failure is told in the codes of the service's protocol.

Codes and statuses: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
https://github.com/maxbanton/cwh/issues/119 (json-1.1 answers 400),
https://github.com/iann0036/iamlive/issues/58 (rest-json answers 403).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple, Protocol

from sekisho.config.identities import AccessKey, Principal
from sekisho.config.snapshot import Snapshot
from sekisho.kit.arn import iam_arn
from sekisho.kit.instants import amz
from sekisho.policy.combine import NO_POLICIES
from sekisho.policy.request import ANONYMOUS, Subject, SubjectKind
from sekisho.sigv4.claim import Claim, NoClaim, read_claim
from sekisho.sigv4.verify import SignatureProblem, Verdict, token_fits, verify
from sekisho.wire.message import WireError, WireRequest
from sekisho.wire.model import JSON, QUERY
from sekisho.wire.scope import Scope


class Keyring(Protocol):
    """Finds every credential: the root's, long-term keys, sessions."""

    def find(self, access_key_id: str, snapshot: Snapshot, /) -> AccessKey | None:
        """The credential, active or not, expired or not; None when it is unknown."""
        ...


class Caller(NamedTuple):
    """Somebody who was identified."""

    principal: Principal
    access_key_id: str = ""


class Failure(Enum):
    """Why nobody was identified: the code in the query protocol, and in the JSON protocols."""

    MISSING = ("MissingAuthenticationToken", "MissingAuthenticationTokenException")
    INCOMPLETE = ("IncompleteSignature", "IncompleteSignatureException")
    UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException")
    MISMATCH = ("SignatureDoesNotMatch", "InvalidSignatureException")
    EXPIRED = ("ExpiredToken", "ExpiredTokenException")


_MISSING: Final[Mapping[str, str]] = {QUERY: "Request is missing Authentication Token"}
_UNKNOWN_KEY: Final = "The security token included in the request is invalid."
_EXPIRED: Final = "The security token included in the request is expired"

NOBODY: Final = Principal(ANONYMOUS, NO_POLICIES)


def root_of(account: str) -> Principal:
    """The root user of an account."""
    return Principal(Subject(SubjectKind.ROOT, account, iam_arn(account, "root"), unique_id=account), NO_POLICIES)


def failure_error(failure: Failure, message: str, protocol: str) -> WireError:
    """The failure in the words of a protocol."""
    code = failure.value[0 if protocol == QUERY else 1]
    if protocol == JSON or (protocol == QUERY and failure is Failure.INCOMPLETE):
        return WireError(code, message, 400)
    return WireError(code, message, 403)


def trusting(scope: Scope | None, keyring: Keyring, snapshot: Snapshot, account: str) -> Caller:
    """The caller when nothing is enforced: whoever the request says it is."""
    if scope is None:
        return Caller(root_of(account))
    id_ = scope.access_key_id
    if len(id_) == 12 and id_.isascii() and id_.isdigit():
        return Caller(root_of(id_), id_)
    key = keyring.find(id_, snapshot)
    return Caller(key.principal if key is not None else root_of(account), id_)


def verified(
    request: WireRequest, protocol: str, keyring: Keyring, snapshot: Snapshot, now: float
) -> Caller | WireError:
    """The caller when everything is enforced: the owner of the key that signed, or AWS's error."""
    claim = read_claim(request.method, request.path, request.query, request.headers)
    if isinstance(claim, NoClaim):
        return failure_error(Failure.MISSING, _MISSING.get(protocol, "Missing Authentication Token"), protocol)
    if not isinstance(claim, Claim):
        return failure_error(Failure.INCOMPLETE, claim.message, protocol)
    key = keyring.find(claim.access_key_id, snapshot)
    if key is None or not key.active:
        return failure_error(Failure.UNKNOWN_KEY, _UNKNOWN_KEY, protocol)
    problem = verify_signature(request, claim, key, now, protocol)
    if problem is not None:
        incomplete = problem.verdict in (Verdict.HOST_NOT_SIGNED, Verdict.STREAMING)
        return failure_error(Failure.INCOMPLETE if incomplete else Failure.MISMATCH, problem.message, protocol)
    if not token_fits(claim, key.session_token):
        return failure_error(Failure.UNKNOWN_KEY, _UNKNOWN_KEY, protocol)
    if key.expires_at and now >= key.expires_at:
        return failure_error(Failure.EXPIRED, _EXPIRED, protocol)
    return Caller(key.principal, key.id)


_QUERY_WINDOW: Final = 900.0
"""Seconds that clocks may differ in the query services; elsewhere it is ``sigv4.verify.WINDOW``.

https://github.com/aws/aws-cli/issues/6676: ``Signature expired: … (20220127T015928Z - 15 min.)``.
"""


def _query_age(claim: Claim, now: float) -> SignatureProblem | None:
    second = float(int(now))
    if claim.instant < second - _QUERY_WINDOW:
        return SignatureProblem(
            Verdict.EXPIRED,
            f"Signature expired: {claim.amz_date} is now earlier than {amz(second - _QUERY_WINDOW)} "
            f"({amz(second)} - 15 min.)",
        )
    if claim.instant > second + _QUERY_WINDOW:
        return SignatureProblem(
            Verdict.NOT_YET_CURRENT,
            f"Signature not yet current: {claim.amz_date} is still later than {amz(second + _QUERY_WINDOW)} "
            f"({amz(second)} + 15 min.)",
        )
    return None


def verify_signature(
    request: WireRequest, claim: Claim, key: AccessKey, now: float, protocol: str
) -> SignatureProblem | None:
    """What is wrong with a signature. Any region and any service here is a valid scope: it says where the call goes."""
    if protocol == QUERY and not claim.presigned:
        stale = _query_age(claim, now)
        if stale is not None:
            return stale
        now = claim.instant
    found = verify(claim, request.method, request.path, request.query, request.headers, request.body, key.secret, now)
    return found if isinstance(found, SignatureProblem) else None
