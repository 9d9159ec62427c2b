"""The events of HTTP APIs' Lambda authorizers, formats 1.0 and 2.0."""

from __future__ import annotations

from typing import Any

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.gateway.exchange import Exchange


def event_v1(x: Exchange, authorizer: LambdaAuthorizer, values: tuple[str, ...], arn: str) -> dict[str, Any]:
    raise NotImplementedError


def event_v2(x: Exchange, authorizer: LambdaAuthorizer, values: tuple[str, ...], arn: str) -> dict[str, Any]:
    raise NotImplementedError
