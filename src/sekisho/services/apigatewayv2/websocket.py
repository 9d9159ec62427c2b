"""Operations that only WebSocket APIs have: on an HTTP API they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

INTEGRATION_RESPONSES = "Integration responses are not supported for HTTP APIs"
ROUTE_RESPONSES = "Route responses are not supported for HTTP APIs"
REQUEST_PARAMETERS = "RequestParameters is not currently supported for HTTP APIs"


def _integration_response(call: Call) -> Mapping[str, Any]:
    lookup.child(call, lookup.INTEGRATIONS)
    raise bad_request(INTEGRATION_RESPONSES)


def _route_response(call: Call) -> Mapping[str, Any]:
    lookup.child(call, lookup.ROUTES)
    raise bad_request(ROUTE_RESPONSES)


def _route_parameter(call: Call) -> Mapping[str, Any]:
    lookup.child(call, lookup.ROUTES)
    raise bad_request(REQUEST_PARAMETERS)


ops("CreateIntegrationResponse", resource=arns.INTEGRATION_RESPONSES)(_integration_response)
ops("GetIntegrationResponses", resource=arns.INTEGRATION_RESPONSES)(_integration_response)
for _verb in ("Get", "Update", "Delete"):
    ops(f"{_verb}IntegrationResponse", resource=arns.INTEGRATION_RESPONSE)(_integration_response)
    ops(f"{_verb}RouteResponse", resource=arns.ROUTE_RESPONSE)(_route_response)
ops("CreateRouteResponse", resource=arns.ROUTE_RESPONSES)(_route_response)
ops("GetRouteResponses", resource=arns.ROUTE_RESPONSES)(_route_response)
ops("DeleteRouteRequestParameter", resource=arns.ROUTE_PARAMETER)(_route_parameter)
