"""MOCK: which template, which status, which integration response."""

from __future__ import annotations

import json

import pytest
from tests.scenes.pipeline import Api, Played, mock

from sekisho.config.integrations import IntegrationResponse, Mock
from sekisho.faults.fault import Fault
from sekisho.gateway.integrations.mock import status_of
from sekisho.vtl import compile_template


def play(integration: Mock, headers: dict[str, str] | None = None, body: bytes = b"", **settings: object) -> Played:
    api = Api(**settings).route("POST", "/m", integration)  # type: ignore[arg-type]
    return api.play("POST", "/prod/m", headers, body)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"statusCode": 200}', "200"),
        ("{statusCode: 404}", "404"),
        ('{\n  "statusCode" : "201",\n "other": 1}\n', "201"),
        ('{"message": "x", "statusCode": 500}', "500"),
        ("", None),
        ("{}", None),
        ('{"statusCode": "abc"}', None),
        ('{"statusCode": 2000}', None),
        ('{"notstatusCode": 200}', None),
    ],
)
def test_status_codes(text: str, status: str | None) -> None:
    assert status_of(text) == status


def test_default_answer() -> None:
    played = play(mock(body='{"ok":true}'))
    assert (played.status, played.text) == (200, '{"ok":true}')
    assert played.headers.get("content-type") == "application/json"
    assert "x-amzn-trace-id" not in played.headers


def test_status_selects_the_response() -> None:
    rows = (
        IntegrationResponse("200", None, {}, {}),
        IntegrationResponse("404", lambda text: text == "404", {"method.response.header.X-A": "'b'"}, {}),
    )
    played = play(mock('{"statusCode": 404}', responses=rows))
    assert (played.status, played.headers.get("x-a")) == (404, "b")
    assert play(mock('{"statusCode": 418}', responses=rows)).status == 200


def test_no_response_for_the_status() -> None:
    rows = (IntegrationResponse("404", lambda text: text == "404", {}, {}),)
    played = play(mock('{"statusCode": 200}', responses=rows))
    assert played.trace.fault is Fault.NO_INTEGRATION_RESPONSE
    assert played.trace.integration_error is not None
    assert played.trace.integration_error.endswith("Endpoint Response Status Code: 200")


def test_undeclared_method_response() -> None:
    played = play(mock(declared=("201",)))
    assert (played.status, played.trace.fault) == (500, Fault.NO_METHOD_RESPONSE)


def test_no_status() -> None:
    assert play(mock("{}")).trace.fault is Fault.MOCK_STATUS_MISSING


FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("passthrough", "template", "fault"),
    [
        ("WHEN_NO_MATCH", '{"statusCode": 200}', Fault.TEMPLATE_FAILED),
        ("WHEN_NO_TEMPLATES", '{"statusCode": 200}', Fault.MEDIA_UNSUPPORTED),
        ("WHEN_NO_TEMPLATES", None, Fault.TEMPLATE_FAILED),
        ("NEVER", '{"statusCode": 200}', Fault.MEDIA_UNSUPPORTED),
    ],
)
def test_content_types_without_template(passthrough: str, template: str | None, fault: Fault) -> None:
    played = play(mock(template, passthrough=passthrough), FORM, b"a=b")
    assert played.trace.fault is fault
    assert played.status == (415 if fault is Fault.MEDIA_UNSUPPORTED else 500)


def test_a_body_passed_through_may_say_the_status() -> None:
    assert play(mock(None), body=b'{"statusCode": 200}').status == 200


def test_binary_bodies_pass_by_the_template() -> None:
    assert play(mock(), binary=("*/*",)).trace.fault is Fault.TEMPLATE_FAILED
    assert play(mock(), binary=("image/png",)).status == 200
    text = mock()
    converting = Mock(text.templates, text.passthrough, text.responses, text.method_responses, "CONVERT_TO_TEXT")
    assert play(converting, binary=("*/*",)).status == 200


def test_response_template_of_the_accepted_type() -> None:
    templates = {"application/xml": compile_template("<a/>"), "text/plain": compile_template("a")}
    rows = (IntegrationResponse("200", None, {}, templates),)
    for accept, text, media in (("text/plain", "a", "text/plain"), ("image/png", "<a/>", "application/xml")):
        played = play(mock(responses=rows), {"Accept": accept})
        assert (played.text, played.headers.get("content-type")) == (text, media)


def test_content_type_can_be_mapped() -> None:
    played = play(mock(parameters={"method.response.header.Content-Type": "'text/csv'"}))
    assert played.headers.all("content-type") == ["text/csv"]


def test_templates_see_the_request_and_may_override_the_answer() -> None:
    request = """#set($context.responseOverride.header.X-Late = "$input.params('q')")
{"statusCode": #if($input.params('q') == "a")200#{else}404#end}"""
    answer = """#set($context.responseOverride.status = 201)
{"id":"$context.requestId","v":"$stageVariables.v","body":"$input.params().header.get('X-A')"}"""
    api = Api(variables={"v": "w"}).route("GET", "/m", mock(request, body=answer))
    played = api.play("GET", "/prod/m?q=a", {"X-A": "b"})
    assert (played.status, played.headers.get("x-late")) == (201, "a")
    assert json.loads(played.text) == {"id": played.trace.request_id, "v": "w", "body": "b"}


@pytest.mark.parametrize("integration", [mock("#if($x)"), mock(body="#set($x = ")])
def test_templates_that_are_none(integration: Mock) -> None:
    played = play(integration)
    assert (played.status, played.trace.fault) == (500, Fault.TEMPLATE_FAILED)


def test_headers_of_the_connection_are_not_the_configuration_s() -> None:
    names = ("Content-Length", "Transfer-Encoding", "Connection", "Date", "X-A")
    played = play(mock(body="{}", parameters={f"method.response.header.{name}": "'5'" for name in names}))
    assert played.headers.all("content-length") == ["2"]
    assert "transfer-encoding" not in played.headers and "connection" not in played.headers
    assert played.headers.get("x-amzn-remapped-content-length") == "5"
    assert (played.headers.get("x-amzn-remapped-date"), played.headers.get("x-a")) == ("5", "5")


def test_an_override_is_one_header_line() -> None:
    template = (
        "#set($context.responseOverride.header.X-A = $input.params('X-In'))"
        "#set($context.responseOverride.header['X-B: 1'] = 'b')"
        "#set($context.responseOverride.header.Content-Length = '9')"
        '{"statusCode": 200}'
    )
    played = play(mock(template), {"X-In": "a\r\nSet-Cookie: s=1"})
    assert played.headers.get("x-a") == "a  Set-Cookie: s=1"
    assert played.headers.all("content-length") == ["0"]
    assert not [name for name, _ in played.response.headers if name.startswith("X-B")]
