"""Keys and plans → tables by account and region, of which only those are made again that were touched."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.keys import BURST_ONE, Keys

from sekisho.config.api import Limits
from sekisho.config.api_keys import Quota
from sekisho.publish.api_keys import api_keys, limits_of

HERE = (ACCOUNT, REGION)


def test_a_key_knows_its_plan_by_stage() -> None:
    scene = Keys()
    plan = scene.plan("dev", throttle={"rateLimit": 2.0, "burstLimit": 3}, quota={"limit": 5, "period": "WEEK"})
    key = scene.key("mine", plan=plan)
    table = scene.snapshot.api_keys[HERE]
    found = table.keys[scene.values["mine"]]
    assert (found.id, found.name, found.enabled) == (key, "mine", True)
    compiled = found.by_stage[scene.api, "dev"]
    assert compiled is table.plans[plan] and compiled.limits == Limits(2.0, 3)
    assert compiled.quota == Quota(5, 0, "WEEK", scene.now)
    assert (scene.api, "other") not in found.by_stage


def test_other_changes_keep_the_tables() -> None:
    scene = Keys()
    scene.key("mine", plan=scene.plan())
    before = scene.snapshot.api_keys
    scene.gateway("CreateRestApi", name="another")
    scene("iam", "CreateUser", UserName="u")
    assert scene.snapshot.api_keys is before
    scene("apigateway", "CreateApiKey", region="eu-west-3", name="there")
    assert scene.snapshot.api_keys[HERE] is before[HERE]
    assert set(scene.snapshot.api_keys) == {HERE, (ACCOUNT, "eu-west-3")}


def test_what_is_compiled_piece_by_piece_is_what_is_compiled_at_once() -> None:
    scene = Keys()
    plan = scene.plan("dev", throttle=BURST_ONE)
    scene.key("mine", plan=plan)
    scene.key("theirs")
    scene.patch("UpdateApiKey", "replace", "/enabled", "false", apiKey=scene.ids["theirs"])
    assert scene.snapshot.api_keys == api_keys(scene.world, None, {})
    scene.gateway("DeleteUsagePlanKey", usagePlanId=plan, keyId=scene.ids["mine"])
    for key in scene.ids.values():
        scene.gateway("DeleteApiKey", apiKey=key)
    scene.patch("UpdateUsagePlan", "remove", "/apiStages", f"{scene.api}:dev", usagePlanId=plan)
    scene.gateway("DeleteUsagePlan", usagePlanId=plan)
    assert scene.snapshot.api_keys == api_keys(scene.world, None, {}) == {}


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        (None, None),
        ({}, None),
        ({"rateLimit": 2.5}, Limits(2.5, 3)),
        ({"rateLimit": 0.1}, Limits(0.1, 1)),
        ({"burstLimit": 4}, Limits(4.0, 4)),
        ({"rateLimit": 0, "burstLimit": 0}, Limits(0.0, 0)),
    ],
)
def test_half_a_throttle_is_completed(row: dict[str, float] | None, limits: Limits | None) -> None:
    assert limits_of(row) == limits
