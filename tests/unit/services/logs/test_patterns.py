"""Filter patterns. Source of the examples: FilterAndPatternSyntax.html of CloudWatch Logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.services.logs.patterns import compile_pattern
from sekisho.services.operation import ServiceError

MESSAGES = (
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[INFO 200] OK",
)


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("", (0, 1, 2, 3)),
        ("   ", (0, 1, 2, 3)),
        ("ERROR", (0, 1, 2)),
        ("error", ()),
        ("ERROR REQUEST", (0, 1)),
        ("ERROR ARGUMENTS", (2,)),
        ("?ERROR ?OK", (0, 1, 2, 3)),
        ("?UNAUTHORIZED ?ARGUMENTS", (1, 2)),
        ('"BAD REQUEST"', (0,)),
        ('"[INFO 200]"', (3,)),
        ('"REQUEST BAD"', ()),
        ("ERROR -ARGUMENTS", (0, 1)),
        ("-ERROR", (3,)),
        ('ERROR -"BAD REQUEST"', (1, 2)),
        ('?"BAD REQUEST" ?OK', (0, 3)),
        ("401", (1,)),
        ("%4[0-9]{2}%", (0, 1, 2)),
        ("%D R%", (0, 1)),
    ],
)
def test_terms(pattern: str, matching: tuple[int, ...]) -> None:
    matches = compile_pattern(pattern)
    assert tuple(number for number, message in enumerate(MESSAGES) if matches(message)) == matching


def test_quotes_can_be_quoted() -> None:
    matches = compile_pattern(r'"\"a\": 1"')
    assert matches('{"a": 1}')
    assert not matches("{a: 1}")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{ $.a = }", "Invalid filter pattern"),
        ("[w1, w2=ERROR]", "Space-delimited filter patterns"),
        ("%(a%", "Invalid filter pattern"),
        ("%a", "Invalid character(s)"),
        ("a-b", "Invalid character(s) in term 'a-b'"),
        ("a.b", "Invalid character(s) in term 'a.b'"),
        ("ERROR*", "Invalid character(s)"),
        ("-", "Invalid character(s) in term"),
        ('""', "Invalid character(s) in term '\"\"'"),
        ('a -""', "Invalid character(s) in term '-\"\"'"),
        ('"unfinished', "Invalid filter pattern"),
        ('"a"b', "Invalid filter pattern"),
        ("?a b", "combine ? terms"),
        ("?a -b", "combine ? terms"),
        ("x" * 1025, "1024"),
    ],
)
def test_what_is_not_understood_never_matches_in_silence(pattern: str, text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        compile_pattern(pattern)
    assert caught.value.code == "InvalidParameterException"
    assert text in caught.value.message


@given(st.text(max_size=30), st.text(max_size=30))
def test_patterns_compile_or_are_refused(pattern: str, message: str) -> None:
    try:
        matches = compile_pattern(pattern)
    except ServiceError:
        return
    matches(message)


@given(st.text(alphabet="abc -", min_size=1, max_size=10), st.text(alphabet="abc -", max_size=30))
def test_a_quoted_phrase_is_contained(phrase: str, message: str) -> None:
    assert compile_pattern(f'"{phrase}"')(message) == (phrase in message)
