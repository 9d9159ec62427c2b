"""Fetching the keys of an issuer: from the local one, or by OpenID Connect Discovery.

Theory of operation. The issuers that the local one stands in for are answered without the network. When a token of such
an issuer names another key, the token is from the real one: its keys are fetched as well, and both hold. The limits are
API Gateway's: 1,500 milliseconds for everything, 150,000 bytes for each document.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html

An issuer speaks https, or http on this machine. It may redirect within itself, and name a key set elsewhere; but not on
this machine, unless it is here itself. Requests that want the same issuer's keys wait for one fetch.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urljoin

import orjson

from sekisho.edge.issuer import LocalIssuer
from sekisho.edge.outbound import OutboundProblem, Reach, Target, fetch, read_url
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable

TOTAL_SECONDS: Final = 1.5
MAX_DOCUMENT: Final = 150_000
MAX_REDIRECTS: Final = 3
_DISCOVERY: Final = "/.well-known/openid-configuration"
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_HEADERS: Final = (("Accept", "application/json"), ("User-Agent", "sekisho"))

Answer = Keys | KeysUnavailable


class IssuerKeys:
    """Performs ``FetchKeys``."""

    def __init__(self, local: LocalIssuer, own_port: Callable[[], int], seconds: float = TOTAL_SECONDS) -> None:
        """``own_port``: where this server listens; it does not call itself."""
        self._local = local
        self._own_port = own_port
        self._seconds = seconds
        self._running: dict[str, asyncio.Task[Answer]] = {}

    async def fetch(self, wanted: FetchKeys) -> Answer:
        """The issuer's keys. Raises nothing: what goes wrong is an answer."""
        issuer = wanted.issuer
        if not self._local.stands_for(issuer):
            return await self._single(issuer)
        try:
            own = await self._local.jwks()
        except (OSError, ValueError) as problem:
            return KeysUnavailable("jwks", f"the local issuer has no key: {problem}")
        here = any(key["kid"] == wanted.kid for key in own["keys"])
        if here or not wanted.kid or self._local.is_own(issuer):
            return Keys(own)
        far = await self._single(issuer)
        return Keys({"keys": [*own["keys"], *far.jwks["keys"]]}) if isinstance(far, Keys) else Keys(own)

    async def _single(self, issuer: str) -> Answer:
        """One fetch at a time for each issuer."""
        task = self._running.get(issuer)
        if task is None:
            task = self._running[issuer] = asyncio.get_running_loop().create_task(self._remote(issuer))
            task.add_done_callback(lambda _: self._running.pop(issuer, None))
        return await asyncio.shield(task)

    async def _remote(self, issuer: str) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        step = "discovery"
        try:
            home = read_url(issuer)
            here = is_local_name(home.host)
            configuration = await self._document(issuer.rstrip("/") + _DISCOVERY, here, deadline)
            address = configuration.get("jwks_uri")
            if not isinstance(address, str):
                raise OutboundProblem("protocol", "the OpenID configuration names no jwks_uri")
            step = "jwks"
            jwks = await self._document(address, here, deadline)
            if not isinstance(jwks.get("keys"), list):
                raise OutboundProblem("protocol", "the document at jwks_uri is no JWK set")
        except OutboundProblem as problem:
            return KeysUnavailable(step, str(problem))
        return Keys(jwks)

    async def _document(self, url: str, here: bool, deadline: float) -> Mapping[str, Any]:
        """A JSON object by GET, following redirects that stay where they are. Raises OutboundProblem."""
        first = read_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            target = read_url(url)
            if target.origin != first.origin:
                raise OutboundProblem("address", f"{first.authority} redirects to another place")
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise OutboundProblem("timeout", f"there was no time left to ask {target.authority}")
            answer = await fetch(
                "GET", url, _HEADERS, timeout=left, limit=MAX_DOCUMENT, reach=self._reach(target, here)
            )
            if answer.status not in _REDIRECTS:
                break
            try:
                url = urljoin(url, answer.header("location") or "")
            except ValueError:
                raise OutboundProblem("protocol", "the redirect is no URL") from None
        if answer.status != 200:
            raise OutboundProblem("protocol", f"{first.authority} answered {answer.status}")
        try:
            document = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise OutboundProblem("protocol", f"what {first.authority} answered is not JSON") from None
        if not isinstance(document, dict):
            raise OutboundProblem("protocol", f"what {first.authority} answered is no JSON object")
        return document

    def _reach(self, target: Target, here: bool) -> Reach:
        """https reaches everywhere but this machine, unless the issuer is on it; http reaches this machine only."""
        local = is_local_name(target.host)
        if target.scheme == "http" and not (here and local):
            raise OutboundProblem("address", "issuers and their keys must be at https addresses")
        return Reach(here and local, target.scheme == "https" and not local, self._own_port())


def is_local_name(host: str) -> bool:
    """Whether a host name says that it is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
