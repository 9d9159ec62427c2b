"""Methods, method responses, integrations and integration responses."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT
from tests.scenes.rest import PROXY, Rest, lambda_uri

from sekisho.services.apigateway.methods import BAD_AUTHORIZER
from sekisho.services.operation import ServiceError

CALLER = "arn:aws:iam::*:user/*"


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create()
    return made


def refused(rest: Rest, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        rest(operation, **params)
    return caught.value


def test_a_method_is_put_once(rest: Rest) -> None:
    where = rest.method("/x", "GET", operationName="list", requestParameters={"method.request.header.A": True})
    assert rest("GetMethod", **where) == {
        "httpMethod": "GET",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "operationName": "list",
        "requestParameters": {"method.request.header.A": True},
    }
    again = refused(rest, "PutMethod", **where, authorizationType="NONE")
    assert (again.code, again.message) == ("ConflictException", "Method already exists for this resource")
    rest("DeleteMethod", **where)
    gone = refused(rest, "GetMethod", **where)
    assert (gone.code, gone.status, gone.message) == ("NotFoundException", 404, "Invalid Method identifier specified")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"authorizationType": "CUSTOM"}, BAD_AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "nope"}, BAD_AUTHORIZER),
        ({"authorizationType": "BASIC"}, "Invalid Authorization Type specified."),
        ({"requestValidatorId": "nope"}, "Invalid Request Validator identifier specified"),
        ({"requestModels": {"application/json": "Nope"}}, "Invalid model identifier specified: Nope"),
        ({"requestParameters": {"method.response.header.A": True}}, "Invalid mapping expression specified"),
        ({"requestParameters": {"method.request.cookie.A": True}}, "Invalid mapping expression specified"),
    ],
)
def test_refused_methods(rest: Rest, params: dict[str, Any], message: str) -> None:
    where = {"restApiId": rest.api, "resourceId": rest.resource("/x"), "httpMethod": "GET"}
    error = refused(rest, "PutMethod", **where, **{"authorizationType": "NONE", **params})
    assert error.code == "BadRequestException"
    assert error.message.startswith(message)


def test_an_authorizer_of_the_other_kind_does_not_fit(rest: Rest) -> None:
    source = "method.request.header.Authorization"
    made = rest(
        "CreateAuthorizer",
        restApiId=rest.api,
        name="a",
        type="TOKEN",
        authorizerUri=lambda_uri("a"),
        identitySource=source,
    )
    where = {"restApiId": rest.api, "resourceId": rest.resource("/x"), "httpMethod": "GET"}
    error = refused(rest, "PutMethod", **where, authorizationType="COGNITO_USER_POOLS", authorizerId=made["id"])
    assert error.message == BAD_AUTHORIZER
    assert rest("PutMethod", **where, authorizationType="CUSTOM", authorizerId=made["id"])["authorizerId"] == made["id"]
    in_use = refused(rest, "DeleteAuthorizer", restApiId=rest.api, authorizerId=made["id"])
    assert in_use.code == "ConflictException"
    changed = rest.patch(
        "UpdateMethod", ("replace", "/authorizationType", "AWS_IAM"), resourceId=where["resourceId"], httpMethod="GET"
    )
    assert changed["authorizationType"] == "AWS_IAM" and "authorizerId" not in changed


def test_caller_credentials_need_iam(rest: Rest) -> None:
    """failure rest-caller-creds-not-iam: at PutIntegration, UpdateIntegration and UpdateMethod"""
    where = rest.method("/x", "GET")
    proxy = {**PROXY, "uri": lambda_uri("f")}
    assert refused(rest, "PutIntegration", **where, **proxy, credentials=CALLER).code == "BadRequestException"
    rest("PutIntegration", **where, **proxy)
    change = [{"op": "replace", "path": "/credentials", "value": CALLER}]
    assert refused(rest, "UpdateIntegration", **where, patchOperations=change).code == "BadRequestException"
    rest("UpdateMethod", **where, patchOperations=[{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}])
    assert rest("UpdateIntegration", **where, patchOperations=change)["credentials"] == CALLER
    back = [{"op": "replace", "path": "/authorizationType", "value": "NONE"}]
    error = refused(rest, "UpdateMethod", **where, patchOperations=back)
    assert (error.code, error.status) == ("BadRequestException", 400)
    assert rest("GetMethod", **where)["authorizationType"] == "AWS_IAM"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        ({"timeoutInMillis": 29001}, "Timeout should be between 50 ms and 29000 ms"),
        ({"timeoutInMillis": 0}, "Timeout should be between 50 ms and 29000 ms"),
        ({"uri": lambda_uri("f:${nope}")}, "Invalid lambda function"),
        ({"uri": lambda_uri("f").replace("function:f", "layer:f")}, "Invalid lambda function"),
        ({"passthroughBehavior": "SOMETIMES"}, "Invalid passthrough behavior specified."),
        ({"integrationHttpMethod": "FETCH"}, "Invalid HttpMethod specified."),
        ({"credentials": "role"}, "Invalid ARN specified in the request"),
        ({"credentials": "arn:aws:lambda:us-east-1:123456789012:function:f"}, "Invalid ARN specified in the request"),
        (
            {"type": "AWS", "uri": "arn:aws:apigateway:us-east-1:states:action/StartExecution"},
            "Role ARN must be specified",
        ),
        ({"connectionType": "VPC_LINK"}, "Connection Id cannot be null or empty"),
    ],
)
def test_refused_integrations(rest: Rest, params: dict[str, Any], message: str) -> None:
    where = rest.method("/x", "GET")
    error = refused(rest, "PutIntegration", **where, **{**PROXY, "uri": lambda_uri("f"), **params})
    assert error.code == "BadRequestException"
    assert error.message.startswith(message)
    missing = refused(rest, "GetIntegration", **where)
    assert missing.message == "Invalid Integration identifier specified"


@pytest.mark.parametrize(
    "function", ["f:live", "f:$LATEST", "f:7", "${stageVariables.fn}", "f:${stageVariables.alias}"]
)
def test_admitted_functions(rest: Rest, function: str) -> None:
    where = rest.lambda_method("/x", "GET", function)
    assert rest("GetIntegration", **where)["uri"] == lambda_uri(function)


def test_a_role_of_another_account_may_not_be_passed(rest: Rest) -> None:
    where = rest.method("/x", "GET")
    role = "arn:aws:iam::999999999999:role/r"
    error = refused(rest, "PutIntegration", **where, **PROXY, uri=lambda_uri("f"), credentials=role)
    assert (error.code, error.status) == ("AccessDeniedException", 403)
    assert ACCOUNT not in role


def test_integration_patches(rest: Rest) -> None:
    where = rest.lambda_method("/x", "GET")
    changed = rest.patch(
        "UpdateIntegration",
        ("replace", "/timeoutInMillis", "500"),
        ("replace", "/uri", lambda_uri("g")),
        ("add", "/requestTemplates/application~1json", "{}"),
        ("add", "/cacheKeyParameters/method.request.header.A", None),
        resourceId=where["resourceId"],
        httpMethod="GET",
    )
    assert (changed["timeoutInMillis"], changed["uri"]) == (500, lambda_uri("g"))
    assert changed["requestTemplates"] == {"application/json": "{}"}
    assert changed["cacheKeyParameters"] == ["method.request.header.A"]
    wrong = [{"op": "replace", "path": "/timeoutInMillis", "value": "soon"}]
    assert refused(rest, "UpdateIntegration", **where, patchOperations=wrong).code == "BadRequestException"


DECLARED = {"method.response.header.A": False}


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        (
            {"method.response.header.B": "'x'"},
            "Invalid mapping expression parameter specified: method.response.header.B",
        ),
        ({"integration.response.header.A": "'x'"}, "Invalid mapping expression parameter specified: integration.resp"),
        ({"method.response.header.A": "*"}, "Invalid mapping expression specified: *"),
        ({"method.response.header.A": "'x"}, "Invalid mapping expression specified: 'x"),
        ({"method.response.header.A": "method.request.header.A"}, "Invalid mapping expression specified: method.req"),
    ],
)
def test_refused_response_mappings(rest: Rest, parameters: dict[str, str], problem: str) -> None:
    where = rest.mock_method("/x", "GET")
    rest("PutMethodResponse", **where, statusCode="201", responseParameters=DECLARED)
    error = refused(rest, "PutIntegrationResponse", **where, statusCode="201", responseParameters=parameters)
    prefix = "Invalid mapping expression specified: Validation Result: warnings : [], errors : ["
    assert error.message.startswith(prefix + problem) and error.message.endswith("]")


@pytest.mark.parametrize(
    "source",
    [
        "'*'",
        "''",
        "integration.response.header.X",
        "integration.response.body",
        "integration.response.body.a.b",
        "context.requestId",
    ],
)
def test_admitted_response_mappings(rest: Rest, source: str) -> None:
    where = rest.mock_method("/x", "GET")
    rest("PutMethodResponse", **where, statusCode="201", responseParameters=DECLARED)
    parameters = {"method.response.header.A": source}
    made = rest("PutIntegrationResponse", **where, statusCode="201", responseParameters=parameters)
    assert made["responseParameters"] == parameters


def test_an_integration_response_without_a_method_response_is_admitted(rest: Rest) -> None:
    """It fails when it is used: https://repost.aws/knowledge-center/api-gateway-internal-server-error. A header that no
    method response declares is refused: https://github.com/awslabs/aws-solutions-constructs/issues/1130
    """
    where = rest.mock_method("/x", "GET")
    assert rest("PutIntegrationResponse", **where, statusCode="404") == {"statusCode": "404"}
    header = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
    error = refused(rest, "PutIntegrationResponse", **where, statusCode="500", responseParameters=header)
    assert error.message == (
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression "
        "parameter specified: method.response.header.Access-Control-Allow-Origin]"
    )


@pytest.mark.parametrize("pattern", ["(", "(?=x)y", "(a)\\1", "[z-a]"])
def test_patterns_without_a_time_bound_are_refused(rest: Rest, pattern: str) -> None:
    where = rest.mock_method("/x", "GET")
    error = refused(rest, "PutIntegrationResponse", **where, statusCode="200", selectionPattern=pattern)
    assert error.message.startswith(f"Invalid selection pattern specified: {pattern}. ")
    assert "b'" not in error.message


@pytest.mark.parametrize(
    ("parameters", "admitted"),
    [
        ({"integration.request.header.A": "method.request.header.A"}, True),
        ({"integration.request.header.A": "'x'"}, True),
        ({"integration.request.path.id": "context.requestId"}, True),
        ({"integration.request.querystring.q": "method.request.body.a"}, True),
        ({"integration.request.header.A": "method.request.header.B"}, False),
        ({"integration.request.path.id": "method.request.path.petId"}, False),
        ({"integration.request.header.A": "x"}, False),
        ({"method.request.header.A": "'x'"}, False),
    ],
)
def test_request_mappings(rest: Rest, parameters: dict[str, str], admitted: bool) -> None:
    where = rest.method("/x", "GET", requestParameters={"method.request.header.A": False})
    params = {**where, "type": "HTTP", "integrationHttpMethod": "GET", "uri": "http://example.com/{id}"}
    if admitted:
        assert rest("PutIntegration", **params, requestParameters=parameters)["requestParameters"] == parameters
    else:
        error = refused(rest, "PutIntegration", **params, requestParameters=parameters)
        assert error.message.startswith("Invalid mapping expression specified: Validation Result: warnings : []")


@pytest.mark.parametrize("status", ["2", "2000", "abc", "600", "٢٠٠"])
def test_status_codes(rest: Rest, status: str) -> None:
    where = rest.method("/x", "GET")
    assert refused(rest, "PutMethodResponse", **where, statusCode=status).code == "BadRequestException"


def test_method_responses(rest: Rest) -> None:
    where = rest.method("/x", "GET")
    rest("PutMethodResponse", **where, statusCode="200", responseModels={"application/json": "Empty"})
    again = refused(rest, "PutMethodResponse", **where, statusCode="200")
    assert (again.code, again.status) == ("ConflictException", 409)
    rest("DeleteMethodResponse", **where, statusCode="200")
    gone = refused(rest, "GetMethodResponse", **where, statusCode="200")
    assert (gone.code, gone.message) == ("NotFoundException", "Invalid Response status code specified")


def test_streamed_responses_are_refused_not_ignored(rest: Rest) -> None:
    where = rest.method("/stream", "GET")
    error = refused(rest, "PutIntegration", **where, type="MOCK", responseTransferMode="STREAM")
    assert (error.code, error.status) == ("NotImplementedException", 501)
    assert rest("PutIntegration", **where, type="MOCK", responseTransferMode="BUFFERED")["type"] == "MOCK"
