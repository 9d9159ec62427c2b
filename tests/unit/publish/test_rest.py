"""REST documents → compiled APIs: routes, addresses, authorities, and what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.rest import Rest, lambda_uri

from sekisho.config.api import IAM, OPEN, ApiSnapshot, Stage
from sekisho.config.integrations import Authority, LambdaProxy, Mock, Unsupported
from sekisho.publish import rest as compiler
from sekisho.publish import rest_backends
from sekisho.publish.lambda_uri import resolve
from sekisho.publish.rest import rest_apis

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
CALLER = "arn:aws:iam::*:user/*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture(autouse=True)
def plain_compilers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates and log formats stay text: their compilers have tests of their own."""
    monkeypatch.setattr(rest_backends, "compile_template", lambda text: ("template", text))
    monkeypatch.setattr(compiler, "compile_format", lambda line, kind: lambda trace: f"{kind.name} {line}")


def compiled(rest: Rest) -> ApiSnapshot:
    return rest_apis(rest.store, None, {})[rest.api]


def proxy(stage: Stage, path: str, verb: str = "GET") -> LambdaProxy:
    match = stage.router.match(path, verb)
    assert match is not None
    assert isinstance(match.route.integration, LambdaProxy)
    return match.route.integration


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create(binaryMediaTypes=["image/png"], endpointConfiguration={"types": ["REGIONAL"]})
    return made


def test_a_route_knows_its_addresses(rest: Rest) -> None:
    rest.lambda_method("/pets/{petId}", "ANY", "pets", timeoutInMillis=1500)
    rest.deploy("prod")
    api = compiled(rest)
    assert (api.account, api.region, api.name, api.endpoint_type) == (ACCOUNT, REGION, "api", "REGIONAL")
    stage = api.stages["prod"]
    assert stage.binary_media_types == ("image/png",)
    match = stage.router.match("/pets/7", "PUT")
    assert match is not None and dict(match.parameters) == {"petId": "7"}
    prefix = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{rest.api}/prod/"
    route = match.route
    assert (route.resource_path, route.method, route.arn_prefix) == ("/pets/{petId}", "ANY", prefix)
    assert route.authorizer is OPEN
    target = proxy(stage, "/pets/7")
    assert (target.function_arn, target.qualifier) == (f"{FUNCTION}:pets", "")
    assert (target.authority, target.role_arn, target.source_arn) == (Authority.SERVICE, "", prefix)
    assert (target.timeout, target.http_method, target.uri) == (1.5, "POST", lambda_uri("pets"))


def test_authorities(rest: Rest) -> None:
    rest.lambda_method("/role", "GET", credentials=ROLE)
    rest.lambda_method("/caller", "GET", auth="AWS_IAM", credentials=CALLER)
    rest.deploy("prod")
    stage = compiled(rest).stages["prod"]
    role = proxy(stage, "/role")
    assert (role.authority, role.role_arn) == (Authority.ROLE, ROLE)
    caller = proxy(stage, "/caller")
    assert (caller.authority, caller.role_arn) == (Authority.CALLER, "")
    match = stage.router.match("/caller", "GET")
    assert match is not None and match.route.authorizer is IAM


@pytest.mark.parametrize(
    ("function", "variables", "address"),
    [
        ("f:${stageVariables.alias}", {"alias": "live"}, ("f", "live")),
        ("f:${stageVariables.alias}", {}, None),
        ("${stageVariables.fn}", {"fn": "f"}, ("f", "")),
        ("${stageVariables.fn}", {"fn": "f:live"}, ("f", "live")),
        ("${stageVariables.fn}", {}, None),
        ("pre-${stageVariables.fn}-post", {"fn": "x"}, ("pre-x-post", "")),
    ],
)
def test_stage_variables(rest: Rest, function: str, variables: dict[str, str], address: tuple[str, str] | None) -> None:
    rest.lambda_method("/x", "GET", function)
    rest.deploy("prod", variables=variables)
    target = proxy(compiled(rest).stages["prod"], "/x")
    name, qualifier = address or ("", "")
    assert (target.function_arn, target.qualifier) == (f"{FUNCTION}:{name}" if name else "", qualifier)


def test_a_role_may_hold_a_stage_variable(rest: Rest) -> None:
    rest.lambda_method("/x", "GET", credentials=f"arn:aws:iam::{ACCOUNT}:role/${{stageVariables.role}}")
    rest.deploy("prod", variables={"role": "r"})
    assert proxy(compiled(rest).stages["prod"], "/x").role_arn == ROLE


def test_resolve_leaves_other_text() -> None:
    assert resolve("a${stageVariables.x}b${other}$", {"x": "1"}) == "a1b${other}$"
    assert resolve("${stageVariables.x}", {"x": "${stageVariables.x}"}) == "${stageVariables.x}"


def test_mock(rest: Rest) -> None:
    where = rest.mock_method("/x", "GET")
    headers = {"method.response.header.A": False}
    rest("PutMethodResponse", **where, statusCode="404", responseParameters=headers)
    rest(
        "PutIntegrationResponse",
        **where,
        statusCode="404",
        selectionPattern="4\\d{2}",
        responseParameters={"method.response.header.A": "'x'"},
        responseTemplates={"application/json": "{}"},
    )
    rest.deploy("prod")
    match = compiled(rest).stages["prod"].router.match("/x", "GET")
    assert match is not None and isinstance(match.route.integration, Mock)
    mock = match.route.integration
    assert mock.templates == {"application/json": ("template", '{"statusCode": 200}')}
    assert mock.passthrough == "WHEN_NO_MATCH"
    assert mock.method_responses == {"200": {}, "404": headers}
    default, missing = mock.responses
    assert (default.status, default.pattern) == ("200", None)
    assert missing.pattern is not None
    assert missing.pattern("404") and not missing.pattern("4040") and not missing.pattern("200")
    assert missing.parameters == {"method.response.header.A": "'x'"}
    assert missing.templates == {"application/json": ("template", "{}")}


def test_what_does_not_run_here_is_refused(rest: Rest) -> None:
    where = rest.method("/http", "GET")
    link = {"connectionType": "VPC_LINK", "connectionId": "vl-1"}
    rest("PutIntegration", **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri="https://example.com", **link)
    where = rest.method("/queue", "POST")
    uri = f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/queue"
    rest("PutIntegration", **where, type="AWS", integrationHttpMethod="POST", uri=uri, credentials=ROLE)
    made = rest(
        "CreateAuthorizer",
        restApiId=rest.api,
        name="a",
        type="COGNITO_USER_POOLS",
        identitySource="method.request.header.Authorization",
        providerARNs=[f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/p"],
    )
    where = rest.method("/closed", "GET", authorizationType="COGNITO_USER_POOLS", authorizerId=made["id"])
    rest("PutIntegration", **where, type="MOCK")
    rest.deploy("prod")
    router = compiled(rest).stages["prod"].router
    open_, closed = router.match("/http", "GET"), router.match("/closed", "GET")
    assert open_ is not None and isinstance(open_.route.integration, Unsupported)
    assert open_.route.integration.reason == "VPC links do not run here"
    queue = router.match("/queue", "POST")
    assert queue is not None and isinstance(queue.route.integration, Unsupported)
    assert queue.route.integration.reason == "integrations with the service sqs do not run here"
    assert closed is not None and closed.route.authorizer != OPEN and closed.route.authorizer != IAM


def test_policy_and_gateway_responses_are_frozen(rest: Rest) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    rest.patch("UpdateRestApi", ("replace", "/policy", policy))
    rest("PutGatewayResponse", restApiId=rest.api, responseType="DEFAULT_4XX", statusCode="418")
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    rest.patch("UpdateRestApi", ("replace", "/policy", ""))
    rest("DeleteGatewayResponse", restApiId=rest.api, responseType="DEFAULT_4XX")
    stage = compiled(rest).stages["prod"]
    assert stage.resource_policy is not None
    assert stage.resource_policy.name == f"resource policy of API {rest.api}"
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{rest.api}/*"
    assert stage.resource_policy.document["Statement"][0]["Resource"] == arn
    assert stage.gateway_responses["DEFAULT_4XX"].status == 418
    rest.deploy("prod")
    stage = compiled(rest).stages["prod"]
    assert stage.resource_policy is None and stage.gateway_responses == {}


def test_disabling_the_endpoint_needs_a_deployment(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    rest.patch("UpdateRestApi", ("replace", "/disableExecuteApiEndpoint", "true"))
    assert compiled(rest).disable_execute_api_endpoint is False
    rest.deploy("prod")
    assert compiled(rest).disable_execute_api_endpoint is True


def test_validators_reach_the_route(rest: Rest) -> None:
    made = rest("CreateRequestValidator", restApiId=rest.api, name="v", validateRequestBody=True)
    rest("CreateModel", restApiId=rest.api, name="Pet", contentType="application/json", schema='{"type": "object"}')
    rest.mock_method("/x", "POST", requestValidatorId=made["id"], requestModels={"application/json": "Pet"})
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    router = compiled(rest).stages["prod"].router
    checked, free = router.match("/x", "POST"), router.match("/x", "GET")
    assert checked is not None and free is not None
    assert checked.route.extras["compiled"].models == {"application/json": {"type": "object"}}
    validator = checked.route.extras["compiled"]
    assert validator.body_problem(None, b"{}") is None and validator.body_problem(None, b"[]") is not None
    assert free.route.extras == {}


def changed_since(rest: Rest, before: int) -> set[Any]:
    return {key for key, _ in rest.documents()[before:]}


def test_only_what_changed_is_compiled_again(rest: Rest) -> None:
    rest.lambda_method("/x", "GET")
    rest.deploy("a")
    rest.deploy("b")
    first = rest_apis(rest.store, None, {})
    before = len(rest.documents())
    rest.lambda_method("/y", "GET")
    rest("CreateDeployment", restApiId=rest.api)
    assert rest_apis(rest.store, changed_since(rest, before), first) is first
    stages = [key for key, _ in rest.documents() if key.kind == "stage" and key.id.endswith("/a")]
    rest.patch("UpdateStage", ("replace", "/variables/v", "1"), stageName="a")
    second = rest_apis(rest.store, stages, first)
    assert second[rest.api].stages["b"] is first[rest.api].stages["b"]
    assert second[rest.api].stages["a"].variables == {"v": "1"}
    apis = [key for key, _ in rest.documents() if key.kind == "restapi"]
    rest.patch("UpdateRestApi", ("replace", "/name", "renamed"))
    third = rest_apis(rest.store, apis, second)
    assert third[rest.api].name == "renamed"
    assert third[rest.api].stages["a"] is second[rest.api].stages["a"]
    rest("DeleteRestApi", restApiId=rest.api)
    assert rest_apis(rest.store, apis, third) == {}


def test_incremental_equals_complete(rest: Rest) -> None:
    rest.lambda_method("/x", "GET")
    rest.deploy("a")
    keys = {key for key, _ in rest.documents()}
    step = rest_apis(rest.store, keys, {})
    whole = rest_apis(rest.store, None, {})
    assert set(step) == set(whole)
    assert proxy(step[rest.api].stages["a"], "/x") == proxy(whole[rest.api].stages["a"], "/x")


def test_access_log(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    key = next(key for key, _ in rest.documents() if key.kind == "stage")
    record = dict(rest.store.get(key) or {})
    settings = {"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*", "format": "$context.requestId"}
    rest.store.put(key, {**record, "accessLogSettings": settings})
    log = compiled(rest).stages["prod"].log
    assert log is not None
    assert (log.account, log.region, log.group, len(log.stream)) == (ACCOUNT, REGION, "g", 32)
    assert log.render(None) == "REST $context.requestId"
    rest.store.put(key, {**record, "accessLogSettings": {"format": "$context.requestId"}})
    assert compiled(rest).stages["prod"].log is None
