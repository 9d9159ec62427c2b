"""Recorded outcomes of API keys and usage plans: the operations, the publisher and the pipeline together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.keys import BURST_ONE, Keys
from tests.scenes.lab import Answer, allow

from sekisho.services.operation import ServiceError

FILE = "stackd-api-keys"
DAY = {"limit": 2, "period": "DAY"}


def case_named(name: str) -> Case:
    found: Case = next(each for each in load(FILE) if each["id"] == f"apikeys/{name}")
    return found


def identity(answer: Answer) -> dict[str, Any]:
    event = json.loads(answer.invoked[-1].payload)
    found: dict[str, Any] = event["requestContext"]["identity"]
    return found


def ready(**params: Any) -> Keys:
    """An API, a plan with its stage, and an enabled key in it."""
    scene = Keys(**params)
    scene.key("mine", plan=scene.plan())
    return scene


def disabled() -> Answer:
    scene = Keys()
    scene.key("mine", plan=scene.plan(), enabled=False)
    return scene.get("mine")


def legacy() -> Answer:
    scene = Keys()
    scene.key("mine", stageKeys=[{"restApiId": scene.api, "stageName": "dev"}])
    return scene.get("mine")


def signed(*, key: str) -> Answer:
    scene = ready(auth="AWS_IAM")
    scene.role("caller", allow("execute-api:Invoke", "*"))
    return scene.get(key, signed_by=scene.assume("caller"))


def by_authorizer(*, key: str, source: str = "HEADER", **says: Any) -> Answer:
    scene = ready(auth="CUSTOM", source=source)
    scene.says = says
    return scene.get(key, Who="me")


def cached() -> Answer:
    scene = ready(auth="CUSTOM", source="AUTHORIZER")
    scene.says = {"usageIdentifierKey": scene.values["mine"]}
    first = scene.get(Who="me")
    assert first.status == 200 and len(first.invoked) == 2
    scene.says = {}
    second = scene.get(Who="me")
    assert [each.function.name for each in second.invoked] == ["backend"]
    assert identity(second)["apiKeyId"] == scene.ids["mine"]
    return second


def optional(name: str, **params: Any) -> Answer:
    scene = Keys(required=False)
    scene.key("mine", **params)
    answer = scene.get(name)
    shown = identity(answer)
    then = case_named("optional-unknown-exposed-without-id" if name != "mine" else "optional-unassigned-exposes-both")
    expected = then["then"]["backend_event.requestContext.identity"]
    places = {"<key value>": scene.values["mine"], "<key id>": scene.ids["mine"]}
    for member in ("apiKey", "apiKeyId"):
        assert shown.get(member) == places.get(expected.get(member), expected.get(member))
    assert ("apiKeyId" in shown) == ("apiKeyId" in expected)
    headers = json.loads(answer.invoked[-1].payload)["headers"]
    assert headers["X-Api-Key"] == shown["apiKey"]
    return answer


def exhausted() -> Answer:
    scene = Keys(required=False)
    key = scene.key("mine", plan=scene.plan(quota=DAY), enabled=False)
    statuses = [scene.get("mine").status for _ in range(2)]
    assert statuses == [200, 200]
    answer = scene.get("mine")
    assert answer.response.body == b'{"message":"Limit Exceeded"}'
    assert ("x-amzn-ErrorType", "LimitExceededException") in answer.response.headers
    assert scene.get().status == 200
    assert key
    return answer


def throttled() -> Answer:
    scene = Keys()
    plan = scene.plan(throttle=BURST_ONE)
    scene.key("mine", plan=plan)
    scene.key("theirs", plan=plan)
    first, second = scene.get("mine"), scene.get("mine")
    assert {first.status, second.status} == set(case_named("throttle")["then"]["statuses_include"])
    assert scene.get("theirs").status == 200
    then = case_named("throttle")["then"]
    assert second.response.body.decode() == then["429.body_text"]
    headers = dict(second.response.headers)
    for name, value in then["429.headers"].items():
        assert headers[name] == value or value.startswith("<")
    scene.now += 1.5
    return scene.get("mine")


def best_effort() -> Answer:
    """A rate that is not exceeded admits everything, on two stages together."""
    scene = Keys()
    scene.key("mine", plan=scene.plan("dev", "other", throttle={"rateLimit": 3.0, "burstLimit": 3}))
    for number in range(24):
        assert scene.get("mine", ("dev", "other")[number % 2]).status == 200
        scene.now += 0.34
    return scene.get("mine")


def override() -> Answer:
    scene = Keys()
    plan = scene.plan(throttle=BURST_ONE)
    scene.key("mine", plan=plan)
    for member, value in (("rateLimit", "100"), ("burstLimit", "100")):
        path = f"/apiStages/{scene.api}:dev/throttle/~1required/GET/{member}"
        scene.patch("UpdateUsagePlan", "replace", path, value, usagePlanId=plan)
    assert [scene.get("mine").status for _ in range(2)] == [200, 429]
    scene.now += 10
    scene.patch("UpdateUsagePlan", "replace", "/throttle/burstLimit", "50", usagePlanId=plan)
    scene.patch("UpdateUsagePlan", "replace", path, "1", usagePlanId=plan)
    assert [scene.get("mine").status for _ in range(2)] == [200, 429]
    scene.now += 10
    return scene.get("mine")


def shared_quota() -> Answer:
    scene = Keys()
    plan = scene.plan("dev", "other", quota=DAY)
    scene.key("mine", plan=plan)
    scene.key("theirs", plan=plan)
    assert [scene.get("mine", stage).status for stage in ("dev", "other", "dev")] == [200, 200, 429]
    return scene.get("theirs")


def later_quota() -> Answer:
    scene = Keys()
    plan = scene.plan()
    scene.key("mine", plan=plan)
    assert [scene.get("mine").status for _ in range(5)] == [200] * 5
    changes = [
        {"op": "add", "path": "/quota/limit", "value": "1"},
        {"op": "add", "path": "/quota/period", "value": "MONTH"},
    ]
    scene.gateway("UpdateUsagePlan", usagePlanId=plan, patchOperations=changes)
    answer = scene.get("mine")
    assert scene.get("mine").status == 429
    return answer


def deleted() -> Answer:
    scene = ready()
    assert scene.get("mine").status == 200
    scene.gateway("DeleteApiKey", apiKey=scene.ids["mine"])
    return scene.get("mine")


PLAYED: dict[str, Callable[[], Answer]] = {
    "required-disabled": disabled,
    "required-legacy-stagekeys-only": legacy,
    "iam-unsigned-valid-key": lambda: ready(auth="AWS_IAM").get("mine"),
    "iam-signed-missing-key": lambda: signed(key=""),
    "iam-signed-valid-key": lambda: signed(key="mine"),
    "authorizer-deny-before-key": lambda: by_authorizer(key="mine", Effect="Deny"),
    "authorizer-deny-missing-key": lambda: by_authorizer(key="", Effect="Deny"),
    "source-authorizer-ignores-header": lambda: by_authorizer(key="mine", source="AUTHORIZER"),
    "source-authorizer-cached-key": cached,
    "optional-unknown-exposed-without-id": lambda: optional("nope"),
    "optional-unassigned-exposes-both": lambda: optional("mine"),
    "optional-disabled-mapped-still-limited": exhausted,
    "throttle": throttled,
    "throttle-is-best-effort": best_effort,
    "method-override-does-not-escape-plan": override,
    "quota-shared-across-stages": shared_quota,
    "quota-added-later": later_quota,
    "key-deleted": deleted,
}


@pytest.mark.parametrize("name", PLAYED)
def test_requests(name: str) -> None:
    case = case_named(name)
    answer, then = PLAYED[name](), case["then"]
    headers = dict(answer.response.headers)
    passed = answer.status == then.get("status", 200)
    passed &= all(headers.get(key) == value or value[0] == "<" for key, value in then.get("headers", {}).items())
    passed &= answer.response.body.decode() == then.get("body_text", answer.response.body.decode())
    if "backend_invoked" in then:
        passed &= "backend" not in [each.function.name for each in answer.invoked]
    tally(FILE, case["id"], passed)
    assert passed, (answer.status, headers, answer.response.body)


# --- the control plane


def duplicate_value(scene: Keys) -> None:
    scene.key("mine")
    with pytest.raises(ServiceError) as refused:
        scene.gateway("CreateApiKey", value=scene.values["mine"])
    raise refused.value


def overlapping_stages(scene: Keys) -> None:
    key = scene.key("mine", plan=scene.plan())
    second = scene.plan("other", "dev")
    scene.gateway("CreateUsagePlanKey", usagePlanId=second, keyId=key, keyType="API_KEY")


def overwriting_import(scene: Keys) -> None:
    plan = scene.plan()
    key = scene.key("mine", plan=plan)
    before = scene.gateway("GetApiKey", apiKey=key)
    scene.now += 100
    body = f"name,key,enabled\nrenamed,{scene.values['mine']},TRUE\n".encode()
    assert scene.gateway("ImportApiKeys", format="csv", body=body) == {"ids": [key], "warnings": []}
    after = scene.gateway("GetApiKey", apiKey=key)
    assert after["name"] == "renamed"
    assert after["createdDate"] > before["createdDate"] and after["lastUpdatedDate"] > before["lastUpdatedDate"]
    assert scene.get("mine").status == 200


def failing_import(scene: Keys) -> None:
    rows = [f"first,{'a' * 20}", "second,short", f"third,{'b' * 20}"]
    body = "\n".join(["Name,Key", *rows]).encode()
    found = scene.gateway("ImportApiKeys", format="csv", body=body, failOnWarnings=True)
    assert len(found["ids"]) == len(found["warnings"]) == 1
    assert [each["name"] for each in scene.gateway("GetApiKeys")["items"]] == ["first"]


CONTROL: dict[str, Callable[[Keys], None]] = {
    "control-duplicate-value": duplicate_value,
    "control-stage-overlap": overlapping_stages,
    "control-import-csv-overwrite": overwriting_import,
    "control-import-fail-on-warnings": failing_import,
}


@pytest.mark.parametrize("name", CONTROL)
def test_control_plane(name: str) -> None:
    case = case_named(name)
    expected = case["then"].get("error"), case["then"].get("status")
    found: tuple[str | None, int | None] = (None, None)
    try:
        CONTROL[name](Keys())
    except ServiceError as error:
        found = (error.code, error.status)
    tally(FILE, case["id"], found == expected)
    assert found == expected


def test_every_case_is_run() -> None:
    assert {each["id"] for each in load(FILE)} == {f"apikeys/{name}" for name in (*PLAYED, *CONTROL)}


# --- other recordings


def exhausted_enabled() -> Answer:
    scene = Keys(required=False)
    scene.key("mine", plan=scene.plan(quota={"limit": 1, "period": "WEEK"}))
    assert scene.get("mine").status == 200
    return scene.get("mine")


OTHERS: dict[str, Callable[[], Answer]] = {
    "apikey/optional-unknown-key": lambda: optional("nope"),
    "apikey/optional-exhausted-disabled-key": exhausted,
    "apikey/legacy-stage-keys": legacy,
    "apikey/authorizer-source-none-auth": lambda: ready(source="AUTHORIZER").get("mine"),
    "apikey/optional-exhausted-key": exhausted_enabled,
}


@pytest.mark.parametrize("name", OTHERS)
def test_authorization_recorded(name: str) -> None:
    case = next(each for each in load("authorization-recorded") if each["id"] == name)
    status = OTHERS[name]().status
    tally("authorization-recorded", name, status == case["then"]["status"])
    assert status == case["then"]["status"]


@pytest.mark.parametrize("name", ["api-key/no-key", "api-key/valid-key"])
def test_validation_recorded(name: str) -> None:
    case = next(each for each in load("validation-routing-apikey") if each["id"] == name)
    (terms,) = [params for call, params in case["given"]["boto3"] if call == "apigateway.create_usage_plan"]
    scene = Keys()
    scene.key("mine", plan=scene.plan(quota=terms["quota"], throttle=terms["throttle"]))
    status = scene.get("mine" if case["when"]["headers"] else "").status
    tally("validation-routing-apikey", name, status == case["then"]["status"])
    assert status == case["then"]["status"]
