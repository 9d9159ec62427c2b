"""Which operation a request means."""

from __future__ import annotations

import pytest
from tests.scenes.service_models import DISPATCHER

from sekisho.kit.headers import Headers
from sekisho.wire.dispatch import Matched, Unmatched
from sekisho.wire.message import WireRequest
from sekisho.wire.scope import Scope, read_host, read_scope

FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def signed(service: str, region: str = "eu-west-1") -> tuple[str, str]:
    credential = f"AKIAIOSFODNN7EXAMPLE/20231010/{region}/{service}/aws4_request"
    return "Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"


def ask(method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Matched | Unmatched:
    path, _, query = target.partition("?")
    request = WireRequest(method, path, query, Headers(headers), body)
    return DISPATCHER.find(request, read_scope(request))


def name(found: Matched | Unmatched) -> str:
    assert isinstance(found, Matched), found
    return f"{found.spec.service}:{found.spec.name}"


@pytest.mark.parametrize(
    ("method", "target", "service", "expected", "labels"),
    [
        ("GET", "/2015-03-31/functions", "lambda", "lambda:ListFunctions", {}),
        ("GET", "/2015-03-31/functions/", "lambda", "lambda:ListFunctions", {}),
        ("POST", "/2015-03-31/functions", "lambda", "lambda:CreateFunction", {}),
        (
            "POST",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af%3Aprod/invocations",
            "lambda",
            "lambda:Invoke",
            {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f:prod"},
        ),
        ("GET", "/restapis/abc", "apigateway", "apigateway:GetRestApi", {"restapi_id": "abc"}),
        ("POST", "/restapis", "apigateway", "apigateway:CreateRestApi", {}),
        ("POST", "/restapis?mode=import", "apigateway", "apigateway:ImportRestApi", {}),
        (
            "PUT",
            "/restapis/a/resources/r/methods/GET/integration/responses/200",
            "apigateway",
            "apigateway:PutIntegrationResponse",
            {"restapi_id": "a", "resource_id": "r", "http_method": "GET", "status_code": "200"},
        ),
        (
            "DELETE",
            "/restapis/a/stages/pro%2Fd%20x/cache/data",
            "apigateway",
            "apigateway:FlushStageCache",
            {"restapi_id": "a", "stage_name": "pro/d x"},
        ),
        ("GET", "/v2/apis/abc/routes", "apigateway", "apigatewayv2:GetRoutes", {"apiId": "abc"}),
        (
            "GET",
            "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc",
            "apigateway",
            "apigateway:GetTags",
            {"resource_arn": "arn:aws:apigateway:eu-west-1::/restapis/abc"},
        ),
        (
            "GET",
            "/tags/arn:aws:apigateway:eu-west-1::/restapis/abc",
            "apigateway",
            "apigateway:GetTags",
            {"resource_arn": "arn:aws:apigateway:eu-west-1::/restapis/abc"},
        ),
    ],
)
def test_paths(method: str, target: str, service: str, expected: str, labels: dict[str, str]) -> None:
    found = ask(method, target, signed(service))
    assert name(found) == expected
    assert isinstance(found, Matched) and dict(found.labels) == labels


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/2015-03-31/functions", "lambda:ListFunctions"),
        ("GET", "/restapis", "apigateway:GetRestApis"),
        ("GET", "/v2/apis", "apigatewayv2:GetApis"),
        ("POST", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts:AssumeRoleWithWebIdentity"),
        ("POST", "/?Action=AssumeRoleWithSAML", "sts:AssumeRoleWithSAML"),
        ("GET", "/?Action=ListUsers&Version=2010-05-08", "iam:ListUsers"),
    ],
)
def test_without_a_signature_the_request_speaks_for_itself(method: str, target: str, expected: str) -> None:
    assert name(ask(method, target)) == expected


def test_actions_in_forms() -> None:
    assert name(ask("POST", "/", signed("iam"), FORM, body=b"Action=GetUser&Version=2010-05-08")) == "iam:GetUser"


def test_targets() -> None:
    assert name(ask("POST", "/", signed("logs"), ("X-Amz-Target", "Logs_20140328.PutLogEvents"))) == "logs:PutLogEvents"
    assert name(ask("POST", "/", ("X-Amz-Target", "Logs_20140328.PutLogEvents"))) == "logs:PutLogEvents"


@pytest.mark.parametrize(
    ("found", "code", "status"),
    [
        (ask("POST", "/", signed("iam"), FORM, body=b"Action=MakeTea&Version=2010-05-08"), "InvalidAction", 400),
        (ask("POST", "/", signed("iam"), FORM, body=b"Version=2010-05-08"), "MissingAction", 400),
        (ask("POST", "/", signed("logs"), ("X-Amz-Target", "Logs_20140328.MakeTea")), "UnknownOperationException", 400),
        (ask("POST", "/", signed("logs"), ("X-Amz-Target", "Other.PutLogEvents")), "UnknownOperationException", 400),
        (ask("GET", "/teapots", signed("apigateway")), "UnknownOperationException", 404),
        (ask("PATCH", "/restapis", signed("apigateway")), "UnknownOperationException", 404),
        (ask("POST", "/", signed("dynamodb"), ("X-Amz-Target", "DynamoDB_20120810.PutItem")), "NotImplemented", 501),
        (ask("POST", "/", ("X-Amz-Target", "DynamoDB_20120810.PutItem")), "NotImplemented", 501),
    ],
)
def test_what_is_not_known_is_said_clearly(found: Matched | Unmatched, code: str, status: int) -> None:
    assert isinstance(found, Unmatched)
    assert (found.error.code, found.error.status) == (code, status)
    assert found.error.message


def test_invalid_action_is_aws_text() -> None:
    found = ask("POST", "/", signed("iam"), FORM, body=b"Action=MakeTea&Version=2010-05-08")
    assert isinstance(found, Unmatched)
    assert found.error.message == "Could not find operation MakeTea for version 2010-05-08"


def test_scopes() -> None:
    presigned = "X-Amz-Credential=AKID%2F20231010%2Feu-west-1%2Flambda%2Faws4_request&X-Amz-Date=x"
    scope = Scope("AKID", "20231010", "eu-west-1", "lambda")
    assert read_scope(WireRequest("GET", "/", presigned)) == scope
    assert read_scope(WireRequest("GET", "/", "")) is None
    for value in ("Bearer x", "AWS4-HMAC-SHA256 Credential=AKID/too/short"):
        assert read_scope(WireRequest("GET", "/", "", Headers([("Authorization", value)]))) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("lambda.eu-west-1.amazonaws.com:443", ("lambda", "eu-west-1")),
        ("iam.amazonaws.com", ("iam", "")),
        ("localhost:4566", ("", "")),
    ],
)
def test_hosts(host: str, expected: tuple[str, str]) -> None:
    assert tuple(read_host(WireRequest("GET", "/", "", Headers([("Host", host)])))) == expected
