"""A request that a developer plays on a method or an authorizer as it stands: ``TestInvokeMethod`` and
``TestInvokeAuthorizer``.

The gates before validation take no part: there is no address, no signature, no key. The rest is the pipeline that
serves clients. A function sees what API Gateway's test shows it: the headers that were given and no others, and
placeholders for the key, the address and the domain.

vectors: test-invoke/*. https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-test-method.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

import orjson

from sekisho.config.api import ApiSnapshot, Authorizer, Route, Stage
from sekisho.config.api_keys import ID, VALUE
from sekisho.config.authorizers import CognitoAuthorizer, LambdaAuthorizer
from sekisho.config.identities import Principal
from sekisho.config.integrations import LambdaProxy, Unsupported
from sekisho.config.router import Router
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import InvokeFunction
from sekisho.gateway.authorizers import cognito, lambda_
from sekisho.gateway.context.execution_log import EVENT
from sekisho.gateway.exchange import Exchange, Keyring, Outcome
from sekisho.gateway.gates import integrate, validate
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.pipeline import Gates, run
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers
from sekisho.kit.ids import Entropy, extended_request_id, uuid4

SOURCE_IP: Final = "test-invoke-source-ip"
KEY: Final = "test-invoke-api-key"
KEY_ID: Final = "test-invoke-api-key-id"
DOMAIN: Final = ("testPrefix.testDomainName", "testPrefix")
_METHOD: Final[Gates] = (("validate", validate.model), ("integrate", integrate.call))
_IDENTITY: Final = (Fault.AUTHORIZER_DENIED, Fault.AUTHORIZER_EXPLICITLY_DENIED)
"""Refusals of a policy that was well answered: the authorizer itself succeeded."""


def exchange(
    api: ApiSnapshot,
    stage: Stage,
    route: Route,
    *,
    method: str,
    path: str,
    query: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    caller: Principal,
    snapshot: Snapshot,
    keyring: Keyring,
    now: float,
    clock: Callable[[], float],
    entropy: Entropy,
) -> Exchange:
    """The state of a played request, as it is when the gates before validation have passed it."""
    request = GatewayRequest(
        method, path, path, query, Headers(headers), body, "", api.id, api.region, SOURCE_IP, "HTTP/1.1"
    )
    trace = Trace(request, snapshot, now, uuid4(entropy), extended_request_id(entropy))
    trace.api, trace.kind, trace.stage, trace.route = api, api.kind, stage, route
    trace.path = route.resource_path
    trace.local_path = path
    trace.caller = caller
    trace.fields.update({VALUE: KEY, ID: KEY_ID})
    own: Router[Route] = Router()
    own.add(route.resource_path, "ANY", route)
    match = own.match(path, method)
    if match is not None:
        trace.path_parameters = match.parameters
    return Exchange(request, snapshot, keyring, trace, now, clock, entropy, Ledger())


def played(x: Exchange, user_agent: str) -> Generator[Any, Any, GatewayResponse]:
    """Run the method. Yields effects, is sent results, returns the response."""
    steps = run(x, _METHOD)
    return (yield from _as_test(x, steps, user_agent))


def asked(x: Exchange, authorizer: Authorizer) -> Generator[Any, Any, GatewayResponse]:
    """Run the authorizer alone."""

    def gate(each: Exchange) -> Outcome:
        if isinstance(authorizer, LambdaAuthorizer):
            return lambda_.authorize(each, authorizer)
        if isinstance(authorizer, CognitoAuthorizer):
            return cognito.authorize(each, authorizer)
        return Reject(Fault.AUTHORIZER_FAILED, {"kind": "unsupported", "message": "this authorizer does not run here"})

    return run(x, (("authorize", gate),))


def authorizer_route(api: ApiSnapshot, stage: Stage, authorizer: Authorizer) -> Route:
    """The route that an authorizer is asked about: ``GET`` of the root."""
    prefix = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}/{stage.name}/"
    return Route("", "/", "GET", prefix, authorizer, Unsupported("NONE", "only the authorizer is asked"))


def succeeded(t: Trace) -> bool:
    """Whether the authorizer did its work, whatever its policy says of the request."""
    return t.rejection is None or t.rejection.fault in _IDENTITY


def shown_headers(x: Exchange) -> tuple[tuple[str, str], ...]:
    """The response's headers as a test tells them: without what the front of API Gateway adds, and without the type of
    a gateway response that nobody customised. vector: test-invoke/test-invoke-failure."""
    hidden = {"x-amzn-requestid", "x-amz-apigw-id", "content-length"}
    if x.trace.rejection is not None and not x.trace.stage.gateway_responses:
        hidden.add("content-type")
    return tuple((name, value) for name, value in x.response.headers if name.lower() not in hidden)


def _as_test(
    x: Exchange, steps: Generator[Any, Any, GatewayResponse], user_agent: str
) -> Generator[Any, Any, GatewayResponse]:
    result: Any = None
    while True:
        try:
            effect = steps.send(result)
        except StopIteration as end:
            response: GatewayResponse = end.value
            return response
        if isinstance(effect, InvokeFunction) and isinstance(x.trace.route.integration, LambdaProxy):
            x.trace.fields[EVENT] = event = _event(x, effect.payload, user_agent)
            effect = effect._replace(payload=event)
        result = yield effect


def _event(x: Exchange, payload: bytes, user_agent: str) -> bytes:
    """The event as a test sends it."""
    event = orjson.loads(payload)
    single: dict[str, str] = {}
    multiple: dict[str, list[str]] = {}
    for name, value in x.request.headers.pairs:
        single[name] = value
        multiple.setdefault(name, []).append(value)
    event["headers"], event["multiValueHeaders"] = single or None, multiple or None
    context = event["requestContext"]
    context["domainName"], context["domainPrefix"] = DOMAIN
    context["identity"]["userAgent"] = user_agent or None
    context["identity"]["accessKey"] = None
    return orjson.dumps(event)
