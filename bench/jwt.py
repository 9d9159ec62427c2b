"""Verifying a token with a cached key, and passing one that was accepted before."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace

from bench.figures import Figure, cpu_microseconds
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sekisho.config.authorizers import IdentitySource, JwtAuthorizer
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.gateway.authorizers.jwt import Accepted, authorize, judge
from sekisho.gateway.authorizers.keys import KeySet, read_jwks
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import UNROUTED, Trace
from sekisho.kit.headers import Headers
from sekisho.kit.outcome import PASS, Ask

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"
NOW = 1_790_000_000.0
SCOPES = ("orders/read",)
AUTHORIZER = JwtAuthorizer("auth01", "pool", IdentitySource("header", "authorization", ""), ISSUER, ("app1",))


class _NoKeys:
    def find(self, access_key_id: str, snapshot: Snapshot) -> None:
        return None


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed() -> tuple[str, KeySet]:
    """A token as a user pool makes them (about 1 KB), and the key it is signed with."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = private.public_key().public_numbers()
    claims = {
        "sub": "7e2eedc9-6d06-5f9b-9002-6f4ceeabfcda",
        "cognito:groups": ["admin", "users"],
        "iss": ISSUER,
        "version": 2,
        "client_id": "app1",
        "origin_jti": "d97771a8-362c-4f79-8c67-088738fe891a",
        "event_id": "4cfd7ab3-ee9b-47c1-a9e4-9ea6835779c9",
        "token_use": "access",
        "scope": "openid orders/read orders/write",
        "auth_time": int(NOW) - 10,
        "exp": int(NOW) + 3600,
        "iat": int(NOW) - 10,
        "jti": "eec45e03-df64-49be-bcb4-8e1123089767",
        "username": "7e2eedc9-6d06-5f9b-9002-6f4ceeabfcda",
    }
    parts = [_base64url(json.dumps(part).encode()) for part in ({"kid": "k", "alg": "RS256"}, claims)]
    signature = private.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    n = _base64url(numbers.n.to_bytes(256, "big"))
    keys = read_jwks({"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": n, "e": "AQAB"}]})
    return ".".join([*parts, _base64url(signature)]), keys


def _imported_at_start() -> bool:
    """Whether starting the server imports the cryptography package."""
    program = "import sekisho.edge.running, sys; raise SystemExit('cryptography' in sys.modules)"
    return subprocess.run([sys.executable, "-c", program], check=False).returncode != 0


def measure() -> list[Figure]:
    token, keys = _signed()
    header = f"Bearer {token}"

    def verified() -> object:
        found = judge(header, AUTHORIZER, SCOPES, keys, NOW)
        assert isinstance(found, Accepted)
        return found

    ledger = Ledger()
    ledger.remember_keys(ISSUER, keys, NOW)
    request = GatewayRequest(
        "GET", "/items", "/items", "", Headers([("Host", "h"), ("Authorization", header)]), b"", "h", "a", "r", "::1"
    )
    trace = Trace(request, EMPTY, NOW, "id", "xid")
    trace.route = replace(UNROUTED, scopes=SCOPES)
    x = Exchange(request, EMPTY, _NoKeys(), trace, NOW, lambda: 0.0, bytes, ledger)
    assert authorize(x, AUTHORIZER) is PASS

    def known() -> object:
        found = authorize(x, AUTHORIZER)
        assert not isinstance(found, Ask)
        return found

    return [
        Figure("JWT verification with a cached key", cpu_microseconds(verified), "µs", 60.0),
        Figure("… of a token that was accepted before", cpu_microseconds(known), "µs", 5.0),
        Figure("cryptography imported at the start of the server", float(_imported_at_start()), "", 0.0),
    ]
