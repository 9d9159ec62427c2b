"""What a route does when it is reached: integration variants, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from sekisho.config.parameters import ParameterMapping


class Authority(Enum):
    """As whom API Gateway calls the backend, set by the integration's ``credentials``."""

    SERVICE = "service"
    """Empty: the service principal ``apigateway.amazonaws.com``, judged by the function's resource policy."""
    ROLE = "role"
    """A role ARN: that role, which must trust ``apigateway.amazonaws.com``."""
    CALLER = "caller"
    """``arn:aws:iam::*:user/*``: the caller's own rights."""


@dataclass(frozen=True, slots=True)
class LambdaProxy:
    """``AWS_PROXY`` with a Lambda function."""

    function_arn: str
    """Unqualified ARN, stage variables resolved; empty when the URI names none (``FUNCTION_ADDRESS_INVALID``)."""
    qualifier: str
    authority: Authority
    role_arn: str
    source_arn: str
    """The beginning of ``aws:SourceArn``, ``arn:aws:execute-api:region:account:api/stage/``. The gateway appends the
    request's own verb (for ``ANY`` methods too) and the route's ``resource_path``: ``…:api/stage/GET/pets/{petId}``."""
    timeout: float
    """Seconds that the gateway waits."""
    http_method: str
    """The integration's ``httpMethod``; Lambda accepts only POST."""
    uri: str = ""
    """As configured, stage variables unresolved: explanations show it."""
    illegal_header: str = ""
    """A header that ``requestParameters`` map although API Gateway keeps it for itself: every request fails."""


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """One row of a non-proxy integration's responses."""

    status: str
    """The method response's status code."""
    pattern: Callable[[str], bool] | None
    """Compiled ``selectionPattern``; None for the default response."""
    parameters: Mapping[str, str]
    """``method.response.header.X`` → mapping expression."""
    templates: Mapping[str, Any]
    """Content type → compiled template."""
    content_handling: str = ""


@dataclass(frozen=True, slots=True)
class Mock:
    """``MOCK``: the request template's ``statusCode`` selects an integration response."""

    templates: Mapping[str, Any]
    """Content type → compiled request template."""
    passthrough: str
    """``WHEN_NO_MATCH``, ``WHEN_NO_TEMPLATES`` or ``NEVER``."""
    responses: tuple[IntegrationResponse, ...]
    method_responses: Mapping[str, Mapping[str, bool]]
    """Declared status code → ``method.response.header.X`` → required."""
    content_handling: str = ""
    """``CONVERT_TO_TEXT``, ``CONVERT_TO_BINARY`` or empty."""


class RequestParameter(NamedTuple):
    """One row of ``requestParameters``: what a backend is given besides the body."""

    place: str
    """``header``, ``querystring`` or ``path``."""
    name: str
    source: str
    """``'static'``, ``method.request.header.X``, ``context.x``, ``stageVariables.x`` …"""


@dataclass(frozen=True, slots=True)
class Transformation:
    """What a non-proxy integration makes of requests and answers; of a proxy only ``parameters`` count."""

    parameters: tuple[RequestParameter, ...]
    templates: Mapping[str, Any]
    """Content type → compiled request template."""
    passthrough: str
    """``WHEN_NO_MATCH``, ``WHEN_NO_TEMPLATES`` or ``NEVER``."""
    responses: tuple[IntegrationResponse, ...]
    method_responses: Mapping[str, Mapping[str, bool]]
    """Declared status code → ``method.response.header.X`` → required."""
    content_handling: str = ""
    """``CONVERT_TO_TEXT``, ``CONVERT_TO_BINARY`` or empty."""


@dataclass(frozen=True, slots=True)
class LambdaCustom:
    """``AWS`` with a Lambda function: templates make the event and the answer. Fields as ``LambdaProxy`` has them."""

    function_arn: str
    qualifier: str
    authority: Authority
    role_arn: str
    source_arn: str
    timeout: float
    http_method: str
    transformation: Transformation
    uri: str = ""
    illegal_header: str = ""

    @property
    def templates(self) -> Mapping[str, Any]:
        """Request templates, as other integrations name them."""
        return self.transformation.templates


@dataclass(frozen=True, slots=True)
class HttpRest:
    """``HTTP`` or ``HTTP_PROXY`` of a REST API: a web server."""

    proxy: bool
    method: str
    """A verb; ``ANY`` keeps the request's own."""
    uri: str
    """Stage variables resolved; ``{name}`` stands for a mapped ``integration.request.path.name``."""
    timeout: float
    transformation: Transformation
    configured_uri: str = ""
    """Stage variables unresolved: explanations show it."""
    insecure: bool = False
    """``tlsConfig.insecureSkipVerification``: certificates of unknown authorities are accepted."""
    illegal_header: str = ""
    """A header that ``requestParameters`` map although API Gateway keeps it for itself: every request fails."""

    @property
    def templates(self) -> Mapping[str, Any]:
        """Request templates, as other integrations name them."""
        return self.transformation.templates


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An integration that can be configured but does not run here; calling it answers a clear 501-like fault."""

    type: str
    reason: str
    broken: bool = False
    """The stored configuration could not be read when the server started: 500."""


@dataclass(frozen=True, slots=True)
class HttpLambda:
    """``AWS_PROXY`` with a Lambda function on an HTTP API."""

    function_arn: str
    """Unqualified ARN, stage variables resolved; empty when the URI names none (``FUNCTION_ADDRESS_INVALID``)."""
    qualifier: str
    authority: Authority
    """``SERVICE`` or ``ROLE``: HTTP APIs have no caller credentials."""
    role_arn: str
    source_arn: str
    """``arn:aws:execute-api:region:account:api/stage/``; the gateway appends the route as for its own ARN."""
    timeout: float
    """Seconds that the gateway waits."""
    payload: str
    """``1.0`` or ``2.0``."""
    request_mappings: tuple[ParameterMapping, ...] = ()
    response_mappings: Mapping[str, tuple[ParameterMapping, ...]] = field(default_factory=dict)
    """Status code of the backend → what is changed in its answer."""
    uri: str = ""
    """As configured, stage variables unresolved: explanations show it."""


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """``HTTP_PROXY`` of an HTTP API: the request goes on to a web server."""

    method: str
    """A verb; ``ANY`` keeps the request's own."""
    uri: str
    """Stage variables resolved; ``{name}`` stands for the route's path parameter."""
    timeout: float
    request_mappings: tuple[ParameterMapping, ...] = ()
    response_mappings: Mapping[str, tuple[ParameterMapping, ...]] = field(default_factory=dict)
    tls_server_name: str = ""
    """``TlsConfig.ServerNameToVerify``."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What answers preflight requests of an HTTP API with CORS; no route is configured with it."""


Integration = LambdaProxy | LambdaCustom | Mock | HttpRest | HttpLambda | HttpProxy | Preflight | Unsupported
