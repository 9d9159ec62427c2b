"""The event of payload 2.0, as HTTP APIs send it to functions and, in part, to authorizers.

What is absent is not there: no nulls, no empty maps. Names of header fields are in lower case, repeated values are
joined by commas, the path is decoded and the query is raw. Cookies stand in ``cookies``; the ``cookie`` field is
removed for integrations and stays for authorizers.

vectors: deployed/http-payload2-query, authzrole/http-policy-role-allow.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
from typing import Any, Final

import orjson

from sekisho.config.api import Iam
from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.payload.http_request import View, cookies, joined, view
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.trace import Trace
from sekisho.kit.instants import clf

_TEXT: Final = frozenset(("application/json", "application/javascript", "application/xml"))
"""Besides ``text/*`` and what ends in ``+json`` or ``+xml``: everything else is sent as base64."""


def encode(x: Exchange, seen: View) -> bytes:
    """The event of a Lambda proxy integration, JSON."""
    return orjson.dumps(event(x, seen))


def event(x: Exchange, seen: View) -> dict[str, Any]:
    """The event of a Lambda proxy integration, keys in AWS's order."""
    t = x.trace
    found: dict[str, Any] = {
        "version": "2.0",
        "routeKey": t.route.route_key,
        "rawPath": seen.path,
        "rawQueryString": seen.query,
    }
    crumbs = cookies(seen.headers)
    if crumbs:
        found["cookies"] = crumbs
    found["headers"] = joined([line for line in seen.headers if line[0] != "cookie"])
    query = query_map(seen.query)
    if query:
        found["queryStringParameters"] = query
    found["requestContext"] = _context(x, seen, _authorizer(t))
    text, encoded = body_of(x)
    if text is not None:
        found["body"] = text
    if t.path_parameters:
        found["pathParameters"] = dict(t.path_parameters)
    if t.stage.variables:
        found["stageVariables"] = dict(t.stage.variables)
    found["isBase64Encoded"] = encoded
    return found


def authorizer_event(x: Exchange, authorizer: LambdaAuthorizer, values: tuple[str, ...], arn: str) -> dict[str, Any]:
    """The event of a Lambda authorizer; ``values`` are those of its identity sources, ``arn`` is the route's."""
    t = x.trace
    seen = view(x)
    found: dict[str, Any] = {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": arn,
        "identitySource": list(values),
        "routeKey": t.route.route_key,
        "rawPath": seen.path,
        "rawQueryString": seen.query,
    }
    crumbs = cookies(seen.headers)
    if crumbs:
        found["cookies"] = crumbs
    found["headers"] = joined(seen.headers)
    query = query_map(seen.query)
    if query:
        found["queryStringParameters"] = query
    found["requestContext"] = _context(x, seen, None)
    if t.path_parameters:
        found["pathParameters"] = dict(t.path_parameters)
    if t.stage.variables:
        found["stageVariables"] = dict(t.stage.variables)
    return found


def query_map(raw: str) -> dict[str, str]:
    """Decoded; repeated values are joined by commas."""
    return {name: ",".join(values) for name, values in query_values(raw).items()}


def body_of(x: Exchange) -> tuple[str | None, bool]:
    """The body as text and whether that is base64; None without a body."""
    body = x.request.body
    if not body:
        return None, False
    media = (x.request.headers.get("content-type") or "text/plain").partition(";")[0].strip().lower()
    textual = media in _TEXT or media.startswith("text/") or media.endswith(("+json", "+xml"))
    if textual and not x.request.headers.get("content-encoding"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _context(x: Exchange, seen: View, authorizer: dict[str, Any] | None) -> dict[str, Any]:
    t, request = x.trace, x.request
    domain = domain_name(t)
    found: dict[str, Any] = {"accountId": t.api.account, "apiId": t.api.id}
    if authorizer:
        found["authorizer"] = authorizer
    found |= {
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": seen.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("user-agent") or "",
        },
        "requestId": t.request_id,
        "routeKey": t.route.route_key,
        "stage": t.stage.name,
        "time": clf(t.received),
        "timeEpoch": int(t.received * 1000),
    }
    return found


def _authorizer(t: Trace) -> dict[str, Any] | None:
    """``lambda``, ``jwt`` or ``iam``, by what authorized the request. vector: iam/http-signed-event."""
    if isinstance(t.route.authorizer, Iam):
        subject = t.caller.subject
        iam = {
            "accessKey": t.access_key_id,
            "accountId": subject.account,
            "callerId": subject.unique_id,
            "cognitoIdentity": None,
            # Not the organization: AWS sends the name of the condition key.
            "principalOrgId": "aws:PrincipalOrgID",
            "userArn": subject.arn,
            "userId": subject.unique_id,
        }
        return {"iam": iam}
    return dict(t.authorizer_context)
