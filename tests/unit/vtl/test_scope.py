from __future__ import annotations

from sekisho.vtl.scope import Overrides, Scope, read_json


def test_the_body_is_read_once_and_leniently() -> None:
    scope = Scope('{"a": [1]}')
    assert scope.json() is scope.json()
    assert Scope("").json() == {}
    assert Scope("text").json() == "text"
    assert read_json("\ud800") == "\ud800"


def test_every_scope_has_its_own_overrides() -> None:
    Scope().overrides.request["header"]["a"] = "b"
    assert Scope().overrides.request["header"] == {}
    shared = Overrides()
    assert Scope(overrides=shared).overrides is shared
