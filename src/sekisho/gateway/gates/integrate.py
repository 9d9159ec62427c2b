"""Call the backend and read its answer: dispatch on the route's compiled integration."""

from __future__ import annotations

from sekisho.config.integrations import HttpLambda, HttpProxy, HttpRest, LambdaCustom, LambdaProxy, Mock, Preflight
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import cors, http_lambda, http_proxy, http_rest, lambda_, lambda_custom, mock


def call(x: Exchange) -> Outcome:
    """The integration of the route."""
    integration = x.trace.route.integration
    if isinstance(integration, Mock):
        return mock.answer(x, integration)
    if isinstance(integration, LambdaProxy):
        return lambda_.prepare(x, integration)
    if isinstance(integration, HttpLambda):
        return http_lambda.prepare(x, integration)
    if isinstance(integration, HttpProxy):
        return http_proxy.prepare(x, integration)
    if isinstance(integration, LambdaCustom):
        return lambda_custom.prepare(x, integration)
    if isinstance(integration, HttpRest):
        return http_rest.prepare(x, integration)
    if isinstance(integration, Preflight):
        return cors.answer(x)
    if integration.broken:
        return Reject(Fault.INTERNAL, {})
    return Reject(Fault.INTEGRATION_UNSUPPORTED, {"type": integration.type, "reason": integration.reason})
