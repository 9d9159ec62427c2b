"""Recorded ``HTTP`` and ``HTTP_PROXY`` integrations, on real operations, publisher and pipeline; the web server is a
function of the request that it is sent.
"""

from __future__ import annotations

import ast
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, document, load
from tests.scenes.lab import Answer, Lab, Web

from sekisho.gateway.effects import CallHttp, HttpAnswer
from sekisho.kit.headers import Headers

FILE, TEMPLATES = "http-integration-headers", "templates-mock-canary"
REMAPPED = [case for case in load(FILE) if case["id"].startswith("header-remap/HTTP")]
SERVED = [case for case in load(FILE) if case["id"].startswith("http/")]
RENDERED = [case for case in load(TEMPLATES) if case["id"].startswith("vtl/input-")]
SERVER = "http://backend.example"
OF_THE_CONNECTION = ("Connection", "Date", "Content-Length")
HIDDEN = {"x-amzn-trace-id", "x-amzn-apigateway-api-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
"""What the recorded servers did not show of what they were sent."""


def echo(effect: CallHttp) -> HttpAnswer:
    """Answers what it received; the status that its path ends with."""
    parts = urlsplit(effect.url)
    last = parts.path.rpartition("/")[2]
    status = int(last) if last.isdigit() else 200
    seen = {"method": effect.method, "path": parts.path, "headers": dict(effect.headers), "body": effect.body.decode()}
    body = json.dumps({"message": "", "status_code": status} if last.isdigit() else seen).encode()
    headers = (
        ("Date", "Wed, 11 Dec 2024 15:29:02 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
        ("Server", "gunicorn/19.9.0"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Credentials", "true"),
    )
    return HttpAnswer(status, headers, body)


def deployed(
    web: Web, integration: dict[str, Any], *, path: str = "/test", verb: str = "ANY", **response: Any
) -> tuple[Lab, str]:
    """An API with one HTTP integration and a default response of 200."""
    lab = Lab()
    lab.web = web
    api = lab("apigateway", "CreateRestApi", name="t")["id"]
    parent = lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    parent = lab("apigateway", "CreateResource", restApiId=api, parentId=parent, pathPart=path.strip("/"))["id"]
    at: dict[str, Any] = {"restApiId": api, "resourceId": parent, "httpMethod": verb}
    names = [value for value in integration.get("requestParameters", {}).values() if value.startswith("method.")]
    lab("apigateway", "PutMethod", **at, authorizationType="NONE", requestParameters=dict.fromkeys(names, False))
    lab("apigateway", "PutIntegration", **at, **{"integrationHttpMethod": "POST", "uri": f"{SERVER}/", **integration})
    lab("apigateway", "PutMethodResponse", **at, statusCode="200")
    lab("apigateway", "PutIntegrationResponse", **at, **{"statusCode": "200", **response})
    lab("apigateway", "CreateDeployment", restApiId=api, stageName="test")
    return lab, api


def remap(case: Case) -> Answer:
    mapped = document(FILE)["REQUEST_PARAMETERS"]
    wanted = case["given"]["requestParameters"]
    refused = ("Content-Length", "Transfer-Encoding")
    names = wanted if isinstance(wanted, dict) else [name for name in mapped if not name.endswith(refused)]
    parameters = {name: mapped[name] for name in names}
    lab, api = deployed(echo, {**case["given"]["integration"], "requestParameters": parameters})
    return lab.request(api, case["when"]["method"], "/test/test", headers=case["when"]["headers"])


@pytest.mark.parametrize("case", REMAPPED, ids=lambda case: case["id"])
def test_header_fields(case: Case) -> None:
    answer, then = remap(case), case["then"]
    problems = [] if answer.status == then["status"] else [f"status {answer.status}"]
    wanted = {name: value for name, value in then["response-headers"].items() if name not in OF_THE_CONNECTION}
    found = {name: value for name, value in answer.response.headers if name not in OF_THE_CONNECTION}
    problems += [f"answered {name}" for name in wanted.keys() ^ found.keys()]
    masked = "x-amzn-Remapped-Content-Length"
    problems += [
        f"{name}: {found[name]}"
        for name in wanted.keys() & found.keys()
        if not wanted[name].startswith("<") and name != masked and found[name] != wanted[name]
    ]
    if "headers" in then:
        seen = {name.lower(): value for name, value in answer.called[0].headers}
        shown = {name.lower(): value for name, value in then["headers"].items() if name != "Content-Length"}
        problems += [f"sent {name}" for name in (shown.keys() ^ seen.keys()) - HIDDEN]
        problems += [
            f"sent {name}: {seen[name]}"
            for name in shown.keys() & seen.keys()
            if not shown[name].startswith("<") and seen[name] != shown[name]
        ]
        assert answer.called[0].body.decode() == then["body"]
    else:
        assert not answer.called
        assert json.loads(answer.response.body) == then["body"]
    tally(FILE, case["id"], not problems)
    assert not problems, problems


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case["id"])
def test_served(case: Case) -> None:
    problems = status_case(case) if "/status-" in case["id"] else method_case(case)
    tally(FILE, case["id"], not problems)
    assert not problems, problems


def status_case(case: Case) -> list[str]:
    """The server's own status is answered by a proxy; otherwise it selects a response, and 200 is the default."""
    parameters = {"integration.request.path.map": "method.request.path.map"}
    integration = {
        "type": case["given"]["integration"]["type"],
        "uri": SERVER + "/{map}",
        "requestParameters": parameters,
    }
    lab, api = deployed(echo, integration, path=case["given"]["resource"])
    answer = lab.request(api, case["when"]["method"], case["when"]["url"])
    same = (answer.status, json.loads(answer.response.body)) == (case["then"]["status"], case["then"]["body"])
    return [] if same else [f"{answer.status} {answer.response.body!r}"]


def method_case(case: Case) -> list[str]:
    """What the server saw."""
    url_case = "lambda-url" in case["id"]
    then = case["then"]["content"] if url_case else case["then"]["backend_saw"]
    lab, api = deployed(echo, {"type": case["given"]["integration"]["type"]})
    sent = {"Content-Type": "application/json", "user-Agent": "test/integration", "Accept-Encoding": "gzip, deflate"}
    sent["Accept"] = then["headers"]["accept"]
    body = json.dumps(then["data"]).encode()
    answer = lab.request(api, "POST", "/test/test", headers=sent, body=body)
    problems = [] if answer.status == 200 else [f"status {answer.status}"]
    (call,) = answer.called
    seen = {name.lower(): value for name, value in call.headers}
    shown = {name: value for name, value in then["headers"].items() if "tls" not in name and name != "content-length"}
    problems += [f"sent {name}" for name in (shown.keys() ^ seen.keys()) - HIDDEN]
    problems += [
        f"sent {name}: {seen[name]}"
        for name in shown.keys() & seen.keys()
        if not same(shown[name], seen[name], {"rest_api_id": api})
    ]
    if (call.method, urlsplit(call.url).path, json.loads(call.body)) != (then["method"], then["path"], then["data"]):
        problems.append(f"{call.method} {call.url} {call.body!r}")
    if url_case:
        answered = {name.lower() for name, _ in answer.response.headers}
        recorded = {"x-amzn-remapped-connection", "x-amzn-remapped-content-length", "x-amzn-remapped-date"}
        problems += [f"not answered {name}" for name in recorded - answered]
        if answer.response.body != echo(call).body:
            problems.append("the body is another")
    return problems


def same(wanted: str, found: str, masked: dict[str, str]) -> bool:
    """Whether a value is the recorded one, ``<name:1>`` standing for a value of the time of recording."""
    for name, value in masked.items():
        wanted = wanted.replace(f"<{name}:1>", value)
    return bool(found) if wanted.startswith("<") else found == wanted


def test_an_unset_stage_variable_leads_nowhere() -> None:
    name = "import_with_stage_variables/get-error-resp-from-http"
    file = "control-plane-and-test-invoke"
    case = next(each for each in load(file) if each["id"] == name)
    lab, api = deployed(echo, {"type": "HTTP", "uri": "http://${stageVariables.host}/path"})
    answer = lab.request(api, "GET", "/test/test")
    said = Headers(answer.response.headers).get("x-amzn-errortype")
    passed = (json.loads(answer.response.body), said) == (case["then"]["body"], case["then"]["errorType"])
    tally(file, name, passed)
    assert passed and not answer.called
    assert lab.explain(answer.trace)["cause"] == "HTTP_ENDPOINT_INVALID"


def verbatim(effect: CallHttp) -> HttpAnswer:
    return HttpAnswer(200, (("Content-Type", "application/json"),), effect.body)


def enclosing(effect: CallHttp) -> HttpAnswer:
    value = json.loads(effect.body) if effect.body else None
    return HttpAnswer(200, (("Content-Type", "application/json"),), json.dumps({"json": value}).encode())


@pytest.mark.parametrize("case", RENDERED, ids=lambda case: case["id"])
def test_templates(case: Case) -> None:
    given, when, then = case["given"], case["when"], case["then"]
    integration = {name: value for name, value in given["integration"].items() if name != "note"}
    response = given["integration_response"]
    lab, api = deployed(enclosing if "request_json" in when else verbatim, integration, **response)
    body = json.dumps(when["request_json"]) if when.get("request_json") is not None else when.get("body", "")
    headers = when.get("headers") or {"Content-Type": "application/json"}
    answer = lab.request(api, when["method"], "/test/test", headers=headers, body=body.encode())
    text = answer.response.body.decode()
    if "body_python_repr" in then:
        passed = text == ast.literal_eval(then["body_python_repr"]).decode()
    elif isinstance(then.get("body"), str):
        passed = text == then["body"]
    else:
        passed = json.loads(text) == then.get("json", then.get("body"))
    passed = passed and answer.status == 200
    tally(TEMPLATES, case["id"], passed)
    assert passed, (answer.status, text)
