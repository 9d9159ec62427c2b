"""Messages: both languages say the same things about the same values, and every message that code uses exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from sekisho.explain.explanation import say
from sekisho.explain.messages import MESSAGES, fill, render
from sekisho.policy.witness import Reason

SOURCE = Path(__file__).resolve().parents[3] / "src" / "sekisho" / "explain"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("id_", MESSAGES)
def test_languages_agree(id_: str) -> None:
    text = MESSAGES[id_]
    assert text.en.strip() and text.ja.strip()
    assert set(PLACEHOLDER.findall(text.ja)) <= set(PLACEHOLDER.findall(text.en)), id_
    assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text.ja), f"{id_} has no Japanese"


def _said() -> dict[str, set[str]]:
    """Literal message ids in ``say(...)`` calls, with the names of their values."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"):
                continue
            if isinstance(node.args[0], ast.Constant) and all(keyword.arg for keyword in node.keywords):
                found.setdefault(str(node.args[0].value), set()).update(str(k.arg) for k in node.keywords)
    return found


def test_every_message_that_is_said_exists() -> None:
    for id_, values in _said().items():
        assert id_ in MESSAGES, id_
        assert set(PLACEHOLDER.findall(MESSAGES[id_].en)) <= values, id_


def test_every_reason_has_a_message() -> None:
    for reason in Reason:
        assert f"miss.{reason.name.lower().replace('_', '-')}" in MESSAGES, reason


def test_values_with_braces_stay_as_they_are() -> None:
    assert fill("a {x} b", {"x": "{y}"}) == "a {y} b"
    assert render(say("route.no-api", api="{api}"), "en").startswith("There is no API with the id {api}")
