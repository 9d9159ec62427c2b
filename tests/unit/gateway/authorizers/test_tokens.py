"""Texts → tokens: what is one, and that every text has an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.jwt import segment, token

from sekisho.gateway.authorizers.tokens import (
    MAX_DEPTH,
    MAX_TOKEN,
    Flaw,
    Token,
    decode_segment,
    read_token,
    without_scheme,
)

NOT_A_NUMBER = b'{"exp": NaN}'
VERY_DEEP = b'{"deep": ' + b"[" * 4000 + b"]" * 4000 + b"}"


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc ", "abc"),
        ("abc", "abc"),
        ("Bearer", "Bearer"),
        ("Bearer ", ""),
        ("Basic abc", "Basic abc"),
        ("", ""),
    ],
)
def test_the_scheme_is_optional(text: str, found: str) -> None:
    assert without_scheme(text) == found


@pytest.mark.parametrize("text", ["opaque", "a.b", "a.b.c.d", "", "eyJhbGciOiJSUzI1NiJ9"])
def test_three_segments(text: str) -> None:
    found = read_token(text)
    assert isinstance(found, Flaw)
    assert (found.kind, found.description) == ("segments", "token contains an invalid number of segments")


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "a.b.c",
        f"{segment({'alg': 'RS256'})}.{segment([])}.AA",
        f"{segment([])}.{segment({})}.AA",
        f"{segment('x')}.{segment({})}.AA",
        f"{segment({})}=.{segment({})}.AA",
        f"{segment({})}.{segment({})}.A",
        f"{segment({})}.{segment({})}.A+/A",
        f"{segment({})}.{segment({})}.AA\u00e9A",
        f"{segment({})}. {segment({})}.AA",
        f"{segment({})}.{segment(b'{')}.AA",
        f"{segment({})}.{segment(bytes([0xFF]))}.AA",
        f"{segment({})}.{segment(NOT_A_NUMBER)}.AA",
        f"{segment({})}.{segment({'deep': nested(MAX_DEPTH + 1)})}.AA",
        f"{segment({})}.{segment(VERY_DEEP)}.AA",
        f"{segment({'crit': ['exp'], 'alg': 'RS256'})}.{segment({})}.AA",
    ],
)
def test_malformed_tokens(text: str) -> None:
    found = read_token(text)
    assert isinstance(found, Flaw)
    assert found.kind == "malformed"


def test_long_texts_are_not_looked_at() -> None:
    found = read_token("." * (MAX_TOKEN + 1))
    assert isinstance(found, Flaw)
    assert found.kind == "size"


def test_odd_header_values_are_no_names() -> None:
    found = read_token(token(alg="RS256", kid=None, typ=7))
    assert isinstance(found, Token)
    assert found.kid == ""
    odd = read_token(f"{segment({'alg': 1, 'kid': ['k']})}.{segment({})}.AA")
    assert isinstance(odd, Token)
    assert (odd.algorithm, odd.kid) == ("", "")


def test_claims_may_be_nested_within_reason() -> None:
    assert isinstance(read_token(token({"deep": nested(MAX_DEPTH - 2)})), Token)


@given(st.binary(max_size=40))
def test_segments_round_trip(data: bytes) -> None:
    assert decode_segment(segment(data)) == data


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(read_token(text), Token | Flaw)


@given(st.lists(st.text(alphabet="ABCabc019-_+/=. é\x00", max_size=12), min_size=3, max_size=3))
def test_any_three_segments_have_an_answer(parts: list[str]) -> None:
    assert isinstance(read_token(".".join(parts)), Token | Flaw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_json_has_an_answer(value: Any) -> None:
    data = json.dumps(value).encode()
    found = read_token(f"{segment(data)}.{segment(data)}.AA")
    assert isinstance(found, Token | Flaw)
