"""JSON Web Tokens as text → header, claims, signature. Nothing is believed here, and every text has an answer.

Only the compact serialization is read (RFC 7519, 7515): three base64url segments without padding. A token that asks
for extensions (``crit``) is not understood, so it is refused; keys and addresses of keys that a token brings with it
(``jwk``, ``jku``, ``x5c``, ``x5u``) are never looked at.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

MAX_TOKEN: Final = 16 * 1024
"""Longer texts are not looked at. API Gateway takes headers of 10,240 bytes altogether.
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
MAX_DEPTH: Final = 32
"""Claims that are nested deeper are refused: they are rendered recursively."""

_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = (b"", None, b"==", b"=")
_BEARER: Final = "bearer "


class Token(NamedTuple):
    """A well-formed token. ``signed`` is what ``signature`` must be of."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    algorithm: str
    """Empty when the header names none."""
    kid: str
    """Empty when the header names none."""
    signed: bytes
    signature: bytes


class Flaw(NamedTuple):
    """Why a text is no token."""

    kind: str
    """``segments``, ``size`` or ``malformed``."""
    description: str


_SEGMENTS: Final = Flaw("segments", "token contains an invalid number of segments")
_TOO_LONG: Final = Flaw("size", "token is too long")
_MALFORMED: Final = Flaw("malformed", "token is malformed")
_CRITICAL: Final = Flaw("malformed", "token has critical headers that are not understood")


def without_scheme(text: str) -> str:
    """The token of an identity source: ``Bearer`` in front of it is optional.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    """
    if text[:7].lower() == _BEARER:
        return text[7:].strip(" \t")
    return text.strip(" \t")


def read_token(text: str) -> Token | Flaw:
    """Header and claims of ``text``, unverified."""
    if len(text) > MAX_TOKEN:
        return _TOO_LONG
    parts = text.split(".")
    if len(parts) != 3:
        return _SEGMENTS
    if not text.isascii():
        return _MALFORMED
    head = decode_segment(parts[0])
    body = decode_segment(parts[1])
    signature = decode_segment(parts[2])
    if head is None or body is None or signature is None:
        return _MALFORMED
    try:
        header = orjson.loads(head)
        claims = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _MALFORMED
    if not isinstance(header, dict) or not isinstance(claims, dict) or _deep(claims):
        return _MALFORMED
    if "crit" in header:
        return _CRITICAL
    algorithm, kid = header.get("alg"), header.get("kid")
    return Token(
        header,
        claims,
        algorithm if isinstance(algorithm, str) else "",
        kid if isinstance(kid, str) else "",
        text[: text.rindex(".")].encode("ascii"),
        signature,
    )


def decode_segment(text: str) -> bytes | None:
    """The bytes of one base64url segment (RFC 7515, 2: no padding); None when it is not one."""
    raw = text.encode("ascii").translate(_TO_BASE64)
    padding = _PADDING[len(raw) & 3]
    if padding is None:
        return None
    try:
        return binascii.a2b_base64(raw + padding, strict_mode=True)
    except binascii.Error:
        return None


def number(value: Any) -> float | None:
    """A NumericDate claim; None for everything that is not a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _deep(claims: Mapping[str, Any]) -> bool:
    """Whether containers are nested beyond ``MAX_DEPTH``; claims are mostly flat, so that is decided at once."""
    level: list[Any] = [value for value in claims.values() if isinstance(value, dict | list)]
    depth = 1
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        below: list[Any] = []
        for each in level:
            values = each.values() if isinstance(each, dict) else each
            below += [value for value in values if isinstance(value, dict | list)]
        level = below
    return False
