"""API Gateway REST's documents, service ``apigateway`` of an account and region. Times are epoch seconds.

Members have the names of the API's own shapes (``restApi``, ``method`` …), so that describing is copying.
"""

from __future__ import annotations

from typing import Any, TypedDict


class IntegrationResponseRecord(TypedDict, total=False):
    statusCode: str
    selectionPattern: str
    responseParameters: dict[str, str]
    responseTemplates: dict[str, str | None]
    contentHandling: str


class IntegrationRecord(TypedDict, total=False):
    type: str
    httpMethod: str
    uri: str
    connectionType: str
    connectionId: str
    credentials: str
    requestParameters: dict[str, str]
    requestTemplates: dict[str, str | None]
    passthroughBehavior: str
    contentHandling: str
    timeoutInMillis: int
    cacheNamespace: str
    cacheKeyParameters: list[str]
    integrationResponses: dict[str, IntegrationResponseRecord]
    tlsConfig: dict[str, Any]


class MethodResponseRecord(TypedDict, total=False):
    statusCode: str
    responseParameters: dict[str, bool]
    responseModels: dict[str, str]


class MethodRecord(TypedDict, total=False):
    httpMethod: str
    authorizationType: str
    authorizerId: str
    apiKeyRequired: bool
    requestValidatorId: str
    operationName: str
    requestParameters: dict[str, bool]
    requestModels: dict[str, str]
    methodResponses: dict[str, MethodResponseRecord]
    methodIntegration: IntegrationRecord
    authorizationScopes: list[str]


class ResourceRecord(TypedDict, total=False):
    """kind ``resource``, id = ``apiId/resourceId``."""

    id: str
    parentId: str
    pathPart: str
    path: str
    resourceMethods: dict[str, MethodRecord]


class RestApiRecord(TypedDict, total=False):
    """kind ``restapi``, id = API id."""

    id: str
    name: str
    description: str
    createdDate: float
    version: str
    binaryMediaTypes: list[str]
    minimumCompressionSize: int
    apiKeySource: str
    endpointConfiguration: dict[str, Any]
    policy: str
    """The stored document text (shorthand ARNs expanded), or empty."""
    tags: dict[str, str]
    disableExecuteApiEndpoint: bool
    rootResourceId: str


class DeploymentRecord(TypedDict, total=False):
    """kind ``deployment``, id = ``apiId/deploymentId``. The rest is frozen: what a stage serves."""

    id: str
    description: str
    createdDate: float
    resources: list[ResourceRecord]
    api: RestApiRecord
    authorizers: dict[str, Any]
    validators: dict[str, Any]
    models: dict[str, Any]
    gatewayResponses: dict[str, Any]


class StageRecord(TypedDict, total=False):
    """kind ``stage``, id = ``apiId/stageName``."""

    stageName: str
    deploymentId: str
    description: str
    cacheClusterEnabled: bool
    cacheClusterSize: str
    cacheClusterStatus: str
    methodSettings: dict[str, dict[str, Any]]
    """``resourcePath/METHOD`` with ``~1`` for slashes, or ``*/*``."""
    variables: dict[str, str]
    documentationVersion: str
    accessLogSettings: dict[str, str]
    """``destinationArn``, ``format``."""
    canarySettings: dict[str, Any]
    tracingEnabled: bool
    tags: dict[str, str]
    createdDate: float
    lastUpdatedDate: float
    clientCertificateId: str


class AccountRecord(TypedDict, total=False):
    """kind ``account``, id = ``account``."""

    cloudwatchRoleArn: str


class ApiKeyRecord(TypedDict, total=False):
    """kind ``apikey``, id = key id."""

    id: str
    value: str
    """As given or made: API Gateway shows it again to whoever may ask."""
    name: str
    description: str
    enabled: bool
    customerId: str
    createdDate: float
    lastUpdatedDate: float
    stageKeys: list[str]
    """``apiId/stage``; has no effect: only usage plans admit keys. vector: apikeys/required-legacy-stagekeys-only."""
    tags: dict[str, str]


class UsagePlanRecord(TypedDict, total=False):
    """kind ``usageplan``, id = plan id."""

    id: str
    name: str
    description: str
    apiStages: list[dict[str, Any]]
    """``apiId``, ``stage``, ``throttle``: ``/path/METHOD`` → limits."""
    throttle: dict[str, float]
    """``rateLimit``, ``burstLimit``."""
    quota: dict[str, Any]
    """``limit``, ``offset``, ``period``."""
    quotaSince: float
    """When the plan got a quota; requests before that are not charged."""
    productCode: str
    tags: dict[str, str]


class UsagePlanKeyRecord(TypedDict, total=False):
    """kind ``usageplankey``, id = ``planId/keyId``."""

    usagePlanId: str
    keyId: str
    type: str
