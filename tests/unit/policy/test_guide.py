"""Every example of docs/policies.md does what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sekisho.cli.app import main
from sekisho.edge import organization

PAGE = Path(__file__).parents[3] / "docs" / "policies.md"
BLOCKS = re.findall(r"^```(\w+) ?([\w.]*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    ran = 0
    for kind, name, text in BLOCKS:
        if kind == "json":
            Path(name).write_text(text, encoding="utf-8")
        elif kind == "console":
            command, _, expected = text.partition("\n")
            words = shlex.split(command.removeprefix("$ "))
            assert words.pop(0) == "sekisho"
            main(words)
            shown, more, _ = expected.partition("…\n")
            out = capsys.readouterr().out
            assert out.startswith(shown) if more else out == expected
            ran += 1
        elif kind == "python":
            exec(compile(text, str(PAGE), "exec"), {})
            ran += 1
    assert ran == 7
    assert "123456789012" in organization.read(Path("organization.json"))
