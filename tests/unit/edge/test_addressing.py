"""Which API a host or path names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.edge.addressing import ApiHost, ApiPath, read_host, read_path


@pytest.mark.parametrize(
    ("host", "api", "region"),
    [
        ("abcde12345.execute-api.eu-west-1.amazonaws.com", "abcde12345", "eu-west-1"),
        ("ABCDE12345.Execute-Api.eu-west-1.amazonaws.com:8080", "abcde12345", "eu-west-1"),
        ("abcde12345.execute-api.us-east-1.localhost:4566", "abcde12345", "us-east-1"),
        ("abcde12345.execute-api.localhost:4566", "abcde12345", ""),
        ("abcde12345.execute-api.localhost.localstack.cloud", "abcde12345", ""),
        ("execute-api.us-east-1.amazonaws.com", "", ""),
        (".execute-api.us-east-1.amazonaws.com", "", ""),
        ("lambda.us-east-1.amazonaws.com", "", ""),
        ("127.0.0.1:4566", "", ""),
        ("[::1]:4566", "", ""),
        ("", "", ""),
    ],
)
def test_hosts(host: str, api: str, region: str) -> None:
    found = read_host(host)
    assert (found.api_id, found.region) == (api, region)


def test_the_port_goes_and_the_spelling_stays() -> None:
    assert read_host("[::1]:4566") == ApiHost("[::1]", "", "")
    assert read_host("LocalHost:1").name == "LocalHost"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/restapis/a1/prod/_user_request_/x/y%2Fz", ApiPath("a1", "/prod/x/y%2Fz")),
        ("/restapis/a1/prod/_user_request_/", ApiPath("a1", "/prod/")),
        ("/restapis/a1/prod/_user_request_", ApiPath("a1", "/prod")),
        ("/_aws/execute-api/a1/prod//x", ApiPath("a1", "/prod//x")),
        ("/_aws/execute-api/a1", ApiPath("a1", "/")),
        ("/_aws/execute-api/", None),
        ("/restapis/a1/stages/prod", None),
        ("/restapis/a1/resources/_user_request_/x", ApiPath("a1", "/resources/x")),
        ("/restapis//prod/_user_request_/x", None),
        ("/prod/x", None),
    ],
)
def test_paths(path: str, found: ApiPath | None) -> None:
    assert read_path(path) == found


@given(st.text())
def test_total(text: str) -> None:
    assert read_host(text).name in text
    read_path("/restapis/" + text)
    read_path(text)
