"""Authorizers of HTTP APIs: admission rules and the cache's reset."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.http_api import HttpApi, function_arn, invocation_uri

from sekisho.services.operation import ServiceError

HEADER = "$request.header.Authorization"


@pytest.fixture
def http() -> HttpApi:
    made = HttpApi()
    made.create()
    return made


def test_a_function(http: HttpApi) -> None:
    made = http.on("GetAuthorizer", AuthorizerId=http.authorizer())
    assert made == {
        "AuthorizerId": made["AuthorizerId"],
        "Name": "a",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": invocation_uri("authz"),
        "AuthorizerPayloadFormatVersion": "2.0",
        "AuthorizerResultTtlInSeconds": 0,
        "EnableSimpleResponses": False,
        "IdentitySource": [HEADER],
    }
    assert http.on("GetAuthorizers")["Items"] == [made]


@pytest.mark.parametrize(
    "params",
    [
        {"AuthorizerPayloadFormatVersion": ""},
        {"AuthorizerPayloadFormatVersion": "3.0"},
        {"AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        {"AuthorizerResultTtlInSeconds": -1},
        {"AuthorizerResultTtlInSeconds": 3601},
        {"AuthorizerResultTtlInSeconds": 1, "IdentitySource": []},
        {"IdentitySource": ["method.request.header.Authorization"]},
        {"IdentitySource": ["$request.body.x"]},
        {"IdentitySource": ["$request.header."]},
        {"AuthorizerUri": ""},
        {"AuthorizerUri": function_arn("f")},
        {"JwtConfiguration": {"Issuer": "https://x"}},
        {"IdentityValidationExpression": ".*"},
        {"Name": "x" * 129},
    ],
)
def test_refused_functions(http: HttpApi, params: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        http.authorizer(**{"name": params.pop("Name", "a"), **params})
    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)


@pytest.mark.parametrize(
    "params",
    [
        {"IdentitySource": [HEADER, "$request.querystring.t"]},
        {"IdentitySource": ["$context.routeKey"]},
        {"IdentitySource": []},
        {"JwtConfiguration": {"Issuer": "http://issuer.example.com", "Audience": ["a"]}},
        {"JwtConfiguration": {"Issuer": "nonsense", "Audience": ["a"]}},
        {"JwtConfiguration": {"Issuer": "https://issuer.example.com"}},
        {"JwtConfiguration": {"Audience": ["a"]}},
        {"AuthorizerUri": invocation_uri("f")},
        {"AuthorizerResultTtlInSeconds": 5},
    ],
)
def test_refused_jwt(http: HttpApi, params: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        http.jwt(**params)
    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)


@pytest.mark.parametrize("issuer", ["https://x.example/pool", "http://127.0.0.1:8080/pool", "http://localhost:1"])
def test_issuers(http: HttpApi, issuer: str) -> None:
    made = http.jwt(JwtConfiguration={"Issuer": issuer, "Audience": ["a"]})
    assert http.on("GetAuthorizer", AuthorizerId=made)["JwtConfiguration"]["Issuer"] == issuer


def test_names_are_unique(http: HttpApi) -> None:
    http.authorizer("a")
    other = http.authorizer("b")
    with pytest.raises(ServiceError) as caught:
        http.jwt("a")
    assert caught.value.code == "BadRequestException"
    with pytest.raises(ServiceError):
        http.on("UpdateAuthorizer", AuthorizerId=other, Name="a")
    assert http.on("UpdateAuthorizer", AuthorizerId=other, Name="c")["Name"] == "c"


def test_updates_are_checked(http: HttpApi) -> None:
    jwt = http.jwt()
    after = http.on("UpdateAuthorizer", AuthorizerId=jwt, JwtConfiguration={"Audience": ["other"]})
    assert after["JwtConfiguration"] == {"Issuer": "https://issuer.example.com", "Audience": ["other"]}
    for params in ({"AuthorizerType": "REQUEST"}, {"EnableSimpleResponses": True}, {"IdentitySource": ["x"]}):
        with pytest.raises(ServiceError) as caught:
            http.on("UpdateAuthorizer", AuthorizerId=jwt, **params)
        assert caught.value.code == "BadRequestException"
    assert http.on("GetAuthorizer", AuthorizerId=jwt) == after


def test_resetting_the_cache_shows_nothing(http: HttpApi) -> None:
    before = http.on("CreateStage", StageName="s")
    assert http.on("ResetAuthorizersCache", StageName="s") == {}
    assert http.on("GetStage", StageName="s") == before
    with pytest.raises(ServiceError) as caught:
        http.on("ResetAuthorizersCache", StageName="none")
    assert (caught.value.code, caught.value.status) == ("NotFoundException", 404)
