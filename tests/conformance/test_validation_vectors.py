"""Recorded request validators, compiled from the documents of a deployment and judged by the pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.pipeline import Api, Played, function, gateway_may_invoke, lambda_proxy, mock, returned

from sekisho.config.validation import compile_validator

FILE = "validation-routing-apikey"
CASES = [case for case in load(FILE) if case["id"].startswith("validation/")]
PARTS = ("validateRequestParameters", "validateRequestBody")


def setup(case: Case, operation: str) -> list[dict[str, Any]]:
    return [params for name, params in case["given"]["boto3"] if name == f"apigateway.{operation}"]


def validator(case: Case) -> dict[str, bool]:
    """The validator as it is in force; ``params+body`` stands for one that checks both."""
    made = setup(case, "create_request_validator") or [dict.fromkeys(PARTS, True)]
    changed = setup(case, "update_request_validator")
    record = made[0] | (changed[0] if changed else {})
    return {name: str(record[name]).lower() == "true" for name in PARTS}


def play(case: Case) -> Played:
    [method] = setup(case, "put_method")
    [integration] = setup(case, "put_integration")
    schemas = {row["name"]: json.dumps(row["schema"]) for row in setup(case, "create_model")}
    parameters = method.get("requestParameters", {})
    api = Api(stage="local", functions=[function(gateway_may_invoke())])
    template = integration.get("requestTemplates", {}).get("application/json")
    answer = [row["responseTemplates"]["application/json"] for row in setup(case, "put_integration_response")]
    verb = case["when"]["method"]
    api.route(verb, method["resource"], mock(template, body=answer[0]) if answer else lambda_proxy())
    found = api.router.match(case["when"]["url"].partition("?")[0].removeprefix("/local"), verb)
    assert found is not None
    compiled = compile_validator(validator(case), parameters, method["requestModels"], schemas)
    if compiled is not None:
        api.router.add(method["resource"], verb, replace(found.route, extras={"compiled": compiled}))
    body = (case["when"]["body"] or "").encode()
    return api.play(verb, case["when"]["url"], case["when"]["headers"], body, answers=[returned({"body": "echo"})])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_validation(case: Case) -> None:
    played = play(case)
    then = case["then"]
    passed = played.status == then["status"]
    if then["body"] == "(lambda echo)":
        passed = passed and played.text == "echo"
    else:
        passed = passed and json.loads(played.text) == then["body"]
    tally(FILE, case["id"], passed)
    assert passed, (played.status, played.text)


def test_what_is_wrong_with_a_body_is_told_to_logs_alone() -> None:
    """docs: ``$context.error.validationErrorString`` holds a detailed validation error message."""
    [case] = [case for case in CASES if case["id"] == "validation/oneof-bad"]
    played = play(case)
    said = played.trace.fields["error.validationErrorString"]
    assert said == '[object has missing required properties (["status"])]'
    assert "missing" not in played.text
