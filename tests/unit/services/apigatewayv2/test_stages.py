"""Stages, their settings, and the deployments they serve."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.http_api import HttpApi

from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import unknown_variables
from sekisho.services.apigatewayv2.access_logs import VARIABLES, check_format, is_variable
from sekisho.services.operation import ServiceError


@pytest.fixture
def http() -> HttpApi:
    made = HttpApi()
    made.create()
    return made


def refused(http: HttpApi, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        http.on(operation, **params)
    return caught.value


def test_a_stage(http: HttpApi) -> None:
    made = http.on("CreateStage", StageName="s", Description="d", StageVariables={"a": "b"}, Tags={"t": "u"})
    assert made == {
        "StageName": "s",
        "Description": "d",
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageVariables": {"a": "b"},
        "Tags": {"t": "u"},
        "CreatedDate": http.now,
        "LastUpdatedDate": http.now,
    }
    assert http.on("GetStages")["Items"] == [made]
    error = refused(http, "CreateStage", StageName="s")
    assert (error.code, error.status, error.message) == ("ConflictException", 409, "Stage already exists")
    http.now += 5
    after = http.on("UpdateStage", StageName="s", StageVariables={"a": "", "c": "d"})
    assert (after["StageVariables"], after["LastUpdatedDate"]) == ({"c": "d"}, http.now)
    assert http.on("DeleteStage", StageName="s") == {}
    error = refused(http, "GetStage", StageName="s")
    assert (error.code, error.status) == ("NotFoundException", 404)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"StageName": "a/b"}, "BadRequestException"),
        ({"StageName": "$other"}, "BadRequestException"),
        ({"StageName": "x" * 129}, "BadRequestException"),
        ({"DeploymentId": "none"}, "BadRequestException"),
        ({"StageVariables": {"a-b": "c"}}, "BadRequestException"),
        ({"StageVariables": {"a": "<"}}, "BadRequestException"),
        ({"ClientCertificateId": "x"}, "BadRequestException"),
        ({"DefaultRouteSettings": {"LoggingLevel": "INFO"}}, "BadRequestException"),
        ({"DefaultRouteSettings": {"ThrottlingRateLimit": -1.0}}, "BadRequestException"),
        ({"RouteSettings": {"GET /none": {}}}, "NotFoundException"),
        ({"AutoDeploy": True, "DeploymentId": "x"}, "BadRequestException"),
    ],
)
def test_refused(http: HttpApi, params: dict[str, Any], code: str) -> None:
    assert refused(http, "CreateStage", **{"StageName": "s", **params}).code == code
    assert http.on("GetStages")["Items"] == []


def test_route_settings(http: HttpApi) -> None:
    http.route("GET /a")
    http.on("CreateStage", StageName="s", RouteSettings={"GET /a": {"ThrottlingBurstLimit": 5}})
    after = http.on("UpdateStage", StageName="s", RouteSettings={"GET /a": {"ThrottlingRateLimit": 1.0}})
    expected = {"DetailedMetricsEnabled": False, "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 1.0}
    assert after["RouteSettings"] == {"GET /a": expected}
    error = refused(http, "UpdateStage", StageName="s", RouteSettings={"GET /b": {}})
    assert error.message == "Unable to find Route by key GET /b within the provided RouteSettings"
    assert http.on("DeleteRouteSettings", StageName="s", RouteKey="GET%20/a") == {}
    assert http.on("GetStage", StageName="s")["RouteSettings"] == {}
    assert refused(http, "DeleteRouteSettings", StageName="s", RouteKey="GET /a").code == "NotFoundException"


def test_access_log_settings_go(http: HttpApi) -> None:
    logs = {"DestinationArn": http.log_group("g"), "Format": "$context.requestId"}
    assert http.on("CreateStage", StageName="s", AccessLogSettings=logs)["AccessLogSettings"] == logs
    assert http.on("DeleteAccessLogSettings", StageName="s") == {}
    assert "AccessLogSettings" not in http.on("GetStage", StageName="s")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "$context.requestId $context.nope ${context.no.pe} $context.nope",
            "The following context variables are not supported: [$context.nope, $context.no.pe]",
        ),
        (
            "$context.status",
            "Access Log format must include either $context.requestId or $context.extendedRequestId : "
            "'$context.status'",
        ),
        (
            "$context.requestId\nx",
            "Access Log format must be single line, new line character is allowed only at end of the format: "
            "'$context.requestId\nx'",
        ),
    ],
)
def test_refused_formats(line: str, message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        check_format(line)
    assert caught.value.message == f"The following errors are found in Access Log Format: {message}"


@pytest.mark.parametrize(
    "line",
    ["$context.requestId\n", "${context.extendedRequestId}|x", "$context.requestId $context.authorizer.anything"],
)
def test_formats(line: str) -> None:
    check_format(line)


def test_admitted_variables_are_those_that_the_gateway_writes() -> None:
    assert [name for name in sorted(VARIABLES) if unknown_variables(f"$context.{name}", Kind.HTTP)] == []
    for name in ("resourceId", "resourcePath", "authenticate.status", "waf.status", "connectionId", "authorizer."):
        assert not is_variable(name)


def test_a_stage_deploys_itself(http: HttpApi) -> None:
    made = http.stage("s")
    assert made["LastDeploymentStatusMessage"] == (
        "Deployment attempt failed: Unable to deploy API because no routes exist in this API"
    )
    assert "DeploymentId" not in made
    seen = []
    steps: list[tuple[str, dict[str, Any]]] = [
        ("CreateRoute", {"RouteKey": "GET /"}),
        ("UpdateApi", {"Description": "d"}),
        (
            "CreateAuthorizer",
            {
                "Name": "j",
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.A"],
                "JwtConfiguration": {"Issuer": "https://i.example", "Audience": ["a"]},
            },
        ),
    ]
    for operation, params in steps:
        http.on(operation, **params)
        seen.append(http.on("GetStage", StageName="s")["DeploymentId"])
    assert len(set(seen)) == 3
    last = http.on("GetDeployment", DeploymentId=seen[-1])
    assert last["AutoDeployed"]
    assert "Frozen" not in last
    assert refused(http, "UpdateStage", StageName="s", DeploymentId=seen[0]).code == "BadRequestException"
    assert refused(http, "CreateDeployment", StageName="s").code == "BadRequestException"


def test_turning_auto_deploy_on_deploys(http: HttpApi) -> None:
    http.route("GET /")
    http.on("CreateStage", StageName="s")
    assert "DeploymentId" not in http.on("GetStage", StageName="s")
    after = http.on("UpdateStage", StageName="s", AutoDeploy=True)
    assert http.on("GetDeployment", DeploymentId=after["DeploymentId"])["AutoDeployed"]


def test_deployments(http: HttpApi) -> None:
    error = refused(http, "CreateDeployment")
    assert (error.code, error.message) == (
        "BadRequestException",
        "Unable to deploy API because no routes exist in this API",
    )
    http.route("GET /")
    made = http.on("CreateDeployment", Description="one")
    assert made == {
        "DeploymentId": made["DeploymentId"],
        "Description": "one",
        "CreatedDate": http.now,
        "AutoDeployed": False,
        "DeploymentStatus": "DEPLOYED",
    }
    id_ = made["DeploymentId"]
    assert http.on("UpdateDeployment", DeploymentId=id_, Description="two")["Description"] == "two"
    http.on("CreateStage", StageName="s", DeploymentId=id_)
    assert refused(http, "DeleteDeployment", DeploymentId=id_).code == "BadRequestException"
    http.on("CreateDeployment", StageName="s")
    assert http.on("DeleteDeployment", DeploymentId=id_) == {}
    assert refused(http, "GetDeployment", DeploymentId=id_).code == "NotFoundException"
    assert len(http.on("GetDeployments")["Items"]) == 1
    assert refused(http, "CreateDeployment", StageName="none").code == "NotFoundException"


def test_models(http: HttpApi) -> None:
    made = http.on("CreateModel", Name="m", Schema="{}")
    assert made == {"ModelId": made["ModelId"], "Name": "m", "ContentType": "application/json", "Schema": "{}"}
    assert refused(http, "CreateModel", Name="m", Schema="{}").code == "ConflictException"
    assert refused(http, "CreateModel", Name="n-n", Schema="{}").code == "BadRequestException"
    assert refused(http, "CreateModel", Name="n", Schema="{").code == "BadRequestException"
    assert http.on("UpdateModel", ModelId=made["ModelId"], Schema="[]")["Schema"] == "[]"
    assert refused(http, "GetModelTemplate", ModelId=made["ModelId"]).code == "BadRequestException"
    assert len(http.on("GetModels")["Items"]) == 1
    assert http.on("DeleteModel", ModelId=made["ModelId"]) == {}
    assert refused(http, "GetModel", ModelId=made["ModelId"]).code == "NotFoundException"
