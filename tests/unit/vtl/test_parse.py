from __future__ import annotations

import pytest

from sekisho.vtl.parse import ParseProblem, parse
from sekisho.vtl.tree import Binary, Literal, Method, Print, Property, Reference, Text


def test_neighbouring_texts_are_one() -> None:
    assert parse("a $5 #foo #* gone *# b") == (Text("a $5 #foo  b"),)


def test_references() -> None:
    (node,) = parse("${a.b.c('x')}")
    assert node == Print(
        Reference("a", (Property("b"), Method("c", (Literal("x"),))), "${a.b.c('x')}"),
    )


def test_precedence() -> None:
    (node,) = parse("$a.f(1 + 2 * 3 == 7 && true)")
    assert isinstance(node, Print)
    (step,) = node.reference.steps
    assert isinstance(step, Method)
    product = Binary("*", Literal(2), Literal(3))
    assert step.arguments == (Binary("&&", Binary("==", Binary("+", Literal(1), product), Literal(7)), Literal(True)),)


def test_offsets_inside_of_strings() -> None:
    source = '#set($a = "x#if(")'
    with pytest.raises(ParseProblem) as caught:
        parse(source)
    assert source.index("x") < caught.value.offset <= len(source)
