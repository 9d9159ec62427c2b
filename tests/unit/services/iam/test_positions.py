"""Statements are found in the text they were parsed from."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sekisho.services.iam.positions import position, statement_spans

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(), VALUES, max_size=3), st.lists(VALUES, max_size=4), st.sampled_from([None, 0, 2, "\t"])
)
def test_every_statement_of_a_list(others: dict[str, Any], statements: list[Any], indent: Any) -> None:
    text = json.dumps({**others, "Statement": statements}, indent=indent)
    assert [json.loads(text[start:end]) for start, end in statement_spans(text)] == statements


@given(st.dictionaries(st.text(), VALUES, max_size=3))
def test_a_lone_statement(statement: dict[str, Any]) -> None:
    text = " " + json.dumps({"Version": "2012-10-17", "Statement": statement})
    ((start, end),) = statement_spans(text)
    assert json.loads(text[start:end]) == statement


@given(st.text())
def test_any_text_at_all(text: str) -> None:
    for start, end in statement_spans(text):
        assert 0 <= start < end <= len(text)


def test_lines_and_columns_count_from_one() -> None:
    assert position("a\nbc", 0) == {"Line": 1, "Column": 1}
    assert position("a\nbc", 3) == {"Line": 2, "Column": 2}
