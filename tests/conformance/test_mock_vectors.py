"""Recorded MOCK integrations, templates included, played on the pure pipeline."""

from __future__ import annotations

import json
import re

import pytest
from tests.conformance.vectors import Case, load
from tests.scenes.pipeline import Api, mock

from sekisho.config.integrations import IntegrationResponse
from sekisho.vtl import compile_template

CASES = [
    case
    for case in load("templates-mock-canary")
    if case["given"].get("integration", {}).get("type") == "MOCK" and "integration_response" in case["given"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_mock(case: Case) -> None:
    given, then = case["given"], case["then"]
    row = given["integration_response"]
    pattern = re.compile(row["selectionPattern"])
    templates = {kind: compile_template(text) for kind, text in row["responseTemplates"].items()}
    response = IntegrationResponse(row["statusCode"], lambda text: bool(pattern.fullmatch(text)), {}, templates)
    request = given["integration"]["requestTemplates"]["application/json"]
    api = Api(stage="dev").route("GET", given.get("resource", "/"), mock(request, responses=(response,)))
    played = api.play(case["when"]["method"], case["when"]["url"])
    assert played.status == then["status"]
    for name, value in then.get("headers", {}).items():
        assert played.headers.get(name) == value
    wanted = then.get("json", then.get("body"))
    assert (json.loads(played.text) if wanted else played.text) == wanted
