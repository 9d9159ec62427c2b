"""Who is calling?

AWS looks at a signature in this order: a token at all, its completeness, the credential scope, the access key id, the
signature and its age, the session token. Nothing is looked up before the claim could be read, and nothing about the
session is said to somebody who does not know the secret.
"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import Iam
from sekisho.config.identities import AccessKey
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.trace import Phase, Signature
from sekisho.kit.outcome import PASS
from sekisho.sigv4 import (
    Claim,
    ClaimProblem,
    Flaw,
    NoClaim,
    SignatureProblem,
    Verdict,
    read_claim,
    scope_problem,
    token_fits,
    verify_in_scope,
)

SERVICE: Final = "execute-api"
AUTHENTICATED: Final = Phase("200")

_MISSING: Final = Reject(Fault.SIGNATURE_MISSING, {})
_FLAWS: Final = {
    Flaw.NOT_KEY_VALUE: Fault.SIGNATURE_NOT_KEY_VALUE,
    Flaw.INCOMPLETE: Fault.SIGNATURE_INCOMPLETE,
}
_VERDICTS: Final = {
    Verdict.SCOPE: Fault.SIGNATURE_SCOPE_WRONG,
    Verdict.EXPIRED: Fault.SIGNATURE_EXPIRED,
    Verdict.NOT_YET_CURRENT: Fault.SIGNATURE_NOT_YET_CURRENT,
    Verdict.MISMATCH: Fault.SIGNATURE_MISMATCH,
    Verdict.HOST_NOT_SIGNED: Fault.SIGNATURE_MISMATCH,
    Verdict.STREAMING: Fault.SIGNATURE_MISMATCH,
}


def by_route(x: Exchange) -> Outcome:
    """Only ``AWS_IAM`` authenticates here; authorizers read their own tokens."""
    if not isinstance(x.trace.route.authorizer, Iam):
        return PASS
    return by_signature(x)


def by_signature(x: Exchange) -> Outcome:
    """SigV4, in the Authorization header or in the query."""
    t, request = x.trace, x.request
    claim = read_claim(request.method, request.raw_path, request.query, request.headers)
    if isinstance(claim, NoClaim):
        return _MISSING
    if isinstance(claim, ClaimProblem):
        return Reject(_FLAWS[claim.flaw], {"message": claim.message})
    t.access_key_id = claim.access_key_id
    t.signature = Signature(claim)
    problem = scope_problem(claim, t.api.region, SERVICE)
    if problem is not None:
        return _refused(x, problem)
    key = x.keyring.find(claim.access_key_id, x.snapshot)
    if key is None or not key.active:
        return Reject(Fault.ACCESS_KEY_UNKNOWN, {"access_key_id": claim.access_key_id})
    found = verify_in_scope(
        claim, request.method, request.raw_path, request.query, request.headers, request.body, key.secret, x.now
    )
    if isinstance(found, SignatureProblem):
        return _refused(x, found)
    return _with_token(x, claim, key)


def _with_token(x: Exchange, claim: Claim, key: AccessKey) -> Outcome:
    if not token_fits(claim, key.session_token):
        return Reject(Fault.SESSION_TOKEN_INVALID, {"access_key_id": key.id})
    if key.expires_at and x.now >= key.expires_at:
        return Reject(Fault.SESSION_EXPIRED, {"access_key_id": key.id})
    x.trace.caller = key.principal
    x.trace.authenticate = AUTHENTICATED
    return PASS


def _refused(x: Exchange, problem: SignatureProblem) -> Reject:
    t = x.trace
    t.signature = Signature(t.signature.claim, problem.canonical_request, problem.string_to_sign)
    return Reject(_VERDICTS[problem.verdict], {"message": problem.message})
