"""claim × secret × now → ``Verified``, or a ``SignatureProblem`` that carries our canonical request for the diff.

AWS looks in this order: a token at all, its completeness, the credential scope, the access key id, the signature (and
its age), the session token. Key lookup is the caller's: it asks ``scope_problem`` before, ``verify`` after it, and
``token_fits`` last.
"""

from __future__ import annotations

from enum import Enum, auto
from hmac import compare_digest
from typing import Final, NamedTuple
from urllib.parse import unquote

from sekisho.kit.headers import Headers
from sekisho.kit.instants import amz
from sekisho.sigv4.canonical import (
    TERMINATOR,
    UNSIGNED_PAYLOAD,
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_request,
    derived_signature,
    encoded_query,
    payload_hash,
    signed_names,
    string_to_sign,
)
from sekisho.sigv4.claim import Claim

WINDOW: Final = 300.0
"""Seconds that clocks may differ."""


class Verdict(Enum):
    """Why a signature was refused."""

    SCOPE = auto()
    EXPIRED = auto()
    NOT_YET_CURRENT = auto()
    MISMATCH = auto()
    HOST_NOT_SIGNED = auto()
    STREAMING = auto()


class Verified(NamedTuple):
    """The signature is the one we calculate."""


VERIFIED: Final = Verified()


class SignatureProblem(NamedTuple):
    """A refusal, with AWS's sentence, and what we calculated when the signature differs."""

    verdict: Verdict
    message: str
    canonical_request: str = ""
    string_to_sign: str = ""


def scope_problem(claim: Claim, region: str, service: str) -> SignatureProblem | None:
    """What is wrong with the credential scope. An empty ``region`` or ``service`` accepts any."""
    said = ""
    if region and claim.region != region:
        said += f"Credential should be scoped to a valid region, not '{claim.region}'. "
    if service and claim.service != service:
        said += f"Credential should be scoped to correct service: '{service}'. "
    if claim.terminator != TERMINATOR:
        said += f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{claim.terminator}'. "
    if claim.date != claim.amz_date[:8]:
        said += (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.date}' != '{claim.amz_date[:8]}', from '{claim.amz_date}'."
        )
    return SignatureProblem(Verdict.SCOPE, said) if said else None


def verify(
    claim: Claim,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Headers,
    body: bytes,
    secret: str,
    now: float,
    region: str = "",
    service: str = "",
) -> Verified | SignatureProblem:
    """Judge ``claim`` over the request as it was sent. ``now`` in epoch seconds; see ``scope_problem`` for the rest."""
    problem = scope_problem(claim, region, service)
    return problem or verify_in_scope(claim, method, raw_path, raw_query, headers, body, secret, now)


def verify_in_scope(
    claim: Claim,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Headers,
    body: bytes,
    secret: str,
    now: float,
) -> Verified | SignatureProblem:
    """``verify``, when it is known already that ``scope_problem`` finds nothing."""
    problem = _age_problem(claim, now)
    if problem is not None:
        return problem
    date, region, service = claim.date, claim.region, claim.service
    signed, claimed, amz_date, presigned = claim.signed_headers, claim.signature, claim.amz_date, claim.presigned
    if "host" not in signed_names(signed):
        return SignatureProblem(Verdict.HOST_NOT_SIGNED, _HOST_NOT_SIGNED)
    declared = headers.get("x-amz-content-sha256")
    if declared is None and presigned:
        declared = _declared_in_query(raw_query)
    if declared is not None and declared.startswith("STREAMING-"):
        return SignatureProblem(Verdict.STREAMING, _STREAMING)
    payload = UNSIGNED_PAYLOAD if declared == UNSIGNED_PAYLOAD else payload_hash(body)
    lines = canonical_headers(signed, headers)
    query = canonical_query(raw_query, presigned=presigned) if raw_query else ""
    canonical = canonical_request(method, canonical_path(raw_path), query, lines or "", signed, payload)
    scope = claim.scope
    to_sign = string_to_sign(amz_date, scope, canonical)
    if lines is not None:
        if _same(derived_signature(secret, date, region, service, to_sign), claimed):
            return VERIFIED
        encoded = encoded_query(query)
        if encoded != query:
            other = canonical_request(
                method,
                canonical_path(raw_path),
                canonical_query(encoded, presigned=presigned),
                lines,
                signed,
                payload,
            )
            if _same(derived_signature(secret, date, region, service, string_to_sign(amz_date, scope, other)), claimed):
                return VERIFIED
    return SignatureProblem(Verdict.MISMATCH, _mismatch(canonical, to_sign), canonical, to_sign)


def token_fits(claim: Claim, session_token: str) -> bool:
    """Whether the claim carries exactly the session token that its key requires (none when it is empty)."""
    return compare_digest(claim.session_token.encode(), session_token.encode())


def _same(ours: str, theirs: str) -> bool:
    return theirs.isascii() and compare_digest(ours, theirs)


def _declared_in_query(raw_query: str) -> str | None:
    for pair in raw_query.split("&"):
        name, _, value = pair.partition("=")
        if name == "X-Amz-Content-Sha256":
            return unquote(value)
    return None


def _age_problem(claim: Claim, now: float) -> SignatureProblem | None:
    """Both ends of the time in which a signature is valid.

    The sentence names the limit as the difference of the server's clock and the window.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    # A signature's date has whole seconds: so has the clock it is compared with.
    second = float(int(now))
    life = float(claim.expires) if claim.presigned else WINDOW
    if second - life <= claim.instant <= second + WINDOW:
        return None
    if claim.instant < second - life:
        span = f"{int(life) // 60} min." if life % 60 == 0 else f"{int(life)} sec."
        return SignatureProblem(
            Verdict.EXPIRED,
            f"Signature expired: {claim.amz_date} is now earlier than {amz(second - life)} ({amz(second)} - {span})",
        )
    if claim.instant > second + WINDOW:
        return SignatureProblem(
            Verdict.NOT_YET_CURRENT,
            f"Signature not yet current: {claim.amz_date} is still later than {amz(second + WINDOW)} "
            f"({amz(second)} + 5 min.)",
        )
    return None


_HOST_NOT_SIGNED: Final = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
_STREAMING: Final = "Signed chunked payloads (STREAMING-*) are not supported by this service."


def _mismatch(canonical: str, to_sign: str) -> str:
    """vector: rest-sigv4-mismatch."""
    return (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )
