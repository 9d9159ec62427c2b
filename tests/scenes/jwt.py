"""Tokens and keys for tests: signed by a real RSA key, or spoilt in one way."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sekisho.gateway.authorizers.keys import KeySet, read_jwks

NOW = 1_790_000_000.0
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"
KID = "key-1"
_HASHES: dict[str, Any] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value: Any) -> str:
    return base64url(value if isinstance(value, bytes) else json.dumps(value).encode())


def private_key(name: str = KID, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The key of a name: always the same in one run."""
    return _generated(name, bits)


@functools.cache
def _generated(name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(kid: str = KID, *, of: str = "", bits: int = 2048, **more: Any) -> dict[str, Any]:
    numbers = private_key(of or kid, bits).public_key().public_numbers()
    found = {
        "kty": "RSA",
        "kid": kid,
        "use": "sig",
        "alg": "RS256",
        "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": "AQAB",
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def jwks(*kids: str) -> dict[str, Any]:
    return {"keys": [jwk(kid) for kid in kids or (KID,)]}


def key_set(*kids: str) -> KeySet:
    return read_jwks(jwks(*kids))


def claims(**more: Any) -> dict[str, Any]:
    """An ID token's claims for the audience ``app1``; None takes one away."""
    found = {
        "sub": "user-1",
        "iss": ISSUER,
        "aud": "app1",
        "token_use": "id",
        "auth_time": int(NOW) - 10,
        "iat": int(NOW) - 10,
        "exp": int(NOW) + 3600,
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def token(
    payload: Any = None, *, alg: str = "RS256", kid: str | None = KID, signed_by: str = KID, **header: Any
) -> str:
    """A compact token; ``payload`` bytes are taken as they are."""
    head: dict[str, Any] = {"alg": alg, "typ": "JWT", **header}
    if kid is not None:
        head["kid"] = kid
    signed = f"{segment(head)}.{segment(claims() if payload is None else payload)}"
    return f"{signed}.{base64url(_signature(alg, signed.encode(), signed_by))}"


def _signature(alg: str, data: bytes, signed_by: str) -> bytes:
    digest = _HASHES.get(alg[2:], hashes.SHA256())
    if alg.startswith("PS"):
        return private_key(signed_by).sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    if alg.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(digest))
    if alg.startswith("HS"):
        # The classic confusion: the public key, which everybody has, as the secret of an HMAC.
        public = json.dumps(jwk(signed_by)).encode()
        return hmac.new(public, data, hashlib.sha256).digest()
    if alg == "none":
        return b""
    return private_key(signed_by).sign(data, padding.PKCS1v15(), digest)


def evidence_of(outcome: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = outcome.evidence
    return found
