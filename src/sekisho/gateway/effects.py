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


Effect = InvokeFunction | FetchKeys
