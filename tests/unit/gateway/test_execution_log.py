"""Execution-log lines against the recorded ones."""

from __future__ import annotations

from tests.conformance.vectors import Case, load
from tests.scenes.pipeline import API, Api, Played, failed, function, gateway_may_invoke, lambda_proxy, returned

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


def test_long_and_broken_messages() -> None:
    lines = execution_lines(play(failed("a\nb" + "x" * LONGEST)).trace, "ERROR")
    assert len(lines[0]) == LONGEST
    assert lines[0].endswith(" [TRUNCATED]")
    assert "\n" not in lines[0]


def test_requests_without_a_method_have_no_log() -> None:
    assert execution_lines(Api().play("GET", "/prod/x").trace, "INFO") == []
