"""APIs from OpenAPI documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.calls import ACCOUNT
from tests.scenes.rest import Rest, lambda_uri

from sekisho.services.operation import ServiceError

X = "x-amazon-apigateway-"
DOCUMENT: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "pets", "description": "d", "version": "1"},
    "basePath": "/base/more",
    f"{X}binary-media-types": ["image/png"],
    f"{X}policy": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        ],
    },
    f"{X}request-validators": {"body": {"validateRequestBody": True, "validateRequestParameters": False}},
    f"{X}gateway-responses": {"DEFAULT_4XX": {"statusCode": 418}},
    "definitions": {"Pet": {"type": "object"}},
    "securityDefinitions": {
        "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", f"{X}authtype": "awsSigv4"},
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "lambda": {
            "type": "apiKey",
            "name": "Token",
            "in": "header",
            f"{X}authtype": "custom",
            f"{X}authorizer": {"type": "token", "authorizerUri": lambda_uri("auth")},
        },
    },
    "paths": {
        "/pets/{petId}": {
            "parameters": [{"name": "petId", "in": "path", "required": True, "type": "string"}],
            "get": {
                "operationId": "getPet",
                "security": [{"sigv4": []}, {"key": []}],
                f"{X}integration": {"type": "aws_proxy", "httpMethod": "post", "uri": lambda_uri("pets")},
            },
            "post": {
                "security": [{"lambda": []}],
                f"{X}request-validator": "body",
                "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Pet"}}],
                "responses": {"200": {"headers": {"A": {"type": "string"}}, "schema": {"$ref": "#/definitions/Pet"}}},
                f"{X}integration": {
                    "type": "mock",
                    "passthroughBehavior": "when_no_match",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {"statusCode": 200, "responseParameters": {"method.response.header.A": "'x'"}}
                    },
                },
            },
        },
        "/{proxy+}": {f"{X}any-method": {f"{X}integration": {"type": "mock"}}},
    },
}
DOCUMENT["paths"]["/other/{proxy+}"] = DOCUMENT["paths"].pop("/{proxy+}")


def imported(document: Any = DOCUMENT, **params: Any) -> tuple[Rest, dict[str, Any]]:
    rest = Rest()
    made = rest("ImportRestApi", body=json.dumps(document).encode(), **params)
    rest.api = made["id"]
    items = rest("GetResources", restApiId=rest.api, limit=500, embed=["methods"])["items"]
    return rest, {each["path"]: each.get("resourceMethods", {}) for each in items}


def test_import() -> None:
    rest, tree = imported()
    api = rest("GetRestApi", restApiId=rest.api)
    assert (api["name"], api["description"], api["binaryMediaTypes"]) == ("pets", "d", ["image/png"])
    assert f":{ACCOUNT}:{rest.api}/*" in api["policy"]
    assert set(tree) == {"/", "/pets", "/pets/{petId}", "/other", "/other/{proxy+}"}
    get, post = tree["/pets/{petId}"]["GET"], tree["/pets/{petId}"]["POST"]
    assert (get["authorizationType"], get["apiKeyRequired"], get["operationName"]) == ("AWS_IAM", True, "getPet")
    assert get["requestParameters"] == {"method.request.path.petId": True}
    assert (get["methodIntegration"]["type"], get["methodIntegration"]["httpMethod"]) == ("AWS_PROXY", "POST")
    authorizer = rest("GetAuthorizer", restApiId=rest.api, authorizerId=post["authorizerId"])
    assert (authorizer["type"], authorizer["identitySource"]) == ("TOKEN", "method.request.header.Token")
    assert post["requestModels"] == {"application/json": "Pet"} and post["requestValidatorId"]
    assert post["methodResponses"]["200"]["responseModels"] == {"application/json": "Pet"}
    assert post["methodIntegration"]["integrationResponses"]["200"]["responseParameters"] == {
        "method.response.header.A": "'x'"
    }
    assert "ANY" in tree["/other/{proxy+}"]
    assert rest("GetGatewayResponse", restApiId=rest.api, responseType="DEFAULT_4XX")["statusCode"] == "418"
    rest.deploy("prod")


@pytest.mark.parametrize(
    ("mode", "top"), [("ignore", "/pets"), ("prepend", "/base/more/pets"), ("split", "/more/pets")]
)
def test_base_paths(mode: str, top: str) -> None:
    _, tree = imported(parameters={"basepath": mode})
    assert top in tree


def test_merge_and_overwrite() -> None:
    rest, _ = imported()
    method = {f"{X}integration": {"type": "mock"}}
    other = {
        "openapi": "3.0.1",
        "info": {"title": "t"},
        "paths": {"/pets/{petId}": {"get": method}, "/new": {"put": method}},
    }
    rest("PutRestApi", restApiId=rest.api, mode="merge", body=json.dumps(other))
    items = rest("GetResources", restApiId=rest.api, embed=["methods"])["items"]
    tree = {each["path"]: each.get("resourceMethods", {}) for each in items}
    assert tree["/pets/{petId}"]["GET"]["methodIntegration"]["type"] == "MOCK"
    assert set(tree["/pets/{petId}"]) == {"GET", "POST"} and "PUT" in tree["/new"]
    rest("PutRestApi", restApiId=rest.api, mode="overwrite", body=json.dumps(other))
    items = rest("GetResources", restApiId=rest.api)["items"]
    assert {each["path"] for each in items} == {"/", "/pets", "/pets/{petId}", "/new"}
    assert {each["name"] for each in rest("GetModels", restApiId=rest.api)["items"]} == {"Empty", "Error"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BadRequestException"),
        (b"[]", "BadRequestException"),
        (b"{}", "BadRequestException"),
        (b"[" * 100_000, "BadRequestException"),
        (b'{"swagger": "2.0", "info": {"title": ""}}', "BadRequestException"),
        (b'{"swagger": "2.0", "info": {"title": "t"}, "paths": []}', "BadRequestException"),
        (b"openapi: 3.0.1\ninfo: {}\n", "NotImplementedException"),
        (
            b'{"swagger": "2.0", "info": {"title": "t"}, '
            b'"paths": {"/x": {"get": {"x-amazon-apigateway-integration": {}}}}}',
            "BadRequestException",
        ),
    ],
)
def test_refusals(body: bytes, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Rest()("ImportRestApi", body=body)
    assert caught.value.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "get",
                    "responses",
                    "200",
                    "parameters",
                    "security",
                    "$ref",
                    "content",
                    "schema",
                    "in",
                    "name",
                    "key",
                    f"{X}integration",
                    f"{X}auth",
                    "type",
                    "default",
                    "requestBody",
                    "headers",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_hostile_documents_are_refused_or_imported(item: Any, schemes: Any, definitions: Any) -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "t"},
        "paths": {"/x": {"get": item}},
        "securityDefinitions": schemes,
        "definitions": definitions,
    }
    try:
        Rest()("ImportRestApi", body=json.dumps(document))
    except ServiceError as problem:
        assert problem.status < 500 or problem.code == "NotImplementedException"
