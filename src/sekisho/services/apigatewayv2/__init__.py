"""API Gateway's control plane for HTTP APIs (``apigatewayv2``)."""

from sekisho.services.apigatewayv2 import (
    apis,
    authorizers,
    deployments,
    domains,
    exports,
    imports,
    integrations,
    models,
    routes,
    stages,
    tags,
    vpc_links,
    websocket,
)
from sekisho.services.operation import compose

OPERATIONS = compose(
    module.ops
    for module in (
        apis,
        routes,
        integrations,
        authorizers,
        deployments,
        stages,
        models,
        tags,
        vpc_links,
        domains,
        imports,
        exports,
        websocket,
    )
)

__all__ = ["OPERATIONS"]
