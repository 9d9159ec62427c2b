"""The event of payload 1.0, as REST APIs send it to functions.

Text is as the client sent it: the path stays encoded, header names keep their spelling (but for two), query values are
decoded as forms are. vectors: rest-proxy-event/*, header-remap/AWS_PROXY/no-param-integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson

from sekisho.config.api import Iam
from sekisho.config.api_keys import ID, VALUE
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.payload.media import is_binary
from sekisho.gateway.trace import NOBODY, Trace
from sekisho.kit.instants import clf
from sekisho.kit.memory import remember

_DROPPED: Final = frozenset(
    (
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    )
)
"""Header fields that a function does not see as they were sent."""
_RESPELLED: Final = {"authorization": "Authorization", "user-agent": "User-Agent", "host": "Host"}

_EDGE: Final = (
    ("CloudFront-Forwarded-Proto", "https"),
    ("CloudFront-Is-Desktop-Viewer", "true"),
    ("CloudFront-Is-Mobile-Viewer", "false"),
    ("CloudFront-Is-SmartTV-Viewer", "false"),
    ("CloudFront-Is-Tablet-Viewer", "false"),
    ("CloudFront-Viewer-ASN", "64496"),
    ("CloudFront-Viewer-Country", "US"),
)
_EDGE_MULTI: Final = {name: [value] for name, value in _EDGE}
"""What CloudFront adds in front of edge-optimised APIs. The network number is one of those kept for examples."""

Multi = dict[str, list[str]]


def encode(x: Exchange) -> bytes:
    """The event, JSON."""
    return orjson.dumps(event(x))


def event(x: Exchange) -> dict[str, Any]:
    """The event of a Lambda proxy integration, keys in AWS's order."""
    t, request = x.trace, x.request
    headers, multi_headers = header_maps(x)
    multi_query = query_values(request.query)
    binary = bool(request.body) and is_binary(request.headers.get("content-type") or "", t.stage.binary_media_types)
    if not request.body:
        body = None
    elif binary:
        body = base64.b64encode(request.body).decode()
    else:
        body = request.body.decode("utf-8", "replace")
    return {
        "resource": t.route.resource_path,
        # By a custom domain name, functions see the path as the client sent it, with the mapping's key.
        "path": t.local_path if t.mapping is None else t.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": multi_headers,
        "queryStringParameters": {name: values[-1] for name, values in multi_query.items()} or None,
        "multiValueQueryStringParameters": multi_query or None,
        "pathParameters": t.path_parameters or None,
        "stageVariables": dict(t.stage.variables) or None,
        "requestContext": request_context(x),
        "body": body,
        "isBase64Encoded": binary,
    }


def query_values(raw: str) -> Multi:
    """A raw query as forms are decoded: ``+`` is a blank; a name without ``=`` has an empty value."""
    found: Multi = {}
    if not raw:
        return found
    for pair in raw.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def header_maps(x: Exchange) -> tuple[dict[str, str], Multi]:
    """``headers`` (the last value of each) and ``multiValueHeaders``."""
    t, request = x.trace, x.request
    single: dict[str, str] = {}
    multi: Multi = {}
    signed = isinstance(t.route.authorizer, Iam)
    for sent, value in request.headers.pairs:
        name = _shown(sent)
        if not name or (signed and name == "Authorization"):
            continue
        single[name] = value
        if name in multi:
            multi[name].append(value)
        else:
            multi[name] = [value]
    if t.api.endpoint_type == "EDGE":
        via = f"{request.protocol[5:]} {t.api.id}.cloudfront.net (CloudFront)"
        single.update(_EDGE)
        multi.update(_EDGE_MULTI)
        single["Via"], multi["Via"] = via, [via]
        single["X-Amz-Cf-Id"], multi["X-Amz-Cf-Id"] = t.extended_id, [t.extended_id]
    forwarded = request.headers.get("x-forwarded-for")
    source = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
    single["X-Amzn-Trace-Id"], multi["X-Amzn-Trace-Id"] = t.xray_id, [t.xray_id]
    single["X-Forwarded-For"], multi["X-Forwarded-For"] = source, [source]
    single["X-Forwarded-Port"], multi["X-Forwarded-Port"] = "443", ["443"]
    single["X-Forwarded-Proto"], multi["X-Forwarded-Proto"] = "https", ["https"]
    return single, multi


_names: Final[dict[str, str]] = {}


def _shown(name: str) -> str:
    """How a header field's name is shown to a function; empty when the field is not. Remembered: names are few."""
    found = _names.get(name)
    if found is not None:
        return found
    key = name.lower()
    return remember(_names, name, "" if key in _DROPPED else _RESPELLED.get(key, name))


def request_context(x: Exchange) -> dict[str, Any]:
    """``requestContext``; with ``authorizer`` once one has said who the caller is."""
    t, request = x.trace, x.request
    domain = domain_name(t)
    route, stage, api = t.route, t.stage, t.api
    authorizer = {"authorizer": t.authorizer_context} if t.authorizer_context else _NOTHING
    return {
        "resourceId": route.resource_id,
        **authorizer,
        "resourcePath": route.resource_path,
        "httpMethod": request.method,
        "extendedRequestId": t.extended_id,
        "requestTime": clf(t.received),
        "path": t.path,
        "accountId": api.account,
        "protocol": request.protocol,
        "stage": stage.name,
        "domainPrefix": domain.partition(".")[0],
        "requestTimeEpoch": int(t.received * 1000),
        "requestId": t.request_id,
        "identity": _identity(t),
        "domainName": domain,
        "deploymentId": stage.deployment_id,
        "apiId": api.id,
    }


_NOTHING: Final[dict[str, Any]] = {}


def _identity(t: Trace) -> dict[str, Any]:
    subject = t.caller.subject
    known = t.caller is not NOBODY
    identity = {
        "cognitoIdentityPoolId": None,
        "accountId": subject.account if known else None,
        "cognitoIdentityId": None,
        "caller": subject.unique_id if known else None,
        "sourceIp": t.request.source_ip,
        "principalOrgId": None,
        "accessKey": t.access_key_id if known else None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": subject.arn if known else None,
        "userAgent": t.request.headers.get("user-agent"),
        "user": subject.unique_id if known else None,
    }
    if VALUE in t.fields:
        identity["apiKey"] = t.fields[VALUE]
        if ID in t.fields:
            identity["apiKeyId"] = t.fields[ID]
    return identity
