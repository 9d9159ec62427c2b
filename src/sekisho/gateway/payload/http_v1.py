"""The event of payload 1.0, as HTTP APIs send it to functions and authorizers.

Like a REST API's, with ``version``, the route key as the resource's id, and the stage in ``path`` when it is named.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.payload.http_request import Lines, View, joined, several, view
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.payload.v2 import body_of
from sekisho.gateway.trace import NOBODY, Trace
from sekisho.kit.instants import clf

_SPELLED: Final = {
    "content-length": "Content-Length",
    "cookie": "Cookie",
    "host": "Host",
    "user-agent": "User-Agent",
}
"""How authorizers see names; all that begin with ``x-`` have capitals too."""


def encode(x: Exchange, seen: View) -> bytes:
    """The event of a Lambda proxy integration, JSON."""
    return orjson.dumps(event(x, seen))


def event(x: Exchange, seen: View) -> dict[str, Any]:
    """The event of a Lambda proxy integration, keys in AWS's order."""
    t = x.trace
    text, encoded = body_of(x)
    query = query_values(seen.query)
    return {
        "version": "1.0",
        "resource": t.route.resource_path or t.route.route_key,
        "path": seen.path,
        "httpMethod": x.request.method,
        "headers": {name: values[-1] for name, values in several(seen.headers).items()},
        "multiValueHeaders": several(seen.headers),
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": _context(x, seen, _authorizer(t)),
        "pathParameters": dict(t.path_parameters) or None,
        "stageVariables": dict(t.stage.variables) or None,
        "body": text,
        "isBase64Encoded": encoded,
    }


def authorizer_event(x: Exchange, authorizer: LambdaAuthorizer, values: tuple[str, ...], arn: str) -> dict[str, Any]:
    """The event of a Lambda authorizer; ``values`` are those of its identity sources, ``arn`` is the method's."""
    t = x.trace
    seen = view(x)
    identity = ",".join(values)
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": arn,
        "identitySource": identity,
        "authorizationToken": identity,
        # Recorded as empty, whatever the route.
        "resource": "",
        "path": seen.path,
        "httpMethod": x.request.method,
        "headers": joined(_spelled(seen.headers)),
        "queryStringParameters": {name: found[-1] for name, found in query_values(seen.query).items()},
        "pathParameters": dict(t.path_parameters),
        "stageVariables": dict(t.stage.variables),
        "requestContext": _context(x, seen, None),
    }


def _spelled(lines: Lines) -> Lines:
    return [(_SPELLED.get(name) or (name.title() if name.startswith("x-") else name), value) for name, value in lines]


def _context(x: Exchange, seen: View, authorizer: dict[str, Any] | None) -> dict[str, Any]:
    t, request = x.trace, x.request
    domain = domain_name(t)
    found: dict[str, Any] = {"accountId": t.api.account, "apiId": t.api.id}
    if authorizer is not None:
        found["authorizer"] = authorizer
    found |= {
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "extendedRequestId": t.request_id,
        "httpMethod": request.method,
        "identity": _identity(t),
        "path": seen.path,
        "protocol": request.protocol,
        "requestId": t.request_id,
        "requestTime": clf(t.received),
        "requestTimeEpoch": int(t.received * 1000),
        "resourceId": t.route.route_key,
        "resourcePath": t.route.resource_path or t.route.route_key,
        "stage": t.stage.name,
    }
    return found


def _identity(t: Trace) -> dict[str, Any]:
    subject = t.caller.subject
    known = t.caller is not NOBODY
    return {
        "accessKey": t.access_key_id if known else None,
        "accountId": subject.account if known else None,
        "caller": subject.unique_id if known else None,
        "cognitoAmr": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": t.request.source_ip,
        "user": subject.unique_id if known else None,
        "userAgent": t.request.headers.get("user-agent"),
        "userArn": subject.arn if known else None,
    }


def _authorizer(t: Trace) -> dict[str, Any] | None:
    """A function's context without its kind, a token's claims and scopes; None for open and signed routes."""
    said = t.authorizer_context
    if "jwt" in said:
        return dict(said["jwt"])
    if "lambda" not in said:
        return None
    principal = t.fields.get("authorizer.principalId")
    return {**said["lambda"], **({"principalId": principal} if principal is not None else {})}
