"""Recorded access-log rows of REST APIs, written by the pure pipeline from the recorded format."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, calls, document, load, resources
from tests.scenes.pipeline import (
    API,
    HOST,
    IAM,
    OPEN,
    Api,
    Played,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
)

FILE = "stackd-access-logs"
CASES = [case for case in load(FILE) if case["id"].startswith("accesslog/rest")]
MASKS = {
    "<uuid>": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "<id>": r"[A-Za-z0-9_-]{15}=",
    "<ip>": r"[0-9.]+",
    "<ua>": r".+",
    "<ms>": r"\d+",
    "<epoch-ms>": r"\d{13}",
    "<d/Mon/Y:H:M:S +0000>": r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000",
}
NAMES = {"API": API, "API.execute-api.REGION.amazonaws.com": HOST}


def play(case: Case) -> Played:
    stage, routes = resources(case)
    api = Api(stage=stage, format=document(FILE)["FORMAT"], functions=[function(gateway_may_invoke())])
    for method, (path, verb) in zip(calls(case, "put_method"), routes, strict=True):
        auth = IAM if method["authorizationType"] == "AWS_IAM" else OPEN
        api.route(verb, path, lambda_proxy(), auth=auth)
    raising = "mode=raise" in case["when"]["url"]
    answers = [failed("owned-backend-failure") if raising else returned({"statusCode": 200, "body": "{}"})]
    return api.play(case["when"]["method"], case["when"]["url"], {"User-Agent": "probe"}, answers=answers)


def row(line: str) -> dict[str, str]:
    """The row by names. A bar is no part of a REST variable's name, and none of the values has one."""
    return dict(part.split("=", 1) for part in line.split("|"))


def differences(expected: dict[str, Any], found: dict[str, str]) -> list[str]:
    problems = []
    for name, value in expected.items():
        pattern = MASKS.get(value) or re.escape(NAMES.get(value, value))
        if not re.fullmatch(pattern, found.get(name, "(absent)")):
            problems.append(f"{name}: {found.get(name)!r}, not {value!r}")
    return problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_row(case: Case) -> None:
    played = play(case)
    assert played.line is not None
    then = case["then"]
    found = row(played.line)
    problems = differences(then.get("access_log") or then["access_log_partial"], found)
    if "access_log" in then and found.keys() != then["access_log"].keys():
        problems.append("other variables")
    if played.status != then.get("status", 200):
        problems.append(f"status {played.status}")
    if "body_text" in then and played.text != then["body_text"]:
        problems.append(f"body {played.text}")
    tally(FILE, case["id"], not problems)
    assert not problems, problems
