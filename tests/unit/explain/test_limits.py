"""Budgets that are used up, and keys that do not count: the cause, and a cure that was tried under the same usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.scenes.keys import BURST_ONE, Keys
from tests.scenes.lab import Answer, hello

from sekisho.explain.replay import replay


def quota(scene: Keys) -> Answer:
    scene.key("mine", plan=scene.plan(quota={"limit": 1, "period": "WEEK"}))
    scene.get("mine")
    return scene.get("mine")


def plan_throttle(scene: Keys) -> Answer:
    scene.key("mine", plan=scene.plan(throttle=BURST_ONE))
    scene.get("mine")
    return scene.get("mine")


def method_throttle(scene: Keys) -> Answer:
    stage = {"apiId": scene.api, "stage": "dev", "throttle": {"/required/GET": BURST_ONE}}
    scene.key("mine", plan=scene.plan(apiStages=[stage]))
    scene.get("mine")
    return scene.get("mine")


def stage_throttle(scene: Keys, setting: str = "*/*") -> Answer:
    for member, value in (("rateLimit", "1"), ("burstLimit", "1")):
        change = f"/{setting}/throttling/{member}"
        scene.patch("UpdateStage", "replace", change, value, restApiId=scene.api, stageName="dev")
    scene.key("mine", plan=scene.plan())
    scene.get("mine")
    return scene.get("mine")


def nothing_admitted(scene: Keys) -> Answer:
    """Limits of zero: no request passes, not even the first."""
    scene.key("mine", plan=scene.plan(throttle={"rateLimit": 0.0, "burstLimit": 0}))
    return scene.get("mine")


def disabled(scene: Keys) -> Answer:
    scene.key("mine", plan=scene.plan(), enabled=False)
    return scene.get("mine")


def key_without_plan(scene: Keys) -> Answer:
    scene.plan()
    scene.key("mine")
    return scene.get("mine")


def stage_without_plan(scene: Keys) -> Answer:
    scene.key("mine", plan=scene.plan("other"))
    return scene.get("mine")


CASES: dict[str, tuple[Callable[[Keys], Answer], str, str]] = {
    "quota": (quota, "QUOTA_EXCEEDED", "UpdateUsagePlan"),
    "plan throttle": (plan_throttle, "THROTTLE_USAGE_PLAN", "UpdateUsagePlan"),
    "plan throttle of a method": (method_throttle, "THROTTLE_USAGE_PLAN", "UpdateUsagePlan"),
    "stage throttle": (stage_throttle, "THROTTLE_STAGE", "UpdateStage"),
    "method throttle": (lambda scene: stage_throttle(scene, "~1required/GET"), "THROTTLE_STAGE", "UpdateStage"),
    "limits of zero": (nothing_admitted, "THROTTLE_USAGE_PLAN", "UpdateUsagePlan"),
    "disabled": (disabled, "KEY_DISABLED_OR_UNKNOWN", "UpdateApiKey"),
    "key without plan": (key_without_plan, "KEY_NOT_IN_PLAN", "CreateUsagePlanKey"),
    "stage without plan": (stage_without_plan, "KEY_STAGE_NOT_IN_PLAN", "UpdateUsagePlan"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_cure_is_proven_and_works(name: str) -> None:
    refuse, cause, operation = CASES[name]
    scene = Keys()
    answer = refuse(scene)
    assert answer.status in (403, 429)
    why = scene.explain(answer.trace)
    assert why["cause"] == cause
    remedy = why["remedies"][0]
    assert remedy["proven"]
    assert [step["operation"] for step in remedy["patch"]] == [operation]
    assert scene.explain(answer.trace, "ja")["headline"] != why["headline"]
    scene.apply(remedy)
    scene.now += 0.01 if answer.status == 403 else 1.0
    assert scene.get("mine").status == 200


def test_a_replay_knows_what_was_used() -> None:
    """The same request under the same configuration is refused again: otherwise any cure would look proven."""
    for refuse in (quota, plan_throttle, method_throttle, stage_throttle):
        scene = Keys()
        answer = refuse(scene)
        again = replay(answer.trace, scene.snapshot, scene.keyring)
        assert (again.reached, again.fault) == ("throttle", answer.trace.fault)


@pytest.mark.parametrize("place", ["DefaultRouteSettings", "RouteSettings"])
def test_limits_of_http_apis_are_cured_where_they_are(place: str) -> None:
    scene = Keys()
    api = scene("apigatewayv2", "CreateApi", Name="http", ProtocolType="HTTP")["ApiId"]
    function = scene.function("http")
    integration = scene(
        "apigatewayv2",
        "CreateIntegration",
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    scene("apigatewayv2", "CreateRoute", ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")
    limits = {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1}
    settings: dict[str, Any] = {place: {"GET /a": limits} if place == "RouteSettings" else limits}
    scene("apigatewayv2", "CreateStage", ApiId=api, StageName="dev", AutoDeploy=True, **settings)
    scene.permit(api, function, "*/*/a")
    scene.functions = hello
    answers = [scene.request(api, "GET", "/dev/a") for _ in range(2)]
    assert [each.status for each in answers] == [200, 429]
    why = scene.explain(answers[1].trace)
    assert why["cause"] == "THROTTLE_STAGE" and why["remedies"][0]["proven"]
    scene.apply(why["remedies"][0])
    scene.now += 1
    assert [scene.request(api, "GET", "/dev/a").status for _ in range(5)] == [200] * 5


def test_keys_that_nobody_knows_have_no_cure() -> None:
    scene = Keys()
    scene.plan()
    why = scene.explain(scene.get("0" * 30).trace)
    assert (why["cause"], why["blame"], why["remedies"]) == ("KEY_DISABLED_OR_UNKNOWN", "caller", [])
    why = scene.explain(scene.get().trace)
    assert (why["cause"], why["remedies"]) == ("KEY_MISSING", [])


def test_a_key_that_the_authorizer_did_not_name() -> None:
    scene = Keys(auth="CUSTOM", source="AUTHORIZER")
    scene.key("mine", plan=scene.plan())
    answer = scene.get("mine", Who="me")
    why = scene.explain(answer.trace)
    assert why["cause"] == "KEY_SOURCE_AUTHORIZER" and why["remedies"][0]["proven"]
    assert scene.explain(scene.get("unknown", Who="me").trace)["remedies"] == []
    scene.apply(why["remedies"][0])
    assert scene.get("mine", Who="me").status == 200
