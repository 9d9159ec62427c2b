"""What a mapping template of a route can see: the request's parameters and body, ``$context``, stage variables.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

from typing import Any

from sekisho.gateway.context.variables import read_variable
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.v1 import query_values
from sekisho.vtl import Overrides, Scope


def scope_of(x: Exchange, body: str, overrides: Overrides | None = None) -> Scope:
    """A template's scope over ``body``; the response template gets the overrides that the request template wrote."""
    t, request = x.trace, x.request

    def context(name: str) -> Any:
        return read_variable(t, name)

    return Scope(
        body,
        path=t.path_parameters,
        querystring={name: values[-1] for name, values in query_values(request.query).items()},
        header=dict(request.headers.pairs),
        context=context,
        stage_variables=t.stage.variables,
        overrides=overrides,
    )
