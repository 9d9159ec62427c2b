"""The event of payload 1.0, member by member where no recording looks."""

from __future__ import annotations

import base64

import pytest
from tests.scenes.pipeline import (
    ACCOUNT,
    IAM,
    Api,
    Played,
    allow,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
    session,
)

from sekisho.gateway.payload.v1 import query_values


def api(**settings: object) -> Api:
    found = Api(functions=[function(gateway_may_invoke())])
    for name, value in settings.items():
        setattr(found, name, value)
    return found.route("ANY", "/{proxy+}", lambda_proxy()).route("GET", "/signed", lambda_proxy(), auth=IAM)


def play(target: str, headers: list[tuple[str, str]] | None = None, body: bytes = b"", **settings: object) -> Played:
    method = "POST" if body else "GET"
    return api(**settings).play(method, target, headers, body, answers=[returned({})])


def test_a_signed_caller_is_shown_but_the_signature_is_not() -> None:
    caller = session("r", "s", allow("execute-api:Invoke"))
    found = api(keys=[caller]).play("GET", "/prod/signed", signed_by=caller, answers=[returned({})]).event
    subject = caller.principal.subject
    identity = found["requestContext"]["identity"]
    assert identity["accountId"] == ACCOUNT
    assert identity["caller"] == identity["user"] == subject.unique_id
    assert identity["userArn"] == subject.arn
    assert identity["accessKey"] == caller.id
    assert "Authorization" not in found["headers"]
    assert "X-Amz-Date" in found["headers"]


def test_repeated_headers_and_forwarded_addresses() -> None:
    found = play("/prod/x", [("X-A", "1"), ("X-A", "2"), ("X-Forwarded-For", "198.51.100.1")]).event
    assert found["headers"]["X-A"] == "2"
    assert found["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert found["headers"]["X-Forwarded-For"] == "198.51.100.1, 203.0.113.10"
    assert "CloudFront-Viewer-Country" not in found["headers"]


def test_bodies_are_text_unless_their_type_is_binary() -> None:
    png = [("Content-Type", "image/png")]
    assert play("/prod/x", png, b"\x89\xff").event["body"] == "\ufffd\ufffd"
    found = play("/prod/x", png, b"\x89\xff", binary=("image/*",)).event
    assert found["isBase64Encoded"] is True
    assert base64.b64decode(found["body"]) == b"\x89\xff"


def test_stage_variables_and_absent_things() -> None:
    found = play("/prod/x", variables={"a": "b"}).event
    assert found["stageVariables"] == {"a": "b"}
    assert found["queryStringParameters"] is found["multiValueQueryStringParameters"] is found["body"] is None


@pytest.mark.parametrize(
    ("target", "path", "whole"),
    [
        ("/prod/x/", "/x/", "/prod/x/"),
        ("//prod/x", "/x", "/prod/x"),
        ("/prod///x//y", "/x//y", "/prod///x//y"),
        ("/prod/a%2Fb%20c", "/a%2Fb%20c", "/prod/a%2Fb%20c"),
    ],
)
def test_paths(target: str, path: str, whole: str) -> None:
    found = play(target).event
    assert found["path"] == path
    assert found["requestContext"]["path"] == whole


def test_trace_id_of_the_client_is_kept() -> None:
    sent = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    played = play("/prod/x", [("X-Amzn-Trace-Id", sent)])
    assert played.event["headers"]["X-Amzn-Trace-Id"] == sent
    assert played.headers.get("x-amzn-trace-id") == sent


def test_query_values() -> None:
    assert query_values("a=1&b&a=%2B+x&=v&&c=%zz") == {"a": ["1", "+ x"], "b": [""], "": ["v"], "c": ["%zz"]}
