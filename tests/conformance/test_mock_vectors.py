"""Recorded MOCK integrations, templates included, played on the pure pipeline."""

from __future__ import annotations

import json
import re

import pytest
from tests.conformance.tally import tally
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
    wanted = then.get("json", then.get("body"))
    passed = (
        played.status == then["status"]
        and all(played.headers.get(name) == value for name, value in then.get("headers", {}).items())
        and (json.loads(played.text) if wanted else played.text) == wanted
    )
    tally("templates-mock-canary", case["id"], passed)
    assert passed, (played.status, played.response.headers, played.text)
