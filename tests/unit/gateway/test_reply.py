"""Replies of functions: what is accepted, and the first rule that the others violate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.gateway.payload.media import is_binary
from sekisho.gateway.payload.reply import Malformed, Reply, body_bytes, read_v1


def read(value: Any) -> Reply | Malformed:
    return read_v1(json.dumps(value).encode())


JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        ({}, Reply(200, [JSON], "", False)),
        ({"statusCode": "201", "body": "x"}, Reply(201, [JSON], "x", False)),
        ({"statusCode": None, "headers": None, "multiValueHeaders": None, "body": None}, Reply(200, [JSON], "", False)),
        (
            {"headers": {"X-Flag": True, "X-N": 3, "X-Null": None}},
            Reply(200, [("X-Flag", "true"), ("X-N", "3"), JSON], "", False),
        ),
        ({"headers": {"content-type": "text/plain"}}, Reply(200, [("content-type", "text/plain")], "", False)),
        ({"body": 12}, Reply(200, [JSON], "12", False)),
        ({"isBase64Encoded": "true"}, Reply(200, [JSON], "", True)),
        ({"isBase64Encoded": None}, Reply(200, [JSON], "", False)),
        (
            {"headers": {"x-MULTI": "solo", "Date": "d"}, "multiValueHeaders": {"X-Multi": ["a", "b"]}},
            Reply(
                200,
                [("X-Multi", "a"), ("X-Multi", "b"), ("X-Multi", "solo"), ("x-amzn-Remapped-Date", "d"), JSON],
                "",
                False,
            ),
        ),
        (
            {"headers": {"a": "1"}, "multiValueHeaders": {"A": ["1"]}},
            Reply(200, [("A", "1"), JSON], "", False),
        ),
        ({"headers": {"Transfer-Encoding": "chunked"}}, Reply(200, [JSON], "", False)),
    ],
)
def test_accepted(value: Any, reply: Reply) -> None:
    assert read(value) == reply


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("text", "not-an-object"),
        (None, "not-an-object"),
        ([], "not-an-object"),
        ({"extra": 1}, "unknown-key"),
        ({"statusCode": "test"}, "status-code"),
        ({"statusCode": 99}, "status-code"),
        ({"statusCode": True}, "status-code"),
        ({"statusCode": {}}, "status-code"),
        ({"headers": []}, "headers"),
        ({"headers": {"a": []}}, "headers"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"headers": {"a": "x\r\nSet-Cookie: y"}}, "headers"),
        ({"multiValueHeaders": {"a": "b"}}, "multi-value-headers"),
        ({"multiValueHeaders": {"a": [{}]}}, "multi-value-headers"),
        ({"multiValueHeaders": "x"}, "multi-value-headers"),
        ({"body": {"a": 1}}, "body"),
        ({"isBase64Encoded": "yes"}, "is-base64-encoded"),
        ({"isBase64Encoded": []}, "is-base64-encoded"),
    ],
)
def test_malformed(value: Any, problem: str) -> None:
    found = read(value)
    assert isinstance(found, Malformed)
    assert found.problem == problem


def test_not_json() -> None:
    assert read_v1(b"{") == Malformed("not-json")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "other"])


@given(st.dictionaries(keys, values, max_size=5))
def test_reading_is_total(value: dict[str, Any]) -> None:
    found = read(value)
    if isinstance(found, Reply):
        assert 200 <= found.status <= 599
        for name, text in found.headers:
            assert name and not {"\r", "\n", "\0"} & set(text)
        body_bytes(found, "*/*", ("*/*",))


@given(st.binary(max_size=40))
def test_any_bytes_can_be_read(payload: bytes) -> None:
    read_v1(payload)


def test_base64_is_undone_only_for_binary_types() -> None:
    reply = Reply(200, [], "aGk=", True)
    assert body_bytes(reply, "image/png, text/html", ("image/png",)) == b"hi"
    assert body_bytes(reply, "text/html, image/png", ("image/png",)) == b"aGk="
    assert body_bytes(reply, None, ("image/png",)) == b"aGk="
    assert body_bytes(reply, None, ("*/*",)) == b"hi"
    assert body_bytes(reply._replace(body="?"), "image/png", ("image/png",)) is None
    assert body_bytes(reply._replace(base64=False), "image/png", ("image/png",)) == b"aGk="


@pytest.mark.parametrize(
    ("media", "types", "binary"),
    [
        ("image/png; q=1", ("image/png",), True),
        ("IMAGE/PNG", ("image/png",), True),
        ("image/png", ("image/*",), True),
        ("image/*", ("image/png",), False),
        ("*/test", ("*/test",), False),
        ("", ("*/*",), True),
        ("", ("image/*",), False),
        ("image/png", (), False),
    ],
)
def test_media_types(media: str, types: tuple[str, ...], binary: bool) -> None:
    assert is_binary(media, types) is binary
