"""Recorded renderings of mapping templates, on the pure renderer: request template → backend → response template."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sekisho.vtl import Overrides, Scope, compile_template

VECTORS = Path(__file__).parents[1] / "vectors" / "gateway"
CASES = {
    case["id"]: case
    for name in ("templates-mock-canary", "lambda-nonproxy-and-admission")
    for case in json.loads((VECTORS / f"{name}.json").read_text())["cases"]
}
JSON = "application/json"


def named(prefix: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [case for key, case in CASES.items() if key.startswith(prefix)], ids=str_id)


def str_id(case: dict[str, Any]) -> str:
    return str(case["id"])


def render(source: str, body: str = "", **more: Any) -> str:
    output = compile_template(source).render(Scope(body, **more))
    assert isinstance(output, str), output
    return output


def sent(case: dict[str, Any]) -> str:
    when = case["when"]
    return str(when.get("body", "")) if "request_json" not in when else json.dumps(when["request_json"])


def backend(case: dict[str, Any], request: str) -> str:
    """What the recorded backend answered: given, or an echo."""
    given = case["when"].get("backend_body")
    if given is None:
        return request
    return json.dumps(given) if isinstance(given, dict) else json.dumps({"json": None})


def expect(case: dict[str, Any], output: str) -> None:
    then = case["then"]
    if "body_python_repr" in then:
        assert output == ast.literal_eval(then["body_python_repr"]).decode()
    elif isinstance(then.get("body"), str):
        assert output == then["body"]
    else:
        assert json.loads(output) == then.get("json", then.get("body"))


@named("vtl/input-")
def test_input(case: dict[str, Any]) -> None:
    request = sent(case)
    template = case["given"]["integration"].get("requestTemplates", {}).get(JSON)
    if template is not None:
        request = render(template, request)
    response = case["given"]["integration_response"]["responseTemplates"][JSON]
    expect(case, render(response, backend(case, request)))


@pytest.mark.parametrize(
    "case",
    [case for key, case in CASES.items() if key.startswith(("vtl/mock-re", "vtl/map"))],
    ids=str_id,
)
def test_overrides_pass_from_request_to_response(case: dict[str, Any]) -> None:
    given, overrides = case["given"], Overrides()
    parameter = case["when"]["url"].rpartition("/")[2]
    render(given["integration"]["requestTemplates"][JSON], path={"testPath": parameter}, overrides=overrides)
    output = render(given["integration_response"]["responseTemplates"][JSON], overrides=overrides)
    expect(case, output)
    assert overrides.response.get("status", 200) == case["then"]["status"]
    assert overrides.response["header"] == case["then"].get("headers", {})


@named("vtl/mock-lenient-json")
def test_a_constant(case: dict[str, Any]) -> None:
    source = case["given"]["integration"]["requestTemplates"][JSON]
    assert render(source) == source


@named("canary/response-")
def test_stage_variables(case: dict[str, Any]) -> None:
    stage = case["given"]["stage"]
    canary = stage["canarySettings"]["percentTraffic"] == 100.0
    variables = stage["variables"] | (stage["canarySettings"]["stageVariableOverrides"] if canary else {})
    source = json.dumps(case["given"]["responseTemplate"])
    context = {"isCanaryRequest": canary}
    output = json.loads(render(source, context=context.get, stage_variables=variables))
    expected = case["then"]["json"]
    assert output.pop("message") == "<default|canary> deployment"  # differs per deployment, not by template
    assert output == {key: value for key, value in expected.items() if key != "message"}


def calls(case: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [arguments for operation, arguments in case["given"]["boto3"] if operation == name]


@named("lambda-aws/request-template-")
def test_lambda_request_template(case: dict[str, Any]) -> None:
    source = calls(case, "apigateway.put_integration")[0]["requestTemplates"][JSON]
    query = dict(parse_qsl(urlsplit(case["when"]["url"]).query))
    expect(case, render(source, querystring=query))  # the function returns its event


@named("lambda-aws/response-template-")
def test_lambda_response_template(case: dict[str, Any]) -> None:
    request = calls(case, "apigateway.put_integration")[0]["requestTemplates"][JSON]
    context = {"identity.userAgent": "curl/8 (x'y)", "stage": "api", "identity.sourceIp": "127.0.0.1"}
    event = json.loads(
        render(
            request,
            case["when"]["body"],
            header={"Accept": "*/*", "X-A": 'q"u'},
            querystring={"a": "b"},
            context=context.get,
        )
    )
    assert event["body"] == json.loads(case["when"]["body"])
    assert event["apiContext"]["stage"] == "api"
    assert set(event["header"]["parameterMap"]) == {"Accept", "X-A"}
    scope: dict[str, Any] = {}
    exec(calls_function(case), scope)
    overrides = Overrides()
    source = calls(case, "apigateway.put_integration_response")[0]["responseTemplates"][JSON]
    output = render(source, json.dumps(scope["handler"](event, None)), overrides=overrides)
    expect(case, output)
    assert overrides.response["status"] == case["then"]["status"]


def calls_function(case: dict[str, Any]) -> str:
    return str(case["given"]["lambda"]["code"])
