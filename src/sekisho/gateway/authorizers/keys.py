"""An issuer's public keys, and whether one of them signed a token.

RSA only, as API Gateway says of itself; a key says for itself what it is for (RFC 7517), and a token's ``alg`` chooses
among what the key may do, never the other way round. What is no usable RSA signing key is passed over, so that one odd
entry of a JWK set does not take the others with it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html

The cryptography package is imported when the first token is verified: servers without such routes start the sooner.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from sekisho.gateway.authorizers.tokens import Token, decode_segment

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
"""The RSA-based ones (RFC 7518, 3.1)."""
MAX_KEYS: Final = 100
_MIN_BITS: Final = 2048
"""RFC 7518, 3.3: smaller keys must not be used."""
_MAX_BITS: Final = 8192
_MAX_EXPONENT: Final = 2**32
"""Larger ones are unheard of, and make verification slow."""

SEEN: Final = "authorizer.keys"
"""The trace's field with the keys a request was judged by: issuer → keys, or why there were none. Replays use them."""

Verify = Callable[[bytes, bytes], bool]
"""Signed bytes and signature → whether it holds."""


class SigningKey:
    """One RSA key of an issuer. Made ready when it is first used."""

    __slots__ = ("_ready", "algorithm", "exponent", "kid", "modulus")

    def __init__(self, kid: str, algorithm: str, modulus: int, exponent: int) -> None:
        self.kid = kid
        self.algorithm = algorithm
        """The only one it is for; empty: any RSA algorithm."""
        self.modulus = modulus
        self.exponent = exponent
        self._ready: dict[str, Verify | None] = {}

    def verifies(self, token: Token) -> bool:
        """Whether this key signed ``token`` with the algorithm that the token names."""
        algorithm = token.algorithm
        if algorithm not in ALGORITHMS or (self.algorithm and self.algorithm != algorithm):
            return False
        if algorithm in self._ready:
            verify = self._ready[algorithm]
        else:
            verify = self._ready[algorithm] = _verifier(algorithm, self.modulus, self.exponent)
        return verify is not None and verify(token.signature, token.signed)

    def document(self) -> dict[str, str]:
        """As a JWK."""
        found = {"kty": "RSA", "kid": self.kid, "n": _base64url(self.modulus), "e": _base64url(self.exponent)}
        return {**found, "alg": self.algorithm} if self.algorithm else found


class KeySet:
    """The usable keys of one issuer, as they were fetched. Compared by identity: a new fetch is a new set."""

    __slots__ = ("keys",)

    def __init__(self, keys: Mapping[str, SigningKey]) -> None:
        self.keys = keys

    def find(self, kid: str) -> SigningKey | None:
        """The key a token names; a token without ``kid`` names none."""
        return self.keys.get(kid) if kid else None

    def document(self) -> dict[str, Any]:
        """A JWK set that reads as this one."""
        return {"keys": [key.document() for key in self.keys.values()]}


def read_jwks(document: Mapping[str, Any]) -> KeySet:
    """The usable keys of a JWK set; of two with one ``kid`` the first."""
    entries = document.get("keys")
    found: dict[str, SigningKey] = {}
    for entry in entries[:MAX_KEYS] if isinstance(entries, list) else ():
        key = _read_key(entry)
        if key is not None:
            found.setdefault(key.kid, key)
    return KeySet(found)


def _read_key(entry: Any) -> SigningKey | None:
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    operations = entry.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    kid, algorithm = entry.get("kid"), entry.get("alg", "")
    if not isinstance(kid, str) or not kid or (algorithm and algorithm not in ALGORITHMS):
        return None
    modulus, exponent = _integer(entry.get("n")), _integer(entry.get("e"))
    if not _MIN_BITS <= modulus.bit_length() <= _MAX_BITS or not 3 <= exponent < _MAX_EXPONENT:
        return None
    return SigningKey(kid, algorithm or "", modulus, exponent)


def _integer(value: Any) -> int:
    """A Base64urlUInt (RFC 7518, 2); 0 for what is none."""
    if not isinstance(value, str) or not value.isascii() or len(value) > _MAX_BITS:
        return 0
    raw = decode_segment(value)
    return int.from_bytes(raw, "big") if raw else 0


def _base64url(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@cache
def _schemes() -> Mapping[str, tuple[Any, Any]]:
    """Algorithm → padding and hash."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    found: dict[str, tuple[Any, Any]] = {}
    for bits, digest in (("256", hashes.SHA256()), ("384", hashes.SHA384()), ("512", hashes.SHA512())):
        found[f"RS{bits}"] = (padding.PKCS1v15(), digest)
        # The salt is as long as the hash: RFC 7518, 3.5.
        found[f"PS{bits}"] = (padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH), digest)
    return found


def _verifier(algorithm: str, modulus: int, exponent: int) -> Verify | None:
    """How signatures of one key are verified; None when the numbers are no RSA key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    padding, digest = _schemes()[algorithm]
    try:
        verify = RSAPublicNumbers(exponent, modulus).public_key().verify
    except ValueError:
        return None

    def holds(signature: bytes, signed: bytes) -> bool:
        try:
            verify(signature, signed, padding, digest)
        except InvalidSignature:
            return False
        return True

    return holds
