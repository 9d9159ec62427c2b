"""Methods and authorizers tried as they stand: what takes part, what a function sees, and what is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.keys import Keys, uri
from tests.scenes.lab import Lab
from tests.scenes.trial import attempt

from sekisho.functions.invocation import Failed, InvocationResult, InvokeFunction, Returned
from sekisho.services.operation import ServiceError


def where(scene: Keys) -> dict[str, Any]:
    return {"restApiId": scene.api, "resourceId": scene.resource, "httpMethod": "GET"}


def test_keys_and_authorizers_take_no_part() -> None:
    scene = Keys(auth="CUSTOM")
    seen: list[InvokeFunction] = []
    answer = scene.functions

    def functions(effect: InvokeFunction) -> InvocationResult:
        seen.append(effect)
        return answer(effect)

    scene.functions = functions
    found = attempt(scene, "TestInvokeMethod", **where(scene), multiValueHeaders={"A": ["1", "2"]}, body="x")
    assert found["status"] == 200
    (effect,) = seen
    event = json.loads(effect.payload)
    assert (event["headers"], event["multiValueHeaders"]) == ({"A": "2"}, {"A": ["1", "2"]})
    assert (event["body"], event["path"], event["resource"]) == ("x", "/required", "/required")
    identity = event["requestContext"]["identity"]
    assert identity["apiKeyId"] == "test-invoke-api-key-id"
    assert identity["userArn"].endswith(":root")
    assert f"Endpoint request body after transformations: {effect.payload.decode()[:200]}" in found["log"]
    assert "Endpoint response body before transformations: " in found["log"]


def test_what_is_not_deployed_is_tried() -> None:
    scene = Keys()
    scene.patch(
        "UpdateIntegration",
        "replace",
        "/uri",
        uri("arn:aws:lambda:us-east-1:123456789012:function:guard"),
        **where(scene),
    )
    found = attempt(scene, "TestInvokeMethod", **where(scene))
    assert found["status"] == 500 and "Invalid permissions on Lambda function" in found["log"]
    assert scene.get("x" * 20).status == 403


def test_parameters_are_validated() -> None:
    scene = Keys()
    validator = scene.gateway("CreateRequestValidator", restApiId=scene.api, validateRequestParameters=True)["id"]
    for op, path, value in (
        ("replace", "/requestValidatorId", validator),
        ("add", "/requestParameters/method.request.querystring.q", "true"),
    ):
        scene.patch("UpdateMethod", op, path, value, **where(scene))
    found = attempt(scene, "TestInvokeMethod", **where(scene))
    assert found["status"] == 400 and "Missing required request parameters: [q]" in found["body"]
    assert attempt(scene, "TestInvokeMethod", **where(scene), pathWithQueryString="/required?q=1")["status"] == 200


def test_a_failing_function_is_told() -> None:
    scene = Keys()
    scene.functions = lambda effect: Failed(b'{"errorMessage": "no"}', "no", "raised", effect.request_id, 0.0)
    found = attempt(scene, "TestInvokeMethod", **where(scene))
    assert (found["status"], json.loads(found["body"])) == (502, {"message": "Internal server error"})
    assert "Lambda execution failed with status 200 due to customer function error" in found["log"]


@pytest.mark.parametrize(
    "params",
    [{"headers": {"A": "x\r\nB: y"}}, {"headers": {"": "x"}}, {"multiValueHeaders": {"A\n": ["x"]}}],
)
def test_headers_that_are_none_are_refused(params: dict[str, Any]) -> None:
    scene = Keys()
    with pytest.raises(ServiceError) as refused:
        attempt(scene, "TestInvokeMethod", **where(scene), **params)
    assert refused.value.code == "BadRequestException"


def test_a_method_needs_an_integration() -> None:
    lab = Lab()
    api = lab("apigateway", "CreateRestApi", name="api")["id"]
    root = lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    at = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    with pytest.raises(ServiceError, match="Invalid Method identifier specified"):
        attempt(lab, "TestInvokeMethod", **at)
    lab("apigateway", "PutMethod", **at, authorizationType="NONE")
    with pytest.raises(ServiceError, match="No integration defined for method"):
        attempt(lab, "TestInvokeMethod", **at)


def authorizer_of(scene: Keys) -> dict[str, Any]:
    (found,) = scene.gateway("GetAuthorizers", restApiId=scene.api)["items"]
    return {"restApiId": scene.api, "authorizerId": found["id"]}


def test_an_authorizer_is_asked_alone_and_anew() -> None:
    scene = Keys(auth="CUSTOM")
    seen: list[dict[str, Any]] = []
    answer = scene.functions

    def functions(effect: InvokeFunction) -> InvocationResult:
        seen.append(json.loads(effect.payload))
        return answer(effect)

    scene.functions = functions
    for _ in range(2):
        found = attempt(scene, "TestInvokeAuthorizer", **authorizer_of(scene), headers={"Who": "me"})
        assert (found["clientStatus"], found["principalId"]) == (0, "somebody")
        assert json.loads(found["policy"])["Statement"][0]["Effect"] == "Allow"
    assert len(seen) == 2
    assert seen[0]["methodArn"].endswith(f":{scene.api}/ESTestInvoke-stage/GET/")
    scene.says = {"Effect": "Deny"}
    found = attempt(scene, "TestInvokeAuthorizer", **authorizer_of(scene), headers={"Who": "me"})
    assert found["clientStatus"] == 0 and '"Deny"' in found["policy"]


def test_how_authorizers_fail() -> None:
    scene = Keys(auth="CUSTOM")
    found = attempt(scene, "TestInvokeAuthorizer", **authorizer_of(scene))
    assert found["clientStatus"] == 401 and "Unauthorized request: " in found["log"]
    scene.functions = lambda effect: Returned(b'"no policy"', effect.request_id, 0.0)
    found = attempt(scene, "TestInvokeAuthorizer", **authorizer_of(scene), headers={"Who": "me"})
    assert found["clientStatus"] == 500 and "policy" not in found
    with pytest.raises(ServiceError, match="Invalid Authorizer identifier specified"):
        attempt(scene, "TestInvokeAuthorizer", restApiId=scene.api, authorizerId="nothing")


def test_an_authorizer_without_permission() -> None:
    scene = Keys(auth="CUSTOM")
    policy = scene("lambda", "GetPolicy", FunctionName="guard")["Policy"]
    for statement in json.loads(policy)["Statement"]:
        scene("lambda", "RemovePermission", FunctionName="guard", StatementId=statement["Sid"])
    found = attempt(scene, "TestInvokeAuthorizer", **authorizer_of(scene), headers={"Who": "me"})
    assert found["clientStatus"] == 500
    assert "Execution failed due to configuration error: Invalid permissions on Lambda function" in found["log"]
