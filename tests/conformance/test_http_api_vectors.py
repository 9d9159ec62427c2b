"""Recorded behaviour of HTTP APIs, played on the pure pipeline: answers, events, access-log rows, credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.http import HttpApi, http_lambda
from tests.scenes.pipeline import (
    ACCOUNT,
    IAM,
    Played,
    allow,
    deny,
    failed,
    function,
    gateway_may_invoke,
    returned,
    role,
    user,
)

from sekisho.config.identities import Role
from sekisho.functions.invocation import InvocationResult, Returned

INVOKE = "lambda:InvokeFunction"
ENVELOPE = '{"statusCode": %d, "headers": {"content-type": "application/json"}, "body": %s}'


def compare(case: Case, played: Played) -> list[str]:
    then = case["then"]
    problems = []
    if "status" in then and played.status != then["status"]:
        problems.append(f"status {played.status}")
    if "body_text" in then and played.text != then["body_text"]:
        problems.append(f"body {played.text}")
    if "content_length" in then and played.headers.get("content-length") != str(then["content_length"]):
        problems.append("length")
    for name, value in then.get("headers", {}).items():
        found = [each for key, each in played.response.headers if key == name]
        if len(found) != 1 or not (found[0] if value.startswith("<") else found[0] == value):
            problems.append(f"header {name}: {found}")
    if "backend_invoked" in then and bool(played.asked) != then["backend_invoked"]:
        problems.append("the function was called")
    return problems


def told(file: str, case: Case, problems: list[str]) -> None:
    tally(file, case["id"], not problems)
    assert not problems, problems


# --- access logs

LOGS = "stackd-access-logs"
BODIES = {"/ok": 131, "/client": 135, "/bad": 132}
"""Bytes of the recorded bodies; the envelopes were 94 bytes longer."""


def http_logs(path: str) -> InvocationResult:
    """The recorded project's function: a status by path, and a body of the recorded length."""
    if path == "/raise":
        found = failed("owned HTTP access log integration failure")
        # With the stack trace, the runtime's error object had this length.
        return found._replace(payload=found.payload.ljust(286))
    status = {"/client": 400, "/bad": 503}.get(path, 200)
    text = ENVELOPE % (status, json.dumps("x" * BODIES[path]))
    wanted = BODIES[path] + 94
    return Returned(text.encode() + b" " * (wanted - len(text)), "11111111-2222-4333-8444-555555555555", 0.01)


@pytest.mark.parametrize(
    "case", [each for each in load(LOGS) if each["id"].startswith("accesslog/http")], ids=lambda case: case["id"]
)
def test_access_log(case: Case) -> None:
    expected: dict[str, str] = case["then"]["access_log_partial"]
    names = list(expected) or ["requestId"]
    found = HttpApi(stage="probe", functions=[function(gateway_may_invoke())])
    found.format = json.dumps({name: f"$context.{name}" for name in names})
    for path in ("/ok", "/client", "/bad", "/raise"):
        found.add(f"GET {path}", http_lambda())
    found.add("GET /iam", http_lambda(), auth=IAM)
    path = case["when"]["url"].removeprefix("/probe")
    played = found.play(case["when"]["method"], case["when"]["url"], answers=[http_logs(path)] if path in PATHS else [])
    problems = compare(case, played)
    if case["then"].get("access_log_rows") == 0:
        problems += [] if played.line is None else ["a row was written"]
    else:
        row = json.loads(played.line or "{}")
        problems += [f"{name}: {row.get(name)}" for name, value in expected.items() if row.get(name) != value]
    told(LOGS, case, problems)


PATHS = ("/ok", "/client", "/bad", "/raise")

# --- deployment states, events

DEPLOYED = "stackd-deployed-metrics-audit"


def before_deployment(case: Case) -> list[str]:
    return compare(case, HttpApi(deployed=False).add("GET /a", http_lambda()).play("GET", "/a"))


def served(target: str, *, signed: bool = False) -> Played:
    found = HttpApi(functions=[function(gateway_may_invoke())])
    found.add("GET /a", http_lambda(), auth=IAM) if signed else found.add("GET /a", http_lambda())
    caller = user("caller", allow("execute-api:Invoke")) if signed else None
    found.keys = [caller] if caller else []
    return found.play("GET", target, signed_by=caller, answers=[returned({"statusCode": 200})])


def query(case: Case) -> list[str]:
    event = served(f"/a?{case['when']['query']}").event
    return [name for name, value in case["then"].items() if event[name] != value]


def forwarded(case: Case) -> list[str]:
    headers = served("/a", signed=True).event["headers"]
    return [name for name in case["then"]["event.headers_present"] if name not in headers]


def raises(case: Case) -> list[str]:
    found = HttpApi(functions=[function(gateway_may_invoke())]).add("GET /a", http_lambda())
    return compare(case, found.play("GET", "/a", answers=[failed("boom")]))


CHECKS: dict[str, Callable[[Case], list[str]]] = {
    "deployed/http-before-deployment": before_deployment,
    "deployed/http-payload2-query": query,
    "deployed/http-forwards-sigv4-authorization": forwarded,
    "deployed/http-function-raises": raises,
}


@pytest.mark.parametrize("case", [each for each in load(DEPLOYED) if each["id"] in CHECKS], ids=lambda case: case["id"])
def test_deployed(case: Case) -> None:
    told(DEPLOYED, case, CHECKS[case["id"]](case))


RECORDED = "authorization-recorded"


def test_unknown_route() -> None:
    case = next(each for each in load(RECORDED) if each["id"] == "iam/http-unknown-route")
    told(RECORDED, case, compare(case, HttpApi().add("GET /a", http_lambda()).play("GET", case["when"]["url"])))


def test_signed_event() -> None:
    case = next(each for each in load(RECORDED) if each["id"] == "iam/http-signed-event")
    played = served("/a", signed=True)
    wanted = case["then"]["event.requestContext.authorizer.iam"]
    seen: dict[str, Any] = played.event["requestContext"]["authorizer"]["iam"]
    problems = [] if list(seen) == list(wanted) else [f"keys {list(seen)}"]
    if seen["cognitoIdentity"] is not None or seen["principalOrgId"] not in wanted["principalOrgId"]:
        problems.append("values")
    if not {"authorization", "x-amz-date"} <= played.event["headers"].keys():
        problems.append("signature headers")
    told(RECORDED, case, problems)


# --- integration credentials

CREDENTIALS = "stackd-integration-credentials"
WRONG = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLES: dict[str, Role] = {
    "ROLE_missing": role("r"),
    "ROLE_deny": role("r", allow(INVOKE), deny(INVOKE)),
    "ROLE_wrongtrust": role("r", allow(INVOKE), trust=WRONG),
}


@pytest.mark.parametrize(
    "case",
    [each for each in load(CREDENTIALS) if each["id"].startswith("intcred/http-role")],
    ids=lambda case: case["id"],
)
def test_credentials(case: Case) -> None:
    named = ROLES[case["given"]["integration"]["CredentialsArn"]]
    found = HttpApi(functions=[function()], roles=[named]).add("GET /a", http_lambda(named.arn))
    told(CREDENTIALS, case, compare(case, found.play("GET", "/a")))


def test_a_role_that_may_is_used() -> None:
    """The counterpart of the refusals above."""
    named = role("r", allow(INVOKE))
    found = HttpApi(functions=[function()], roles=[named]).add("GET /a", http_lambda(named.arn))
    assert found.play("GET", "/a", answers=[returned({"statusCode": 200})]).status == 200
    assert named.arn.startswith(f"arn:aws:iam::{ACCOUNT}:role/")
