"""AWS integrations with Lambda functions: events from templates, answers from responses, ways to call."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.scenes.pipeline import ACCOUNT, API, FUNCTION, REGION, Api, Played, failed, function, returned
from tests.scenes.pipeline import gateway_may_invoke as permitted

from sekisho.config.integrations import (
    Authority,
    IntegrationResponse,
    LambdaCustom,
    RequestParameter,
    Transformation,
)
from sekisho.config.patterns import compile_pattern
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import GaveUp, Returned, Throttled, Unavailable
from sekisho.vtl import compile_template

JSON = "application/json"
DEFAULT = IntegrationResponse("200", None, {}, {})
PREFIX = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/"


def row(status: str, pattern: str = "", template: str = "", handling: str = "", **headers: str) -> IntegrationResponse:
    templates = {JSON: compile_template(template)} if template else {}
    parameters = {f"method.response.header.{name.replace('_', '-')}": value for name, value in headers.items()}
    return IntegrationResponse(status, compile_pattern(pattern) if pattern else None, parameters, templates, handling)


def custom(
    *responses: IntegrationResponse,
    template: str | None = None,
    passthrough: str = "WHEN_NO_MATCH",
    handling: str = "",
    declared: tuple[str, ...] = ("200",),
    **headers: str,
) -> LambdaCustom:
    rules = Transformation(
        tuple(RequestParameter("header", name.replace("_", "-"), value) for name, value in headers.items()),
        {} if template is None else {JSON: compile_template(template)},
        passthrough,
        responses,
        {status: {} for status in declared},
        handling,
    )
    return LambdaCustom(FUNCTION, "", Authority.SERVICE, "", PREFIX, 29.0, "POST", rules)


def play(
    integration: LambdaCustom,
    *answers: Any,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    target: str = "/prod/m",
    allowed: bool = True,
    **settings: Any,
) -> Played:
    api = Api(functions=[function(*([permitted()] if allowed else []))], **settings)
    api.route("POST", "/m", integration)
    return api.play("POST", target, headers, body, answers=answers or [returned({"a": 1})])


def test_a_body_without_template_is_the_event() -> None:
    played = play(custom(DEFAULT), body=b'{"x": 1}')
    assert played.event == {"x": 1}
    assert (played.status, played.text) == (200, '{"a": 1}')
    assert played.headers.get("content-type") == JSON
    assert played.headers.get("x-amzn-trace-id")


def test_nothing_is_an_empty_object() -> None:
    assert play(custom(DEFAULT)).asked[0].payload == b"{}"


def test_permissions_are_asked_for_as_for_proxies() -> None:
    played = play(custom(DEFAULT), allowed=False)
    assert played.trace.fault is Fault.FUNCTION_NOT_INVOCABLE and not played.asked
    assert played.trace.checks[-1].question.context.get("aws:sourcearn") == f"{PREFIX}POST/m"


def test_content_types_without_template() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert play(custom(DEFAULT, template="{}", passthrough="NEVER"), headers=form).status == 415
    assert play(custom(DEFAULT, template="{}", passthrough="WHEN_NO_TEMPLATES"), headers=form).status == 415
    assert play(custom(DEFAULT, passthrough="WHEN_NO_TEMPLATES"), headers=form, body=b"{}").status == 200
    assert play(custom(DEFAULT, template='{"t": 1}', passthrough="NEVER")).event == {"t": 1}


def test_events_must_be_json() -> None:
    played = play(custom(DEFAULT, template="<xml/>"))
    assert played.trace.fault is Fault.FUNCTION_UNAVAILABLE and not played.asked
    assert (played.status, played.trace.integration_status) == (500, "400")


def test_a_failed_function_is_a_200_until_a_pattern_says_otherwise() -> None:
    rows = (DEFAULT, row("404", ".*not found.*"))
    played = play(custom(*rows, declared=("200", "404")), failed("it was not found"))
    assert played.status == 404
    assert json.loads(played.text)["errorMessage"] == "it was not found"
    assert play(custom(*rows), failed("other")).status == 200
    # Patterns are not for functions that did not fail, whatever they answer.
    assert play(custom(DEFAULT, row("404", ".*"), declared=("200", "404"))).status == 200


def test_responses_that_are_missing() -> None:
    played = play(custom(row("404", "x")))
    assert played.trace.fault is Fault.NO_INTEGRATION_RESPONSE
    assert (played.trace.integration_error or "").endswith("Endpoint Response Status Code: 200")
    assert play(custom(row("201"))).trace.fault is Fault.NO_METHOD_RESPONSE


def test_templates_and_headers_of_answers() -> None:
    rows = row(
        "200",
        template='{"was": $input.path("$.a")}',
        X_Static="'s'",
        X_Stage="context.stage",
        X_Body="integration.response.body.a",
        X_Type="integration.response.header.Content-Type",
        X_None="integration.response.body.none",
        Date="'d'",
    )
    played = play(custom(rows))
    assert played.text == '{"was": 1}'
    shown = {name: value for name, value in played.response.headers if name.startswith(("X-", "x-amzn-Remapped"))}
    shown.pop("X-Amzn-Trace-Id")
    assert shown == {
        "X-Static": "s",
        "X-Stage": "prod",
        "X-Body": "1",
        "X-Type": JSON,
        "x-amzn-Remapped-Date": "d",
    }


def test_a_header_of_an_answer_is_one_line() -> None:
    played = play(custom(row("200", X_A="integration.response.body.a")), returned({"a": "x\r\nSet-Cookie: y"}))
    assert played.headers.get("x-a") == "x  Set-Cookie: y"
    assert "set-cookie" not in played.headers


def test_templates_override() -> None:
    template = "#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-A = 'b'){}"
    played = play(custom(row("200", template=template)))
    assert (played.status, played.headers.get("x-a")) == (418, "b")


@pytest.mark.parametrize("template", ["#if(", "#set($x = )"])
def test_templates_that_fail(template: str) -> None:
    assert play(custom(DEFAULT, template=template)).trace.fault is Fault.TEMPLATE_FAILED
    assert play(custom(row("200", template=template))).trace.fault is Fault.TEMPLATE_FAILED


class TestInvocationTypes:
    def test_event(self) -> None:
        played = play(custom(DEFAULT, X_Amz_Invocation_Type="'Event'"), GaveUp("r", 0.0), body=b'{"x": 1}')
        assert played.asked[0].asynchronous
        assert (played.status, played.text, played.trace.integration_status) == (200, "", "202")

    def test_event_of_the_request(self) -> None:
        integration = custom(DEFAULT, X_Amz_Invocation_Type="method.request.header.InvocationType")
        assert play(integration, GaveUp("r", 0.0), headers={"InvocationType": "Event"}).asked[0].asynchronous
        assert not play(integration).asked[0].asynchronous

    def test_dry_run(self) -> None:
        played = play(custom(DEFAULT, X_Amz_Invocation_Type="'DryRun'"))
        assert (played.status, played.trace.integration_status, played.asked) == (200, "204", [])

    def test_other(self) -> None:
        played = play(custom(DEFAULT, X_Amz_Invocation_Type="'Never'"))
        assert played.trace.fault is Fault.FUNCTION_UNAVAILABLE and not played.asked

    def test_events_have_a_limit(self) -> None:
        body = json.dumps("x" * 1_100_000).encode()
        played = play(custom(DEFAULT, X_Amz_Invocation_Type="'Event'"), body=body)
        assert (played.status, played.trace.integration_status, played.asked) == (500, "413", [])


@pytest.mark.parametrize(
    ("answer", "fault", "status"),
    [
        (GaveUp("r", 29.0), Fault.INTEGRATION_TIMED_OUT, 504),
        (Throttled("ReservedFunctionConcurrentInvocationLimitExceeded", "r"), Fault.FUNCTION_THROTTLED, 500),
        (Unavailable("ServiceException", "x", 500, "r"), Fault.FUNCTION_UNAVAILABLE, 500),
    ],
)
def test_lambda_itself_fails(answer: Any, fault: Fault, status: int) -> None:
    played = play(custom(DEFAULT), answer)
    assert (played.trace.fault, played.status) == (fault, status)


class TestBinary:
    PNG = b"\x89PNG\x00"
    TYPES = ("image/png",)

    def test_a_binary_body_as_text(self) -> None:
        template = '{"image": "$input.body"}'
        integration = custom(DEFAULT, template=template, handling="CONVERT_TO_TEXT")
        integration.transformation.templates["image/png"] = integration.transformation.templates[JSON]  # type: ignore[index]
        played = play(integration, headers={"Content-Type": "image/png"}, body=self.PNG, binary=self.TYPES)
        assert base64.b64decode(played.event["image"]) == self.PNG

    def test_templates_read_no_bytes(self) -> None:
        integration = custom(DEFAULT, template="{}")
        integration.transformation.templates["image/png"] = integration.transformation.templates[JSON]  # type: ignore[index]
        played = play(integration, headers={"Content-Type": "image/png"}, body=self.PNG, binary=self.TYPES)
        assert played.trace.fault is Fault.TEMPLATE_FAILED

    def test_an_answer_becomes_binary(self) -> None:
        text = base64.b64encode(self.PNG).decode()
        integration = custom(row("200", handling="CONVERT_TO_BINARY", Content_Type="'image/png'"))
        played = play(integration, returned(text), binary=self.TYPES)
        assert (played.response.body, played.headers.get("content-type")) == (self.PNG, "image/png")
        accepted = play(custom(DEFAULT), returned(text), headers={"Accept": "image/png"}, binary=self.TYPES)
        assert accepted.response.body == self.PNG

    def test_what_is_no_base64(self) -> None:
        integration = custom(row("200", handling="CONVERT_TO_BINARY"))
        assert play(integration, Returned(b'"%%"', "r", 0.1)).trace.fault is Fault.BINARY_CONVERSION_FAILED
