"""API Gateway V2's documents (HTTP APIs), service ``apigatewayv2`` of an account and region. Times are epoch seconds.

Members have the names of the API's own shapes in boto3's spelling (``ApiId``, ``RouteKey`` …); the wire writes them in
camel case.
"""

from __future__ import annotations

from typing import Any, TypedDict


class ApiRecord(TypedDict, total=False):
    """kind ``api``, id = API id."""

    ApiId: str
    Name: str
    Description: str
    ProtocolType: str
    """``HTTP`` (``WEBSOCKET`` is refused until it runs here)."""
    RouteSelectionExpression: str
    ApiKeySelectionExpression: str
    CorsConfiguration: dict[str, Any]
    DisableExecuteApiEndpoint: bool
    DisableSchemaValidation: bool
    Version: str
    Tags: dict[str, str]
    CreatedDate: float
    IpAddressType: str
    ImportInfo: list[str]
    Warnings: list[str]


class RouteRecord(TypedDict, total=False):
    """kind ``route``, id = ``apiId/routeId``."""

    RouteId: str
    RouteKey: str
    Target: str
    """``integrations/{id}``."""
    AuthorizationType: str
    AuthorizerId: str
    AuthorizationScopes: list[str]
    ApiKeyRequired: bool
    OperationName: str
    ApiGatewayManaged: bool


class IntegrationRecord(TypedDict, total=False):
    """kind ``integration``, id = ``apiId/integrationId``."""

    IntegrationId: str
    IntegrationType: str
    IntegrationSubtype: str
    IntegrationMethod: str
    IntegrationUri: str
    ConnectionType: str
    ConnectionId: str
    CredentialsArn: str
    Description: str
    PayloadFormatVersion: str
    RequestParameters: dict[str, str]
    ResponseParameters: dict[str, dict[str, str]]
    TimeoutInMillis: int
    TlsConfig: dict[str, Any]
    ApiGatewayManaged: bool


class AuthorizerRecord(TypedDict, total=False):
    """kind ``authorizer``, id = ``apiId/authorizerId``."""

    AuthorizerId: str
    AuthorizerType: str
    """``REQUEST`` or ``JWT``."""
    Name: str
    AuthorizerUri: str
    AuthorizerCredentialsArn: str
    AuthorizerPayloadFormatVersion: str
    AuthorizerResultTtlInSeconds: int
    EnableSimpleResponses: bool
    IdentitySource: list[str]
    IdentityValidationExpression: str
    JwtConfiguration: dict[str, Any]
    """``Issuer``, ``Audience``."""


class DeploymentRecord(TypedDict, total=False):
    """kind ``deployment``, id = ``apiId/deploymentId``. ``Frozen`` is what a stage serves."""

    DeploymentId: str
    Description: str
    CreatedDate: float
    AutoDeployed: bool
    DeploymentStatus: str
    Frozen: dict[str, Any]
    """``api``, ``routes``, ``integrations``, ``authorizers``: the records as they stood."""


class StageRecord(TypedDict, total=False):
    """kind ``stage``, id = ``apiId/stageName``."""

    StageName: str
    DeploymentId: str
    Description: str
    AutoDeploy: bool
    AccessLogSettings: dict[str, str]
    DefaultRouteSettings: dict[str, Any]
    RouteSettings: dict[str, dict[str, Any]]
    StageVariables: dict[str, str]
    Tags: dict[str, str]
    CreatedDate: float
    LastUpdatedDate: float
    LastDeploymentStatusMessage: str
    ApiGatewayManaged: bool
    AuthorizersCacheEpoch: int
    """How often ResetAuthorizersCache was called; not shown."""


class ModelRecord(TypedDict, total=False):
    """kind ``model``, id = ``apiId/modelId``."""

    ModelId: str
    Name: str
    Description: str
    ContentType: str
    Schema: str


class VpcLinkRecord(TypedDict, total=False):
    """kind ``vpclink``, id = VPC link id."""

    VpcLinkId: str
    Name: str
    SecurityGroupIds: list[str]
    SubnetIds: list[str]
    Tags: dict[str, str]
    CreatedDate: float
    VpcLinkStatus: str
    VpcLinkStatusMessage: str
    VpcLinkVersion: str


class DomainNameRecord(TypedDict, total=False):
    """kind ``domainname``, id = domain name in lower case."""

    DomainName: str
    DomainNameArn: str
    ApiMappingSelectionExpression: str
    DomainNameConfigurations: list[dict[str, Any]]
    RoutingMode: str
    Tags: dict[str, str]


class ApiMappingRecord(TypedDict, total=False):
    """kind ``apimapping``, id = ``domainName/apiMappingId``."""

    ApiMappingId: str
    ApiMappingKey: str
    ApiId: str
    Stage: str
