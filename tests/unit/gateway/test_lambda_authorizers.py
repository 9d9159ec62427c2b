"""REST APIs' Lambda authorizers: who is asked, with what, what an answer does, and what is remembered of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.scenes.authorizers import AUTHORIZER, SOURCE_ARN, answered, guard, lambda_authorizer, policy_answer
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    REGION,
    Api,
    GatewayResponse,
    Played,
    allow,
    deny,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    policy,
    returned,
    role,
)

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import GaveUp, InvocationResult, InvokeFunction, Throttled, Unavailable

TOKEN = lambda_authorizer("method.request.header.Authorization")
CACHED = replace(TOKEN, ttl=300.0)
FORMAT = (
    "$context.authorizer.status $context.authorizer.error $context.authorizer.integrationStatus "
    "$context.authorizer.principalId $context.authorizer.key $context.authorize.status $context.error.responseType"
)
ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET/m"


def api(authorizer: LambdaAuthorizer = TOKEN, **settings: Any) -> Api:
    found = Api(functions=[guard(), function(gateway_may_invoke())], format=FORMAT, **settings)
    return found.route("GET", "/m", mock(), auth=authorizer).route("GET", "/f/{id}", lambda_proxy(), auth=authorizer)


def play(found: Api, *answers: InvocationResult, token: str | None = "let-me-in", target: str = "/prod/m") -> Played:
    headers = {} if token is None else {"Authorization": token}
    return found.play("GET", target, headers, answers=answers)


def fault(played: Played) -> Fault | None:
    return played.trace.fault


class TestIdentity:
    @pytest.mark.parametrize(("token", "kind"), [(None, "missing"), ("", "empty")])
    def test_without_a_token_nobody_is_asked(self, token: str | None, kind: str) -> None:
        played = play(api(), token=token)
        assert (played.status, played.text, played.asked) == (401, '{"message":"Unauthorized"}', [])
        assert played.headers.get("x-amzn-errortype") == "UnauthorizedException"
        assert played.trace.rejection is not None
        assert played.trace.rejection.evidence["kind"] == kind
        assert played.line == "- - - - - - UNAUTHORIZED"

    def test_a_token_must_look_as_the_validation_says(self) -> None:
        found = api(lambda_authorizer("method.request.header.Authorization", validation="Bearer .+"))
        assert play(found, token="Basic x").asked == []
        assert play(found, answered(policy_answer()), token="Bearer x").status == 200

    @pytest.mark.parametrize("ttl", [0.0, 300.0])
    def test_every_source_must_have_a_value(self, ttl: float) -> None:
        sources = ("method.request.header.Authorization", "method.request.querystring.tenant")
        found = api(lambda_authorizer(*sources, kind="REQUEST", ttl=ttl))
        assert play(found, target="/prod/m?tenant=").status == 401
        assert play(found).status == 401
        assert play(found, answered(policy_answer()), target="/prod/m?tenant=one").status == 200

    def test_stage_variables_and_context_can_identify(self) -> None:
        sources = ("stageVariables.realm", "context.identity.sourceIp", "context.httpMethod")
        authorizer = lambda_authorizer(*sources, kind="REQUEST")
        assert play(api(authorizer)).status == 401
        assert play(api(authorizer, variables={"realm": "a"}), answered(policy_answer())).status == 200

    def test_without_sources_it_is_always_asked(self) -> None:
        found = api(lambda_authorizer(kind="REQUEST", ttl=300.0))
        assert [len(play(found, answered(policy_answer()), token=None).asked) for _ in range(2)] == [1, 1]


class TestEvents:
    def test_token(self) -> None:
        played = play(api(), answered(policy_answer()))
        assert played.asked[0].payload == (
            f'{{"type":"TOKEN","methodArn":"{ARN}","authorizationToken":"let-me-in"}}'.encode()
        )
        assert played.asked[0].patience == 30.0
        assert played.trace.fields["authorizer.event"] == played.asked[0].payload

    def test_request(self) -> None:
        found = api(lambda_authorizer("method.request.header.Authorization", kind="REQUEST"))
        played = play(found, answered(policy_answer()), returned({}), target="/prod/f/7?a=1&a=2")
        event = json.loads(played.asked[0].payload)
        assert list(event) == [
            "type",
            "methodArn",
            "resource",
            "path",
            "httpMethod",
            "headers",
            "multiValueHeaders",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
            "requestContext",
        ]
        assert event["methodArn"].endswith("/prod/GET/f/7")
        assert (event["resource"], event["path"], event["pathParameters"]) == ("/f/{id}", "/f/7", {"id": "7"})
        assert event["queryStringParameters"] == {"a": "2"}
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
        assert event["stageVariables"] == {}
        assert "authorizer" not in event["requestContext"]
        assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
        assert json.loads(played.asked[1].payload)["headers"]["X-Amzn-Trace-Id"] == event["headers"]["X-Amzn-Trace-Id"]

    def test_empty_maps_are_objects(self) -> None:
        found = api(lambda_authorizer("method.request.header.Authorization", kind="REQUEST"))
        event = json.loads(play(found, answered(policy_answer())).asked[0].payload)
        names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables")
        assert [event[name] for name in names] == [{}, {}, {}, {}]

    def test_a_method_arn_can_be_too_long(self) -> None:
        played = play(api(), target=f"/prod/f/{'x' * 1600}")
        assert (played.status, fault(played), played.asked) == (414, Fault.ARN_TOO_LONG, [])


class TestAuthority:
    def test_permissions_for_methods_do_not_cover_authorizers(self) -> None:
        found = api()
        found.functions[0] = guard(source_arn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/*/*")
        played = play(found)
        assert (played.status, played.text, played.asked) == (500, '{"message":null}', [])
        assert played.headers.get("x-amzn-errortype") == "AuthorizerConfigurationException"
        assert played.line == "500 Invalid permissions on Lambda function - - - - AUTHORIZER_CONFIGURATION_ERROR"
        check = played.trace.checks[-1]
        assert check.purpose == "invoke-authorizer"
        assert check.question.context.get("aws:sourcearn") == SOURCE_ARN

    def test_a_role_needs_no_permission_of_the_function(self) -> None:
        found = api(lambda_authorizer("method.request.header.Authorization", role=f"arn:aws:iam::{ACCOUNT}:role/r"))
        found.functions[0] = guard(granted=False)
        found.roles = [role("r", allow("lambda:InvokeFunction"))]
        assert play(found, answered(policy_answer())).status == 200
        found.roles = [role("r", allow("lambda:InvokeFunction"), deny("lambda:InvokeFunction"))]
        assert fault(play(found)) is Fault.AUTHORIZER_NOT_INVOCABLE
        found.roles = []
        played = play(found)
        assert fault(played) is Fault.AUTHORIZER_NOT_INVOCABLE
        assert "assume the provided role" in str(played.line)

    @pytest.mark.parametrize("arn", ["", f"{AUTHORIZER}-gone"])
    def test_a_function_that_is_not_there(self, arn: str) -> None:
        assert play(api(replace(TOKEN, function_arn=arn))).text == '{"message":null}'


class TestAnswers:
    def test_allowed(self) -> None:
        answer = policy_answer(context={"key": "value", "n": 123, "f": 1.5, "b": True, "z": 0, "no": False})
        played = play(api(), answered(answer), returned({"body": "ok"}), target="/prod/f/7")
        assert (played.status, played.text) == (200, "ok")
        assert played.line == "200 - 200 somebody value 200 -"
        seen = json.loads(played.asked[1].payload)["requestContext"]
        assert list(seen)[:2] == ["resourceId", "authorizer"]
        latency = seen["authorizer"].pop("integrationLatency")
        assert isinstance(latency, int)
        assert seen["authorizer"] == {
            "key": "value",
            "n": "123",
            "f": "1.5",
            "b": "true",
            "z": "0",
            "no": "false",
            "principalId": "somebody",
        }
        assert played.trace.results[0][0] == AUTHORIZER

    def test_explicitly_denied(self) -> None:
        played = play(api(), answered(policy_answer("Deny", context={"key": "why"})))
        assert played.text == (
            '{"Message":"User is not authorized to access this resource with an explicit deny '
            'in an identity-based policy"}'
        )
        assert (played.status, len(played.text)) == (403, 110)
        assert played.line == "200 - 200 somebody why 403 ACCESS_DENIED"

    def test_not_covered(self) -> None:
        played = play(api(), answered(policy_answer(resource=f"{ARN}/*")))
        assert played.text == (
            '{"Message":"User is not authorized to access this resource because no identity-based policy '
            'allows the execute-api:Invoke action"}'
        )
        assert (played.status, len(played.text)) == (403, 130)
        assert played.headers.get("x-amzn-errortype") == "AccessDeniedException"

    def test_denials_can_be_customised_with_the_context(self) -> None:
        custom = GatewayResponse(
            401,
            {"gatewayresponse.header.X-Why": "context.authorizer.key"},
            {"application/json": '{"why":"$context.authorizer.key","m":$context.error.messageString}'},
        )
        answer = policy_answer("Deny", context={"key": "no\r\nSet-Cookie: a=b"})
        played = play(api(gateway_responses={"ACCESS_DENIED": custom}), answered(answer))
        assert played.status == 401
        assert all("\r" not in value and "\n" not in value for _, value in played.response.headers)
        assert [name for name, _ in played.response.headers if name == "Set-Cookie"] == []

    def test_unauthorized_is_the_word_for_401(self) -> None:
        played = play(api(CACHED), failed("Unauthorized", error="Exception"))
        assert (played.status, played.text) == (401, '{"message":"Unauthorized"}')
        assert played.line == "401 Unauthorized 200 - - - UNAUTHORIZED"
        assert fault(play(api(), failed("unauthorized"))) is Fault.AUTHORIZER_FAILED
        assert fault(play(api(), failed("Unauthorized."))) is Fault.AUTHORIZER_FAILED

    @pytest.mark.parametrize(
        "result",
        [
            failed("boom"),
            failed("Task timed out after 3.00 seconds", kind="timeout"),
            failed("no module", kind="init"),
            failed("too large", kind="response-size"),
            Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
            Unavailable("InvalidRuntimeException", "no such runtime"),
            GaveUp("r", 30.0),
        ],
        ids=lambda each: type(each).__name__,
    )
    def test_a_function_that_fails_lets_nobody_pass(self, result: InvocationResult) -> None:
        found = api(CACHED)
        played = play(found, result)
        assert (played.status, played.text) == (500, '{"message":null}')
        assert fault(played) is Fault.AUTHORIZER_FAILED
        assert len(play(found, answered(policy_answer())).asked) == 1

    @pytest.mark.parametrize(
        ("answer", "rule"),
        [
            (None, "object"),
            ("Unauthorized", "object"),
            ([], "object"),
            ({}, "policy-missing"),
            ({"principalId": "u"}, "policy-missing"),
            ({"statusCode": 401, "body": "no"}, "policy-missing"),
            ({"isAuthorized": True}, "policy-missing"),
            ({"policyDocument": None}, "policy-missing"),
            ({"policyDocument": "{}"}, "policy"),
            ({"policyDocument": {}}, "policy"),
            ({"policyDocument": {"Version": "2012-10-17", "Statement": []}}, "policy"),
            (policy_answer("allow"), "policy"),
            (policy_answer(resource=[]), "policy"),
            ({"policyDocument": {"version": "2012-10-17", "statement": []}}, "policy"),
            (policy_answer(context="text"), "context"),
            (policy_answer(context={"key": {"a": 1}}), "context-value"),
            (policy_answer(context={"key": ["a"]}), "context-value"),
            (policy_answer(context={"key": None}), "context-value"),
            (policy_answer(usageIdentifierKey=["k"]), "usage-identifier-key"),
            ({**policy_answer(), "principalId": ["a"]}, "principal-id"),
        ],
    )
    def test_a_malformed_answer_lets_nobody_pass(self, answer: Any, rule: str) -> None:
        found = api(CACHED)
        played = play(found, answered(answer))
        assert (played.status, played.text) == (500, '{"message":null}')
        assert played.trace.rejection is not None
        assert played.trace.rejection.fault is Fault.AUTHORIZER_BAD_REPLY
        assert played.trace.rejection.evidence["rule"] == rule
        assert len(play(found, answered(policy_answer())).asked) == 1

    def test_only_the_policy_is_required(self) -> None:
        answer = {"policyDocument": policy_answer()["policyDocument"]}
        assert play(api(), answered(answer)).status == 200

    def test_usage_keys_are_kept_for_the_usage_plan(self) -> None:
        played = play(api(), answered(policy_answer(usageIdentifierKey="key-1")))
        assert played.trace.fields["authorizer.usageIdentifierKey"] == "key-1"


class TestMemory:
    def test_an_answer_is_used_until_its_time_is_over(self) -> None:
        found = api(CACHED)
        first = found.play("GET", "/prod/m", {"Authorization": "t"}, answers=[answered(policy_answer())])
        second = found.play("GET", "/prod/f/1", {"Authorization": "t"}, answers=[returned({})], later=299.0)
        assert len(first.asked) == len(second.asked) == 1
        assert second.trace.fields["authorizer.cached"] == first.trace.request_id
        seen = second.event["requestContext"]["authorizer"]
        assert (seen["integrationLatency"], seen["principalId"]) == (0, "somebody")
        assert second.trace.results[0][0] == AUTHORIZER
        third = found.play("GET", "/prod/m", {"Authorization": "t"}, answers=[answered(policy_answer())], later=300.0)
        assert len(third.asked) == 1

    def test_other_values_are_other_callers(self) -> None:
        found = api(CACHED)
        assert len(play(found, answered(policy_answer())).asked) == 1
        assert play(found, answered(policy_answer("Deny")), token="other").status == 403
        assert play(found).status == 200

    def test_without_ttl_nothing_is_remembered(self) -> None:
        found = api()
        assert [len(play(found, answered(policy_answer())).asked) for _ in range(2)] == [1, 1]

    def test_a_policy_is_judged_for_each_route(self) -> None:
        found = api(CACHED)
        assert play(found, answered(policy_answer(resource=ARN))).status == 200
        played = play(found, target="/prod/f/1")
        assert (played.status, played.asked) == (403, [])
        assert played.trace.rejection is not None
        assert played.trace.rejection.evidence["cached"]

    def test_denials_are_remembered(self) -> None:
        found = api(CACHED)
        assert play(found, answered(policy_answer("Deny"))).status == 403
        assert (play(found).status, play(found).asked) == (403, [])

    def test_a_changed_authorizer_remembers_nothing(self) -> None:
        found = api(CACHED)
        play(found, answered(policy_answer()))
        changed = Api(functions=found.functions, ledger=found.ledger)
        changed.route("GET", "/m", mock(), auth=replace(CACHED, qualifier="1"))
        assert fault(play(changed)) is Fault.AUTHORIZER_NOT_INVOCABLE
        same = Api(functions=found.functions, ledger=found.ledger).route("GET", "/m", mock(), auth=replace(CACHED))
        play(found, answered(policy_answer()))
        assert play(same).asked == []

    def test_stages_and_flushes(self) -> None:
        found = api(CACHED)
        play(found, answered(policy_answer()))
        found.ledger.forget_answers(API, "dev")
        assert play(found).asked == []
        found.ledger.forget_answers(API, "prod")
        assert len(play(found, answered(policy_answer())).asked) == 1

    def test_memory_is_bounded(self) -> None:
        found = api(CACHED)
        answers: list[int] = []

        def fill(effect: InvokeFunction) -> InvocationResult:
            answers.append(1)
            return answered(policy_answer(context={"key": "x" * 1_000_000}))

        for number in range(40):
            found.play("GET", "/prod/m", {"Authorization": f"t{number}"}, answers=fill)
        assert play(found, answered(policy_answer()), token="t0").asked
        assert play(found, token="t39").asked == []


class TestResourcePolicy:
    """Explicit denies first; then an Allow of either side is enough."""

    @staticmethod
    def with_policy(*statements: Any) -> Api:
        return api(resource_policy=policy(*({"Principal": "*", **each} for each in statements)))

    def test_an_explicit_deny_spares_the_function(self) -> None:
        played = play(self.with_policy(deny("execute-api:Invoke")))
        assert (played.status, played.asked) == (403, [])
        assert fault(played) is Fault.RESOURCE_POLICY_EXPLICITLY_DENIED

    @pytest.mark.parametrize(
        ("mine", "theirs", "status"),
        [
            ("Allow", "Allow", 200),
            ("Allow", "silent", 200),
            ("silent", "Allow", 200),
            ("silent", "silent", 403),
            ("Deny", "Allow", 403),
            ("Deny", "silent", 403),
        ],
    )
    def test_table(self, mine: str, theirs: str, status: int) -> None:
        elsewhere = f"{ARN}/elsewhere"
        found = self.with_policy(allow("execute-api:Invoke", "*" if theirs == "Allow" else elsewhere))
        answer = policy_answer("Allow", elsewhere) if mine == "silent" else policy_answer(mine)
        assert play(found, answered(answer)).status == status
