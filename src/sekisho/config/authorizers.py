"""Authorizers, compiled: Lambda (REST TOKEN and REQUEST, HTTP 1.0 and 2.0), JWT, Cognito user pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sekisho.config.integrations import Authority


class IdentitySource(NamedTuple):
    """Where a value that identifies the caller is read from."""

    place: str
    """``header``, ``querystring``, ``stageVariables`` or ``context``."""
    name: str
    """Header names in lower case; the others as configured."""
    text: str
    """As configured: ``method.request.header.Authorization``, ``$request.header.Authorization`` …"""


@dataclass(frozen=True, slots=True)
class LambdaAuthorizer:
    """A function that decides."""

    id: str
    name: str
    kind: str
    """``TOKEN`` or ``REQUEST``."""
    payload: str
    """``REST``, ``1.0`` or ``2.0``: the shape of the event."""
    simple: bool
    """HTTP payload 2.0 with simple responses."""
    function_arn: str
    """Unqualified; empty when the URI names no function."""
    qualifier: str
    authority: Authority
    """SERVICE (the function's policy decides) or ROLE."""
    role_arn: str
    source_arn: str
    """``arn:aws:execute-api:region:account:api/authorizers/id``."""
    identity_sources: tuple[IdentitySource, ...]
    validation: Callable[[str], bool] | None
    """Compiled ``identityValidationExpression`` of TOKEN authorizers; None: anything."""
    ttl: float
    """Seconds a result may be reused; 0: never."""
    uri: str = ""
    """As configured."""
    generation: int = 0
    """Counts flushes of the stage's cache (FlushStageAuthorizersCache, ResetAuthorizersCache). Answers are only used
    again for an equal authorizer, so those given before are forgotten."""


@dataclass(frozen=True, slots=True)
class JwtAuthorizer:
    """HTTP APIs: a JSON Web Token of one issuer."""

    id: str
    name: str
    identity_source: IdentitySource
    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CognitoAuthorizer:
    """REST APIs: a token of one of the user pools."""

    id: str
    name: str
    identity_source: IdentitySource
    pools: tuple[str, ...]
    """ARNs of user pools."""
    validation: Callable[[str], bool] | None = None
