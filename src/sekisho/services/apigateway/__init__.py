"""API Gateway's control plane for REST APIs (``apigateway``)."""

from sekisho.services.apigateway import (
    absent,
    account,
    api_key_import,
    api_keys,
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
    test_invoke,
    usage,
    usage_plans,
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
        api_keys,
        api_key_import,
        usage_plans,
        usage,
        test_invoke,
        tags,
        absent,
    )
)

__all__ = ["OPERATIONS"]
