"""Lambda authorizers from the control plane to the answer: real operations, the real publisher, the real pipeline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.lab import Answer, Lab

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.functions.invocation import InvocationResult, InvokeFunction, Returned
from sekisho.gateway.authorizers.answer import Answer as Said
from sekisho.gateway.ledger import Ledger


def uri(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


class Scene:
    """A deployed API whose one route is guarded by a function."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.backend, self.guard = lab.function("endpoint"), lab.function("guard")
        self.answer: Any = None
        lab.functions = self.run

    def run(self, effect: InvokeFunction) -> InvocationResult:
        if effect.function.name != "guard":
            return Returned(b'{"statusCode": 200, "body": "ok"}', effect.request_id, 0.001)
        return Returned(json.dumps(self.answer).encode(), effect.request_id, 0.001)

    def rest(self, **authorizer: Any) -> str:
        lab = self.lab
        api = lab.rest_api("/m", auth="NONE", function=self.backend)
        resource = next(
            each["id"] for each in lab("apigateway", "GetResources", restApiId=api)["items"] if each["path"] == "/m"
        )
        self.authorizer = lab(
            "apigateway",
            "CreateAuthorizer",
            restApiId=api,
            **{
                "name": "guard",
                "type": "TOKEN",
                "authorizerUri": uri(self.guard),
                "identitySource": "method.request.header.Authorization",
                **authorizer,
            },
        )["id"]
        patches = [
            {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
            {"op": "replace", "path": "/authorizerId", "value": self.authorizer},
        ]
        lab(
            "apigateway",
            "UpdateMethod",
            restApiId=api,
            resourceId=resource,
            httpMethod="GET",
            patchOperations=patches,
        )
        lab("apigateway", "CreateDeployment", restApiId=api, stageName="prod")
        lab.permit(api, self.backend, "*/GET/m")
        return api

    def http(self, **authorizer: Any) -> str:
        lab = self.lab
        api: str = lab("apigatewayv2", "CreateApi", Name="api", ProtocolType="HTTP")["ApiId"]
        self.authorizer = lab(
            "apigatewayv2",
            "CreateAuthorizer",
            ApiId=api,
            **{
                "Name": "guard",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": uri(self.guard),
                "AuthorizerPayloadFormatVersion": "2.0",
                "EnableSimpleResponses": True,
                "IdentitySource": ["$request.header.Authorization"],
                **authorizer,
            },
        )["AuthorizerId"]
        integration = lab(
            "apigatewayv2",
            "CreateIntegration",
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.backend,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        lab(
            "apigatewayv2",
            "CreateRoute",
            ApiId=api,
            RouteKey="ANY /",
            Target=f"integrations/{integration}",
            AuthorizationType="CUSTOM",
            AuthorizerId=self.authorizer,
        )
        lab("apigatewayv2", "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)
        lab.permit(api, self.backend, "*/*/")
        return api

    def permit(self, api: str) -> None:
        self.lab.permit(api, self.guard, f"authorizers/{self.authorizer}")


@pytest.fixture
def scene() -> Scene:
    return Scene(Lab())


def allow(resource: str = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "u", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


TOKEN = {"Authorization": "t"}


def body(answer: Answer) -> str:
    return answer.response.body.decode()


def test_rest(scene: Scene) -> None:
    api = scene.rest(authorizerResultTtlInSeconds=0)
    scene.answer = allow(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/prod/GET/m")
    assert body(scene.lab.request(api, target="/prod/m")) == '{"message":"Unauthorized"}'
    refused = scene.lab.request(api, target="/prod/m", headers=TOKEN)
    assert (refused.status, body(refused), refused.invoked) == (500, '{"message":null}', [])
    scene.permit(api)
    served = scene.lab.request(api, target="/prod/m", headers=TOKEN)
    assert (served.status, body(served)) == (200, "ok")
    scene.answer = allow("arn:aws:execute-api:*:*:*/prod/GET/other")
    assert scene.lab.request(api, target="/prod/m", headers=TOKEN).status == 403


def test_credentials_change_needs_a_deployment(scene: Scene) -> None:
    """vector: authzrole/rest-credentials-change-needs-deployment."""
    lab = scene.lab
    trusted = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}]}'
    )
    for name, document in (("without", None), ("with", "lambda:InvokeFunction")):
        lab("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trusted)
        if document:
            text = json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": document, "Resource": "*"}]}
            )
            lab("iam", "PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=text)
    api = scene.rest(authorizerResultTtlInSeconds=0, authorizerCredentials=f"arn:aws:iam::{ACCOUNT}:role/without")
    scene.answer = allow()

    def status() -> int:
        return lab.request(api, target="/prod/m", headers=TOKEN).status

    statuses: list[int | None] = [status()]
    value = f"arn:aws:iam::{ACCOUNT}:role/with"
    patch = [{"op": "replace", "path": "/authorizerCredentials", "value": value}]
    lab("apigateway", "UpdateAuthorizer", restApiId=api, authorizerId=scene.authorizer, patchOperations=patch)
    statuses += [None, status()]
    lab("apigateway", "CreateDeployment", restApiId=api, stageName="prod")
    statuses += [None, status()]
    wanted = [500, None, 500, None, 200]
    tally("stackd-authorizer-roles", "authzrole/rest-credentials-change-needs-deployment", statuses == wanted)
    assert statuses == wanted


def test_a_flush_forgets_what_was_answered(scene: Scene) -> None:
    api = scene.rest()
    scene.permit(api)
    scene.answer = allow()
    ledger = Ledger()

    def asked() -> bool:
        snapshot = scene.lab.snapshot
        match = snapshot.apis[api].stages["prod"].router.match("/m", "GET")
        assert match is not None
        authorizer = match.route.authorizer
        assert isinstance(authorizer, LambdaAuthorizer)
        key = (api, "prod", scene.authorizer, "t")
        if ledger.answer(key, authorizer, scene.lab.now) is not None:
            return False
        ledger.remember_answer(key, authorizer, Said({}, None, True), scene.lab.now + 300, "r", b"{}", "i")
        return True

    assert [asked(), asked()] == [True, False]
    scene.lab("apigateway", "FlushStageAuthorizersCache", restApiId=api, stageName="prod")
    assert [asked(), asked()] == [True, False]


def test_the_post_about_http_apis(scene: Scene) -> None:
    """Two causes behind one answer, told apart by ``$context.authorizer.error``."""
    api = scene.http()
    answer = scene.lab.request(api, "GET", "/", headers=TOKEN)
    assert (answer.status, body(answer), len(body(answer))) == (500, '{"message":"Internal Server Error"}', 35)
    assert answer.trace.authorizer.error == (
        "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. "
        "Check the permissions and try again."
    )
    scene.permit(api)
    scene.answer = {"authorized": True}
    answer = scene.lab.request(api, "GET", "/", headers=TOKEN)
    assert (answer.status, body(answer)) == (500, '{"message":"Internal Server Error"}')
    assert answer.trace.authorizer.error == (
        "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects. "
        "Simple response did not include 'isAuthorized'"
    )
    assert answer.trace.error_type == "AUTHORIZER_CONFIGURATION_ERROR"
    scene.answer = {"isAuthorized": True}
    assert body(scene.lab.request(api, "GET", "/", headers=TOKEN)) == "ok"
    scene.answer = {"isAuthorized": False}
    assert body(scene.lab.request(api, "GET", "/", headers=TOKEN)) == '{"message":"Forbidden"}'
