"""Authorizers, models and validators: admission rules and references."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.rest import Rest, lambda_uri

from sekisho.services.operation import ServiceError

SOURCE = "method.request.header.Authorization"
TOKEN = {"name": "t", "type": "TOKEN", "authorizerUri": lambda_uri("a"), "identitySource": SOURCE}
REQUEST = {**TOKEN, "name": "r", "type": "REQUEST", "identitySource": f"{SOURCE},method.request.querystring.q"}
POOL = {
    "name": "c",
    "type": "COGNITO_USER_POOLS",
    "identitySource": SOURCE,
    "providerARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x"],
}


@pytest.fixture
def rest() -> Rest:
    made = Rest()
    made.create()
    return made


def refused(rest: Rest, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        rest(operation, restApiId=rest.api, **params)
    return caught.value


def test_defaults(rest: Rest) -> None:
    token = rest("CreateAuthorizer", restApiId=rest.api, **TOKEN)
    assert (token["authorizerResultTtlInSeconds"], token["authType"]) == (300, "custom")
    pool = rest("CreateAuthorizer", restApiId=rest.api, **POOL)
    assert pool["authType"] == "cognito_user_pools" and "authorizerResultTtlInSeconds" not in pool
    rest("CreateAuthorizer", restApiId=rest.api, **REQUEST)
    assert len(rest("GetAuthorizers", restApiId=rest.api)["items"]) == 3


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {**TOKEN, "authorizerUri": "arn:aws:lambda:us-east-1:1:function:f"},
            "BadRequestException",
            "Invalid Authorizer URI:",
        ),
        ({**TOKEN, "authorizerUri": None}, "BadRequestException", "Invalid Authorizer URI:"),
        ({**TOKEN, "identitySource": None}, "BadRequestException", "Invalid identity source: null"),
        ({**TOKEN, "identitySource": "method.request.querystring.q"}, "BadRequestException", "Invalid identity source"),
        ({**TOKEN, "authorizerResultTtlInSeconds": 3601}, "BadRequestException", "Authorizer result TTL must be"),
        ({**TOKEN, "identityValidationExpression": "(?=a)"}, "BadRequestException", "Invalid identity validation"),
        ({**TOKEN, "type": "MAGIC"}, "BadRequestException", "Invalid authorizer type specified."),
        ({**TOKEN, "type": "JWT"}, "NotImplementedException", "A JWT authorizer on a REST API is not supported"),
        ({**REQUEST, "identitySource": None}, "BadRequestException", "Identity source must be specified when"),
        ({**REQUEST, "identitySource": "cookie.x"}, "BadRequestException", "Invalid identity source: cookie.x"),
        ({**POOL, "providerARNs": None}, "BadRequestException", "Invalid request input"),
        ({**POOL, "providerARNs": ["x"]}, "BadRequestException", "Invalid Cognito User Pool ARN: x"),
    ],
)
def test_refusals(rest: Rest, params: dict[str, Any], code: str, message: str) -> None:
    error = refused(rest, "CreateAuthorizer", **params)
    assert error.code == code
    assert error.message.startswith(message)


def test_request_without_source_when_not_cached(rest: Rest) -> None:
    params = {**REQUEST, "identitySource": None, "authorizerResultTtlInSeconds": 0}
    assert "identitySource" not in rest("CreateAuthorizer", restApiId=rest.api, **params)


def test_names_are_unique(rest: Rest) -> None:
    rest("CreateAuthorizer", restApiId=rest.api, **TOKEN)
    assert refused(rest, "CreateAuthorizer", **TOKEN).code == "ConflictException"


def test_unknown_authorizer(rest: Rest) -> None:
    error = refused(rest, "GetAuthorizer", authorizerId="nope")
    assert (error.code, error.message) == ("NotFoundException", "Invalid Authorizer identifier specified")


def test_models(rest: Rest) -> None:
    made = rest(
        "CreateModel", restApiId=rest.api, name="Pet", contentType="application/json", schema='{"type":"object"}'
    )
    assert made["schema"] == '{"type":"object"}'
    again = refused(rest, "CreateModel", name="Pet", contentType="application/json", schema="{}")
    assert (again.code, again.message) == ("ConflictException", "Model name already exists for this REST API")
    assert refused(rest, "CreateModel", name="a-b", contentType="application/json").code == "BadRequestException"
    broken = refused(rest, "CreateModel", name="Bad", contentType="application/json", schema="{")
    assert broken.message.startswith("Invalid model specified:")
    deep = refused(rest, "CreateModel", name="Deep", contentType="application/json", schema="[" * 100_000)
    assert deep.code == "BadRequestException"
    assert refused(rest, "GetModel", modelName="Nope").message == "Invalid model name specified: Nope"
    rest.method("/x", "POST", requestModels={"application/json": "Pet"})
    assert refused(rest, "DeleteModel", modelName="Pet").code == "ConflictException"


def test_validators(rest: Rest) -> None:
    made = rest("CreateRequestValidator", restApiId=rest.api, name="v")
    assert (made["validateRequestBody"], made["validateRequestParameters"]) == (False, False)
    changed = rest.patch(
        "UpdateRequestValidator", ("replace", "/validateRequestBody", "true"), requestValidatorId=made["id"]
    )
    assert changed["validateRequestBody"] is True
    rest.method("/x", "POST", requestValidatorId=made["id"])
    assert refused(rest, "DeleteRequestValidator", requestValidatorId=made["id"]).code == "ConflictException"
    error = refused(rest, "GetRequestValidator", requestValidatorId="nope")
    assert error.message == "Invalid Request Validator identifier specified"
