"""Filter patterns over JSON. Source of the grammar: FilterAndPatternSyntaxForMetricFilters.html of CloudWatch Logs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.services.logs.patterns import compile_pattern
from sekisho.services.operation import ServiceError

EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "status": 500,
        "took": 1.5,
        "a-b": {"c.d": "x"},
    }
)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "UpdateTrail" }',
        "{ $.eventType = UpdateTrail }",
        "{$.eventType=UpdateTrail}",
        "{ $.sourceIPAddress != 123.123.* }",
        '{ $.sourceIPAddress = "111.*" }',
        '{ $.sourceIPAddress = "1*1.111.*111" }',
        '{ $.arrayKey[0] = "value" }',
        '{ $.arrayKey[*] = "another value" }',
        "{ $.objectList[1].id = 2 }",
        "{ $.objectList[*].name = b }",
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        "{ $.status > 499 && $.status <= 500 }",
        "{ $.status = 5e2 }",
        "{ $.took < 2 }",
        "{ ($.status = 404) || ($.status = 500 && $.took >= 1.5) }",
        "{ $.status = 500 || $.status = 404 && $.status = 1 }",
        "{ $.eventType = %^Update[A-Z]% }",
        "{ $.a-b['c.d'] = x }",
        '{ $.status != "500" }',
    ],
)
def test_matching(pattern: str) -> None:
    assert compile_pattern(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventType = updatetrail }",
        '{ $.status = "500" }',
        "{ $.missing != x }",
        "{ $.missing IS NULL }",
        "{ $.SomeObject NOT EXISTS }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.ThisFlag = 1 }",
        "{ $.arrayKey[7] = value }",
        "{ $.status > 500 }",
        "{ $.eventType > 1 }",
        '{ $.sourceIPAddress = "111.*2" }',
    ],
)
def test_not_matching(pattern: str) -> None:
    assert not compile_pattern(pattern)(EVENT)


@pytest.mark.parametrize("message", ["", "plain text", "500", '"x"', "{", "[" * 100_000])
def test_other_events_do_not_match(message: str) -> None:
    assert not compile_pattern("{ $.status != 404 }")(message)


@pytest.mark.parametrize(
    "pattern",
    [
        "{}", "{ }", "{ $ }", "{ $.a }", "{ $.a = }", "{ = 1 }", "{ $.a = 1", "{ $.a = 1 } x", "{ $.a > x }",
        "{ ($.a = 1 }", "{ $.a = 1) }", "{ $.a = 1 && }", "{ $.a IS MAYBE }", "{ $.a NOT }", "{ $.a = %(% }",
        "{ $.a == 1 }", "{" + "(" * 200 + "$.a=1" + ")" * 200 + "}",
        "{ $" + ".a" * 200 + " = 1 }",
    ],
)  # fmt: skip
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ServiceError) as caught:
        compile_pattern(pattern)
    assert (caught.value.code, caught.value.message) == ("InvalidParameterException", "Invalid filter pattern")


VALUES = st.recursive(st.none() | st.integers() | st.text(), st.lists)


@given(st.text(alphabet='{}$.ab[]*"=<>&|()! 1%', max_size=30), VALUES)
def test_total(inside: str, value: object) -> None:
    try:
        matches = compile_pattern("{" + inside + "}")
    except ServiceError:
        return
    matches(json.dumps({"a": value}))
