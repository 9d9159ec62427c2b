from sekisho.sigv4.claim import NO_CLAIM, Claim, ClaimProblem, Flaw, NoClaim, read_claim
from sekisho.sigv4.verify import (
    VERIFIED,
    SignatureProblem,
    Verdict,
    Verified,
    scope_problem,
    token_fits,
    verify,
    verify_in_scope,
)

__all__ = [
    "NO_CLAIM",
    "VERIFIED",
    "Claim",
    "ClaimProblem",
    "Flaw",
    "NoClaim",
    "SignatureProblem",
    "Verdict",
    "Verified",
    "read_claim",
    "scope_problem",
    "token_fits",
    "verify",
    "verify_in_scope",
]
