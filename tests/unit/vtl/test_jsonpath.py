from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.vtl.jsonpath import MISSING, PathProblem, compile_path

STORE: Any = {
    "book": [
        {"category": "reference", "author": "Rees", "price": 8.95},
        {"category": "fiction", "author": "Waugh", "price": 12.99, "isbn": None},
        {"category": "fiction", "author": "Melville", "price": 8.99, "isbn": "0-553"},
    ],
    "bicycle": {"color": "red", "price": 19.95},
    "a b": {"c.d": 1},
    "n": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE),
        ("$.bicycle.color", "red"),
        ("bicycle.color", "red"),
        ("$['bicycle']['color']", "red"),
        ('$["a b"]["c.d"]', 1),
        ("$.book[0].author", "Rees"),
        ("$.book[-1].author", "Melville"),
        ("$.book[9]", MISSING),
        ("$.nope.x", MISSING),
        ("$.n", None),
        ("$.n.x", MISSING),
        ("$.book[*].author", ["Rees", "Waugh", "Melville"]),
        ("$.book.*.author", ["Rees", "Waugh", "Melville"]),
        ("$..author", ["Rees", "Waugh", "Melville"]),
        ("$..book[0].author", ["Rees"]),
        ("$..[0].author", ["Rees"]),
        ("$.book[0,1].price", [8.95, 12.99]),
        ("$.book[:2].price", [8.95, 12.99]),
        ("$.book[-1:].price", [8.99]),
        ("$.book[0:3:2].price", [8.95, 8.99]),
        ("$.bicycle['color','price']", ["red", 19.95]),
        ("$.book[?(@.price < 10)].author", ["Rees", "Melville"]),
        ("$.book[?(@.isbn)].author", ["Waugh", "Melville"]),
        ("$.book[?(!@.isbn)].author", ["Rees"]),
        ("$.book[?(@.category == 'fiction' && @.price > 10 || @.author == \"Rees\")].author", ["Rees", "Waugh"]),
        ("$.book[?((@.isbn == null))].author", ["Waugh"]),
        ("$.book[?(@.author != 'Rees')].price", [12.99, 8.99]),
        ("$.book[?(@.author < 5)]", []),
        ("$.book.length()", 3),
        ("$.nope.length()", MISSING),
        ("$.nope[*]", []),
    ],
)
def test_find(path: str, found: Any) -> None:
    assert compile_path(path).find(STORE) == found


@pytest.mark.parametrize(
    "path",
    ["", "$.", "$x", "$[", "$[]", "$['a", "$.a[?(@.b == )]", "$.a[0:1:0]", "$.a b", "$.a[?(@..b)]", "$" + ".a" * 600],
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(PathProblem):
        compile_path(path)


def test_work_is_bounded() -> None:
    document: Any = [[[[[0] * 30] * 30] * 30] * 30]
    with pytest.raises(PathProblem):
        compile_path("$..*").find(document)


_PIECES = st.sampled_from(
    ["$", ".", "..", "[", "]", "*", "a", "'", "?(", ")", "@", "==", "&&", "0", ":", ",", "-", "!"]
)
_JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.lists(_PIECES).map("".join), _JSON)
def test_total(path: str, document: Any) -> None:
    try:
        compile_path(path).find(document)
    except PathProblem:
        pass
