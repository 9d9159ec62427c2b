"""Recorded admissions and refusals of the REST control plane, replayed against its operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION, user
from tests.scenes.rest import Rest, lambda_uri

from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy
from sekisho.services.operation import ServiceError

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "gateway"


def case(file: str, id_: str) -> dict[str, Any]:
    document = json.loads((VECTORS / f"{file}.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in document["cases"] if each["id"] == id_)
    return found


def control(id_: str) -> dict[str, Any]:
    found: dict[str, Any] = case("control-plane-and-test-invoke", id_)["then"]
    return found


def expect_error(then: dict[str, Any], caught: ServiceError) -> None:
    assert caught.code == then["Error"]["Code"]
    assert caught.status == then["ResponseMetadata"]["HTTPStatusCode"]
    assert caught.message == then["Error"]["Message"].replace("111111111111", ACCOUNT)


def shown(then: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in then.items() if name != "ResponseMetadata"}


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create()
    return made


FN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:MyLambda"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/testfunction-role-oe783psq"
S3 = f"arn:aws:apigateway:{REGION}:s3:path/b/k"


@pytest.mark.parametrize(
    ("id_", "params"),
    [
        ("required-integration-method-HTTP_PROXY", {"type": "HTTP_PROXY", "uri": "https://example.com"}),
        ("required-integration-method-AWS", {"type": "AWS", "uri": S3}),
        (
            "no-s3-support-AWS_PROXY",
            {"type": "AWS_PROXY", "uri": S3, "integrationHttpMethod": "POST", "credentials": ROLE},
        ),
        ("invalid-uri-HTTP", {"type": "HTTP", "uri": "wrong-uri", "integrationHttpMethod": "GET"}),
        ("invalid-uri-HTTP_PROXY", {"type": "HTTP_PROXY", "uri": "wrong-uri", "integrationHttpMethod": "GET"}),
        ("invalid-uri-not-an-arn", {"type": "AWS", "uri": "http://wrong-uri", "integrationHttpMethod": "POST"}),
    ],
)
def test_put_integration_refusals(rest: Rest, id_: str, params: dict[str, Any]) -> None:
    where = rest.method("/x", "GET")
    with pytest.raises(ServiceError) as caught:
        rest("PutIntegration", **where, **params)
    expect_error(control(f"put_integration_validation/{id_}"), caught.value)


@pytest.mark.parametrize(
    ("id_", "params"),
    [
        ("not-required-integration-method-MOCK", {"type": "MOCK"}),
        ("aws-integration-AWS", {"type": "AWS", "uri": S3, "integrationHttpMethod": "POST", "credentials": ROLE}),
        ("aws-integration-type-AWS", {"type": "AWS", "uri": lambda_uri("MyLambda"), "integrationHttpMethod": "POST"}),
    ],
)
def test_put_integration_admissions(rest: Rest, id_: str, params: dict[str, Any]) -> None:
    where = rest.method("/x", "GET")
    made = dict(rest("PutIntegration", **where, **params))
    assert made.pop("cacheNamespace") == where["resourceId"]
    recorded = json.dumps(shown(control(f"put_integration_validation/{id_}")))
    expected = json.loads(
        recorded.replace("<partition>", "aws").replace("<region>", REGION).replace("111111111111", ACCOUNT)
    )
    del expected["cacheNamespace"]
    assert made == expected


@pytest.mark.parametrize(
    "id_", ["put-integration-lambda-uri", "put-integration-wrong-type", "put-integration-bad-lambda-arn"]
)
def test_put_integration_of_lambda_uris(rest: Rest, id_: str) -> None:
    vector = case("lambda-nonproxy-and-admission", f"lambda-aws/{id_}")
    params = json.loads(
        json.dumps(vector["when"]["boto3"][1]).replace("ROLE", ROLE).replace("FN", FN).replace("REGION", REGION)
    )
    where = rest.method("/", "ANY")
    with pytest.raises(ServiceError) as caught:
        rest("PutIntegration", **where, **params)
    expect_error(vector["then"]["error"], caught.value)


KIND = "MISSING_AUTHENTICATION_TOKEN"
TEMPLATE = control("gateway_response_put/put-gateway-response-response-templates-only")["responseTemplates"]
ACCEPT = {"gatewayresponse.header.x-request-header": "method.request.header.Accept"}


def test_gateway_response_puts(rest: Rest) -> None:
    def put(kind: str, **params: Any) -> Any:
        return rest("PutGatewayResponse", restApiId=rest.api, responseType=kind, **params)

    for name, params in (
        ("status-only", {"statusCode": "404"}),
        ("response-parameters-only", {"responseParameters": ACCEPT}),
        ("response-templates-only", {"responseTemplates": TEMPLATE}),
    ):
        assert put(KIND, **params) == shown(control(f"gateway_response_put/put-gateway-response-{name}"))
    five = put("DEFAULT_5XX", statusCode="599", responseParameters=ACCEPT, responseTemplates=TEMPLATE)
    assert five == shown(control("gateway_response_put/put-gateway-response-default-5xx"))
    put("AUTHORIZER_FAILURE", responseParameters={"gatewayresponse.header.foo": "'bar'"})
    listed = rest("GetGatewayResponses", restApiId=rest.api)
    assert listed == shown(control("gateway_response_put/get-gateway-responses"))


def test_gateway_response_life(rest: Rest) -> None:
    where = {"restApiId": rest.api, "responseType": KIND}
    default = shown(control("gateway_response_crud/get-gateway-response-default"))
    assert rest("GetGatewayResponse", **where) == default
    recorded = control("gateway_response_crud/get-gateway-responses")
    own = next(each for each in recorded["items"] if each["responseType"] == KIND)
    rest(
        "PutGatewayResponse",
        **where,
        **{name: own[name] for name in ("statusCode", "responseParameters", "responseTemplates")},
    )
    assert rest("GetGatewayResponses", restApiId=rest.api) == shown(recorded)
    assert rest("DeleteGatewayResponse", **where) == {}
    assert rest("GetGatewayResponse", **where) == shown(control("gateway_response_crud/get-deleted-gw-response"))


def test_gateway_response_patches(rest: Rest) -> None:
    where = {"responseType": "DEFAULT_4XX"}
    made = rest.patch("UpdateGatewayResponse", ("replace", "/statusCode", "444"), **where)
    assert made == shown(control("update_gateway_response/update-gateway-response-not-set"))
    missing = "/responseParameters/gatewayresponse.header.nope"
    for name, change in (
        ("remove-status-code", ("remove", "/statusCode", None)),
        ("replace-invalid-parameter", ("replace", missing, "'x'")),
        ("replace-invalid-parameter-1-none", ("add", missing, None)),
    ):
        with pytest.raises(ServiceError) as caught:
            rest.patch("UpdateGatewayResponse", change, **where)
        expect_error(control(f"update_gateway_response/update-gateway-{name}"), caught.value)
    with pytest.raises(ServiceError) as caught:
        rest("UpdateGatewayResponse", restApiId=rest.api, **where, patchOperations=[{"op": "replace", "value": "1"}])
    expect_error(control("update_gateway_response/update-gateway-no-path"), caught.value)


@pytest.mark.parametrize("verb", ["get", "delete", "update"])
def test_gateway_response_of_no_api(verb: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Rest()(f"{verb.title()}GatewayResponse", restApiId="fake-api-id", responseType=KIND)
    expect_error(control(f"gateway_response_validation/{verb}-gateway-response-no-api"), caught.value)


def test_gateway_responses_of_no_api() -> None:
    with pytest.raises(ServiceError) as caught:
        Rest()("GetGatewayResponses", restApiId="fake-api-id")
    expect_error(control("gateway_response_validation/get-gateway-responses-no-api"), caught.value)


@pytest.mark.parametrize("verb", ["delete", "update"])
def test_gateway_response_of_no_type(rest: Rest, verb: str) -> None:
    with pytest.raises(ServiceError) as caught:
        rest(f"{verb.title()}GatewayResponse", restApiId=rest.api, responseType="FAKE_RESPONSE_TYPE")
    expect_error(control(f"gateway_response_validation/{verb}-gateway-response-wrong-response-type"), caught.value)


AUTHORIZER = {
    "name": "a",
    "type": "TOKEN",
    "authorizerUri": lambda_uri("RESTAUTHZ"),
    "identitySource": "method.request.header.X",
}


@pytest.mark.parametrize(
    "id_", ["nonexistent-role-admitted", "user-arn-admitted", "malformed-arn", "empty-credentials"]
)
def test_authorizer_credentials_at_creation(rest: Rest, id_: str) -> None:
    vector = case("stackd-authorizer-roles", f"authzrole/rest-create-{id_}")
    given = vector["when"]["boto3"][1]["authorizerCredentials"].replace("ACCT", ACCOUNT)
    then = vector["then"]
    if "error" in then:
        with pytest.raises(ServiceError) as caught:
            rest("CreateAuthorizer", restApiId=rest.api, **AUTHORIZER, authorizerCredentials=given)
        assert (caught.value.code, caught.value.status) == (then["error"], then["status"])
        return
    made = rest("CreateAuthorizer", restApiId=rest.api, **AUTHORIZER, authorizerCredentials=given)
    assert made.get("authorizerCredentials") == (given or None)
    assert not set(then.get("absent", ())) & set(made)


@pytest.mark.parametrize("id_", ["empty-clears", "remove-rejected"])
def test_authorizer_credentials_at_update(rest: Rest, id_: str) -> None:
    vector = case("stackd-authorizer-roles", f"authzrole/rest-update-{id_}")
    made = rest("CreateAuthorizer", restApiId=rest.api, **AUTHORIZER, authorizerCredentials=ROLE)
    params = {"restApiId": rest.api, "authorizerId": made["id"], **vector["when"]["boto3"][1]}
    then = vector["then"]
    if "error" in then:
        with pytest.raises(ServiceError) as caught:
            rest("UpdateAuthorizer", **params)
        assert (caught.value.code, caught.value.status) == (then["error"], then["status"])
    else:
        assert not set(then["absent"]) & set(rest("UpdateAuthorizer", **params))


def test_integration_credentials_need_pass_role(rest: Rest) -> None:
    then = case("stackd-integration-credentials", "intcred/rest-role-assignment-needs-passrole")["then"]
    where = rest.lambda_method("/x", "GET")
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    rest.caller = user("nobody")
    with pytest.raises(ServiceError) as caught:
        rest(
            "PutIntegration",
            **where,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=lambda_uri("f"),
            credentials=role,
        )
    assert (caught.value.code, caught.value.status) == (then["error"], then["status"])
    allow = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}},
    }
    policy = compile_policy({"Version": "2012-10-17", "Statement": [allow]})
    rest.caller = user("somebody", PolicyStack(identity=(policy,)))
    made = rest(
        "PutIntegration", **where, type="AWS_PROXY", integrationHttpMethod="POST", uri=lambda_uri("f"), credentials=role
    )
    assert made["credentials"] == role


def test_integration_credentials_patch(rest: Rest) -> None:
    vector = case("stackd-integration-credentials", "intcred/rest-patch-replace-empty-removes")
    where = rest.lambda_method("/x", "GET", credentials=ROLE)
    changed = rest("UpdateIntegration", **where, patchOperations=[vector["when"]["boto3"][1]])
    assert not set(vector["then"]["response_absent"]) & set(changed)
    for op in ("add", "remove"):
        with pytest.raises(ServiceError) as caught:
            rest("UpdateIntegration", **where, patchOperations=[{"op": op, "path": "/credentials", "value": ROLE}])
        assert caught.value.message == "Invalid patch path /credentials"
        assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)


def test_integration_null_credentials(rest: Rest) -> None:
    then = case("stackd-integration-credentials", "intcred/rest-null-selects-resource-policy")["then"]
    where = rest.lambda_method("/x", "GET", credentials=ROLE)
    made = rest("PutIntegration", **where, type="AWS_PROXY", integrationHttpMethod="POST", uri=lambda_uri("f"))
    assert not set(then["response_absent"]) & set(made)
