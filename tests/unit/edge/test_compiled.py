"""Which form of the modules is in force, and whether it is that of the sources."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from sekisho.edge import compiled

ROOT = Path(__file__).resolve().parents[3]


def listed() -> list[Path]:
    command = [sys.executable, "hatch_build.py", "--list"]
    out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines()]


def test_every_pattern_of_the_build_names_modules_that_exist() -> None:
    found = listed()
    assert ROOT / "src/sekisho/gateway/pipeline.py" in found
    assert len(found) == len(set(found)) > 50
    assert all(path.exists() and path.name != "__init__.py" for path in found)


def test_a_checkout_is_compiled_as_a_whole_or_not_at_all() -> None:
    suffix = EXTENSION_SUFFIXES[0]
    beside = [path.with_name(path.stem + suffix).exists() for path in listed()]
    assert set(beside) == {compiled.is_compiled()}


def test_the_version_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    from sekisho.cli.app import main

    with pytest.raises(SystemExit):
        main(["--version"])
    form = "compiled" if compiled.is_compiled() else "interpreted"
    assert capsys.readouterr().out.strip().endswith(f"({form})")


def test_sources_newer_than_what_was_compiled_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "src" / "sekisho"
    package.mkdir(parents=True)
    old, new = package / "old.py", package / "new.py"
    for source in (old, new):
        source.touch()
        source.with_name(source.stem + EXTENSION_SUFFIXES[0]).touch()
    os.utime(new, (2e9, 2e9))
    monkeypatch.setattr(compiled, "_PACKAGE", package)
    assert compiled.outdated() == []
    (tmp_path / "hatch_build.py").touch()
    assert compiled.outdated() == [new]
