"""A deployed HTTP API in a few lines; requests are played as with ``tests.scenes.pipeline``.

api = HttpApi(functions=[function(gateway_may_invoke())])
api.add("GET /pets/{id}", http_lambda())
played = api.play("GET", "/pets/1", answers=[returned({"statusCode": 200})])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.scenes.pipeline import ACCOUNT, API, FUNCTION, REGION, Api

from sekisho.config.api import OPEN, AccessLog, ApiSnapshot, Authorizer, Cors, Limits, Route, Stage
from sekisho.config.identities import Identities
from sekisho.config.integrations import Authority, HttpLambda, HttpProxy, Integration
from sekisho.config.parameters import REQUEST, RESPONSE, read_mappings
from sekisho.config.router import Router
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import compile_format

Mappings = Mapping[str, str]


def http_lambda(
    role: str = "",
    *,
    payload: str = "2.0",
    arn: str = FUNCTION,
    timeout: float = 30.0,
    request: Mappings | None = None,
    response: Mapping[str, Mappings] | None = None,
) -> HttpLambda:
    """``AWS_PROXY`` with a function; ``role`` as ``CredentialsArn``."""
    return HttpLambda(
        arn,
        "",
        Authority.ROLE if role else Authority.SERVICE,
        role,
        "",
        timeout,
        payload,
        read_mappings(request or {}, REQUEST),
        {status: read_mappings(rows, RESPONSE) for status, rows in (response or {}).items()},
    )


def http_proxy(
    uri: str = "https://backend.example/base",
    method: str = "ANY",
    request: Mappings | None = None,
    response: Mapping[str, Mappings] | None = None,
) -> HttpProxy:
    """``HTTP_PROXY`` to ``uri``."""
    return HttpProxy(
        method,
        uri,
        30.0,
        read_mappings(request or {}, REQUEST),
        {status: read_mappings(rows, RESPONSE) for status, rows in (response or {}).items()},
    )


@dataclass
class HttpApi(Api):
    """An HTTP API with one stage, ``$default`` unless named."""

    stage: str = "$default"
    cors: Cors | None = None
    throttle: Limits | None = None
    default: Route | None = None
    router: Router[Route] = field(default_factory=lambda: Router(backtrack=True))

    def add(
        self,
        key: str,
        integration: Integration,
        *,
        auth: Authorizer = OPEN,
        scopes: tuple[str, ...] = (),
        throttle: Limits | None = None,
    ) -> HttpApi:
        """A route by its key."""
        prefix = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{self.stage}/"
        if isinstance(integration, HttpLambda):
            integration = replace(integration, source_arn=prefix)
        method, _, path = key.partition(" ")
        extras = {"authorizationScopes": scopes} if scopes else {}
        verb = method if path else "ANY"
        route = Route("r1", path, verb, prefix, auth, integration, False, "", extras, key, scopes, throttle)
        if path:
            self.router.add(path, method, route)
        else:
            self.default = route
        return self

    def snapshot(self) -> Snapshot:
        log = None
        if self.format:
            log = AccessLog(ACCOUNT, REGION, "access", "stream", compile_format(self.format, Kind.HTTP))
        stage = Stage(
            self.stage,
            "dep123",
            self.variables,
            self.router,
            log,
            None,
            cors=self.cors,
            throttle=self.throttle,
            default_route=self.default,
        )
        stages = {self.stage: stage} if self.deployed else {}
        api = ApiSnapshot(Kind.HTTP, API, ACCOUNT, REGION, "api", stages, self.disabled)
        identities = Identities({}, {role.arn: role for role in self.roles}, {}, {})
        functions = {each.arn: each for each in self.functions}
        return Snapshot(1, {API: api}, functions, identities, self.domains)
