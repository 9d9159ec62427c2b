"""Log formats: compiled once, one line each, nothing forged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.pipeline import API, HOST, NOW, Api, mock

from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import (
    OVERRIDES,
    VARIABLES,
    compile_format,
    read_variable,
    unknown_variables,
    variable_of,
)
from sekisho.gateway.trace import Trace


def served(agent: str = "probe/1") -> Trace:
    return Api().route("GET", "/m", mock()).play("GET", "/prod/m", {"User-Agent": agent}).trace


def line(text: str, trace: Trace | None = None) -> str:
    return compile_format(text, Kind.REST)(trace or served())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$context.apiId", API),
        ("${context.apiId}x", f"{API}x"),
        ("$context.httpMethod $context.path", "GET /prod/m"),
        ("$context.stage.", "prod."),
        ("$context.stage-$context.status", "prod-200"),
        ("$context.apiId$context.status", f"{API}200"),
        ("no variables", "no variables"),
        ("", ""),
        ("$context.nope|$context.routeKey", "-|-"),
        ("$context.error.message $context.error.messageString", '- "-"'),
        ("$context.requestTimeEpoch", str(int(NOW * 1000))),
        ("$context.requestTime", "21/Sep/2026:14:13:20 +0000"),
        ("$context.domainName", HOST),
        ("$context.integrationErrorMessage $context.awsEndpointRequestId", "- -"),
        ("one line\n", "one line"),
        ("$stageVariables.x $other", "$stageVariables.x $other"),
    ],
)
def test_lines(text: str, found: str) -> None:
    assert line(text) == found


def test_every_variable_can_be_read_of_a_request_that_reached_nothing() -> None:
    trace = Api().play("GET", "/", api="unknown").trace
    for name in VARIABLES:
        compile_format(f"$context.{name}", Kind.REST)(trace)
        assert read_variable(trace, name) is None or isinstance(read_variable(trace, name), str)


@given(st.text(st.characters(codec="latin-1"), max_size=30))
def test_values_stay_in_their_place(agent: str) -> None:
    found = line('{"agent":"$context.identity.userAgent","status":"$context.status"}', served(agent))
    assert "\n" not in found and "\r" not in found
    assert json.loads(found) == {"agent": agent or "-", "status": "200"}


def test_kinds_read_in_their_own_way() -> None:
    trace = served()
    assert compile_format("$context.requestTimeEpoch", Kind.HTTP)(trace) == str(int(NOW))
    assert compile_format("$context.resourcePath", Kind.HTTP)(trace) == "-"
    for kind, name in OVERRIDES:
        assert kind in VARIABLES[name].kinds


def test_unknown_variables_are_named_once() -> None:
    text = "$context.nope $context.requestId ${context.nope} $context.connectionId $context.authorizer.any"
    assert unknown_variables(text, Kind.REST) == ["nope", "connectionId"]
    assert unknown_variables("$context.status|$context.apiId", Kind.HTTP) == ["status|"]
    assert unknown_variables("$context.status|", Kind.REST) == []


def test_what_an_authorizer_said() -> None:
    trace = served()
    trace.authorizer_context = {"principalId": "p", "n": 1, "ok": True, "claims": {"sub": "s"}}
    for name, value in {
        "principalId": "p",
        "n": "1",
        "ok": "true",
        "claims.sub": "s",
        "claims": None,
        "x": None,
    }.items():
        assert read_variable(trace, f"authorizer.{name}") == value
    assert variable_of(Kind.REST, "authorizer.") is None
