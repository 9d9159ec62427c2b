"""Answers without a response, addresses that lead nowhere: told apart, and what is offered works."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tests.scenes.lab import Answer, Lab, Web

from sekisho.functions.invocation import Failed, InvocationResult, InvokeFunction, Returned
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed


class Scene(NamedTuple):
    """A lab, its API, and the path that fails."""

    lab: Lab
    api: str
    target: str

    def send(self) -> Answer:
        return self.lab.request(self.api, "GET", self.target)


def answering(effect: CallHttp) -> HttpAnswer:
    return HttpAnswer(200, (), b"{}")


def failing(kind: str) -> Web:
    return lambda effect: HttpFailed(kind, "what went wrong")


def served(value: Any) -> Callable[[InvokeFunction], InvocationResult]:
    return lambda effect: Returned(json.dumps(value).encode(), effect.request_id, 0.1)


def raising(message: str) -> Callable[[InvokeFunction], InvocationResult]:
    payload = json.dumps({"errorMessage": message}).encode()
    return lambda effect: Failed(payload, message, "raised", effect.request_id, 0.1)


def deployed(
    lab: Lab, path: str, responses: tuple[str, ...] = (), declared: tuple[str, ...] = (), **given: Any
) -> Scene:
    """A GET with an integration; ``responses`` are ``status`` or ``status pattern``."""
    variables = given.pop("variables", {})
    api = lab("apigateway", "CreateRestApi", name="api")["id"]
    parent = lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    for part in path.strip("/").split("/"):
        parent = lab("apigateway", "CreateResource", restApiId=api, parentId=parent, pathPart=part)["id"]
    at: dict[str, Any] = {"restApiId": api, "resourceId": parent, "httpMethod": "GET"}
    lab("apigateway", "PutMethod", **at, authorizationType="NONE")
    lab("apigateway", "PutIntegration", **at, **given)
    for status in declared:
        lab("apigateway", "PutMethodResponse", **at, statusCode=status)
    for row in responses:
        status, _, pattern = row.partition(" ")
        lab("apigateway", "PutIntegrationResponse", **at, statusCode=status, selectionPattern=pattern)
    lab(
        "apigateway",
        "CreateDeployment",
        restApiId=api,
        stageName="prod",
        **({"variables": variables} if variables else {}),
    )
    return Scene(lab, api, "/prod" + path.replace("{id}", "7"))


def custom(lab: Lab, responses: tuple[str, ...] = (), declared: tuple[str, ...] = (), **more: Any) -> Scene:
    function = lab.function()
    region = function.split(":")[3]
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
    scene = deployed(lab, "/m", responses, declared, type="AWS", integrationHttpMethod="POST", uri=uri, **more)
    lab.permit(scene.api, function, "*/GET/m")
    return scene


def web(lab: Lab, uri: str, path: str = "/m", kind: str = "HTTP_PROXY", **more: Any) -> Scene:
    return deployed(lab, path, type=kind, integrationHttpMethod="GET", uri=uri, **more)


def no_response() -> Scene:
    lab = Lab()
    lab.functions = served({"statusCode": 200})
    return custom(lab)


def no_response_for_an_error() -> Scene:
    lab = Lab()
    lab.functions = raising("Timeout")
    return custom(lab, ("404 .*NotFound.*",), ("404",))


def no_method_response() -> Scene:
    lab = Lab()
    lab.functions = served({})
    return custom(lab, ("201",), ("200",))


def no_response_of_a_web_server() -> Scene:
    lab = Lab()
    lab.web = answering
    return web(lab, "http://backend.example/", kind="HTTP", responses=("404 4..",), declared=("404", "200"))


def unmapped_path() -> Scene:
    lab = Lab()
    lab.web = answering
    return web(lab, "http://backend.example/{id}", "/m/{id}")


def unset_variable() -> Scene:
    return web(Lab(), "http://${stageVariables.host}/", variables={"other": "x"})


def unreachable() -> Scene:
    return web(Lab(), "http://backend.example/")


def untrusted() -> Scene:
    lab = Lab()
    lab.web = failing("tls")
    return web(lab, "https://backend.example/")


def other_name() -> Scene:
    lab = Lab()
    lab.web = failing("tls-name")
    return web(lab, "https://backend.example/")


def slow() -> Scene:
    lab = Lab()
    lab.web = failing("timeout")
    return web(lab, "https://backend.example/", timeoutInMillis=100)


def slowest() -> Scene:
    lab = Lab()
    lab.web = failing("timeout")
    return web(lab, "https://backend.example/")


SCENES = [
    (no_response, "MAP_NO_INTEGRATION_RESPONSE", 2),
    (no_response_for_an_error, "MAP_NO_INTEGRATION_RESPONSE", 1),
    (no_method_response, "MAP_NO_METHOD_RESPONSE", 1),
    (no_response_of_a_web_server, "MAP_NO_INTEGRATION_RESPONSE", 1),
    (unmapped_path, "HTTP_ENDPOINT_INVALID", 1),
    (unset_variable, "HTTP_ENDPOINT_INVALID", 0),
    (unreachable, "VPCLINK_UNREACHABLE", 0),
    (untrusted, "BACKEND_TLS_NAME_MISMATCH", 1),
    (other_name, "BACKEND_TLS_NAME_MISMATCH", 0),
    (slow, "INT_TIMEOUT_CUSTOM", 1),
    (slowest, "INT_TIMEOUT", 0),
]


@pytest.mark.parametrize(("scene", "cause", "cures"), SCENES, ids=lambda each: getattr(each, "__name__", None))
def test_cause_and_cures(scene: Callable[[], Scene], cause: str, cures: int) -> None:
    made = scene()
    answer = made.send()
    assert answer.status >= 500
    explained = made.lab.explain(answer.trace)
    assert explained["cause"] == cause and explained["evidence"]
    assert made.lab.explain(answer.trace, "ja")["headline"] != explained["headline"]
    assert len(explained["remedies"]) == cures
    for number in range(cures):
        fresh = scene()
        remedy = fresh.lab.explain(fresh.send().trace)["remedies"][number]
        fresh.lab.apply(remedy)
        again = fresh.send()
        if remedy["proven_up_to"] == "response" or (again.called and again.trace.refused_at == ""):
            assert again.status < 500, (remedy["summary"], again.response.body)
        else:
            assert again.called


@pytest.mark.parametrize(("body", "cures"), [(b"a=b", 1), (b"{}", 2)])
def test_content_types_without_template(body: bytes, cures: int) -> None:
    """A form is no event of a function, so letting it pass would only fail later."""

    def scene() -> tuple[Scene, Answer]:
        lab = Lab()
        lab.functions = served({})
        made = custom(lab, ("200",), ("200",), passthroughBehavior="NEVER")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return made, lab.request(made.api, "GET", made.target, headers=headers, body=body)

    made, answer = scene()
    assert answer.status == 415
    explained = made.lab.explain(answer.trace)
    assert explained["cause"] == "UNSUPPORTED_MEDIA_TYPE"
    assert len(explained["remedies"]) == cures
    for remedy in explained["remedies"]:
        assert remedy["proven_up_to"] == "function-call"


def test_an_unmapped_path_names_the_parameter() -> None:
    made = unmapped_path()
    explained = made.lab.explain(made.send().trace)
    assert "id" in explained["headline"]
    made.lab.apply(explained["remedies"][0])
    assert made.send().called[0].url == "http://backend.example/7"


def test_what_an_untrusted_certificate_opens_is_said() -> None:
    made = untrusted()
    remedy = made.lab.explain(made.send().trace)["remedies"][0]
    assert "pretend" in json.dumps(remedy)
    made.lab.apply(remedy)
    assert made.send().called[0].insecure


def test_an_error_that_passes_as_success() -> None:
    lab = Lab()
    lab.functions = raising("boom")
    made = custom(lab, ("200",), ("200",))
    answer = made.send()
    assert answer.status == 200
    explained = lab.explain(answer.trace)
    assert explained["cause"] == "MAP_ERROR_AS_200"
    (remedy,) = explained["remedies"]
    lab.apply(remedy)
    assert made.send().status == 502
    lab.functions = served({"fine": True})
    assert made.send().status == 200
