"""HTTP and HTTP_PROXY integrations of REST APIs: what is sent, what comes back, and how it fails."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.pipeline import HOST, Api, Played

from sekisho.config.integrations import HttpRest, IntegrationResponse, RequestParameter, Transformation
from sekisho.config.patterns import compile_pattern
from sekisho.faults.fault import Fault
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed
from sekisho.gateway.integrations.http_rest import address
from sekisho.kit.headers import Headers
from sekisho.vtl import compile_template

OK = HttpAnswer(200, (("Content-Type", "text/plain"),), b"hello")
DEFAULT = IntegrationResponse("200", None, {}, {})


def web(
    *rows: RequestParameter,
    proxy: bool = True,
    uri: str = "https://backend.example/base",
    method: str = "ANY",
    responses: tuple[IntegrationResponse, ...] = (DEFAULT,),
    declared: tuple[str, ...] = ("200",),
    template: str | None = None,
    illegal: str = "",
) -> HttpRest:
    templates = {} if template is None else {"application/json": compile_template(template)}
    rules = Transformation(rows, templates, "WHEN_NO_MATCH", responses, {each: {} for each in declared})
    return HttpRest(proxy, method, uri, 29.0, rules, uri, illegal_header=illegal)


def play(
    integration: HttpRest,
    answer: Any = OK,
    *,
    target: str = "/prod/m/a%20b",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Played:
    api = Api(binary=()).route("POST", "/m/{id+}", integration)
    return api.play("POST", target, headers, body, answers=[answer])


def call(played: Played) -> CallHttp:
    (effect,) = played.fetched
    assert isinstance(effect, CallHttp)
    return effect


def header(name: str, source: str) -> RequestParameter:
    return RequestParameter("header", name, source)


class TestProxy:
    def test_a_request_goes_on(self) -> None:
        played = play(web(), target="/prod/m/x?a=1&b=%20", headers={"X-A": "v", "TE": "gzip", "Via": "p"}, body=b"in")
        sent = call(played)
        seen = Headers(sent.headers)
        assert (sent.method, sent.url, sent.body) == ("POST", "https://backend.example/base?a=1&b=%20", b"in")
        assert (seen.get("host"), seen.get("x-a"), seen.get("te"), seen.get("via")) == (
            "backend.example",
            "v",
            None,
            None,
        )
        assert seen.get("x-forwarded-for") and seen.get("x-amzn-trace-id") and seen.get("x-amzn-apigateway-api-id")
        assert (played.status, played.text, played.headers.get("content-type")) == (200, "hello", "text/plain")
        assert "x-amzn-trace-id" not in played.headers

    def test_mapped_parameters_stand_in_for_the_client_s(self) -> None:
        rows = (
            header("X-A", "'mapped'"),
            RequestParameter("querystring", "a", "method.request.header.X-B"),
            RequestParameter("path", "id", "method.request.path.id"),
        )
        integration = web(*rows, uri="http://backend.example:8080/{id}?k=1", method="PUT")
        sent = call(play(integration, target="/prod/m/x/y%2Fz?a=1&c=2", headers={"X-A": "v", "X-B": "two words"}))
        assert sent.url == "http://backend.example:8080/x/y%2Fz?k=1&c=2&a=two+words"
        assert sent.method == "PUT"
        assert [value for name, value in sent.headers if name == "X-A"] == ["mapped"]
        assert Headers(sent.headers).get("host") == "backend.example:8080"

    def test_every_value(self) -> None:
        row = RequestParameter("querystring", "a", "method.request.multivaluequerystring.b")
        assert call(play(web(row), target="/prod/m/x?b=1&b=2")).url.endswith("?b=1&b=2&a=1&a=2")

    def test_the_status_is_the_server_s(self) -> None:
        played = play(web(), HttpAnswer(404, (("Server", "s"), ("Transfer-Encoding", "chunked")), b""))
        assert (played.status, played.headers.get("x-amzn-remapped-server")) == (404, "s")
        assert "transfer-encoding" not in played.headers
        assert played.trace.integration_status == "404"

    def test_compression_is_undone_and_not_told(self) -> None:
        zipped = HttpAnswer(200, (("Content-Encoding", "gzip"),), gzip.compress(b"hello"))
        played = play(web(), zipped)
        assert (played.text, "content-encoding" in played.headers) == ("hello", False)
        other = HttpAnswer(200, (("Content-Encoding", "br"),), b"??")
        assert play(web(), other).headers.get("content-encoding") == "br"
        broken = HttpAnswer(200, (("Content-Encoding", "gzip"),), b"no gzip")
        assert play(web(), broken).headers.get("content-encoding") == "gzip"
        bomb = HttpAnswer(200, (("Content-Encoding", "gzip"),), gzip.compress(b"0" * 11 * 1024 * 1024))
        assert len(play(web(), bomb).response.body) < 100_000


class TestCustom:
    def test_only_what_is_mapped_is_sent(self) -> None:
        rows = (header("X-M", "method.request.header.X-A"),)
        integration = web(*rows, proxy=False, template='{"t": "$input.params(\'a\')"}')
        sent = call(play(integration, target="/prod/m/x?a=1", headers={"X-A": "v"}))
        seen = Headers(sent.headers)
        assert (sent.url, sent.body) == ("https://backend.example/base", b'{"t": "1"}')
        assert (seen.get("x-m"), seen.get("x-a"), seen.get("content-type")) == ("v", None, "application/json")
        assert (seen.get("user-agent") or "").startswith("AmazonAPIGateway_")

    def test_templates_override_parameters(self) -> None:
        template = (
            "#set($context.requestOverride.header.X-O = 'h')#set($context.requestOverride.querystring.q = 'v')"
            "#set($context.requestOverride.path.id = 'p')"
        )
        sent = call(play(web(proxy=False, uri="https://backend.example/{id}", template=template)))
        assert sent.url == "https://backend.example/p?q=v"
        assert Headers(sent.headers).get("x-o") == "h"

    def test_the_status_selects_the_response(self) -> None:
        missing = IntegrationResponse(
            "410", compile_pattern("4\\d{2}"), {"method.response.header.X-L": "integration.response.header.X-Q"}, {}
        )
        integration = web(proxy=False, responses=(DEFAULT, missing), declared=("200", "410"))
        played = play(integration, HttpAnswer(404, (("x-q", "v"), ("Content-Type", "text/html")), b"<html>"))
        assert (played.status, played.headers.get("x-l"), played.text) == (410, "v", "<html>")
        assert played.headers.get("content-type") == "application/json"
        assert play(integration, HttpAnswer(500, (), b"")).status == 200
        without = web(proxy=False, responses=(missing,), declared=("410",))
        assert play(without, HttpAnswer(500, (), b"")).trace.fault is Fault.NO_INTEGRATION_RESPONSE
        assert play(web(proxy=False, declared=())).trace.fault is Fault.NO_METHOD_RESPONSE


@pytest.mark.parametrize(
    ("kind", "status", "fault", "response_type"),
    [
        ("connect", 504, Fault.BACKEND_UNREACHABLE, "INTEGRATION_FAILURE"),
        ("size", 504, Fault.BACKEND_UNREACHABLE, "INTEGRATION_FAILURE"),
        ("timeout", 504, Fault.INTEGRATION_TIMED_OUT, "INTEGRATION_TIMEOUT"),
        ("tls", 500, Fault.BACKEND_CERTIFICATE_UNTRUSTED, "DEFAULT_5XX"),
        ("tls-name", 500, Fault.BACKEND_NAME_MISMATCH, "API_CONFIGURATION_ERROR"),
        ("address", 500, Fault.BACKEND_ADDRESS_INVALID, "API_CONFIGURATION_ERROR"),
    ],
)
@pytest.mark.parametrize("proxy", [True, False])
def test_failures(kind: str, status: int, fault: Fault, response_type: str, proxy: bool) -> None:
    played = play(web(proxy=proxy), HttpFailed(kind, "m"))
    assert (played.status, played.trace.fault, played.trace.error_type) == (status, fault, response_type)


def test_a_certificate_of_another_name_is_told_with_the_name() -> None:
    error = play(web(), HttpFailed("tls-name", "m")).trace.integration_error
    assert error is not None and "Host name 'backend.example' does not match" in error


def test_reserved_headers_fail_every_request() -> None:
    played = play(web(illegal="Content-Length"))
    assert (played.status, played.trace.fault, played.fetched) == (500, Fault.HEADER_MAPPING_ILLEGAL, [])


@pytest.mark.parametrize(
    "uri",
    [
        "http://",
        "https:///path",
        "ftp://backend.example/",
        "backend.example",
        "http://backend.example:port/",
        "http://user@backend.example/",
        "http://[::1/",
        "http://a b/",
        "http://backend.example/{id}",
    ],
)
def test_addresses_that_lead_nowhere(uri: str) -> None:
    assert address(uri, {}) is None
    played = play(web(uri=uri))
    assert (played.status, played.trace.fault, played.fetched) == (500, Fault.BACKEND_ADDRESS_INVALID, [])
    assert played.trace.integration_error == "Execution failed due to configuration error: Invalid endpoint address"


@given(st.text(st.characters()))
def test_path_parameters_stay_in_the_path(value: str) -> None:
    url = address("http://backend.example/a/{id}", {"id": value})
    assert url is not None and url.startswith("http://backend.example/a/")
    assert not set(" ?#\r\n\t\\") & set(url)


def test_the_host_of_the_api_is_not_the_backend_s() -> None:
    assert HOST not in str(call(play(web())))
