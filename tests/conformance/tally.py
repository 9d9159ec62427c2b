"""Counts of conformance cases per vector file; the hook in ``tests/conftest.py`` prints them at the end of a run."""

from __future__ import annotations

import json
import os
from pathlib import Path


def tally(file: str, case: str, passed: bool, reason: str = "") -> None:
    """Note the outcome of one vector. ``reason`` says why a case cannot pass; then it is listed by name."""
    folder = os.environ.get("SEKISHO_TALLY")
    if not folder:
        return
    line = json.dumps({"file": file, "case": case, "passed": passed, "reason": reason})
    path = Path(folder) / f"{os.getpid()}.jsonl"
    with path.open("a", encoding="utf-8") as out:
        out.write(line + "\n")
