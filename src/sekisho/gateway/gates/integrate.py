"""Call the backend and read its answer: dispatch on the route's compiled integration."""

from __future__ import annotations

from sekisho.config.integrations import LambdaProxy, Mock, Unsupported
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations import lambda_, mock


def call(x: Exchange) -> Outcome:
    """The integration of the route."""
    integration = x.trace.route.integration
    if isinstance(integration, Mock):
        return mock.answer(x, integration)
    if isinstance(integration, LambdaProxy):
        return lambda_.prepare(x, integration)
    if not isinstance(integration, Unsupported):
        return Reject(Fault.INTEGRATION_UNSUPPORTED, {"type": type(integration).__name__, "reason": "not of this API"})
    return Reject(Fault.INTEGRATION_UNSUPPORTED, {"type": integration.type, "reason": integration.reason})
