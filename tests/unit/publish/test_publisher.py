"""Snapshots share with their predecessor what a change did not touch."""

from __future__ import annotations

from tests.scenes.rest import Rest

from sekisho.config.snapshot import EMPTY
from sekisho.publish.publisher import publish
from sekisho.state.world import Key


def test_everything_then_a_change() -> None:
    rest = Rest()
    rest.create()
    rest.lambda_method("/x", "GET")
    rest.deploy("prod")
    first = publish(rest.store, None, EMPTY, 7)
    assert first.revision == 7
    assert set(first.apis) == {rest.api} and set(first.apis[rest.api].stages) == {"prod"}
    irrelevant = Key("123456789012", "us-east-1", "logs", "group", "g")
    second = publish(rest.store, [irrelevant], first, 8)
    assert second.revision == 8
    assert second.apis is first.apis and second.functions is first.functions and second.identities is first.identities
    stage = next(key for key, _ in rest.documents() if key.kind == "stage")
    rest.patch("UpdateStage", ("replace", "/variables/v", "1"), stageName="prod")
    third = publish(rest.store, [stage], second, 9)
    assert third.apis[rest.api].stages["prod"].variables == {"v": "1"}
    assert third.functions is first.functions and third.identities is first.identities
