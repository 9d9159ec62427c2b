"""API keys, usage plans and trials of a REST API against a real server, with boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from tests.scenes.functions import zipped
from tests.scenes.server import ACCOUNT, REGION, Server, running

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""
GUARD = """
def handler(event, context):
    allowed = "Allow" if event["authorizationToken"] == "let me in" else "Deny"
    statement = {"Effect": allowed, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


class Scene:
    """``GET /x``, which wants a key, in front of a function; an authorizer that nothing uses."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.gateway, self.lambda_ = server.client("apigateway"), server.client("lambda")
        iam = server.client("iam")
        trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        self.role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self.api: str = self.gateway.create_rest_api(name="keys")["id"]
        root = self.gateway.get_resources(restApiId=self.api)["items"][0]["id"]
        resource = self.gateway.create_resource(restApiId=self.api, parentId=root, pathPart="x")["id"]
        self.where = {"restApiId": self.api, "resourceId": resource, "httpMethod": "GET"}
        self.gateway.put_method(**self.where, authorizationType="NONE", apiKeyRequired=True)
        self.gateway.put_integration(
            **self.where, type="AWS_PROXY", integrationHttpMethod="POST", uri=self.function("echo", ECHO, "dev/GET/x")
        )
        self.gateway.create_deployment(restApiId=self.api, stageName="dev")

    def function(self, name: str, code: str, source: str) -> str:
        """A function that API Gateway may call from ``source``; its integration URI."""
        arn = self.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="app.handler",
            Role=self.role,
            Code={"ZipFile": zipped({"app.py": code})},
        )["FunctionArn"]
        self.permit(name, source)
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"

    def permit(self, name: str, source: str) -> None:
        self.lambda_.add_permission(
            FunctionName=name,
            StatementId=f"s{len(source)}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api}/{source}",
        )

    def get(self, key: str = "") -> requests.Response:
        headers = {"Host": f"{self.api}.execute-api.{REGION}.amazonaws.com", **({"x-api-key": key} if key else {})}
        return requests.get(f"{self.url}/dev/x", headers=headers, timeout=30)


@pytest.fixture(scope="module")
def scene(server: Server) -> Scene:
    return Scene(server)


def test_a_key_its_plan_and_its_quota(scene: Scene) -> None:
    gateway = scene.gateway
    assert (scene.get().status_code, scene.get().content) == (403, b'{"message":"Forbidden"}')
    key = gateway.create_api_key(name="mine", enabled=True, tags={"team": "a"})
    assert scene.get(key["value"]).status_code == 403
    plan = gateway.create_usage_plan(
        name="plan", apiStages=[{"apiId": scene.api, "stage": "dev"}], quota={"limit": 2, "period": "DAY"}
    )["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    answer = scene.get(key["value"])
    assert answer.status_code == 200
    identity: dict[str, Any] = answer.json()["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (key["value"], key["id"])
    assert [scene.get(key["value"]).status_code for _ in range(2)] == [200, 429]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    usage = gateway.get_usage(usagePlanId=plan, startDate=today, endDate=today)
    assert usage["items"] == {key["id"]: [[2, 0]]}
    more = [{"op": "replace", "path": "/remaining", "value": "1"}]
    granted = gateway.update_usage(usagePlanId=plan, keyId=key["id"], patchOperations=more)
    assert granted["items"] == {key["id"]: [[2, 1]]}
    assert [scene.get(key["value"]).status_code for _ in range(2)] == [200, 429]
    gateway.update_usage_plan(usagePlanId=plan, patchOperations=[{"op": "remove", "path": "/quota"}])
    assert scene.get(key["value"]).status_code == 200
    assert "value" not in gateway.get_api_key(apiKey=key["id"])
    assert gateway.get_api_keys(nameQuery="mi", includeValues=True)["items"][0]["value"] == key["value"]
    arn = f"arn:aws:apigateway:{REGION}::/apikeys/{key['id']}"
    assert gateway.get_tags(resourceArn=arn)["tags"] == {"team": "a"}
    with pytest.raises(ClientError) as refused:
        gateway.delete_usage_plan(usagePlanId=plan)
    assert f"because there are API Stages associated with it, including {scene.api}:dev" in str(refused.value)


def test_a_method_is_tried_without_deployment(scene: Scene) -> None:
    """The permission names the stage ``dev``, so the test stage is refused until it is permitted, too."""
    tried = scene.gateway.test_invoke_method(**scene.where)
    assert tried["status"] == 500
    assert "Execution failed due to configuration error: Invalid permissions on Lambda function" in tried["log"]
    scene.permit("echo", "test-invoke-stage/GET/x")
    tried = scene.gateway.test_invoke_method(
        **scene.where, pathWithQueryString="/x?a=1&a=2", headers={"Who": "me"}, stageVariables={"v": "1"}
    )
    assert tried["status"] == 200
    event = json.loads(tried["body"])
    assert event["headers"] == {"Who": "me"}
    assert event["queryStringParameters"] == {"a": "2"}
    assert event["stageVariables"] == {"v": "1"}
    context = event["requestContext"]
    assert (context["stage"], context["domainPrefix"]) == ("test-invoke-stage", "testPrefix")
    assert context["identity"]["apiKey"] == "test-invoke-api-key"
    assert context["identity"]["sourceIp"] == "test-invoke-source-ip"
    assert "Successfully completed execution" in tried["log"]


def test_an_authorizer_is_tried(scene: Scene) -> None:
    gateway = scene.gateway
    uri = scene.function("guard", GUARD, "authorizers/*")
    authorizer = gateway.create_authorizer(
        restApiId=scene.api,
        name="guard",
        type="TOKEN",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
    )["id"]
    where = {"restApiId": scene.api, "authorizerId": authorizer}
    tried = gateway.test_invoke_authorizer(**where, headers={"Authorization": "let me in"})
    assert (tried["clientStatus"], tried["principalId"]) == (0, "me")
    (statement,) = json.loads(tried["policy"])["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"].endswith(f":{scene.api}/ESTestInvoke-stage/GET/")
    assert "Successfully completed authorizer execution" in tried["log"]
    tried = gateway.test_invoke_authorizer(**where, headers={"Authorization": "no"})
    assert (tried["clientStatus"], json.loads(tried["policy"])["Statement"][0]["Effect"]) == (0, "Deny")
    tried = gateway.test_invoke_authorizer(**where)
    assert tried["clientStatus"] == 401 and "policy" not in tried
