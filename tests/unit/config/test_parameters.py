"""Parameter mappings: the documented grammar, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.config.parameters import REQUEST, RESPONSE, ParameterMapping, Part, read_mapping, read_mappings


@pytest.mark.parametrize(
    ("side", "key", "value", "expected"),
    [
        (REQUEST, "append:header.X-A", "$request.header.Y-B", ("append", "header", "x-a", (("header", "y-b"),))),
        (
            REQUEST,
            "overwrite:querystring.Q",
            "$request.querystring.R",
            ("overwrite", "querystring", "Q", (("querystring", "R"),)),
        ),
        (REQUEST, "remove:querystring.Q", "''", ("remove", "querystring", "Q", ())),
        (REQUEST, "overwrite:path", "$request.path", ("overwrite", "path", "", (("path", ""),))),
        (
            REQUEST,
            "overwrite:path",
            "/v1/${request.path.id}/x",
            ("overwrite", "path", "", (("literal", "/v1/"), ("path", "id"), ("literal", "/x"))),
        ),
        (REQUEST, "append:header.a", "$request.body.name", ("append", "header", "a", (("body", "name"),))),
        (REQUEST, "append:header.a", "$context.requestId", ("append", "header", "a", (("context", "requestId"),))),
        (REQUEST, "append:header.a", "$stageVariables.v", ("append", "header", "a", (("stageVariables", "v"),))),
        (RESPONSE, "overwrite:statuscode", "403", ("overwrite", "statuscode", "", (("literal", "403"),))),
        (
            RESPONSE,
            "overwrite:statuscode",
            "$response.header.S",
            ("overwrite", "statuscode", "", (("header", "s"),)),
        ),
        (RESPONSE, "append:header.a", "$response.body.b", ("append", "header", "a", (("body", "b"),))),
        (RESPONSE, "remove:header.A", "", ("remove", "header", "a", ())),
    ],
)
def test_mappings(side: str, key: str, value: str, expected: tuple[str, str, str, tuple[tuple[str, str], ...]]) -> None:
    op, place, name, source = expected
    assert read_mapping(key, value, side) == ParameterMapping(op, place, name, tuple(Part(*each) for each in source))


@pytest.mark.parametrize(
    ("side", "key", "value"),
    [
        (REQUEST, "append:path", "x"),
        (REQUEST, "overwrite:statuscode", "200"),
        (REQUEST, "replace:header.a", "x"),
        (REQUEST, "append:header.", "x"),
        (REQUEST, "append:header.a", "$response.header.b"),
        (REQUEST, "append:header.a", "$request.header"),
        (REQUEST, "append:header.a", "$nonsense"),
        (REQUEST, "append:header.a", "$request.body..name"),
        (REQUEST, "append:header.a", "$request.body.a[?(@.b)]"),
        (REQUEST, "append:header.a", "${nonsense.x}"),
        (RESPONSE, "append:querystring.a", "x"),
        (RESPONSE, "append:header.a", "$request.header.b"),
        (RESPONSE, "overwrite:statuscode", "20"),
        (RESPONSE, "overwrite:statuscode", "ok"),
    ],
)
def test_what_is_no_mapping(side: str, key: str, value: str) -> None:
    assert read_mapping(key, value, side) is None


@pytest.mark.parametrize(
    "header",
    ["Authorization", "content-length", "X-Forwarded-For", "x-amz-date", "X-Amzn-Trace-Id", "Access-Control-X", "Via"],
)
def test_reserved_headers(header: str) -> None:
    assert read_mapping(f"overwrite:header.{header}", "x", REQUEST) is None
    assert read_mapping(f"remove:header.{header}", "", RESPONSE) is None


def test_invalid_rows_are_left_out() -> None:
    rows = read_mappings({"append:header.a": "1", "nonsense": "2", "append:header.b": "3"}, REQUEST)
    assert [row.name for row in rows] == ["a", "b"]


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from((REQUEST, RESPONSE)))
def test_reading_is_total(key: str, value: str, side: str) -> None:
    found = read_mapping(key, value, side)
    assert found is None or found.op in ("append", "overwrite", "remove")


@given(st.text(st.characters(exclude_characters="${}"), min_size=1, max_size=40))
def test_text_without_variables_is_itself(value: str) -> None:
    found = read_mapping("append:header.a", value, REQUEST)
    assert found is not None
    assert found.source == (Part("literal", value),)
