"""Every answer has the shape that the service model gives it, over a life in which every operation is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.rest import Rest, lambda_uri
from tests.unit.services.apigateway.test_deployments import ROLE, snapshot

from sekisho.services.apigateway import OPERATIONS
from sekisho.services.effects import Ran, ReadUsage, RunRequest

MODEL: Any = ServiceModel(Loader().load_service_model("apigateway", "service-2"), "apigateway")
KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (float,),
}


def conforms(value: Any, shape: Any, where: str) -> None:
    if shape.type_name == "structure":
        assert isinstance(value, Mapping), where
        assert set(value) <= set(shape.members), f"{where}: {set(value) - set(shape.members)}"
        for name, inner in value.items():
            conforms(inner, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "map":
        assert isinstance(value, Mapping), where
        for name, inner in value.items():
            conforms(inner, shape.value, f"{where}[{name}]")
    elif shape.type_name == "list":
        assert isinstance(value, list), where
        for inner in value:
            conforms(inner, shape.member, f"{where}[]")
    else:
        assert isinstance(value, KINDS[shape.type_name]), f"{where}: {value!r}"
        enum = getattr(shape, "enum", None)
        assert not enum or value in enum, f"{where}: {value!r}"


class Watched(Rest):
    """Checks parameters and answers against the model, and remembers which operations were called."""

    def __init__(self) -> None:
        super().__init__(snapshot=snapshot())
        self.called: set[str] = set()

    def __call__(self, operation: str, **params: Any) -> Mapping[str, Any]:
        shapes = MODEL.operation_model(operation)
        given = {name: value for name, value in params.items() if value is not None}
        assert set(given) <= set(shapes.input_shape.members)
        assert set(shapes.input_shape.required_members) <= set(given)
        answer = super().__call__(operation, **params)
        self.called.add(operation)
        if shapes.output_shape is None:
            assert answer == {}
        else:
            conforms(answer, shapes.output_shape, operation)
        return answer


def test_every_operation_answers_in_shape() -> None:
    rest = Watched()
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{rest.create(description='d', version='1', tags={'a': 'b'})}"
    api = {"restApiId": rest.api}
    rest("TagResource", resourceArn=arn, tags={"k": "v"})
    rest("UntagResource", resourceArn=arn, tagKeys=["k"])
    rest("GetTags", resourceArn=arn)
    rest("GetRestApi", **api)
    rest("GetRestApis")
    rest.patch("UpdateRestApi", ("replace", "/name", "n"))
    rest("UpdateAccount", patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    rest("GetAccount")
    validator = rest("CreateRequestValidator", **api, name="v", validateRequestBody=True)["id"]
    rest("GetRequestValidator", **api, requestValidatorId=validator)
    rest("GetRequestValidators", **api)
    rest.patch("UpdateRequestValidator", ("replace", "/validateRequestBody", "false"), requestValidatorId=validator)
    rest("CreateModel", **api, name="Pet", contentType="application/json", schema='{"type": "object"}')
    rest("GetModel", **api, modelName="Pet")
    rest("GetModels", **api)
    rest.patch("UpdateModel", ("replace", "/description", "d"), modelName="Pet")
    source = "method.request.header.Authorization"
    made = rest("CreateAuthorizer", **api, name="a", type="TOKEN", authorizerUri=lambda_uri("a"), identitySource=source)
    authorizer = {"authorizerId": made["id"]}
    rest("GetAuthorizer", **api, **authorizer)
    rest("GetAuthorizers", **api)
    rest.patch("UpdateAuthorizer", ("replace", "/authorizerResultTtlInSeconds", "0"), **authorizer)
    rest("PutGatewayResponse", **api, responseType="DEFAULT_4XX", statusCode="404")
    rest("GetGatewayResponse", **api, responseType="DEFAULT_4XX")
    rest("GetGatewayResponses", **api)
    rest.patch("UpdateGatewayResponse", ("replace", "/statusCode", "400"), responseType="DEFAULT_4XX")
    rest("DeleteGatewayResponse", **api, responseType="DEFAULT_4XX")
    where = rest.mock_method("/x", "GET", requestValidatorId=validator, requestModels={"application/json": "Pet"})
    where.pop("restApiId")
    code = {"statusCode": "200"}
    rest("GetResource", **api, resourceId=where["resourceId"], embed=["methods"])
    rest("GetResources", **api, embed=["methods"])
    rest.patch("UpdateResource", ("replace", "/pathPart", "y"), resourceId=where["resourceId"])
    rest("GetMethod", **api, **where)
    rest.patch("UpdateMethod", ("replace", "/apiKeyRequired", "true"), **where)
    rest("GetMethodResponse", **api, **where, **code)
    rest.patch("UpdateMethodResponse", ("add", "/responseParameters/method.response.header.A", "true"), **where, **code)
    rest("GetIntegration", **api, **where)
    rest.patch("UpdateIntegration", ("replace", "/timeoutInMillis", "1000"), **where)
    rest("GetIntegrationResponse", **api, **where, **code)
    change = ("add", "/responseParameters/method.response.header.A", "'x'")
    rest.patch("UpdateIntegrationResponse", change, **where, **code)
    deployment = rest.deploy("prod")
    rest("GetDeployment", **api, deploymentId=deployment, embed=["apisummary"])
    rest("GetDeployments", **api)
    rest.patch("UpdateDeployment", ("replace", "/description", "d"), deploymentId=deployment)
    rest("CreateStage", **api, stageName="dev", deploymentId=deployment, tags={"a": "b"})
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    rest.patch(
        "UpdateStage",
        ("replace", "/accessLogSettings/destinationArn", group),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
        ("replace", "/*/*/logging/loglevel", "INFO"),
        stageName="dev",
    )
    rest("GetStage", **api, stageName="dev")
    rest("GetStages", **api)
    rest("FlushStageCache", **api, stageName="dev")
    rest("FlushStageAuthorizersCache", **api, stageName="dev")
    rest("DeleteIntegrationResponse", **api, **where, **code)
    rest.answers = _effects
    rest("TestInvokeMethod", **api, **where, headers={"A": "b"}, body="x")
    rest("TestInvokeAuthorizer", **api, **authorizer)
    rest("DeleteIntegration", **api, **where)
    rest("DeleteMethodResponse", **api, **where, **code)
    rest("DeleteMethod", **api, **where)
    _keys(rest)
    for stage in ("dev", "prod"):
        rest("DeleteStage", **api, stageName=stage)
    rest("DeleteDeployment", **api, deploymentId=deployment)
    rest("DeleteRequestValidator", **api, requestValidatorId=validator)
    rest("DeleteModel", **api, modelName="Pet")
    rest("DeleteAuthorizer", **api, **authorizer)
    rest("DeleteResource", **api, resourceId=where["resourceId"])
    rest("PutRestApi", **api, mode="overwrite", body=b'{"openapi": "3.0.1", "info": {"title": "t"}}')
    for absent in ("GetVpcLinks", "GetClientCertificates"):
        assert rest(absent) == {"items": []}
    for absent in ("GetDocumentationParts", "GetDocumentationVersions"):
        assert rest(absent, **api) == {"items": []}
    rest("DeleteRestApi", **api)
    rest("ImportRestApi", body=b'{"openapi": "3.0.1", "info": {"title": "t"}}')
    assert rest.called == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_in_the_model(name: str) -> None:
    operation = OPERATIONS[name]
    assert name in MODEL.operation_names
    members = set(MODEL.operation_model(name).input_shape.members) | {"account", "region"}
    assert isinstance(operation.resource, str)
    used = {part.split("}")[0] for part in operation.resource.split("{")[1:]}
    assert used <= members


def _keys(rest: Watched) -> None:
    """API keys and usage plans, while there is a stage ``prod``."""
    key = rest("CreateApiKey", name="k", enabled=True, stageKeys=[{"restApiId": rest.api, "stageName": "prod"}])["id"]
    rest("GetApiKey", apiKey=key, includeValue=True)
    rest("GetApiKeys", includeValues=True)
    rest("UpdateApiKey", apiKey=key, patchOperations=[{"op": "replace", "path": "/name", "value": "x"}])
    plan = rest(
        "CreateUsagePlan",
        name="p",
        apiStages=[{"apiId": rest.api, "stage": "prod"}],
        throttle={"rateLimit": 1.5, "burstLimit": 2},
        quota={"limit": 5, "period": "DAY"},
    )["id"]
    rest("GetUsagePlan", usagePlanId=plan)
    rest("GetUsagePlans", keyId=key)
    limits = f"/apiStages/{rest.api}:prod/throttle/~1x/GET/rateLimit"
    rest("UpdateUsagePlan", usagePlanId=plan, patchOperations=[{"op": "replace", "path": limits, "value": "1"}])
    member = {"usagePlanId": plan, "keyId": key}
    rest("CreateUsagePlanKey", **member, keyType="API_KEY")
    rest("GetUsagePlanKey", **member)
    rest("GetUsagePlanKeys", usagePlanId=plan)
    rest("GetUsage", usagePlanId=plan, startDate="2026-01-01", endDate="2026-01-02")
    left = [{"op": "replace", "path": "/remaining", "value": "3"}]
    rest("UpdateUsage", **member, patchOperations=left)
    rest("DeleteUsagePlanKey", **member)
    rest("ImportApiKeys", format="csv", body=b"name,key\nk,abcdefghijabcdefghij\n")
    stages = {"op": "remove", "path": "/apiStages", "value": f"{rest.api}:prod"}
    rest("UpdateUsagePlan", usagePlanId=plan, patchOperations=[stages])
    rest("DeleteUsagePlan", usagePlanId=plan)
    rest("DeleteApiKey", apiKey=key)


def _effects(effect: Any) -> Any:
    """What the data plane would answer."""
    if isinstance(effect, RunRequest):
        headers = (("Content-Type", "text/plain"),)
        claims = {"sub": "me"} if effect.authorizer else None
        return Ran(200, headers, b"hello", "log", 1, "somebody", "{}", claims)
    return {key: [[1, 4]] for key in effect.keys} if isinstance(effect, ReadUsage) else None
