"""An issuer of tokens that lives here, so that JWT and Cognito authorizers can be used without the network.

Its key is made when it is first needed and stays in the data folder. It answers as an OpenID provider at
``/_sekisho/issuer/{name}``, and it also stands in for others: every Cognito user pool, and every issuer that was
registered, is verified with this key as well (``edge/keys.py``). So a token can be made for an authorizer as it is
configured for AWS. Whoever may use ``/_sekisho/`` may make tokens; with ``--enforce-iam`` only this machine may.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from sekisho.edge.minting import Order, OrderRefused, claims_of, read_order
from sekisho.kit.ids import uuid4

PREFIX: Final = "/_sekisho/issuer/"
MAX_BODY: Final = 64 * 1024
MAX_REGISTERED: Final = 1000
_KEY_FILE: Final = "issuer-key.pem"
_REGISTER_FILE: Final = "issuers.json"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
_COGNITO: Final = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_-]+").fullmatch
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

Document = dict[str, Any]


def base64url(data: bytes) -> str:
    """RFC 7515, 2: without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class LocalIssuer:
    """One key, many names."""

    def __init__(self, folder: Path, endpoint: Callable[[], str], wall: Callable[[], float] = time.time) -> None:
        """``endpoint`` gives the server's URL once it listens."""
        self._folder = folder
        self._endpoint = endpoint
        self._wall = wall
        self._making: asyncio.Task[_Key] | None = None
        self._registered = _read_register(folder / _REGISTER_FILE)

    # --- who is stood in for

    def stands_for(self, issuer: str) -> bool:
        """Whether tokens of ``issuer`` may be signed with the local key."""
        return self.is_own(issuer) or issuer in self._registered or _COGNITO(issuer) is not None

    def is_own(self, issuer: str) -> bool:
        """Whether ``issuer`` is a name of this server's own."""
        try:
            given, mine = urlsplit(issuer), urlsplit(self._endpoint())
            same = given.port == mine.port
        except ValueError:
            return False
        host = given.hostname
        here = host in _LOOPBACK or host == mine.hostname
        plain = not given.query and not given.fragment and given.username is None
        return (
            same
            and here
            and plain
            and given.scheme == "http"
            and given.path.startswith(PREFIX)
            and _NAME(given.path[len(PREFIX) :]) is not None
        )

    def register(self, issuer: str) -> str:
        """Stand in for ``issuer`` from now on. Why not, or empty."""
        try:
            parts = urlsplit(issuer)
        except ValueError:
            return "the issuer is not a URL"
        if parts.scheme not in ("https", "http") or not parts.hostname or len(issuer) > 2048:
            return "the issuer must be an https URL, exactly as the authorizer is configured with it"
        if self.stands_for(issuer):
            return ""
        if len(self._registered) >= MAX_REGISTERED:
            return f"{MAX_REGISTERED:,} issuers are registered; POST /_sekisho/reset forgets them"
        self._registered.add(issuer)
        _write(self._folder / _REGISTER_FILE, orjson.dumps(sorted(self._registered)))
        return ""

    def forget(self) -> None:
        """Stand in for nobody but Cognito; the key stays."""
        self._registered.clear()
        (self._folder / _REGISTER_FILE).unlink(missing_ok=True)

    # --- the key

    async def key(self) -> _Key:
        """The key, made if there is none yet. Raises OSError, ValueError."""
        task = self._making
        if task is None or (task.done() and task.exception() is not None):
            task = self._making = asyncio.get_running_loop().create_task(self._load())
        return await asyncio.shield(task)

    async def _load(self) -> _Key:
        return await asyncio.get_running_loop().run_in_executor(None, _load_key, self._folder / _KEY_FILE)

    async def jwks(self) -> Document:
        """The JWK set."""
        return {"keys": [(await self.key()).jwk]}

    def discovery(self, name: str) -> Document:
        """The OpenID configuration of one of the issuer's names (OpenID Connect Discovery 1.0, 3)."""
        issuer = self.url_of(name)
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "response_types_supported": ["token", "id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def url_of(self, name: str) -> str:
        return f"{self._endpoint()}{PREFIX}{name}"

    async def mint(self, order: Order) -> Document:
        """A signed token with its parts. Raises OrderRefused for issuers that are not stood in for."""
        issuer = order.issuer or self.url_of("local")
        if not self.stands_for(issuer):
            raise OrderRefused(
                f"Sekisho does not stand in for the issuer {issuer}. Register it first: POST /_sekisho/issuer/map "
                'with {"issuer": URL}.'
            )
        key = await self.key()
        claims = claims_of(order, issuer, self._wall(), lambda: uuid4(os.urandom))
        header = {"kid": order.kid or key.kid, "alg": "RS256", "typ": "JWT"}
        signed = f"{base64url(orjson.dumps(header))}.{base64url(orjson.dumps(claims))}"
        token = f"{signed}.{base64url(key.sign(signed.encode('ascii')))}"
        return {"token": token, "header": header, "claims": claims, "issuer": issuer}

    # --- HTTP

    async def answer(self, method: str, parts: list[str], body: bytes, trusted: bool) -> tuple[int, Document] | None:
        """What ``/_sekisho/issuer/…`` answers; None: there is no such endpoint. ``trusted``: may change and mint."""
        try:
            if method in ("GET", "HEAD"):
                return await self._read(parts)
            if method == "POST" and parts in (["token"], ["map"]):
                if not trusted:
                    return 403, {"message": "With --enforce-iam, tokens are made for callers on this machine only."}
                return await self._change(parts[0], body)
        except OrderRefused as problem:
            return 400, {"message": str(problem)}
        except (OSError, ValueError) as problem:
            return 500, {"message": f"The issuer's key or register cannot be used: {problem}"}
        return None

    async def _read(self, parts: list[str]) -> tuple[int, Document] | None:
        if not parts:
            return 200, {"issuer": self.url_of("local"), "standsFor": ["Cognito user pools", *sorted(self._registered)]}
        if len(parts) == 3 and _NAME(parts[0]) and parts[1] == ".well-known":
            if parts[2] == "openid-configuration":
                return 200, self.discovery(parts[0])
            if parts[2] == "jwks.json":
                return 200, await self.jwks()
        return None

    async def _change(self, what: str, body: bytes) -> tuple[int, Document]:
        if len(body) > MAX_BODY:
            raise OrderRefused("the body is too large")
        try:
            document = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            raise OrderRefused("the body is not JSON") from None
        if not isinstance(document, dict):
            raise OrderRefused("the body must be a JSON object")
        if what == "token":
            return 200, await self.mint(read_order(document))
        issuer = document.get("issuer")
        objection = self.register(issuer) if isinstance(issuer, str) else "issuer must be a URL"
        if objection:
            raise OrderRefused(objection)
        return 200, {"issuer": issuer, "status": "verified with the local key"}


class _Key:
    """An RSA private key, with its public half as a JWK."""

    def __init__(self, private: Any) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        self._private = private
        self._how = (padding.PKCS1v15(), hashes.SHA256())
        numbers = private.public_key().public_numbers()
        public = {
            "e": base64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
            "kty": "RSA",
            "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        }
        self.kid = base64url(hashlib.sha256(orjson.dumps(public)).digest())
        """The key's thumbprint (RFC 7638): as stable as the key."""
        self.jwk: Mapping[str, str] = {**public, "alg": "RS256", "use": "sig", "kid": self.kid}

    def sign(self, data: bytes) -> bytes:
        signature: bytes = self._private.sign(data, *self._how)
        return signature


def _load_key(path: Path) -> _Key:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not path.exists():
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(path, pem)
        return _Key(private)
    try:
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        loaded = None
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise ValueError(f"{path} is no RSA key; remove it, and a new one is made")
    return _Key(loaded)


def _read_register(path: Path) -> set[str]:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return set()
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _write(path: Path, data: bytes) -> None:
    """Replace a file, for the owner only, wholly or not at all."""
    draft = path.with_suffix(".new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
