"""Stories of Lambda proxy integrations: who asks Lambda, what it answers, and what the log says."""

from __future__ import annotations

import json
import math

import pytest
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    FUNCTION,
    IAM,
    REGION,
    Api,
    Played,
    allow,
    deny,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
    role,
    session,
    user,
)

from sekisho.faults.fault import Fault
from sekisho.functions.invocation import GaveUp, InvocationResult, Throttled, Unavailable

CALLER = "arn:aws:iam::*:user/*"
FORMAT = json.dumps(
    {
        "status": "$context.status",
        "errorMessage": "$context.error.message",
        "errorResponseType": "$context.error.responseType",
        "identityCaller": "$context.identity.caller",
        "identityUser": "$context.identity.user",
        "authorizeError": "$context.authorize.error",
        "authorizeStatus": "$context.authorize.status",
        "authenticateError": "$context.authenticate.error",
        "authenticateStatus": "$context.authenticate.status",
        "authorizerError": "$context.authorizer.error",
        "authorizerStatus": "$context.authorizer.status",
        "authorizerIntegrationStatus": "$context.authorizer.integrationStatus",
        "authorizerRequestId": "$context.authorizer.requestId",
        "integrationError": "$context.integration.error",
        "integrationIntegrationStatus": "$context.integration.integrationStatus",
    }
)
PERMISSION_ROW = {
    "status": "500",
    "errorMessage": "Internal server error",
    "errorResponseType": "API_CONFIGURATION_ERROR",
    "authorizeError": "-",
    "authorizeStatus": "200",
    "authenticateError": "-",
    "authenticateStatus": "200",
    "authorizerError": "-",
    "authorizerStatus": "-",
    "authorizerIntegrationStatus": "-",
    "authorizerRequestId": "-",
    "integrationError": "Execution failed due to configuration error: Invalid permissions on Lambda function",
    "integrationIntegrationStatus": "-",
}
INVOKE_API = allow("execute-api:Invoke", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*")
SOURCE = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/GET/api/endpoint"


class TestCallerCredentials:
    """The signed caller may invoke the API; whether it may invoke the function depends on who asks Lambda."""

    def play(self, credentials: str, *statements: object, permission: str = SOURCE) -> Played:
        key = session("app", "AssumeRoleSession", INVOKE_API, *statements)  # type: ignore[arg-type]
        api = Api(format=FORMAT, keys=[key], functions=[function(gateway_may_invoke(permission))])
        api.route("GET", "/api/endpoint", lambda_proxy(credentials), auth=IAM)
        return api.play("GET", "/prod/api/endpoint", signed_by=key, answers=[returned({"body": "ok"})])

    def test_the_caller_lacks_the_right_to_invoke_the_function(self) -> None:
        played = self.play(CALLER)
        assert (played.status, played.text) == (500, '{"message": "Internal server error"}')
        assert played.asked == []
        unique = played.trace.caller.subject.unique_id
        row = {"identityCaller": unique, "identityUser": unique}
        assert json.loads(played.line or "") == PERMISSION_ROW | row
        assert unique.endswith(":AssumeRoleSession")
        assert played.trace.checks[-1].question.subject is played.trace.caller.subject

    def test_it_is_granted_the_right(self) -> None:
        assert self.play(CALLER, allow("lambda:InvokeFunction", FUNCTION)).status == 200

    def test_the_service_asks_instead(self) -> None:
        assert self.play("").status == 200

    def test_the_service_asks_under_another_source(self) -> None:
        played = self.play("", permission=SOURCE.replace("/api/endpoint", "/api/other"))
        assert json.loads(played.line or "").items() >= PERMISSION_ROW.items()
        asked = played.trace.checks[-1].question
        assert asked.context.get("aws:sourcearn") == (
            f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET/api/endpoint"
        )
        assert asked.context.get("aws:sourceaccount") == ACCOUNT

    def test_a_deny_for_the_caller_is_no_matter_of_the_service(self) -> None:
        assert self.play("", deny("lambda:InvokeFunction")).status == 200


class TestSourceArn:
    @pytest.mark.parametrize(
        ("path", "template"),
        [("/prod/pets/7", "/pets/{id}"), ("/prod/", "/"), ("/prod/a/b/c", "/{proxy+}")],
    )
    def test_names_the_template_and_the_verb_of_the_request(self, path: str, template: str) -> None:
        arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET{template}"
        api = Api(functions=[function(gateway_may_invoke(arn))]).route("ANY", template, lambda_proxy())
        assert api.play("GET", path, answers=[returned({})]).status == 200
        assert api.play("POST", path, answers=[returned({})]).status == 500


class TestQualifiers:
    def api(self, permitted: str, called: str) -> Api:
        resource = f"{FUNCTION}:{permitted}" if permitted else FUNCTION
        found = function(gateway_may_invoke(arn=resource), qualifier=permitted, alias="live", versions=("1",))
        return Api(functions=[found]).route("GET", "/f", lambda_proxy(qualifier=called))

    def test_permission_is_per_qualifier(self) -> None:
        assert self.api("", "live").play("GET", "/prod/f").status == 500
        assert self.api("live", "").play("GET", "/prod/f").status == 500
        played = self.api("live", "live").play("GET", "/prod/f", answers=[returned({})])
        assert played.status == 200
        assert played.asked[0].invoked_arn == f"{FUNCTION}:live"
        assert played.asked[0].function.version == "1"


class TestRoles:
    def play(self, *roles: object, function_exists: bool = True) -> Played:
        api = Api(roles=list(roles), functions=[function()] if function_exists else [])  # type: ignore[arg-type]
        api.route("GET", "/f", lambda_proxy(f"arn:aws:iam::{ACCOUNT}:role/caller"))
        return api.play("GET", "/prod/f", answers=[returned({})])

    def test_the_role_asks(self) -> None:
        played = self.play(role("caller", allow("lambda:InvokeFunction")))
        assert played.status == 200
        trust, invoke = played.trace.checks
        assert (trust.purpose, invoke.purpose) == ("assume-role", "invoke-function")
        assert trust.question.context.get("aws:sourcearn") is None
        assert invoke.question.subject.issuer_arn == f"arn:aws:iam::{ACCOUNT}:role/caller"

    def test_the_role_does_not_exist(self) -> None:
        played = self.play()
        assert played.trace.fault is Fault.ROLE_NOT_ASSUMABLE
        assert played.trace.integration_error == (
            "Execution failed due to configuration error: API Gateway does not have permission to assume the provided "
            f"role arn:aws:iam::{ACCOUNT}:role/caller"
        )

    def test_the_function_does_not_exist(self) -> None:
        played = self.play(role("caller", allow("lambda:InvokeFunction")), function_exists=False)
        assert (played.status, played.trace.fault) == (500, Fault.FUNCTION_NOT_INVOCABLE)


MALFORMED = "Execution failed due to configuration error: Malformed Lambda proxy response"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("answer", "status", "kind", "error", "lambda_status"),
    [
        (failed("boom"), 502, Fault.FUNCTION_RAISED, "Lambda Customer Function Error:boom", "200"),
        (
            failed(f"2026-01-01T00:00:00Z {REQUEST_ID} Task timed out after 3.00 seconds", kind="timeout"),
            502,
            Fault.FUNCTION_TIMED_OUT,
            f"Lambda Customer Function Error:2026-01-01T00:00:00Z {REQUEST_ID} Task timed out after 3.00 seconds",
            "200",
        ),
        (
            failed("too long", kind="response-size"),
            502,
            Fault.FUNCTION_RESPONSE_TOO_LARGE,
            "Lambda Customer Function Error:too long",
            "200",
        ),
        (returned({"statusCode": "x"}), 502, Fault.FUNCTION_BAD_REPLY, MALFORMED, "200"),
        (Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"), 500, Fault.FUNCTION_THROTTLED, None, "429"),
        (Unavailable("ServiceException", "no runtime"), 500, Fault.FUNCTION_UNAVAILABLE, None, "500"),
        (GaveUp(REQUEST_ID, 29.0), 504, Fault.INTEGRATION_TIMED_OUT, "Execution failed due to a timeout error", None),
    ],
)
def test_what_lambda_answers(
    answer: InvocationResult, status: int, kind: Fault, error: str | None, lambda_status: str | None
) -> None:
    api = Api(functions=[function(gateway_may_invoke())]).route("GET", "/f", lambda_proxy())
    played = api.play("GET", "/prod/f", answers=[answer])
    assert (played.status, played.trace.fault) == (status, kind)
    assert played.trace.integration_error == error
    assert played.trace.integration_status == lambda_status
    assert "x-amzn-trace-id" not in played.headers
    assert played.text == (
        '{"message": "Endpoint request timed out"}' if status == 504 else '{"message": "Internal server error"}'
    )


def test_bad_base64_is_a_configuration_error() -> None:
    api = Api(functions=[function(gateway_may_invoke())], binary=("image/png",)).route("GET", "/f", lambda_proxy())
    answer = returned({"body": "?", "isBase64Encoded": True})
    played = api.play("GET", "/prod/f", {"Accept": "image/png"}, answers=[answer])
    assert (played.status, played.trace.fault) == (500, Fault.FUNCTION_BAD_BASE64)


def test_the_gateway_waits_as_long_as_the_integration_says() -> None:
    api = Api(functions=[function(gateway_may_invoke())]).route("GET", "/f", lambda_proxy(timeout=5.0))
    effect = api.play("GET", "/prod/f", answers=[returned({})]).asked[0]
    assert effect.patience == 5.0
    assert not math.isinf(effect.patience)
    assert effect.trace_id.startswith("Root=1-")


def test_a_user_is_judged_like_a_session() -> None:
    key = user("ann", INVOKE_API, allow("lambda:InvokeFunction", FUNCTION))
    api = Api(keys=[key], functions=[function()]).route("GET", "/f", lambda_proxy(CALLER), auth=IAM)
    assert api.play("GET", "/prod/f", signed_by=key, answers=[returned({})]).status == 200
