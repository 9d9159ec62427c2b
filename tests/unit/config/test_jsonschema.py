"""Draft 4 by example, and totality."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.config.jsonschema import problem

OBJECT = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 5, "exclusiveMaximum": True}},
    "patternProperties": {"^x-": {"type": "string", "maxLength": 2}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (
            OBJECT,
            [{"a": 1}, {"a": 4.0, "x-b": "zz"}],
            [{}, [], {"a": 0}, {"a": 5}, {"a": 1, "b": 2}, {"a": 1, "x-": "zzz"}],
        ),
        ({"type": ["string", "null"]}, ["", None], [1, True]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"type": "integer"}, [1, 1.0], [True, 1.5]),
        ({"enum": [1, "a", [1]]}, [1, 1.0, "a", [1]], [True, "b", [True], None]),
        ({"pattern": "b+", "minLength": 2}, ["abba", 7], ["b", "aa"]),
        ({"pattern": "(?=lookahead)"}, [1], ["lookahead"]),
        ({"items": {"type": "string"}, "minItems": 1, "uniqueItems": True}, [["a", "b"]], [[], ["a", "a"], [1]]),
        ({"items": [{"type": "string"}], "additionalItems": False}, [["a"], []], [["a", "b"], [1]]),
        ({"items": [{}], "additionalItems": {"type": "null"}}, [[1, None]], [[1, 2]]),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, ["a"], ["", 1]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["a", None], [1]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5], [3]),
        ({"not": {"type": "string"}}, [1], ["a"]),
        ({"multipleOf": 0.1}, [0.3, 1], [0.35]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 2}]),
        ({"dependencies": {"a": ["b"]}}, [{"a": 1, "b": 2}, {"b": 1}], [{"a": 1}]),
        (
            {"definitions": {"s": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/s"}}},
            [{"a": ""}],
            [{"a": 1}],
        ),
        ({"properties": {"next": {"$ref": "#"}}, "type": "object"}, [{"next": {"next": {}}}], [{"next": {"next": 1}}]),
        ({"$ref": "#"}, [], [1]),
        ({"$ref": "#/nowhere"}, [], [1]),
        (False, [], [1]),
    ],
)
def test_keywords(schema: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert problem(schema, value, {}) is None
    for value in bad:
        assert problem(schema, value, {}) is not None


def test_models_refer_to_models() -> None:
    models = {"Pets": {"definitions": {"p": {"type": "string"}}, "items": {"$ref": "#/definitions/p"}, "type": "array"}}
    schema = {"properties": {"pets": {"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Pets"}}}
    assert problem(schema, {"pets": ["a"]}, models) is None
    assert problem(schema, {"pets": [1]}, models) is not None
    assert problem({"$ref": "https://elsewhere.example/restapis/abc/models/Pets"}, [], models) is not None


def test_schemas_that_branch_into_themselves_end() -> None:
    assert problem({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1, {}) is not None


def test_messages() -> None:
    assert problem({"required": ["a", "b"]}, {}, {}) == 'object has missing required properties (["a","b"])'
    assert problem({"type": "integer"}, "1", {}) == (
        'instance type (string) does not match any allowed primitive type (allowed: ["integer"])'
    )


KEYWORDS = st.sampled_from(
    [
        "type",
        "enum",
        "items",
        "properties",
        "required",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "$ref",
        "pattern",
        "minimum",
        "multipleOf",
        "additionalProperties",
        "dependencies",
        "a",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "#", "#/a", "object", "(", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_total(schema: Any, value: Any) -> None:
    found = problem(schema, value, {})
    assert found is None or found
