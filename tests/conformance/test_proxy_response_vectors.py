"""Recorded answers of REST APIs to replies of proxy functions."""

from __future__ import annotations

import base64
import json

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, calls, load, resources
from tests.scenes.pipeline import (
    Api,
    GatewayResponse,
    Played,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
)

FILE = "lambda-proxy-response"


def play(case: Case) -> Played:
    stage, routes = resources(case)
    api = Api(stage=stage, functions=[function(gateway_may_invoke())])
    api.binary = tuple(calls(case, "create_rest_api")[0].get("binaryMediaTypes", ()))
    api.gateway_responses = {
        each["responseType"]: GatewayResponse(None, each["responseParameters"], {})
        for each in calls(case, "put_gateway_response")
    }
    method = calls(case, "put_integration")[0]["integrationHttpMethod"]
    for path, verb in routes:
        api.route(verb, path, lambda_proxy(method=method))
    when = case["when"]
    answer = failed("'NoneType'", error=when["lambda_raises"]) if "lambda_raises" in when else None
    headers = {"Accept": "*/*", **when.get("headers", {})}
    answers = [answer or returned(when.get("lambda_returns"))]
    return api.play(when["method"], when["url"], headers, answers=answers)


@pytest.mark.parametrize("case", load(FILE), ids=lambda case: case["id"])
def test_response(case: Case) -> None:
    played = play(case)
    problems = compare(case, played)
    tally(FILE, case["id"], not problems)
    assert not problems, problems


def compare(case: Case, played: Played) -> list[str]:
    then, sent = case["then"], case["when"].get("lambda_returns")
    problems = []
    if played.status != then["status"]:
        problems.append(f"status {played.status}")
    body = then.get("body")
    if isinstance(body, dict) and json.loads(played.text) != body:
        problems.append(f"body {played.text}")
    if isinstance(body, str) and played.text != body:
        problems.append(f"body {played.text}")
    kind = then.get("body_is")
    if kind:
        wanted = sent["body"].encode() if kind == "the base64 text" else base64.b64decode(sent["body"])
        if played.response.body != wanted:
            problems.append(f"body is not {kind}")
    of_the_edge = {"Connection", "Date", "Via", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "X-Cache"}
    for name, value in then.get("headers", {}).items():
        found = ", ".join(each for key, each in played.response.headers if key == name)
        if name not in of_the_edge and not (found if value.startswith("<") else found == value):
            problems.append(f"header {name}: {found!r}, not {value!r}")
    return problems
