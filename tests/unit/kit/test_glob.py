"""``kit.glob``: the cheapest matcher says the same as a plain one, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.policy_reference import shell_like

from sekisho.kit.glob import ANY, ONE, Token, compile_glob, compile_tokens, has_wildcard, tokens_of

texts = st.text("ab*?[.", max_size=12)


@given(texts, st.text("ab[.", max_size=12))
@settings(max_examples=500)
def test_agrees_with_a_plain_matcher(pattern: str, text: str) -> None:
    assert compile_glob(pattern)(text) is shell_like(pattern, text)


@given(texts, st.text("aB[.", max_size=12))
def test_ignoring_case(pattern: str, text: str) -> None:
    assert compile_glob(pattern.upper(), ignore_case=True)(text) is shell_like(pattern, text.lower())


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("", [""], ["a"]),
        ("*", ["", "a/b:c"], []),
        ("a*", ["a", "ab"], ["ba", ""]),
        ("*a", ["a", "ba"], ["ab"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("*b*", ["b", "abc"], ["ac"]),
        ("a?c", ["abc", "a?c"], ["ac", "abbc"]),
        ("a*?c*d", ["abcd", "axxcyyd"], ["acd", "abc"]),
        ("[a].+", ["[a].+"], ["a.+"]),
        ("*?", ["a"], [""]),
    ],
)
def test_examples(pattern: str, matching: list[str], others: list[str]) -> None:
    matcher = compile_glob(pattern)
    assert all(map(matcher, matching))
    assert not any(map(matcher, others))


def test_literal_tokens_match_themselves() -> None:
    matcher = compile_tokens(["a", "*", ANY, "?", "z"])
    assert matcher("a*-?z")
    assert not matcher("axx?z")
    assert not matcher("a*-yz")


def test_tokens_are_normal() -> None:
    expected: list[Token] = ["a", ANY, ONE, "b"]
    assert tokens_of("a**?b") == expected
    assert has_wildcard("a?")
    assert not has_wildcard("a[b]")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*a" * 50_000, "a" * 40_000),
        ("*?" * 50_000, "a" * 60_000),
        ("a*" * 20 + "b", "a" * 100_000),
        ("*" + "a?" * 2_000 + "b*", "a" * 20_000),
        ("?" * 100_000, "a" * 99_999),
    ],
)
def test_hostile_patterns_cost_bounded_time(pattern: str, text: str) -> None:
    start = time.process_time()
    compile_glob(pattern)(text)
    assert time.process_time() - start < 2
