"""The events of REST APIs' Lambda authorizers.

``TOKEN`` authorizers see three members and nothing of the request; ``REQUEST`` authorizers see what a proxy integration
would, without the body, and with ``{}`` where that has null. vectors: authz/rest-*.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
"""

from __future__ import annotations

from typing import Any

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.gates.usage_plan import identify, shown_key
from sekisho.gateway.payload.v1 import header_maps, query_values, request_context


def event(x: Exchange, authorizer: LambdaAuthorizer, values: tuple[str, ...], arn: str) -> dict[str, Any]:
    """The event; ``values`` are those of the identity sources, ``arn`` is the method's."""
    if authorizer.kind == "TOKEN":
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": values[0] if values else ""}
    t, request = x.trace, x.request
    key = shown_key(t)
    if key:
        identify(t, key)
    headers, multi_headers = header_maps(x)
    multi_query = query_values(request.query)
    return {
        "type": "REQUEST",
        "methodArn": arn,
        "resource": t.route.resource_path,
        "path": t.local_path if t.mapping is None else t.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": multi_headers,
        "queryStringParameters": {name: every[-1] for name, every in multi_query.items()},
        "multiValueQueryStringParameters": multi_query,
        "pathParameters": t.path_parameters,
        "stageVariables": dict(t.stage.variables),
        "requestContext": request_context(x),
    }
