"""Importing and exporting HTTP APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.http_api import HttpApi, invocation_uri

from sekisho.services.apigatewayv2.openapi import read
from sekisho.services.operation import ServiceError

X = "x-amazon-apigateway-"
LAMBDA = {
    "type": "aws_proxy",
    "httpMethod": "POST",
    "uri": invocation_uri("f"),
    "payloadFormatVersion": "2.0",
    "timeoutInMillis": 5000,
}


def document(**more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.1", "info": {"title": "pets", "version": "1"}, "paths": {}, **more}


def full() -> dict[str, Any]:
    authorizer = {
        "type": "request",
        "identitySource": "$request.header.Auth, $context.routeKey",
        "authorizerUri": invocation_uri("authz"),
        "authorizerPayloadFormatVersion": "2.0",
        "authorizerResultTtlInSeconds": 30,
        "enableSimpleResponses": True,
    }
    jwt = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["a", "b"]},
    }
    shared = {"$ref": f"#/components/{X}integrations/shared"}
    web = {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": "https://example.com/{proxy}",
        "payloadFormatVersion": 1.0,
        "requestParameters": {"append:header.a": "$request.querystring.b"},
        "responseParameters": {"500": {"overwrite:statuscode": "403"}},
    }
    return document(
        servers=[{"url": "https://x.example/{basePath}", "variables": {"basePath": {"default": "/v1/deep"}}}],
        paths={
            "/pets": {
                "get": {f"{X}integration": shared, "operationId": "list", "security": [{"custom": []}]},
                "post": {f"{X}integration": shared, "security": [{"tokens": ["write"]}]},
            },
            "/iam": {"get": {f"{X}integration": shared, "security": [{"sigv4": []}]}},
            "/{proxy+}": {f"{X}any-method": {f"{X}integration": web}},
            "/$default": {f"{X}any-method": {"isDefaultRoute": True, f"{X}integration": LAMBDA}},
        },
        components={
            "securitySchemes": {
                "custom": {"type": "apiKey", "name": "Auth", "in": "header", f"{X}authorizer": authorizer},
                "tokens": {"type": "oauth2", "flows": {}, f"{X}authorizer": jwt},
                "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", f"{X}authtype": "awsSigv4"},
            },
            f"{X}integrations": {"shared": LAMBDA},
        },
        tags=[{"name": "team", f"{X}tag-value": "blue"}],
        **{
            f"{X}cors": {"allowOrigins": "https://a.example", "allowMethods": ["GET"], "maxAge": 5},
            f"{X}endpoint-configuration": {"disableExecuteApiEndpoint": True},
            f"{X}importexport-version": "1.0",
        },
    )


def routes(http: HttpApi) -> dict[str, Any]:
    return {each["RouteKey"]: each for each in http.on("GetRoutes")["Items"]}


def imported(body: dict[str, Any], **params: Any) -> HttpApi:
    http = HttpApi()
    http.api = str(http("ImportApi", Body=json.dumps(body), **params)["ApiId"])
    return http


def test_everything_is_imported() -> None:
    http = imported(full())
    api = http.on("GetApi")
    assert (api["Name"], api["Version"], api["DisableExecuteApiEndpoint"]) == ("pets", "1", True)
    assert api["CorsConfiguration"] == {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 5}
    assert api["Tags"] == {"team": "blue"}
    found = routes(http)
    assert set(found) == {"GET /pets", "POST /pets", "GET /iam", "ANY /{proxy+}", "$default"}
    authorizers = {each["Name"]: each for each in http.on("GetAuthorizers")["Items"]}
    assert found["GET /pets"]["AuthorizationType"] == "CUSTOM"
    assert found["GET /pets"]["AuthorizerId"] == authorizers["custom"]["AuthorizerId"]
    assert found["GET /pets"]["OperationName"] == "list"
    assert (found["POST /pets"]["AuthorizationType"], found["POST /pets"]["AuthorizationScopes"]) == ("JWT", ["write"])
    assert found["GET /iam"]["AuthorizationType"] == "AWS_IAM"
    assert found["GET /pets"]["Target"] == found["POST /pets"]["Target"] == found["GET /iam"]["Target"]
    assert authorizers["custom"]["IdentitySource"] == ["$request.header.Auth", "$context.routeKey"]
    assert authorizers["tokens"]["JwtConfiguration"] == {"Issuer": "https://issuer.example", "Audience": ["a", "b"]}
    integrations = {each["IntegrationType"]: each for each in http.on("GetIntegrations")["Items"]}
    assert len(http.on("GetIntegrations")["Items"]) == 3
    assert integrations["HTTP_PROXY"]["ResponseParameters"] == {"500": {"overwrite:statuscode": "403"}}
    assert integrations["AWS_PROXY"]["TimeoutInMillis"] == 5000
    assert http.on("GetStages")["Items"] == []


@pytest.mark.parametrize(
    ("mode", "key"), [("ignore", "GET /pets"), ("prepend", "GET /v1/deep/pets"), ("split", "GET /deep/pets")]
)
def test_base_paths(mode: str, key: str) -> None:
    assert key in routes(imported(full(), Basepath=mode))


def test_what_was_exported_can_be_imported() -> None:
    first = imported(full())
    body = json.loads(first.on("ExportApi", Specification="OAS30", OutputType="JSON")["body"])
    second = imported(body)

    def told(http: HttpApi) -> dict[str, Any]:
        names = {each["AuthorizerId"]: each["Name"] for each in http.on("GetAuthorizers")["Items"]}
        ids = ("RouteId", "Target", "AuthorizerId")
        return {
            key: ({k: v for k, v in each.items() if k not in ids}, names.get(each.get("AuthorizerId", "")))
            for key, each in routes(http).items()
        }

    assert told(second) == told(first)
    assert second.on("GetApi")["CorsConfiguration"] == first.on("GetApi")["CorsConfiguration"]
    again = json.loads(second.on("ExportApi", Specification="OAS30", OutputType="JSON")["body"])
    assert again["paths"] == body["paths"]
    assert again["components"] == body["components"]


def test_exporting_a_stage_shows_what_it_serves() -> None:
    http = HttpApi()
    http.create(Version="7")
    http.route("GET /old/{id}")
    deployment = http.on("CreateDeployment")["DeploymentId"]
    http.on("CreateStage", StageName="s", DeploymentId=deployment)
    http.route("GET /new")
    given = {"Specification": "OAS30", "OutputType": "YAML", "StageName": "s", "IncludeExtensions": False}
    body = json.loads(http.on("ExportApi", **given)["body"])
    assert list(body["paths"]) == ["/old/{id}"]
    assert [each["name"] for each in body["paths"]["/old/{id}"]["parameters"]] == ["id"]
    assert body["info"]["version"] == "7"
    assert body["servers"][0]["variables"] == {"basePath": {"default": "s"}}
    assert X not in json.dumps(body)


def test_exports_are_checked() -> None:
    http = HttpApi()
    http.create()
    good = {"Specification": "OAS30", "OutputType": "JSON"}
    for wrong in ({"Specification": "OAS20"}, {"OutputType": "XML"}, {"ExportVersion": "2.0"}):
        with pytest.raises(ServiceError) as caught:
            http.on("ExportApi", **{**good, **wrong})
        assert caught.value.code == "BadRequestException"


def test_reimporting_replaces_and_deploys() -> None:
    http = imported(full())
    http.stage("s")
    before = http.on("GetStage", StageName="s")["DeploymentId"]
    body = document(paths={"/only": {"get": {f"{X}integration": LAMBDA}}})
    http.on("ReimportApi", Body=json.dumps(body))
    assert set(routes(http)) == {"GET /only"}
    assert http.on("GetAuthorizers")["Items"] == []
    assert "CorsConfiguration" not in http.on("GetApi")
    assert http.on("GetStage", StageName="s")["DeploymentId"] != before


def test_warnings() -> None:
    body = json.dumps(document(paths={"/bare": {"get": {}}}))
    http = HttpApi()
    with pytest.raises(ServiceError) as caught:
        http("ImportApi", Body=body, FailOnWarnings=True)
    assert "No integration is defined for route GET /bare" in caught.value.message
    assert http("ImportApi", Body=body)["Warnings"] == ["No integration is defined for route GET /bare"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"swagger": "2.0", "info": {"title": "x"}}',
        json.dumps(document(info={})),
        json.dumps(document(paths=[])),
        json.dumps(
            document(paths={"/a": {"get": {f"{X}integration": {"type": "mock", "payloadFormatVersion": "1.0"}}}})
        ),
        json.dumps(document(paths={"/a": {"get": {f"{X}integration": {**LAMBDA, "timeoutInMillis": "long"}}}})),
        json.dumps(document(paths={"/a": {"get": {f"{X}integration": {"$ref": "#/nowhere"}}}})),
        json.dumps(document(paths={"/a": {"get": {"security": [{"nobody": []}]}}})),
        json.dumps(document(paths={"/a": {"get": {"security": [{"a": []}, {"b": []}]}}})),
        json.dumps(document(components={"securitySchemes": {"a": {f"{X}authorizer": {"type": "token"}}}})),
        json.dumps(document(**{f"{X}cors": {"allowOrigins": [1]}})),
        json.dumps({**full(), "security": [{"tokens": 5}], "paths": {"/a": {"get": {}}}}),
        json.dumps(document(tags=5)),
        json.dumps(document(paths={"no-slash": {"get": {f"{X}integration": LAMBDA}}})),
    ],
)
def test_refused_documents(body: str) -> None:
    with pytest.raises(ServiceError) as caught:
        HttpApi()("ImportApi", Body=body)
    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)


def test_yaml_is_refused_by_name() -> None:
    with pytest.raises(ServiceError) as caught:
        HttpApi()("ImportApi", Body="openapi: 3.0.1\ninfo: {}\n")
    assert caught.value.status == 501
    assert "YAML" in caught.value.message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                (
                    "get",
                    "security",
                    f"{X}integration",
                    f"{X}authorizer",
                    "type",
                    "uri",
                    "title",
                    "/a",
                    "securitySchemes",
                )
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(("info", "paths", "components", "servers", "security", "tags", f"{X}cors")), VALUES)
)
def test_hostile_documents(parts: dict[str, Any]) -> None:
    try:
        read(json.dumps({"openapi": "3.0.1", **parts}), "prepend")
    except ServiceError as refusal:
        assert refusal.code == "BadRequestException"
    else:
        assert parts["info"]["title"]
