"""Which route is this?"""

from __future__ import annotations

from typing import Final

from sekisho.config.api import OPEN, Route
from sekisho.config.integrations import Preflight
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations.cors import is_preflight
from sekisho.kit.outcome import PASS
from sekisho.sigv4 import ClaimProblem, read_claim

_NO_ROUTE: Final = Reject(Fault.NO_ROUTE, {})
_VERBS: Final = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
"""What ``ANY`` stands for.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html"""


def by_resource(x: Exchange) -> Outcome:
    """REST: the resource of the path, then its method. There is no 404: what does not exist asks for a signature.

    An Authorization header on such a request is read as a signature, and found wanting when it is another token.
    vectors: iam/rest-unknown-resource-identical, rest-unknown-route-with-bearer.
    """
    t, request = x.trace, x.request
    match = t.stage.router.match(t.local_path, request.method)
    if match is not None and request.method in _VERBS:
        t.route = match.route
        t.path_parameters = match.parameters
        return PASS
    if request.headers.get("authorization"):
        claim = read_claim(request.method, request.raw_path, request.query, request.headers)
        if isinstance(claim, ClaimProblem):
            return Reject(Fault.NO_ROUTE_WITH_AUTHORIZATION, {"message": claim.message})
    return _NO_ROUTE


_PREFLIGHT: Final = Route("", "", "OPTIONS", "", OPEN, Preflight())


def by_route_key(x: Exchange) -> Outcome:
    """HTTP: the most specific route, else ``$default``. Preflight requests are the gateway's own when it does CORS.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """
    t, request = x.trace, x.request
    stage = t.stage
    if stage.cors is not None and is_preflight(request):
        t.route = _PREFLIGHT
        return PASS
    match = stage.router.match(t.local_path, request.method)
    if match is not None:
        t.route = match.route
        t.path_parameters = match.parameters
        return PASS
    if stage.default_route is None:
        return _NO_ROUTE
    t.route = stage.default_route
    return PASS
