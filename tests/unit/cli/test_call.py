"""``sekisho call``: what it refuses before it sends anything, and how it says so."""

from __future__ import annotations

import argparse

import pytest

from sekisho.cli.app import main
from sekisho.cli.call import _address, _region_of

HOST = "https://abcde12345.execute-api.eu-west-3.amazonaws.com/prod/x"
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "words",
    [
        ["GET", "foo"],
        ["GET", "ftp://example.com/"],
        ["GET", "http://[::1/x"],
        ["GET", "http://example.com:99999/"],
        ["G ET", HOST],
        ["GET", HOST, "--header", "no colon"],
        ["GET", HOST, "--header", "X: a\nInjected: b"],
        ["GET", HOST, "--header", "X Y: a"],
        ["GET", HOST, "--access-key", "AKIA"],
    ],
)
def test_bad_words_are_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", *words, "--endpoint", NOWHERE]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("sekisho call: ") and said.err.count("\n") == 1 and not said.out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--data", "@/no/such/file"],
        ["--profile", "no-such-profile-of-tests"],
        ["--role", "arn:aws:iam::123456789012:role/x"],
        ["--json"],
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "GET", HOST, *words, "--endpoint", NOWHERE]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("sekisho call: ") and "Traceback" not in said.err and not said.out


def test_two_ways_to_sign_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["call", "GET", HOST, "--role", "r", "--profile", "p"])
    assert end.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_addresses_are_encoded_once() -> None:
    found = _address("https://h/a b/é?q=ü x&already=%20#part")
    assert found is not None
    assert (found.path, found.query, found.fragment) == ("/a%20b/%C3%A9", "q=%C3%BC%20x&already=%20", "")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("abcde12345.execute-api.eu-west-3.amazonaws.com", "eu-west-3"),
        ("abcde12345.execute-api.localhost", "us-east-1"),
        ("127.0.0.1", "us-east-1"),
        ("api.example.com", "us-east-1"),
    ],
)
def test_the_region_of_an_address(host: str, region: str) -> None:
    assert _region_of(host) == region


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["call", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text and "exit status:" in text
    assert argparse.SUPPRESS not in text
