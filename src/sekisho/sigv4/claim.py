"""What a request claims about its signature: the ``Authorization`` header or the query of a presigned URL.

Reading a claim is total and decides nothing about keys: it ends in a ``Claim``, in ``NO_CLAIM`` (nothing that could be
a signature was sent), or in a ``ClaimProblem`` whose sentence is AWS's own.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final, NamedTuple
from urllib.parse import unquote

from sekisho.kit.headers import Headers
from sekisho.kit.instants import amz
from sekisho.kit.memory import remember
from sekisho.sigv4.canonical import ALGORITHM

LONGEST_EXPIRY: Final = 604_800
"""Seconds: a presigned URL lives a week at most."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Claim:
    """A complete claim; nothing about it is verified yet."""

    __slots__ = (
        "access_key_id",
        "amz_date",
        "date",
        "expires",
        "instant",
        "presigned",
        "region",
        "service",
        "session_token",
        "signature",
        "signed_headers",
        "terminator",
    )

    def __init__(
        self,
        access_key_id: str,
        date: str,
        region: str,
        service: str,
        terminator: str,
        signed_headers: str,
        signature: str,
        amz_date: str,
        instant: float,
        session_token: str,
        presigned: bool = False,
        expires: int = 0,
    ) -> None:
        self.access_key_id = access_key_id
        self.date = date
        """``YYYYMMDD`` of the credential scope."""
        self.region = region
        self.service = service
        self.terminator = terminator
        self.signed_headers = signed_headers
        self.signature = signature
        self.amz_date = amz_date
        """``YYYYMMDDTHHMMSSZ``."""
        self.instant = instant
        """``amz_date`` in epoch seconds."""
        self.session_token = session_token
        self.presigned = presigned
        self.expires = expires
        """Seconds that a presigned URL is valid; 0 in the header form."""

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


class NoClaim(NamedTuple):
    """The request carries no signature: AWS calls this a missing authentication token."""


NO_CLAIM: Final = NoClaim()


class Flaw(Enum):
    """Why something that wants to be a signature is none. AWS answers IncompleteSignatureException to each."""

    NOT_KEY_VALUE = auto()
    INCOMPLETE = auto()


class ClaimProblem(NamedTuple):
    """An unreadable claim, with AWS's sentence about it."""

    flaw: Flaw
    message: str
    access_key_id: str = ""


def read_claim(method: str, raw_path: str, raw_query: str, headers: Headers) -> Claim | NoClaim | ClaimProblem:
    """The claim of a request: its header's, else its query's."""
    authorization = headers.get("authorization")
    if authorization:
        return _from_header(authorization, headers)
    if "X-Amz-" in raw_query:
        return _from_query(raw_query)
    return NO_CLAIM


def _from_header(authorization: str, headers: Headers) -> Claim | ClaimProblem:
    usual = _USUAL(authorization)
    if usual is not None:
        date, instant = _date_of(headers)
        if instant is not None:
            token = headers.get("x-amz-security-token") or ""
            key, day, region, service, terminator, signed_headers, signature = usual.groups()
            return Claim(key, day, region, service, terminator, signed_headers, signature, date, instant, token)
    return _from_unusual_header(authorization, headers)


_USUAL: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/, =]+)/([^/, =]*)/([^/, =]*)/([^/, =]*)/([^/, =]*), ?"
    r"SignedHeaders=([^, =]+), ?Signature=([^, =]+)"
).fullmatch
"""How clients write a claim that is complete: read in one go. Everything else is taken apart piece by piece."""


def _from_unusual_header(authorization: str, headers: Headers) -> Claim | ClaimProblem:
    algorithm, _, rest = authorization.partition(" ")
    fields: dict[str, str] = {}
    if rest:
        for part in rest.split(","):
            name, equal, value = part.strip(" ").partition("=")
            if not equal:
                return ClaimProblem(Flaw.NOT_KEY_VALUE, not_key_value(authorization))
            fields[name] = value
    date, instant = _date_of(headers)
    if algorithm != ALGORITHM:
        fields = {}
    credential = fields.get("Credential", "")
    signature = fields.get("Signature", "")
    signed_headers = fields.get("SignedHeaders", "")
    if not (credential and signature and signed_headers and date):
        return ClaimProblem(Flaw.INCOMPLETE, _incomplete(credential, signature, signed_headers, date, authorization))
    if instant is None:
        return ClaimProblem(Flaw.INCOMPLETE, _bad_date(date))
    parts = credential.split("/")
    if len(parts) != 5:
        return ClaimProblem(Flaw.INCOMPLETE, _bad_credential(credential))
    token = headers.get("x-amz-security-token") or ""
    return Claim(parts[0], parts[1], parts[2], parts[3], parts[4], signed_headers, signature, date, instant, token)


def _from_query(raw_query: str) -> Claim | NoClaim | ClaimProblem:
    fields: dict[str, str] = {}
    for pair in raw_query.split("&"):
        name, _, value = pair.partition("=")
        if name.startswith("X-Amz-"):
            fields[name] = unquote(value)
    if "X-Amz-Algorithm" not in fields and "X-Amz-Signature" not in fields:
        return NO_CLAIM
    missing = [name for name in _PRESIGNED if not fields.get(name)]
    if missing:
        sentences = "".join([f"AWS query-string parameters must include '{name}'. " for name in missing])
        return ClaimProblem(Flaw.INCOMPLETE, f"{sentences}Re-examine the query-string parameters.")
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        return ClaimProblem(Flaw.INCOMPLETE, f"Unsupported AWS 'algorithm': '{fields['X-Amz-Algorithm']}'.")
    credential, date, expires = fields["X-Amz-Credential"], fields["X-Amz-Date"], fields["X-Amz-Expires"]
    instant = instant_of(date)
    if instant is None:
        return ClaimProblem(Flaw.INCOMPLETE, _bad_date(date))
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 6 and 0 < int(expires) <= LONGEST_EXPIRY):
        return ClaimProblem(Flaw.INCOMPLETE, f"X-Amz-Expires must be between 1 and {LONGEST_EXPIRY} seconds.")
    parts = credential.split("/")
    if len(parts) != 5:
        return ClaimProblem(Flaw.INCOMPLETE, _bad_credential(credential))
    return Claim(
        parts[0],
        parts[1],
        parts[2],
        parts[3],
        parts[4],
        signed_headers=fields["X-Amz-SignedHeaders"],
        signature=fields["X-Amz-Signature"],
        amz_date=date,
        instant=instant,
        session_token=fields.get("X-Amz-Security-Token", ""),
        presigned=True,
        expires=int(expires),
    )


_PRESIGNED: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
    "X-Amz-Expires",
)


def _date_of(headers: Headers) -> tuple[str, float | None]:
    """``X-Amz-Date``, else ``Date``, in ISO 8601's basic format, and the instant it stands for."""
    date = headers.get("x-amz-date")
    if date is None:
        date = headers.get("date") or ""
        if date and "," in date:
            instant = _http_instant(date)
            return (amz(instant), instant) if instant is not None else (date, None)
    return date, instant_of(date)


_instants: Final[dict[str, float]] = {}


def instant_of(text: str) -> float | None:
    """Epoch seconds of ``YYYYMMDDTHHMMSSZ``, or None when ``text`` is nothing like it. Remembered."""
    found = _instants.get(text)
    if found is not None:
        return found
    instant = _read_instant(text)
    return None if instant is None else remember(_instants, text, instant)


def _read_instant(text: str) -> float | None:
    if len(text) != 16 or text[8] != "T" or text[15] != "Z" or not text.isascii():
        return None
    digits = text[:8] + text[9:15]
    if not digits.isdigit():
        return None
    try:
        return datetime(
            int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[9:11]), int(text[11:13]), int(text[13:15]), 0, UTC
        ).timestamp()
    except ValueError:
        return None


def _http_instant(text: str) -> float | None:
    """Epoch seconds of ``Tue, 10 Oct 2023 01:01:01 GMT``."""
    parts = text.split()
    if len(parts) != 6 or parts[2] not in _MONTHS or parts[5] not in ("GMT", "UTC", "-0000", "+0000"):
        return None
    clock = parts[4].replace(":", "")
    if not (parts[1].isdigit() and parts[3].isdigit() and clock.isdigit()):
        return None
    return instant_of(f"{parts[3]}{_MONTHS.index(parts[2]) + 1:02d}{int(parts[1]):02d}T{clock}Z")


def not_key_value(authorization: str) -> str:
    """What AWS says since 2026 about ``Bearer …`` where it wants a signature; the header itself is no longer shown.

    vector: rest-unknown-route-with-bearer.
    """
    digest = base64.b64encode(hashlib.sha256(authorization.encode("utf-8", "surrogatepass")).digest()).decode()
    return (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{digest}'."
    )


def _incomplete(credential: str, signature: str, signed_headers: str, date: str, authorization: str) -> str:
    """Each missing parameter adds its sentence, in this order."""
    said = [
        f"Authorization header requires '{name}' parameter."
        for name, value in (
            ("Credential", credential),
            ("Signature", signature),
            ("SignedHeaders", signed_headers),
        )
        if not value
    ]
    if not date:
        said.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    return f"{' '.join(said)} Authorization={authorization}"


def _bad_date(date: str) -> str:
    return f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"


def _bad_credential(credential: str) -> str:
    return (
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        f"got '{credential}'"
    )
