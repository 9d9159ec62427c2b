"""Authorizers of a REST deployment → compiled ones: one object for each, which all its methods share.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from sekisho.config.api import Authorizer, UnsupportedAuthorizer
from sekisho.config.authorizers import CognitoAuthorizer, IdentitySource, LambdaAuthorizer
from sekisho.config.integrations import Authority
from sekisho.config.patterns import PatternRefused, compile_pattern
from sekisho.publish.lambda_uri import LAMBDA_URI, resolve
from sekisho.state.world import Document

DEFAULT_TTL: Final = 300
_SOURCE: Final = re.compile(
    r"method\.request\.(?P<place>header|querystring)\.(?P<name>.+)|(?P<scope>context|stageVariables)\.(?P<inner>.+)"
)
_DEFAULT_SOURCE: Final = "method.request.header.Authorization"


def compile_authorizers(
    records: Mapping[str, Document], variables: Mapping[str, str], arn_of_api: str, generation: int
) -> Mapping[str, Authorizer]:
    """Authorizer id → compiled. ``arn_of_api`` is ``arn:aws:execute-api:region:account:api/``; ``generation`` counts
    the flushes of the stage's authorizer cache."""
    return {id_: _compile(id_, record, variables, arn_of_api, generation) for id_, record in records.items()}


def _compile(id_: str, record: Document, variables: Mapping[str, str], arn_of_api: str, generation: int) -> Authorizer:
    kind = record["type"]
    if kind == "COGNITO_USER_POOLS":
        return CognitoAuthorizer(
            id=id_,
            name=record["name"],
            identity_source=_sources(record.get("identitySource") or _DEFAULT_SOURCE)[0],
            pools=tuple(record.get("providerARNs") or ()),
            validation=_validation(record.get("identityValidationExpression")),
        )
    if kind not in ("TOKEN", "REQUEST"):
        return UnsupportedAuthorizer(kind)
    found = LAMBDA_URI.fullmatch(resolve(record.get("authorizerUri") or "", variables))
    role = resolve(record.get("authorizerCredentials") or "", variables)
    text = record.get("identitySource") or (_DEFAULT_SOURCE if kind == "TOKEN" else "")
    ttl = record.get("authorizerResultTtlInSeconds")
    return LambdaAuthorizer(
        id=id_,
        name=record["name"],
        kind=kind,
        payload="REST",
        simple=False,
        function_arn=found["arn"] if found else "",
        qualifier=(found["qualifier"] or "") if found else "",
        authority=Authority.ROLE if role else Authority.SERVICE,
        role_arn=role,
        source_arn=f"{arn_of_api}authorizers/{id_}",
        identity_sources=_sources(text),
        validation=_validation(record.get("identityValidationExpression")) if kind == "TOKEN" else None,
        ttl=float(DEFAULT_TTL if ttl is None else ttl),
        uri=record.get("authorizerUri") or "",
        generation=generation,
    )


def _sources(text: str) -> tuple[IdentitySource, ...]:
    """The sources of a list with commas. One that cannot be read is kept: it never has a value, so nobody passes."""
    return tuple(_source(part.strip()) for part in text.split(",") if part.strip())


def _source(text: str) -> IdentitySource:
    found = _SOURCE.fullmatch(text)
    if found is None:
        return IdentitySource("stageVariables", "", text)
    if found["scope"]:
        return IdentitySource(found["scope"], found["inner"], text)
    place, name = found["place"], found["name"]
    return IdentitySource(place, name.lower() if place == "header" else name, text)


def _validation(expression: str | None) -> Callable[[str], bool] | None:
    if not expression:
        return None
    try:
        return compile_pattern(expression)
    except PatternRefused:
        return _never


def _never(_: str) -> bool:
    """What an expression that cannot be run accepts."""
    return False
