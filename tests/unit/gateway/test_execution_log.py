"""Execution-log lines against the recorded ones."""

from __future__ import annotations

from tests.conformance.vectors import Case, load
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    FUNCTION,
    REGION,
    Api,
    Played,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    returned,
)

from sekisho.functions.invocation import InvocationResult
from sekisho.gateway.context.execution_log import LONGEST, execution_lines, log_group


def recorded(id_: str) -> Case:
    found: Case = next(case for case in load("stackd-access-logs") if case["id"] == id_)["then"]
    return found


def play(answer: InvocationResult) -> Played:
    api = Api(stage="probe", functions=[function(gateway_may_invoke())]).route("GET", "/sample", lambda_proxy())
    return api.play("GET", "/probe/sample", answers=[answer])


def filled(lines: list[str], played: Played) -> list[str]:
    trace = played.trace
    values = {"<rid>": trace.request_id, "<id>": trace.extended_id, "<uuid>": trace.integration_request_id or ""}
    for mask, value in {**values, "API/": f"{API}/"}.items():
        lines = [line.replace(mask, value) for line in lines]
    return lines


def test_a_request_that_was_served() -> None:
    played = play(returned({}))
    vector = recorded("execlog/rest-info-success")
    assert execution_lines(played.trace, "INFO") == filled(vector["execution_log_exact"], played)
    assert log_group(played.trace) == vector["log_group"].replace("API/", f"{API}/")
    assert execution_lines(played.trace, "ERROR") == []
    assert execution_lines(played.trace, "OFF") == []


def test_a_function_that_raised() -> None:
    played = play(failed("owned-backend-failure"))
    tail = filled(recorded("execlog/rest-trace-lambda-raises-tail")["execution_log_tail"], played)[-3:]
    lines = execution_lines(played.trace, "INFO")
    assert lines[-3:] == tail
    assert execution_lines(played.trace, "ERROR") == tail[:1]


def test_a_function_that_raised_with_its_data() -> None:
    """vector: execlog/rest-trace-lambda-raises-tail; there is no signature, hence no Authorization and no token."""
    played = play(failed("owned-backend-failure"))
    lines = execution_lines(played.trace, "INFO", played.exchange)
    tail = filled(recorded("execlog/rest-trace-lambda-raises-tail")["execution_log_tail"], played)
    assert [line.split(":")[0].split("{")[0] for line in lines[-len(tail) :]] == [
        line.split(":")[0].split("{")[0] for line in tail
    ]
    [sent] = [line for line in lines if "Endpoint request headers" in line]
    assert f"X-Amz-Source-Arn=arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/probe/GET/sample" in sent
    [url] = [line for line in lines if "Sending request to" in line]
    assert url.endswith(f"https://lambda.{REGION}.amazonaws.com/2015-03-31/functions/{FUNCTION}/invocations")
    [headers] = [line for line in lines if "Endpoint response headers" in line]
    assert "Connection=keep-alive, x-amzn-RequestId=" in headers
    assert "X-Amz-Function-Error=Unhandled, x-amzn-Remapped-Content-Length=0, X-Amz-Executed-Version=$LATEST" in headers
    event = next(line for line in lines if "Endpoint request body after transformations" in line)
    assert event.endswith(" [TRUNCATED]") and len(event.encode()) == LONGEST


def test_requests_and_responses_as_the_test_console_shows_them() -> None:
    """vector: test-invoke/test-invoke-method-get-with-qs"""
    api = Api().route("GET", "/pets/{petId}", mock(body='{"petId": "123"}'))
    played = api.play("GET", "/prod/pets/123?foo=bar", {"Authorization": "Bearer " + "x" * 40 + "abcdef"})
    lines = [line.partition(") ")[2] for line in execution_lines(played.trace, "INFO", played.exchange)]
    begun = lines.index("HTTP Method: GET, Resource Path: /pets/{petId}")
    assert lines[begun + 1 : begun + 3] == [
        "Method request path: {petId=123}",
        "Method request query string: {foo=bar}",
    ]
    assert f"Authorization={'*' * 47}abcdef" in lines[begun + 3]
    assert lines[begun + 4 :] == [
        "Method request body before transformations: ",
        'Method response body after transformations: {"petId": "123"}',
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]


def test_long_and_broken_messages() -> None:
    lines = execution_lines(play(failed("a\nb" + "x" * LONGEST)).trace, "ERROR")
    assert len(lines[0].encode()) == LONGEST
    assert lines[0].endswith(" [TRUNCATED]")
    assert "\n" not in lines[0]


def test_requests_without_a_method_have_no_log() -> None:
    assert execution_lines(Api().play("GET", "/prod/x").trace, "INFO") == []
