"""One bad stored document takes nothing else down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION

from sekisho.config.api import Stage
from sekisho.config.snapshot import EMPTY
from sekisho.publish.isolation import BROKEN, left_out
from sekisho.publish.publisher import publish
from sekisho.state.world import GLOBAL, Change, Key, World

BAD: Mapping[str, Any] = {"nothing": "of use"}
STAGE = Key(ACCOUNT, REGION, "apigateway", "stage", "abc/prod")


def world(*documents: tuple[Key, Mapping[str, Any]]) -> World:
    made = World()
    made.apply([Change(key, document) for key, document in documents], 1)
    return made


def rest_world(stage: Mapping[str, Any] = BAD) -> World:
    return world((STAGE._replace(kind="restapi", id="abc"), {"id": "abc", "name": "n"}), (STAGE, stage))


def test_a_stage_that_cannot_be_compiled_answers_500() -> None:
    snapshot = publish(rest_world(), None, EMPTY, 1)
    stage: Stage = snapshot.apis["abc"].stages["prod"]
    for path in ("/", "/a/b"):
        found = stage.router.match(path, "GET")
        assert found is not None and "KeyError" in found.route.integration.reason  # type: ignore[union-attr]
    [told] = left_out(rest_world(), snapshot)
    assert told.startswith("stage prod of API abc answers 500: ") and stage.settings[BROKEN] in told


def test_a_change_that_cannot_be_compiled_is_refused() -> None:
    with pytest.raises(KeyError):
        publish(rest_world(), [STAGE], EMPTY, 1)


def test_a_stage_of_an_http_api() -> None:
    key = Key(ACCOUNT, REGION, "apigatewayv2", "stage", "abc/$default")
    bad = {"StageName": "$default", "DeploymentId": "d"}
    documents = [
        (key._replace(kind="api", id="abc"), {"ApiId": "abc", "Name": "n", "ProtocolType": "HTTP"}),
        (key, bad),
        (key._replace(kind="deployment", id="abc/d"), {"DeploymentId": "d"}),
    ]
    snapshot = publish(world(*documents), None, EMPTY, 1)
    assert BROKEN in snapshot.apis["abc"].stages["$default"].settings


@pytest.mark.parametrize(
    "key",
    [
        Key(ACCOUNT, REGION, "lambda", "function", "f"),
        Key(ACCOUNT, GLOBAL, "iam", "user", "u"),
        Key(ACCOUNT, GLOBAL, "iam", "role", "r"),
        Key(ACCOUNT, GLOBAL, "iam", "accesskey", "AKIAX"),
        Key(ACCOUNT, GLOBAL, "iam", "policy", f"arn:aws:iam::{ACCOUNT}:policy/p"),
    ],
)
def test_others_are_as_if_they_did_not_exist(key: Key) -> None:
    snapshot = publish(world((key, BAD)), None, EMPTY, 1)
    [told] = left_out(world((key, BAD)), snapshot)
    assert key.kind in told and key.id in told
    policy = snapshot.identities.managed.get(key.id)
    assert policy is None or policy.document["Statement"][0]["Effect"] == "Deny"


def test_nothing_is_left_out_of_a_sound_world() -> None:
    assert list(left_out(World(), publish(World(), None, EMPTY, 0))) == []
