"""Recorded Lambda events of REST APIs, rebuilt by the pure pipeline and compared member by member.

What a recording masks (``<…>``) must be there, as text; everything else must be equal. Recordings parse JSON strings,
so a body that was JSON is compared parsed.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load, resources
from tests.scenes.pipeline import Api, Played, function, gateway_may_invoke, lambda_proxy, returned

from sekisho.gateway.integrations.reserved import illegal_header

FILE = "lambda-proxy-event"
HEADERS_FILE = "http-integration-headers"

CLIENT = {"Accept-Encoding": "gzip, deflate", "Accept": "*/*", "Connection": "keep-alive"}
"""What the recording client (python-requests) adds to every request."""


def play(case: Case, endpoint: str) -> Played:
    stage, routes = resources(case)
    api = Api(stage=stage, endpoint=endpoint, functions=[function(gateway_may_invoke())])
    for path, verb in routes:
        api.route(verb, path, lambda_proxy())
    when = case["when"]
    body = (when.get("body") or "").encode()
    headers = {**CLIENT, **when["headers"]}
    if body:
        headers["Content-Length"] = str(len(body))
    # The client drops the fragment and encodes what may not stand in a URL.
    target = quote(when["url"].partition("#")[0], safe="/?&=%+:@,;!$'()*~")
    return api.play(when["method"], target, headers, body, answers=[returned({"statusCode": 200})])


def differences(expected: Any, found: Any, where: str = "event") -> list[str]:
    if isinstance(expected, str) and expected.startswith("<"):
        return [] if found not in (None, "", [], [""]) else [f"{where}: missing"]
    if isinstance(expected, dict) and isinstance(found, str):
        return differences(expected, json.loads(found), where)
    if isinstance(expected, dict) and isinstance(found, dict):
        names = dict.fromkeys([*expected, *found])
        return [
            line
            for name in names
            for line in (
                differences(expected[name], found[name], f"{where}.{name}")
                if name in expected and name in found
                else [f"{where}.{name}: {'unexpected' if name in found else 'missing'}"]
            )
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for index, (one, other) in enumerate(zip(expected, found, strict=True))
            for line in differences(one, other, f"{where}[{index}]")
        ]
    if where.endswith((".accountId", ".apiId", ".domainPrefix")):
        return []  # the recording's own account and API
    return [] if expected == found else [f"{where}: {found!r}, not {expected!r}"]


@pytest.mark.parametrize("case", load(FILE), ids=lambda case: case["id"])
def test_event(case: Case) -> None:
    played = play(case, "EDGE")
    found = differences(case["then"]["response_body_is_lambda_event"], played.event)
    tally(FILE, case["id"], not found and played.status == case["then"]["status"])
    assert not found, "\n".join(found)
    assert played.status == case["then"]["status"]


ORDER = [
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
]


def test_members_come_in_the_order_of_aws() -> None:
    assert list(play(load(FILE)[0], "EDGE").event) == ORDER


PROXY_CASES = [case for case in load(HEADERS_FILE) if case["given"].get("integration", {}).get("type") == "AWS_PROXY"]


@pytest.mark.parametrize("case", PROXY_CASES, ids=lambda case: case["id"])
def test_headers_of_a_proxy_integration(case: Case) -> None:
    mapped = case["given"]["requestParameters"]
    illegal = illegal_header("AWS_PROXY", {} if mapped == "none" else mapped)
    path = case["when"]["url"].removeprefix("/test")
    api = Api(stage="test", functions=[function(gateway_may_invoke())])
    api.route("GET", path, lambda_proxy(illegal=illegal))
    when = case["when"]
    played = api.play(when["method"], when["url"], when["headers"], answers=[returned({"statusCode": 200})])
    wanted = set(case["then"]["response-headers"]) - {"Connection", "Date"}
    found = [] if {name for name, _ in played.response.headers} == wanted else ["other response headers"]
    if played.status != case["then"]["status"]:
        found.append(f"status {played.status}")
    if played.status == 200:
        expected = case["then"]["headers"] | {"Via": "p.example.net", "Date": "request_Date"}
        found += differences(expected, played.event["headers"], "headers")
    else:
        found += differences(case["then"]["body"], played.text, "body")
    tally(HEADERS_FILE, case["id"], not found)
    assert not found, "\n".join(found)
