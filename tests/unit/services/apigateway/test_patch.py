"""The PATCH grammar: total over hostile input, and leaving the original alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.services.apigateway import patch
from sekisho.services.operation import ServiceError

TARGETS = (
    patch.member("/name"),
    patch.member("/gone", "add replace remove", cleared_by_empty=True),
    patch.member("/nested/flag", convert=patch.boolean),
    patch.member("/count", "replace copy", patch.integer),
    patch.entry("/map/{name}"),
    patch.item("/list/{value}", "add replace remove"),
    patch.values("/scopes"),
)
DOCUMENT: dict[str, Any] = {"name": "n", "map": {"a/b": "1"}, "list": ["x"], "other": 7}


def after(*asked: dict[str, Any]) -> dict[str, Any]:
    return patch.apply(DOCUMENT, patch.operations(list(asked)), TARGETS)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"op": "replace", "path": "/name", "value": "m"}, {"name": "m"}),
        ({"op": "replace", "path": "/name"}, {"name": ""}),
        ({"op": "replace", "path": "/gone", "value": ""}, {}),
        ({"op": "add", "path": "/gone", "value": "x"}, {"gone": "x"}),
        ({"op": "replace", "path": "/nested/flag", "value": "TRUE"}, {"nested": {"flag": True}}),
        ({"op": "replace", "path": "/nested/flag", "value": True}, {"nested": {"flag": True}}),
        ({"op": "replace", "path": "/count", "value": "-3"}, {"count": -3}),
        ({"op": "copy", "path": "/count", "from": "/other"}, {"count": 7}),
        ({"op": "add", "path": "/map/c~1d~0e", "value": "2"}, {"map": {"a/b": "1", "c/d~e": "2"}}),
        ({"op": "remove", "path": "/list/x"}, {"list": None}),
        ({"op": "add", "path": "/list/y~1z"}, {"list": ["x", "y/z"]}),
        ({"op": "add", "path": "/list/x"}, {"list": ["x"]}),
        ({"op": "replace", "path": "/list/x", "value": "w"}, {"list": ["w"]}),
        ({"op": "add", "path": "/scopes", "value": "a, b,a"}, {"scopes": ["a", "b"]}),
        ({"op": "remove", "path": "/map/a~1b"}, {"map": None}),
    ],
)
def test_operations(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    wanted = {**DOCUMENT, **expected}
    assert after(asked) == {name: value for name, value in wanted.items() if value is not None}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"op": "replace"}, "Invalid patch path null"),
        ({"op": "erase", "path": "/name"}, "Invalid patch operation specified: erase"),
        ({"op": "remove", "path": "/map/zz"}, "Invalid parameter name specified"),
        ({"op": "replace", "path": "/nested/flag", "value": "maybe"}, "Invalid boolean value: maybe"),
        ({"op": "replace", "path": "/nested/flag"}, "Invalid null or empty value in /nested/flag"),
        ({"op": "replace", "path": "/count", "value": "1.5"}, "Invalid integer value: 1.5"),
        ({"op": "copy", "path": "/count", "from": "/nowhere"}, "Invalid patch from path /nowhere"),
        (
            {"op": "copy", "path": "/count", "from": "/map"},
            "Invalid patch value specified: only single values can be set",
        ),
        (
            {"op": "remove", "path": "/x"},
            "Invalid patch path  '/x' specified for op 'remove'. "
            "Must be one of: [/gone, /list/{value}, /map/{name}, /scopes]",
        ),
    ],
)
def test_refusals(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        after({"op": "replace", "path": "/name", "value": "changed"}, asked)
    assert caught.value.message == message


TEXT = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["a/b", "~1", "x", "true"]))
PATHS = st.one_of(
    st.sampled_from([*(t.path for t in TARGETS), "/map/a~1b", "/list/x", "", "/", "//", "/map/", "name", "/nested"]),
    st.text(alphabet="/~01mapnelistx{}", max_size=12),
)
OPS = st.sampled_from(["add", "remove", "replace", "copy", "move", "test", "", None])


@given(st.lists(st.fixed_dictionaries({"op": OPS, "path": PATHS, "value": TEXT, "from": TEXT}), max_size=4))
def test_total_and_pure(asked: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(DOCUMENT)
    try:
        result = after(*asked)
    except ServiceError as problem:
        assert problem.code in ("BadRequestException", "NotFoundException")
    else:
        assert result["other"] == 7
    assert before == DOCUMENT
