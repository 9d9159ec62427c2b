"""HTTP APIs, quick create, and what goes with an API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.http_api import HttpApi, function_arn

from sekisho.services.operation import ServiceError


@pytest.fixture
def http() -> HttpApi:
    made = HttpApi()
    made.create()
    return made


def refused(http: HttpApi, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        http(operation, **params)
    return caught.value


def test_a_new_api() -> None:
    http = HttpApi()
    made = http("CreateApi", Name="pets", ProtocolType="HTTP", Tags={"a": "b"}, Version="1")
    assert made == {
        "ApiEndpoint": f"https://{made['ApiId']}.execute-api.{REGION}.amazonaws.com",
        "ApiId": made["ApiId"],
        "Name": "pets",
        "Version": "1",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "ProtocolType": "HTTP",
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "RouteSelectionExpression": "$request.method $request.path",
        "CreatedDate": http.now,
        "Tags": {"a": "b"},
    }
    assert http("GetApi", ApiId=made["ApiId"]) == made
    assert http("GetApis")["Items"] == [made]


def test_websocket_apis_are_refused_by_name() -> None:
    error = refused(HttpApi(), "CreateApi", Name="x", ProtocolType="WEBSOCKET")
    assert (error.code, error.status) == ("NotImplementedException", 501)
    assert "ProtocolType WEBSOCKET" in error.message


@pytest.mark.parametrize(
    "params",
    [
        {"Name": ""},
        {"Name": "x" * 129},
        {"Description": "x" * 1025},
        {"RouteSelectionExpression": "$request.body.action"},
        {"ApiKeySelectionExpression": "$request.header.x-api-key"},
        {"DisableSchemaValidation": True},
        {"RouteKey": "GET /"},
        {"CredentialsArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
        {"Tags": {"aws:x": "y"}},
        {"CorsConfiguration": {"AllowMethods": ["FETCH"]}},
        {"CorsConfiguration": {"AllowOrigins": ["nonsense"]}},
        {"CorsConfiguration": {"AllowOrigins": ["*"], "AllowCredentials": True}},
        {"CorsConfiguration": {"MaxAge": 86401}},
        {"CorsConfiguration": {"AllowHeaders": ["a b"]}},
    ],
)
def test_refused_apis(params: dict[str, Any]) -> None:
    error = refused(HttpApi(), "CreateApi", **{"Name": "x", "ProtocolType": "HTTP", **params})
    assert (error.code, error.status) == ("BadRequestException", 400)


def test_quick_create_of_a_function() -> None:
    http = HttpApi()
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    http.create(Target=function_arn("f"), CredentialsArn=role)
    (integration,) = http.on("GetIntegrations")["Items"]
    (route,) = http.on("GetRoutes")["Items"]
    (stage,) = http.on("GetStages")["Items"]
    (deployment,) = http.on("GetDeployments")["Items"]
    assert (integration["IntegrationType"], integration["IntegrationUri"]) == ("AWS_PROXY", function_arn("f"))
    assert (integration["PayloadFormatVersion"], integration["CredentialsArn"]) == ("2.0", role)
    assert (route["RouteKey"], route["Target"]) == ("$default", f"integrations/{integration['IntegrationId']}")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DeploymentId"] == deployment["DeploymentId"]
    assert deployment["AutoDeployed"]
    assert all(each["ApiGatewayManaged"] for each in (integration, route, stage))


def test_quick_create_of_a_url() -> None:
    http = HttpApi()
    http.create(Target="https://example.com/x", RouteKey="GET /y")
    (integration,) = http.on("GetIntegrations")["Items"]
    assert (integration["IntegrationType"], integration["IntegrationMethod"]) == ("HTTP_PROXY", "ANY")
    assert integration["PayloadFormatVersion"] == "1.0"
    assert [each["RouteKey"] for each in http.on("GetRoutes")["Items"]] == ["GET /y"]


def test_managed_parts_are_updated_by_the_api() -> None:
    http = HttpApi()
    http.create(Target=function_arn("f"))
    http.on("UpdateApi", Target="https://example.com", RouteKey="GET /z")
    (integration,) = http.on("GetIntegrations")["Items"]
    (route,) = http.on("GetRoutes")["Items"]
    assert (integration["IntegrationType"], integration["IntegrationUri"]) == ("HTTP_PROXY", "https://example.com")
    assert route["RouteKey"] == "GET /z"
    error = refused(http, "UpdateRoute", ApiId=http.api, RouteId=route["RouteId"], RouteKey="GET /w")
    assert error.code == "BadRequestException"
    error = refused(http, "UpdateIntegration", ApiId=http.api, IntegrationId=integration["IntegrationId"])
    assert error.code == "BadRequestException"
    assert (
        http.on("UpdateRoute", RouteId=route["RouteId"], AuthorizationType="AWS_IAM")["AuthorizationType"] == "AWS_IAM"
    )


def test_only_quick_created_apis_have_a_target(http: HttpApi) -> None:
    assert refused(http, "UpdateApi", ApiId=http.api, Target=function_arn("f")).code == "BadRequestException"


def test_cors_comes_and_goes_with_deployments(http: HttpApi) -> None:
    http.route("GET /")
    http.stage("s")
    before = http.on("GetStage", StageName="s")["DeploymentId"]
    made = http.on("UpdateApi", CorsConfiguration={"AllowOrigins": ["https://a"], "AllowHeaders": ["X-Y", "x-y"]})
    assert made["CorsConfiguration"] == {"AllowOrigins": ["https://a"], "AllowHeaders": ["x-y"]}
    between = http.on("GetStage", StageName="s")["DeploymentId"]
    assert http.on("DeleteCorsConfiguration") == {}
    assert "CorsConfiguration" not in http.on("GetApi")
    assert len({before, between, http.on("GetStage", StageName="s")["DeploymentId"]}) == 3


def test_deleting_takes_everything(http: HttpApi) -> None:
    http.authorizer()
    http.route("GET /")
    http.stage("s")
    http.on("DeleteApi")
    assert [change for change in http.store.changes() if change.document is not None] == []
    error = refused(http, "GetApi", ApiId=http.api)
    assert (error.code, error.status) == ("NotFoundException", 404)
    assert error.message == f"Invalid API identifier specified {ACCOUNT}:{http.api}"


def test_pages(http: HttpApi) -> None:
    for count in range(4):
        http("CreateApi", Name=f"a{count}", ProtocolType="HTTP")
    found: list[str] = []
    token: str | None = None
    while True:
        part = http("GetApis", MaxResults="2", NextToken=token)
        found += [each["ApiId"] for each in part["Items"]]
        token = part.get("NextToken")
        if token is None:
            break
        assert len(part["Items"]) == 2
    assert len(found) == len(set(found)) == 5
    for wrong in ("0", "-1", "x", "9" * 30):
        assert refused(http, "GetApis", MaxResults=wrong).code == "BadRequestException"
    assert refused(http, "GetApis", NextToken="%%%").code == "BadRequestException"


def test_tags(http: HttpApi) -> None:
    http.route("GET /")
    http.stage("$default")
    for path in (f"/apis/{http.api}", f"/apis/{http.api}/stages/$default"):
        arn = f"arn:aws:apigateway:{REGION}::{path}"
        http("TagResource", ResourceArn=arn, Tags={"a": "1", "b": "2"})
        http("UntagResource", ResourceArn=arn, TagKeys=["a"])
        assert http("GetTags", ResourceArn=arn) == {"Tags": {"b": "2"}}
    assert http.on("GetApi")["Tags"] == {"b": "2"}
    for path, code in (("/apis/none", "NotFoundException"), ("/nonsense", "BadRequestException")):
        assert refused(http, "GetTags", ResourceArn=f"arn:aws:apigateway:{REGION}::{path}").code == code
