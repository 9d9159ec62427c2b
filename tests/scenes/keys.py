"""A lab whose requests remember each other, with one API that wants API keys.

scene = Keys(required=True)
scene.key("mine", plan=scene.plan())
answer = scene.get("mine")
"""

from __future__ import annotations

import json
from typing import Any

from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.lab import Answer, Key, Lab

from sekisho.functions.invocation import InvocationResult, InvokeFunction, Returned
from sekisho.gateway.entry import begin
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.request import GatewayRequest

BURST_ONE = {"rateLimit": 1.0, "burstLimit": 1}


class Keys(Lab):
    """``GET /required``, or ``/optional`` when no key is required, of stages ``dev`` and ``other``."""

    def __init__(self, *, required: bool = True, auth: str = "NONE", source: str = "HEADER", ttl: int = 300) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.path = "/required" if required else "/optional"
        self.values: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.says: dict[str, Any] = {}
        """What the authorizer answers beside its policy; ``Effect`` is the policy's."""
        self.functions = self._answer
        backend, guard = self.function("backend"), self.function("guard")
        self.api = self.gateway("CreateRestApi", name="api", apiKeySource=source)["id"]
        self.resource = self.gateway(
            "CreateResource",
            restApiId=self.api,
            parentId=self.gateway("GetResources", restApiId=self.api)["items"][0]["id"],
            pathPart=self.path[1:],
        )["id"]
        method = {"restApiId": self.api, "resourceId": self.resource, "httpMethod": "GET"}
        more: dict[str, Any] = {}
        if auth == "CUSTOM":
            more["authorizerId"] = self.gateway(
                "CreateAuthorizer",
                restApiId=self.api,
                name="guard",
                type="REQUEST",
                authorizerUri=uri(guard),
                identitySource="method.request.header.Who",
                authorizerResultTtlInSeconds=ttl,
            )["id"]
            self.permit(self.api, guard, f"authorizers/{more['authorizerId']}")
        self.gateway("PutMethod", **method, authorizationType=auth, apiKeyRequired=required, **more)
        self.gateway("PutIntegration", **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri(backend))
        self.permit(self.api, backend, "*/*/*")
        for stage in ("dev", "other"):
            self.gateway("CreateDeployment", restApiId=self.api, stageName=stage)

    def gateway(self, operation: str, **params: Any) -> Any:
        return self("apigateway", operation, **params)

    def plan(self, *stages: str, **params: Any) -> str:
        """A plan with these stages (``dev`` when none is named); its id."""
        covered = [{"apiId": self.api, "stage": each} for each in stages or ("dev",)]
        found = self.gateway("CreateUsagePlan", **{"name": "plan", "apiStages": covered, **params})
        return str(found["id"])

    def key(self, name: str = "mine", *, plan: str = "", enabled: bool = True, **params: Any) -> str:
        """A key, in ``plan`` when that is named; its id."""
        made = self.gateway("CreateApiKey", name=name, enabled=enabled, **params)
        self.values[name], self.ids[name] = made["value"], made["id"]
        if plan:
            self.gateway("CreateUsagePlanKey", usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
        return str(made["id"])

    def patch(self, operation: str, op: str, path: str, value: str, **params: Any) -> Any:
        return self.gateway(operation, **params, patchOperations=[{"op": op, "path": path, "value": value}])

    def get(self, key: str = "", stage: str = "dev", *, signed_by: Key | None = None, **headers: str) -> Answer:
        """A request that shows a key by name, or a text that is no key's."""
        if key:
            headers["X-Api-Key"] = self.values.get(key, key)
        return self.request(self.api, "GET", f"/{stage}{self.path}", key=signed_by, headers=headers)

    def play(self, request: GatewayRequest) -> Answer:
        x, steps = begin(request, self.snapshot, self.keyring, self.now, lambda: 0.0, self.entropy, self.ledger)
        invoked: list[InvokeFunction] = []
        try:
            effect = next(steps)
            while True:
                assert isinstance(effect, InvokeFunction)
                invoked.append(effect)
                effect = steps.send(self.functions(effect))
        except StopIteration as end:
            return Answer(end.value, x.trace, invoked)

    def _answer(self, effect: InvokeFunction) -> InvocationResult:
        if effect.function.name == "backend":
            said: dict[str, Any] = {"statusCode": 200, "body": "{}"}
        else:
            more = dict(self.says)
            allowed = {"Effect": more.pop("Effect", "Allow"), "Action": "execute-api:Invoke", "Resource": "*"}
            document = {"Version": "2012-10-17", "Statement": [allowed]}
            said = {"principalId": "somebody", "policyDocument": document, **more}
        return Returned(json.dumps(said).encode(), effect.request_id, 0.001)


def uri(function: str) -> str:
    """The integration URI of a function's ARN."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def everything(api: str) -> str:
    """The ARN of all methods."""
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*"
