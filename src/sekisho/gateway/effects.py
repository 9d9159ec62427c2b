"""All I/O the data plane can ask for. A closed set; results are variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sekisho.functions.invocation import InvokeFunction


class FetchKeys(NamedTuple):
    """Fetch the public keys of an issuer of tokens. The result is ``Keys`` or ``KeysUnavailable``."""

    issuer: str
    """The URL as the authorizer is configured with it."""
    kid: str
    """The key that is wanted; the answer may lack it."""


class Keys(NamedTuple):
    """An issuer's JWK set (RFC 7517), as it was answered: nothing in it has been checked."""

    jwks: Mapping[str, Any]


class KeysUnavailable(NamedTuple):
    """The issuer did not answer in time, or not with a JWK set."""

    kind: str
    """``discovery`` (the OpenID configuration) or ``jwks``."""
    message: str
    """What went wrong, for the developer; clients never see it."""


class CallHttp(NamedTuple):
    """Send a request to a web server. The result is ``HttpAnswer`` or ``HttpFailed``."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """With ``host``, without what belongs to the connection."""
    body: bytes
    patience: float
    """Seconds for the whole exchange."""
    tls_server_name: str = ""
    """The name that the certificate must have, when it is not the host's."""
    insecure: bool = False
    """Whether certificates of unknown authorities are accepted; the name and the dates count all the same."""


class HttpAnswer(NamedTuple):
    """What the server answered, body whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class HttpFailed(NamedTuple):
    """There was no answer that could be used."""

    kind: str
    """``address``, ``connect``, ``tls``, ``tls-name`` (the certificate is another host's), ``timeout``, ``size`` or
    ``protocol``."""
    message: str


Effect = InvokeFunction | FetchKeys | CallHttp
