"""``sekisho explain``: texts in both languages, and servers that cannot help."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.corpus import Scene, cases

from sekisho.cli.app import main
from sekisho.explain.render import as_text


def explained(lang: str) -> dict[str, Any]:
    case = next(case for case in cases() if case["id"].startswith("200-"))
    scene = Scene(case)
    return scene.lab.explain(scene.send().trace, lang)


def test_text_names_fault_evidence_and_remedies() -> None:
    found = explained("en")
    text = as_text(found, "en")
    assert text.startswith(found["headline"])
    assert "cause: LINV_CALLER_CREDENTIALS" in text and "blame: configuration" in text
    assert "remedy 1:" in text and "$ aws apigateway update-integration" in text and "InvokeRole: NONE" in text
    assert text.index("remedy 1") < text.index("remedy 2") < text.index("put-role-policy")


def test_japanese_text_has_no_english_headings() -> None:
    text = as_text(explained("ja"), "ja")
    assert "原因: LINV_CALLER_CREDENTIALS" in text and "証拠:" in text and "対処 1:" in text
    assert "remedy" not in text and "evidence" not in text


def test_json_is_the_same_explanation() -> None:
    found = explained("en")
    assert json.loads(json.dumps(found))["cause"] == "LINV_CALLER_CREDENTIALS"
    assert {"headline", "evidence", "remedies", "blame", "gate", "also", "source"} <= set(found)


def test_without_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "some-id", "--endpoint", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr().err
    assert "sekisho serve" in said and said.count("\n") == 1


def test_an_unknown_language_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["explain", "some-id", "--lang", "xx"])
    assert end.value.code == 2
    assert "--lang" in capsys.readouterr().err
