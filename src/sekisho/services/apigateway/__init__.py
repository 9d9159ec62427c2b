"""API Gateway's control plane for REST APIs (``apigateway``)."""

from sekisho.services.apigateway import (
    account,
    authorizers,
    deployments,
    gateway_responses,
    imports,
    integration_responses,
    integrations,
    methods,
    models,
    resources,
    rest_apis,
    stages,
    tags,
    validators,
)
from sekisho.services.operation import compose

OPERATIONS = compose(
    module.ops
    for module in (
        rest_apis,
        resources,
        methods,
        integrations,
        integration_responses,
        deployments,
        stages,
        authorizers,
        validators,
        models,
        gateway_responses,
        imports,
        account,
        tags,
    )
)

__all__ = ["OPERATIONS"]
