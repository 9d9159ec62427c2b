"""HTTP APIs in a few lines: a control plane over one unit of work.

http = HttpApi()
http.create()
http.route("GET /pets/{id}", function="pets")
http.stage("$default")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.scenes.calls import ACCOUNT, REGION, Operator, make_call, run

from sekisho.config.identities import Principal
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.services.apigatewayv2 import OPERATIONS
from sekisho.services.logs import OPERATIONS as LOGS
from sekisho.state.world import Overlay, World


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def invocation_uri(name: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn(name)}/invocations"


class HttpApi:
    """Calls operations of ``apigatewayv2`` by name with keyword parameters (None: not given)."""

    def __init__(self, *, caller: Principal | None = None, snapshot: Snapshot = EMPTY) -> None:
        self.store = Overlay(World())
        self.caller = caller
        self.snapshot = snapshot
        self.api = ""
        self.now = 1_700_000_000.0
        self.operator = Operator({"logs": LOGS})

    def __call__(self, operation: str, **params: Any) -> Mapping[str, Any]:
        given = {name: value for name, value in params.items() if value is not None}
        call = make_call(
            "apigatewayv2",
            operation,
            given,
            store=self.store,
            caller=self.caller,
            snapshot=self.snapshot,
            now=self.now,
            runner=self.operator,
        )
        return run(OPERATIONS[operation], call)

    def on(self, operation: str, **params: Any) -> Mapping[str, Any]:
        """The same about the API that was created last."""
        return self(operation, ApiId=self.api, **params)

    def create(self, **params: Any) -> str:
        """An API; later calls of this builder are about it."""
        self.api = str(self("CreateApi", **{"Name": "api", "ProtocolType": "HTTP", **params})["ApiId"])
        return self.api

    def integration(self, function: str = "f", **params: Any) -> str:
        """A Lambda integration's id."""
        given = {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": function_arn(function),
            "PayloadFormatVersion": "2.0",
            **params,
        }
        return str(self.on("CreateIntegration", **given)["IntegrationId"])

    def route(self, key: str, function: str = "f", **params: Any) -> str:
        """A route to a Lambda integration of its own; its id."""
        target = params.pop("Target", None) or f"integrations/{self.integration(function)}"
        return str(self.on("CreateRoute", RouteKey=key, Target=target, **params)["RouteId"])

    def authorizer(self, name: str = "a", **params: Any) -> str:
        """A Lambda authorizer's id."""
        given = {
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": invocation_uri("authz"),
            "AuthorizerPayloadFormatVersion": "2.0",
            "IdentitySource": ["$request.header.Authorization"],
            **params,
        }
        return str(self.on("CreateAuthorizer", Name=name, **given)["AuthorizerId"])

    def jwt(self, name: str = "jwt", **params: Any) -> str:
        """A JWT authorizer's id."""
        given = {
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": "https://issuer.example.com", "Audience": ["me"]},
            **params,
        }
        return str(self.on("CreateAuthorizer", Name=name, **given)["AuthorizerId"])

    def stage(self, name: str = "$default", **params: Any) -> Mapping[str, Any]:
        """A stage that deploys itself."""
        return self.on("CreateStage", **{"StageName": name, "AutoDeploy": True, **params})

    def log_group(self, name: str) -> str:
        """A log group's ARN."""
        call = make_call("logs", "CreateLogGroup", {"logGroupName": name}, store=self.store, runner=self.operator)
        run(LOGS["CreateLogGroup"], call)
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
