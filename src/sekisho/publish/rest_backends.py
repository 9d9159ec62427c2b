"""Non-proxy integrations and web servers of REST APIs, compiled.

What is not Lambda behind ``AWS``, and what is behind a VPC link, does not run here and compiles to ``Unsupported``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sekisho.config.integrations import (
    Authority,
    HttpRest,
    Integration,
    IntegrationResponse,
    LambdaCustom,
    RequestParameter,
    Transformation,
    Unsupported,
)
from sekisho.config.patterns import PatternRefused, compile_pattern
from sekisho.gateway.integrations.reserved import illegal_header
from sekisho.publish.lambda_uri import LAMBDA_URI, resolve
from sekisho.state.world import Document
from sekisho.vtl import Template, compile_template

CALLER: Final = "arn:aws:iam::*:user/*"
_TARGET: Final = "integration.request."
_SERVICE: Final = re.compile(r"arn:[^:]*:apigateway:[^:]*:([^:]+):")


def compile_backend(method: Document, record: Document, variables: Mapping[str, str], prefix: str) -> Integration:
    """The integration of a method that is neither ``AWS_PROXY`` nor ``MOCK``."""
    kind, uri = record["type"], record.get("uri", "")
    if kind == "AWS" and ":lambda:path/" in uri:
        return _lambda_custom(method, record, variables, prefix)
    if kind in ("HTTP", "HTTP_PROXY"):
        if record.get("connectionType") == "VPC_LINK":
            return Unsupported(kind, "VPC links do not run here")
        return _http(method, record, variables)
    if kind in ("AWS", "AWS_PROXY"):
        service = _SERVICE.match(uri)
        return Unsupported(kind, f"integrations with the service {service[1] if service else uri} do not run here")
    return Unsupported(kind, f"{kind} integrations of {uri} do not run here")


def _lambda_custom(method: Document, record: Document, variables: Mapping[str, str], prefix: str) -> LambdaCustom:
    found = LAMBDA_URI.fullmatch(resolve(record["uri"], variables))
    credentials = resolve(record.get("credentials", ""), variables)
    authority = Authority.SERVICE
    if credentials:
        authority = Authority.CALLER if credentials == CALLER else Authority.ROLE
    return LambdaCustom(
        function_arn=found["arn"] if found else "",
        qualifier=(found["qualifier"] or "") if found else "",
        authority=authority,
        role_arn=credentials if authority is Authority.ROLE else "",
        source_arn=prefix,
        timeout=record["timeoutInMillis"] / 1000,
        http_method=record.get("httpMethod", ""),
        transformation=transformation(method, record),
        uri=record["uri"],
        illegal_header=illegal_header("AWS", record.get("requestParameters") or ()),
    )


def _http(method: Document, record: Document, variables: Mapping[str, str]) -> HttpRest:
    return HttpRest(
        proxy=record["type"] == "HTTP_PROXY",
        method=record.get("httpMethod", ""),
        uri=resolve(record.get("uri", ""), variables),
        timeout=record["timeoutInMillis"] / 1000,
        transformation=transformation(method, record),
        configured_uri=record.get("uri", ""),
        insecure=bool((record.get("tlsConfig") or {}).get("insecureSkipVerification")),
        illegal_header=illegal_header(record["type"], record.get("requestParameters") or ()),
    )


def transformation(method: Document, record: Document) -> Transformation:
    """Templates, mappings and responses of an integration."""
    return Transformation(
        parameters=tuple(_parameters(record.get("requestParameters") or {})),
        templates=templates(record.get("requestTemplates")),
        passthrough=record["passthroughBehavior"],
        responses=tuple(response(each) for _, each in sorted(record.get("integrationResponses", {}).items())),
        method_responses={
            status: dict(each.get("responseParameters") or {})
            for status, each in method.get("methodResponses", {}).items()
        },
        content_handling=record.get("contentHandling", ""),
    )


def _parameters(rows: Mapping[str, str]) -> Iterator[RequestParameter]:
    for target, source in rows.items():
        if target.startswith(_TARGET):
            place, _, name = target[len(_TARGET) :].partition(".")
            yield RequestParameter(place.removeprefix("multivalue"), name, source)


def response(record: Document) -> IntegrationResponse:
    """One integration response."""
    return IntegrationResponse(
        status=record["statusCode"],
        pattern=_pattern(record.get("selectionPattern", "")),
        parameters=dict(record.get("responseParameters") or {}),
        templates=templates(record.get("responseTemplates")),
        content_handling=record.get("contentHandling", ""),
    )


def _pattern(text: str) -> Callable[[str], bool] | None:
    if not text:
        return None
    try:
        return compile_pattern(text)
    except PatternRefused:
        return lambda _: False


def templates(given: Mapping[str, str | None] | None) -> Mapping[str, Template]:
    """Content type → compiled template."""
    return {kind: compile_template(text or "") for kind, text in (given or {}).items()}
