"""Canonical forms, piece by piece."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from sekisho.kit.headers import Headers
from sekisho.sigv4.canonical import (
    EMPTY_SHA256,
    canonical_headers,
    canonical_path,
    canonical_query,
    encoded_query,
    payload_hash,
    signing_key,
)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("//", "/"),
        ("/prod/pets/", "/prod/pets/"),
        ("/a//b/./c/../d", "/a/b/d"),
        ("/../..", "/"),
        ("/a%20b", "/a%2520b"),
        ("/a b*~", "/a%20b%2A~"),
        ("/\xe9", "/%E9"),
        ("/...", "/..."),
    ],
)
def test_paths(raw: str, canonical: str) -> None:
    assert canonical_path(raw) == canonical


@given(st.text("ab/.%2~-_+* ", max_size=14))
def test_paths_are_normalised_as_botocore_does(path: str) -> None:
    signer: Any = SigV4Auth(Credentials("a", "b"), "execute-api", "eu-west-1")
    assert canonical_path("/" + path) == signer._normalize_url_path("/" + path)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1&a=", "a=&a=1&a=2"),
        ("flag", "flag="),
        ("a=b=c", "a=b=c"),
        ("&&", "=&=&="),
    ],
)
def test_queries(raw: str, canonical: str) -> None:
    assert canonical_query(raw) == canonical


def test_presigned_queries_leave_out_the_signature_alone() -> None:
    raw = "X-Amz-Signature=f&X-Amz-Date=d&a=b"
    assert canonical_query(raw, presigned=True) == "X-Amz-Date=d&a=b"
    assert canonical_query(raw) == "X-Amz-Date=d&X-Amz-Signature=f&a=b"


def test_characters_that_should_have_been_encoded() -> None:
    assert encoded_query("a=b/c&d=%2f") == "a=b%2Fc&d=%2f"


def test_headers() -> None:
    headers = Headers([("Host", "h"), ("X-A", "  1   2 "), ("x-a", "3"), ("X-B", "\t")])
    assert canonical_headers("host;x-a;x-b", headers) == "host:h\nx-a:1 2,3\nx-b:\n"
    assert canonical_headers("host;x-c", headers) is None
    assert canonical_headers("Host", headers) is None


def test_keys_and_payloads() -> None:
    # The documented example: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert payload_hash(b"") == EMPTY_SHA256
    assert payload_hash(b"x") == hashlib.sha256(b"x").hexdigest()
