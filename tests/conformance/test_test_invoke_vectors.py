"""Recorded answers of TestInvokeMethod, with their logs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import load
from tests.scenes.lab import Lab
from tests.scenes.trial import attempt

from sekisho.services.operation import ServiceError

FILE = "control-plane-and-test-invoke"
MOMENT = re.compile(r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : ")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

WHEN: dict[str, dict[str, Any]] = {
    "test-invoke-method-get-pets-bad-path": {"path": "/pets", "pathWithQueryString": "/random/test"},
    "test-invoke-method-get-pets-id-no-path": {"path": "/pets/{petId}"},
    "test-invoke-method-get-pets-id-bad-path": {"path": "/pets/{petId}", "pathWithQueryString": "/random/test"},
    "test-invoke-method-get-with-qs": {"path": "/pets/{petId}", "pathWithQueryString": "/pets/123?foo=bar"},
    "test-invoke-failure": {"path": "/"},
}
"""What the recordings' answers say about their requests."""


class Pets(Lab):
    """MOCK ``/pets`` and ``/pets/{petId}``, and ``/`` whose function has no address. Nothing is deployed."""

    def __init__(self) -> None:
        super().__init__()
        self.api: str = self("apigateway", "CreateRestApi", name="pets")["id"]
        self.resources = {"/": self("apigateway", "GetResources", restApiId=self.api)["items"][0]["id"]}
        for path, parent, part in (("/pets", "/", "pets"), ("/pets/{petId}", "/pets", "{petId}")):
            made = self(
                "apigateway",
                "CreateResource",
                restApiId=self.api,
                parentId=self.resources[parent],
                pathPart=part,
            )
            self.resources[path] = made["id"]
        self.mock("/pets", '{"pets": "all the pets"}')
        self.mock("/pets/{petId}", '{"petId": "$input.params(\'petId\')"}')
        arn = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.name}"
        where = self.method("/")
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        self("apigateway", "PutIntegration", **where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)

    def method(self, path: str) -> dict[str, Any]:
        where = {"restApiId": self.api, "resourceId": self.resources[path], "httpMethod": "GET"}
        self("apigateway", "PutMethod", **where, authorizationType="NONE")
        return where

    def mock(self, path: str, body: str) -> None:
        where = self.method(path)
        template = {"application/json": '{"statusCode": 200}'}
        self("apigateway", "PutIntegration", **where, type="MOCK", requestTemplates=template)
        self("apigateway", "PutMethodResponse", **where, statusCode="200")
        templates = {"application/json": body}
        self("apigateway", "PutIntegrationResponse", **where, statusCode="200", responseTemplates=templates)


@pytest.mark.parametrize("name", WHEN)
def test_recorded(name: str) -> None:
    (case,) = [each for each in load(FILE) if each["id"] == f"test-invoke/{name}"]
    then, given = case["then"], dict(WHEN[name])
    lab = Pets()
    where = {"restApiId": lab.api, "resourceId": lab.resources[given.pop("path")], "httpMethod": "GET"}
    found = attempt(lab, "TestInvokeMethod", **where, **given)
    expected = [
        re.sub(r"^DDD MMM dd hh:mm:ss UTC yyyy", "MOMENT", re.sub(r"<request-id-\d+>", "ID", line))
        for _, line in sorted(then["log"].items())
    ]
    log = [UUID.sub("ID", MOMENT.sub("MOMENT : ", line)) for line in found["log"].split("\n")]
    passed = (found["status"], json.loads(found["body"]), found["headers"], found["multiValueHeaders"]) == (
        then["status"],
        then["body"],
        then["headers"],
        then["multiValueHeaders"],
    )
    tally(FILE, case["id"], passed and log == expected)
    assert log == expected
    assert passed, found
    assert isinstance(found["latency"], int)


@pytest.mark.parametrize(
    ("name", "change"), [("resource-id-not-found", "resourceId"), ("rest-api-not-found", "restApiId")]
)
def test_recorded_errors(name: str, change: str) -> None:
    (case,) = [each for each in load(FILE) if each["id"] == f"test-invoke/{name}"]
    lab = Pets()
    where = {"restApiId": lab.api, "resourceId": lab.resources["/"], "httpMethod": "GET", change: "nothing"}
    with pytest.raises(ServiceError) as refused:
        attempt(lab, "TestInvokeMethod", **where)
    error = case["then"]["Error"]
    found = (refused.value.code, refused.value.message, refused.value.status)
    expected = (error["Code"], error["Message"], case["then"]["ResponseMetadata"]["HTTPStatusCode"])
    tally(FILE, case["id"], found == expected)
    assert found == expected
