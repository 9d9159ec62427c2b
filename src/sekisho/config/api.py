"""One deployed API, compiled: stages, routes, authorizers, log line. Frozen; shared by every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sekisho.config.authorizers import CognitoAuthorizer, JwtAuthorizer, LambdaAuthorizer
from sekisho.config.integrations import Integration
from sekisho.config.router import Router
from sekisho.faults.fault import Kind
from sekisho.policy.compile import CompiledPolicy


@dataclass(frozen=True, slots=True)
class Open:
    """``NONE``: anybody."""


@dataclass(frozen=True, slots=True)
class Iam:
    """``AWS_IAM``: SigV4 and policies."""


@dataclass(frozen=True, slots=True)
class UnsupportedAuthorizer:
    """An authorizer kind that can be configured but does not run here: every request is refused (fail closed)."""

    type: str


Authorizer = Open | Iam | LambdaAuthorizer | JwtAuthorizer | CognitoAuthorizer | UnsupportedAuthorizer

OPEN: Final = Open()
IAM: Final = Iam()


@dataclass(frozen=True, slots=True)
class Limits:
    """A token bucket's terms."""

    rate: float
    """Requests per second."""
    burst: int


@dataclass(frozen=True, slots=True)
class Cors:
    """``CorsConfiguration`` of an HTTP API, which answers preflight requests itself.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """

    allow_origins: tuple[str, ...]
    """Origins, ``*``, ``https://*`` or ``http://*``."""
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    allow_credentials: bool
    max_age: int | None
    """Seconds; None: not said."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method on a resource (REST) or a route (HTTP)."""

    resource_id: str
    resource_path: str
    """The template, ``/pets/{petId}``."""
    method: str
    """As configured: a verb or ``ANY``."""
    arn_prefix: str
    """``arn:aws:execute-api:region:account:api/stage/``; the method ARN appends ``METHOD/path``."""
    authorizer: Authorizer
    integration: Integration
    api_key_required: bool = False
    operation_name: str = ""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Room for compiled settings of later gates (validators, throttling)."""
    route_key: str = ""
    """HTTP: ``GET /pets/{petId}`` or ``$default``."""
    scopes: tuple[str, ...] = ()
    """``AuthorizationScopes``: a token must have one of them."""
    throttle: Limits | None = None
    """Of this route; None: the stage's."""


@dataclass(frozen=True, slots=True)
class AccessLog:
    """Where and how a stage writes its access log."""

    account: str
    region: str
    group: str
    """Log group name."""
    stream: str
    render: Callable[[Any], str]
    """Trace → one line, compiled from the format when the stage was configured."""


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A customised gateway response (REST)."""

    status: int | None
    parameters: Mapping[str, str]
    templates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with the deployment it serves."""

    name: str
    deployment_id: str
    variables: Mapping[str, str]
    router: Router[Route]
    log: AccessLog | None
    resource_policy: CompiledPolicy | None
    """Frozen at deployment: changing the API's policy shows only after the next deployment."""
    binary_media_types: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    cors: Cors | None = None
    throttle: Limits | None = None
    """HTTP: ``DefaultRouteSettings``."""
    default_route: Route | None = None
    """HTTP: the ``$default`` route, taken when the router finds none."""


@dataclass(frozen=True, slots=True)
class ApiMapping:
    """A custom domain name's path that leads to a stage."""

    key: str
    """``ApiMappingKey``: path segments without outer slashes; empty for the whole domain."""
    api_id: str
    stage: str


@dataclass(frozen=True, slots=True)
class ApiSnapshot:
    """An API with its stages."""

    kind: Kind
    id: str
    account: str
    region: str
    name: str
    stages: Mapping[str, Stage]
    disable_execute_api_endpoint: bool = False
    api_key_source: str = "HEADER"
    endpoint_type: str = "EDGE"
