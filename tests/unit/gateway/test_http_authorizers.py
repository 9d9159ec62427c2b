"""HTTP APIs' authorizers: events of both formats, simple and policy answers, what the backend and the log see."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.scenes.authorizers import AUTHORIZER, answered, guard, lambda_authorizer, policy_answer
from tests.scenes.http import HttpApi, http_lambda
from tests.scenes.pipeline import ACCOUNT, API, HOST, REGION, Played, failed, function, gateway_may_invoke, returned

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import GaveUp, InvocationResult, Throttled

SIMPLE = lambda_authorizer("$request.header.Authorization", kind="REQUEST", payload="2.0", simple=True)
POLICY_2 = replace(SIMPLE, simple=False)
POLICY_1 = replace(POLICY_2, payload="1.0")
FORMAT = " ; ".join(
    f"$context.{name}"
    for name in (
        "error.responseType",
        "authorizer.error",
        "authorizer.key",
        "authorizer.principalId",
        "authorizer.status",
    )
)
OK = returned({"statusCode": 200})
EXPECTS = "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects."


def api(authorizer: LambdaAuthorizer, *keys: str, payload: str = "2.0", **settings: Any) -> HttpApi:
    found = HttpApi(functions=[guard(), function(gateway_may_invoke())], format=FORMAT, **settings)
    for key in keys or ("GET /items/{id}",):
        found.add(key, http_lambda(payload=payload), auth=authorizer)
    return found


def play(found: HttpApi, *answers: InvocationResult, token: str = "t", target: str = "/items/a%20b?x=1&x=2") -> Played:
    return found.play("GET", target, {"Authorization": token, "Cookie": "a=1; b=2"}, answers=answers)


def backend(played: Played) -> dict[str, Any]:
    assert played.asked[-1].function.arn != AUTHORIZER
    found: dict[str, Any] = json.loads(played.asked[-1].payload)["requestContext"]["authorizer"]
    return found


class TestEvents:
    def test_2(self) -> None:
        played = play(api(SIMPLE, variables={"v": "1"}), answered({"isAuthorized": True}), OK)
        event = json.loads(played.asked[0].payload)
        assert list(event) == [
            "version",
            "type",
            "routeArn",
            "identitySource",
            "routeKey",
            "rawPath",
            "rawQueryString",
            "cookies",
            "headers",
            "queryStringParameters",
            "requestContext",
            "pathParameters",
            "stageVariables",
        ]
        assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/$default/GET/items/a b"
        assert (event["version"], event["type"], event["identitySource"]) == ("2.0", "REQUEST", ["t"])
        assert event["cookies"] == ["a=1", "b=2"]
        assert event["headers"]["cookie"] == "a=1; b=2"
        assert event["queryStringParameters"] == {"x": "1,2"}
        assert "authorizer" not in event["requestContext"]
        assert "cookie" not in json.loads(played.asked[1].payload)["headers"]
        assert played.asked[0].patience == 10.0

    def test_1(self) -> None:
        event = json.loads(play(api(POLICY_1), answered(policy_answer()), OK).asked[0].payload)
        assert list(event) == [
            "version",
            "type",
            "methodArn",
            "identitySource",
            "authorizationToken",
            "resource",
            "path",
            "httpMethod",
            "headers",
            "queryStringParameters",
            "pathParameters",
            "stageVariables",
            "requestContext",
        ]
        assert (event["identitySource"], event["authorizationToken"], event["resource"]) == ("t", "t", "")
        assert event["headers"]["Cookie"] == "a=1; b=2"
        assert event["headers"]["Host"] == HOST
        assert event["headers"]["authorization"] == "t"
        assert event["headers"]["X-Forwarded-Port"] == "443"
        assert event["queryStringParameters"] == {"x": "2"}
        assert event["requestContext"]["resourceId"] == "GET /items/{id}"
        assert "cognitoAmr" in event["requestContext"]["identity"]


class TestAnswers:
    CONTEXT: dict[str, Any] = {"key": "value", "n": 7, "b": True, "l": [1], "claims": {"sub": "x"}}

    def test_simple_contexts_keep_their_types_without_claims(self) -> None:
        played = play(api(SIMPLE), answered({"isAuthorized": True, "context": self.CONTEXT}), OK)
        assert backend(played) == {"lambda": {"key": "value", "n": 7, "b": True, "l": [1]}}
        assert played.line == "- ; - ; value ; - ; 200"

    def test_policy_2_keeps_types(self) -> None:
        played = play(api(POLICY_2), answered(policy_answer(context={"key": "v", "n": 7, "o": {"a": 1}})), OK)
        assert backend(played) == {"lambda": {"key": "v", "n": 7, "o": {"a": 1}}}
        assert played.line == "- ; - ; v ; somebody ; 200"

    def test_policy_1_is_text(self) -> None:
        played = play(api(POLICY_1, payload="1.0"), answered(policy_answer(context={"n": 7, "b": True})), OK)
        seen = backend(played)
        assert (seen["n"], seen["b"]) == ("7", "true")

    @pytest.mark.parametrize(
        ("authorizer", "answer"),
        [
            (SIMPLE, {"isAuthorized": False}),
            (POLICY_2, policy_answer("Deny")),
            (POLICY_1, policy_answer(resource="arn:aws:execute-api:*:*:*/other")),
        ],
    )
    def test_denied(self, authorizer: LambdaAuthorizer, answer: Any) -> None:
        played = play(api(authorizer), answered(answer))
        assert (played.status, played.text) == (403, '{"message":"Forbidden"}')
        assert str(played.line).startswith("ACCESS_DENIED")

    def test_policies_name_the_decoded_path(self) -> None:
        deny = policy_answer("Deny", "arn:aws:execute-api:*:*:*/$default/GET/items/secret")
        deny["policyDocument"]["Statement"] += policy_answer()["policyDocument"]["Statement"]
        for target in ("/items/secret", "/items/s%65cret"):
            assert play(api(POLICY_2), answered(deny), target=target).status == 403
        assert play(api(POLICY_2), answered(deny), OK, target="/items/open").status == 200

    @pytest.mark.parametrize(
        ("authorizer", "answer", "error"),
        [
            (SIMPLE, {}, f"{EXPECTS} Simple response did not include 'isAuthorized'"),
            (SIMPLE, policy_answer(), f"{EXPECTS} Simple response did not include 'isAuthorized'"),
            (SIMPLE, {"isAuthorized": "true"}, EXPECTS),
            (SIMPLE, {"isAuthorized": None}, EXPECTS),
            (SIMPLE, {"isAuthorized": 1}, EXPECTS),
            (SIMPLE, {"isAuthorized": True, "context": []}, EXPECTS),
            (SIMPLE, True, EXPECTS),
            (SIMPLE, None, EXPECTS),
            (POLICY_2, {"isAuthorized": True}, EXPECTS),
            (POLICY_1, {"isAuthorized": True}, EXPECTS),
        ],
    )
    def test_malformed(self, authorizer: LambdaAuthorizer, answer: Any, error: str) -> None:
        played = play(api(authorizer), answered(answer))
        assert (played.status, played.text) == (500, '{"message":"Internal Server Error"}')
        assert played.line == f"AUTHORIZER_CONFIGURATION_ERROR ; {error} ; - ; - ; 500"

    def test_no_json(self) -> None:
        result = answered({})._replace(payload=b"{")
        assert f"{EXPECTS} Invalid json in authorizer response" in str(play(api(SIMPLE), result).line)

    @pytest.mark.parametrize("result", [failed("boom"), GaveUp("r", 10.0), Throttled("Rate")])
    def test_failures(self, result: InvocationResult) -> None:
        played = play(api(replace(SIMPLE, ttl=300.0)), result)
        assert (played.status, played.trace.fault) == (500, Fault.AUTHORIZER_FAILED)
        assert str(played.line).startswith("AUTHORIZER_FAILURE")

    def test_unauthorized(self) -> None:
        played = play(api(SIMPLE), failed("Unauthorized"))
        assert (played.status, played.text) == (401, '{"message":"Unauthorized"}')
        assert "www-authenticate" not in played.headers


class TestMemory:
    def test_policies_are_judged_again_and_simple_answers_are_not(self) -> None:
        keys = ("GET /items/{id}", "GET /other")
        narrow = policy_answer(resource="arn:aws:execute-api:*:*:*/GET/items/*")
        found = api(replace(POLICY_2, ttl=60.0), *keys)
        assert play(found, answered(narrow), OK).status == 200
        assert (play(found, target="/other").status, play(found, target="/other").asked) == (403, [])
        found = api(replace(SIMPLE, ttl=60.0), *keys)
        assert play(found, answered({"isAuthorized": True, "context": {"key": "v"}}), OK).status == 200
        second = play(found, OK, target="/other")
        assert (second.status, backend(second)) == (200, {"lambda": {"key": "v"}})

    def test_headers_cannot_be_injected(self) -> None:
        answer = {"isAuthorized": True, "context": {"key": "a\r\nset-cookie: b=c"}}
        mapped = http_lambda(response={"200": {"append:header.x-who": "$context.authorizer.key"}})
        found = HttpApi(functions=[guard(), function(gateway_may_invoke())]).add("GET /items/{id}", mapped, auth=SIMPLE)
        played = play(found, answered(answer), OK)
        assert ("x-who", "a  set-cookie: b=c") in played.response.headers
