"""Who may speak to the control plane from a browser: pages of this server, and origins that were named.

A web page anywhere can make the developer's browser send requests to loopback. Programs are not limited: they send
neither ``Origin`` nor ``Sec-Fetch-Site``. The Host check stops DNS rebinding: a page of ``evil.example`` whose name
suddenly resolves to 127.0.0.1 is same-origin to itself, but still says ``Host: evil.example``.
https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sekisho.kit.headers import Headers

_TRUSTED_HOSTS = frozenset(("localhost", "localhost.localstack.cloud", "host.docker.internal", ""))
_TRUSTED_SUFFIXES = (
    ".localhost",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".localhost.localstack.cloud",
)


class CrossSite:
    """The rule, for one server."""

    def __init__(self, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def allowed_origin(self, headers: Headers) -> str:
        """The request's Origin when it is one that ``--allow-origin`` opened; else empty."""
        origin = headers.get("origin")
        if origin and self._origins and ("*" in self._origins or origin.lower() in self._origins):
            return origin
        return ""

    def objection(self, host: str, headers: Headers) -> str:
        """Why the request is refused, or empty. ``host`` is the Host header without port."""
        if self.allowed_origin(headers):
            return ""
        if not self._trusted(host.lower().rstrip(".")):
            return (
                f"the Host header names '{host}', which is no name of this server (protection against DNS rebinding). "
                f"Use localhost or an IP address, or start sekisho with --host {host}"
            )
        origin = headers.get("origin")
        if origin is not None:
            if _authority(origin) == (headers.get("host") or "").lower():
                return ""
            return (
                f"the request comes from a web page of another origin ({origin}). "
                f"To open the control plane to it, start sekisho with --allow-origin {origin}"
            )
        site = headers.get("sec-fetch-site")
        if site in ("cross-site", "same-site"):
            return (
                "the request comes from a web page of another site. "
                "To open the control plane to that page, start sekisho with --allow-origin ORIGIN"
            )
        return ""

    def _trusted(self, host: str) -> bool:
        if host in _TRUSTED_HOSTS or host in self._hosts or host.endswith(_TRUSTED_SUFFIXES):
            return True
        if "." not in host and ":" not in host:
            # A name without dots comes from the machine's or the container network's own name service.
            return True
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return False
        return True


def _authority(origin: str) -> str:
    """``host[:port]`` of an http(s) origin; something no Host header equals otherwise."""
    scheme, mark, rest = origin.lower().partition("://")
    return rest if mark and scheme in ("http", "https") and rest else "\0"
