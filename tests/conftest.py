"""Hooks of the whole suite: collect what the conformance runners tally and print it at the end."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from sekisho.edge.compiled import outdated

# How long an example takes says nothing on a machine that others use too; budgets are tested as ratios.
settings.register_profile("sekisho", deadline=None)
settings.load_profile("sekisho")


def pytest_configure(config: pytest.Config) -> None:
    newer = outdated()
    if newer:
        raise pytest.UsageError(
            f"compiled before its last change: {newer[0].name}. Run 'make install', or go on in plain "
            "Python after '.venv/bin/python hatch_build.py --clean'"
        )
    if "SEKISHO_TALLY" not in os.environ:
        os.environ["SEKISHO_TALLY"] = tempfile.mkdtemp(prefix="sekisho-tally-")
        config.stash[OWNER] = os.environ["SEKISHO_TALLY"]


OWNER: pytest.StashKey[str] = pytest.StashKey()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    folder = config.stash.get(OWNER, "")
    if not folder:
        return
    outcomes: dict[str, dict[str, tuple[bool, str]]] = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            outcomes.setdefault(entry["file"], {})[entry["case"]] = (entry["passed"], entry["reason"])
    if outcomes:
        terminalreporter.section("vectors")
        for file, cases in sorted(outcomes.items()):
            passed = sum(1 for ok, _ in cases.values() if ok)
            terminalreporter.write_line(f"{file}: {passed} of {len(cases)} pass")
            for case, (ok, reason) in sorted(cases.items()):
                if not ok:
                    terminalreporter.write_line(f"    not passing: {case}: {reason or 'no reason given'}")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(OWNER, "")
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
        os.environ.pop("SEKISHO_TALLY", None)
