"""``sekisho logs``: spans of time, what is shown of an event, and servers that cannot help."""

from __future__ import annotations

import argparse
import json

import pytest

from sekisho.cli.app import main
from sekisho.cli.logs import _line, _seconds

EVENT = {"timestamp": 1_700_000_000_123, "message": "hello\n", "eventId": "1", "logStreamName": "s", "ingestionTime": 1}


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400)])
def test_spans_of_time(text: str, seconds: int) -> None:
    assert _seconds(text) == seconds


@pytest.mark.parametrize("text", ["5", "m", "-5m", "5 m", "5w", "1e3s", ""])
def test_other_spans_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        _seconds(text)


def test_lines() -> None:
    assert _line(EVENT, False) == "2023-11-14T22:13:20.123Z hello"
    assert json.loads(_line(EVENT, True))["message"] == "hello\n"


def test_without_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "group", "--endpoint", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr().err
    assert "sekisho serve" in said and "Traceback" not in said


def test_a_group_or_an_api_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["logs"])
    assert end.value.code == 2
    assert "--api" in capsys.readouterr().err


def test_a_stage_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--api", "abcde12345", "--endpoint", "http://127.0.0.1:1"]) == 1
    assert "ID/STAGE" in capsys.readouterr().err
