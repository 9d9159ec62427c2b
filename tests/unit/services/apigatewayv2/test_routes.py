"""Routes: keys, targets, authorization."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.http_api import HttpApi

from sekisho.services.apigatewayv2.routes import check_key
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


@pytest.mark.parametrize(
    "key",
    ["$default", "GET /", "ANY /pets/{petId}", "POST /a/{b}/c/{d+}", "GET /a/", "HEAD /~x/%20", "GET /{a.b-c_d}"],
)
def test_keys(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "$connect",
        "GET",
        "GET pets",
        "get /pets",
        "FETCH /pets",
        "GET  /pets",
        "GET /a/{b+}/c",
        "GET /{a}/{a}",
        "GET /{}",
        "GET /x{a}",
        "GET /a b",
        "GET /@connections/{id}",
        "GET /" + "x" * 600,
    ],
)
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(ServiceError) as caught:
        check_key(key)
    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)


@given(st.text(max_size=40))
def test_reading_keys_is_total(key: str) -> None:
    try:
        check_key(key)
    except ServiceError as refusal:
        assert refusal.code == "BadRequestException"
    else:
        assert key == "$default" or " /" in key


def test_a_routes_life(http: HttpApi) -> None:
    target = f"integrations/{http.integration()}"
    made = http.on("CreateRoute", RouteKey="GET /a", Target=target, OperationName="op")
    assert made == {
        "RouteId": made["RouteId"],
        "RouteKey": "GET /a",
        "Target": target,
        "AuthorizationType": "NONE",
        "ApiKeyRequired": False,
        "OperationName": "op",
    }
    assert http.on("GetRoutes")["Items"] == [made]
    after = http.on("UpdateRoute", RouteId=made["RouteId"], RouteKey="GET /b", OperationName="")
    assert after["RouteKey"] == "GET /b"
    assert "OperationName" not in after
    assert http.on("GetRoute", RouteId=made["RouteId"]) == after
    http.on("DeleteRoute", RouteId=made["RouteId"])
    error = refused(http, "GetRoute", RouteId=made["RouteId"])
    assert error.message == f"Unable to find Route by ID {made['RouteId']} within the scope of API {http.api}"


def test_a_key_is_there_once(http: HttpApi) -> None:
    http.route("GET /a/{b}")
    other = http.route("GET /c")
    for operation, more in (("CreateRoute", {}), ("UpdateRoute", {"RouteId": other})):
        error = refused(http, operation, RouteKey="GET /a/{b}", **more)
        assert (error.code, error.status) == ("ConflictException", 409)
        assert error.message == "Route with key GET /a/{b} already exists for this API"
    assert refused(http, "CreateRoute", RouteKey="GET /a/{other}").code == "ConflictException"
    assert http.on("UpdateRoute", RouteId=other, RouteKey="GET /c")["RouteKey"] == "GET /c"


def test_targets(http: HttpApi) -> None:
    assert refused(http, "CreateRoute", RouteKey="GET /", Target="nonsense").code == "BadRequestException"
    assert refused(http, "CreateRoute", RouteKey="GET /", Target="integrations/none").code == "NotFoundException"


def test_authorization(http: HttpApi) -> None:
    custom, jwt = http.authorizer(), http.jwt()
    for kind, id_ in (("CUSTOM", custom), ("JWT", jwt)):
        made = http.route(f"GET /{kind}", AuthorizationType=kind, AuthorizerId=id_)
        assert http.on("GetRoute", RouteId=made)["AuthorizerId"] == id_
    scoped = http.route("GET /s", AuthorizationType="JWT", AuthorizerId=jwt, AuthorizationScopes=["a"])
    opened = http.on("UpdateRoute", RouteId=scoped, AuthorizationType="NONE")
    assert not {"AuthorizerId", "AuthorizationScopes"} & set(opened)
    error = refused(http, "UpdateRoute", RouteId=scoped, AuthorizerId=jwt)
    assert error.message == "Unable to update route. Authorizer type is invalid or null."
    for params, code in (
        ({"AuthorizationType": "CUSTOM", "AuthorizerId": jwt}, "BadRequestException"),
        ({"AuthorizationType": "JWT", "AuthorizerId": custom}, "BadRequestException"),
        ({"AuthorizationType": "JWT", "AuthorizerId": "none"}, "BadRequestException"),
        ({"AuthorizationType": "CUSTOM"}, "BadRequestException"),
        ({"AuthorizationType": "NONE", "AuthorizerId": custom}, "BadRequestException"),
        ({"AuthorizationType": "AWS_IAM", "AuthorizationScopes": ["a"]}, "BadRequestException"),
        (
            {"AuthorizationType": "CUSTOM", "AuthorizerId": custom, "AuthorizationScopes": ["a"]},
            "BadRequestException",
        ),
    ):
        assert refused(http, "CreateRoute", RouteKey="GET /x", **params).code == code
    for id_ in (custom, jwt):
        keys = [each["RouteId"] for each in http.on("GetRoutes")["Items"] if each.get("AuthorizerId") == id_]
        assert refused(http, "DeleteAuthorizer", AuthorizerId=id_).code == "ConflictException"
        for key in keys:
            http.on("DeleteRoute", RouteId=key)
        assert http.on("DeleteAuthorizer", AuthorizerId=id_) == {}


@pytest.mark.parametrize(
    "params",
    [
        {"ApiKeyRequired": True},
        {"RequestModels": {"a": "b"}},
        {"RequestParameters": {"a": {"Required": True}}},
        {"RouteResponseSelectionExpression": "$default"},
        {"ModelSelectionExpression": "x"},
    ],
)
def test_what_only_websocket_apis_have(http: HttpApi, params: dict[str, Any]) -> None:
    assert refused(http, "CreateRoute", RouteKey="GET /", **params).code == "BadRequestException"


def test_responses_are_refused(http: HttpApi) -> None:
    route = http.route("GET /")
    integration = http.integration()
    for operation, more in (
        ("CreateRouteResponse", {"RouteId": route, "RouteResponseKey": "$default"}),
        ("GetRouteResponses", {"RouteId": route}),
        ("CreateIntegrationResponse", {"IntegrationId": integration, "IntegrationResponseKey": "$default"}),
        ("GetIntegrationResponses", {"IntegrationId": integration}),
        ("DeleteRouteRequestParameter", {"RouteId": route, "RequestParameterKey": "x"}),
    ):
        assert refused(http, operation, **more).code == "BadRequestException"
