"""Recorded ``AWS`` integrations with Lambda functions, on real operations, publisher and pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, calls, load
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.lab import Answer, Lab, allow, trust

from sekisho.functions.invocation import Failed, InvocationResult, InvokeFunction, Returned
from sekisho.services.operation import ServiceError

VECTORS = Path(__file__).parents[1] / "vectors" / "gateway"
FILE, HEADERS_FILE = "lambda-nonproxy-and-admission", "http-integration-headers"
SERVED = [case for case in load(FILE) if "url" in case["when"]]
ADMISSIONS = [case for case in load(FILE) if "boto3" in case["when"]]
REMAPPED = [case for case in load(HEADERS_FILE) if case["id"].startswith("header-remap/AWS")]


def handler(code: str) -> Callable[[InvokeFunction], InvocationResult]:
    """The case's function, run here."""
    scope: dict[str, Any] = {}
    exec(code if "def handler" in code else f"def handler(event, context):\n    {code}\n", scope)

    def invoke(effect: InvokeFunction) -> InvocationResult:
        try:
            value = scope["handler"](json.loads(effect.payload), None)
        except Exception as problem:
            payload = json.dumps({"errorMessage": str(problem), "errorType": type(problem).__name__}).encode()
            return Failed(payload, str(problem), "raised", effect.request_id, 0.001)
        return Returned(json.dumps(value).encode(), effect.request_id, 0.001)

    return invoke


def new_lab() -> tuple[Lab, str, str]:
    """A lab with a role that may invoke everything, and a function."""
    lab = Lab()
    lab("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(Service="apigateway.amazonaws.com"))
    document = allow("lambda:InvokeFunction", "*")
    lab("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=document)
    return lab, f"arn:aws:iam::{ACCOUNT}:role/r", lab.function()


def uri(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def resource(lab: Lab, api: str, path: str) -> str:
    parent = str(lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"])
    for part in path.strip("/").split("/") if path != "/" else ():
        parent = lab("apigateway", "CreateResource", restApiId=api, parentId=parent, pathPart=part)["id"]
    return parent


def build(case: Case) -> tuple[Lab, str]:
    lab, role, function = new_lab()
    lab.functions = handler(case["given"]["lambda"]["code"])
    api = lab("apigateway", "CreateRestApi", name="t")["id"]
    (method,) = calls(case, "put_method")
    at = {"restApiId": api, "resourceId": resource(lab, api, method["resource"]), "httpMethod": method["httpMethod"]}
    more = {name: value for name, value in method.items() if name not in ("resource", "httpMethod")}
    lab("apigateway", "PutMethod", **at, **more)
    given = {name: value for name, value in calls(case, "put_integration")[0].items() if name not in ("resource",)}
    lab("apigateway", "PutIntegration", **{**given, **at, "uri": uri(function), "credentials": role})
    # Some recordings set the responses up by means that the case does not list: then those of a 200.
    for declared in calls(case, "put_method_response") or [{"statusCode": "200"}]:
        lab("apigateway", "PutMethodResponse", **at, **declared)
    for wanted in calls(case, "put_integration_response") or [{"statusCode": "200"}]:
        lab("apigateway", "PutIntegrationResponse", **at, **wanted)
    stage = calls(case, "create_deployment")[0]["stageName"]
    lab("apigateway", "CreateDeployment", restApiId=api, stageName=stage)
    return lab, api


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case["id"])
def test_served(case: Case) -> None:
    lab, api = build(case)
    when, then = case["when"], case["then"]
    body = when.get("body", "").encode()
    answer = lab.request(api, when["method"], when["url"], headers=when.get("headers"), body=body)
    passed = answer.status == then["status"] and json.loads(answer.response.body) == then["body"]
    tally(FILE, case["id"], passed)
    assert passed, (answer.status, answer.response.body)


@pytest.mark.parametrize("case", ADMISSIONS, ids=lambda case: case["id"])
def test_admission(case: Case) -> None:
    lab, role, function = new_lab()
    api = lab("apigateway", "CreateRestApi", name="t")["id"]
    at = {"restApiId": api, "resourceId": resource(lab, api, "/"), "httpMethod": "ANY"}
    lab("apigateway", "PutMethod", **at, authorizationType="NONE")
    given = dict(case["when"]["boto3"][1])
    given["uri"] = given["uri"].replace("REGION", REGION).replace("FN", function)
    with pytest.raises(ServiceError) as refusal:
        lab("apigateway", "PutIntegration", **at, **{**given, "credentials": role})
    wanted = case["then"]["error"]["Error"]
    passed = (refusal.value.code, refusal.value.message) == (wanted["Code"], wanted["Message"])
    tally(FILE, case["id"], passed)
    assert passed, refusal.value


def remap(case: Case) -> tuple[Answer, str]:
    """The API of the header cases: templates that show every header field, responses that map every one."""
    lab, role, function = new_lab()
    lab.functions = handler("return event") if "PROXY" not in case["id"] else handler('return {"body": "{}"}')
    api = lab("apigateway", "CreateRestApi", name="t")["id"]
    at = {"restApiId": api, "resourceId": resource(lab, api, "/test"), "httpMethod": "GET"}
    lab("apigateway", "PutMethod", **at, authorizationType="NONE")
    document = json.loads((VECTORS / f"{HEADERS_FILE}.json").read_text())
    names, mapped = document["HEADERS"], document["REQUEST_PARAMETERS"]
    full = "full-integration" in case["id"]
    more: dict[str, Any] = {}
    wanted = case["given"]["requestParameters"]
    if isinstance(wanted, dict):
        more["requestParameters"] = {name: mapped[name] for name in wanted}
    if full:
        shown = ", ".join(f'"{name}": "$input.params().header.get(\'{name}\')"' for name in names)
        more["requestTemplates"] = {"application/json": f"{{{shown}}}"}
    integration = {**case["given"]["integration"], "uri": uri(function), "credentials": role}
    lab("apigateway", "PutIntegration", **at, **integration, **more)
    given = {f"method.response.header.{name}": f"'response_param_{name}'" for name in names} if full else {}
    lab("apigateway", "PutMethodResponse", **at, statusCode="200", responseParameters=dict.fromkeys(given, False))
    lab("apigateway", "PutIntegrationResponse", **at, statusCode="200", responseParameters=given)
    lab("apigateway", "CreateDeployment", restApiId=api, stageName="test")
    return lab.request(api, "GET", "/test/test", headers=case["when"]["headers"]), api


def fields(answer: Answer) -> dict[str, str]:
    return dict(answer.response.headers)


@pytest.mark.parametrize("case", REMAPPED, ids=lambda case: case["id"])
def test_header_fields(case: Case) -> None:
    answer, _ = remap(case)
    then = case["then"]
    problems = []
    if answer.status != then["status"]:
        problems.append(f"status {answer.status}")
    wanted = {
        name: value
        for name, value in then["response-headers"].items()
        if name not in ("Connection", "Date", "Content-Length")
    }
    found = {name: value for name, value in fields(answer).items() if name != "Content-Length"}
    if found.keys() != wanted.keys():
        problems.append(f"header fields {found.keys() ^ wanted.keys()}")
    problems += [
        f"{name}: {found[name]}" for name in found.keys() & wanted.keys() if not same(wanted[name], found[name])
    ]
    if case["id"] == "header-remap/AWS/full-integration":
        seen = json.loads(answer.response.body)
        problems += [f"body {name}" for name, value in then["body"].items() if not same(value, seen.get(name))]
    if answer.status == 500 and json.loads(answer.response.body) != then["body"]:
        problems.append("body")
    tally(HEADERS_FILE, case["id"], not problems)
    assert not problems, problems


def same(wanted: str, found: str | None) -> bool:
    """Whether a value is the recorded one; masked ones must only be there."""
    return found is not None and (bool(found) if wanted.startswith("<") else found == wanted)
