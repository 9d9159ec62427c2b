"""Without a C compiler the same sources run as they are: the tests of the gateway and its engines, on plain Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.edge.compiled import is_compiled

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "unit/gateway",
    "unit/sigv4",
    "unit/policy/test_combine.py",
    "unit/edge/test_http1.py",
    "unit/edge/test_compiled.py",
)


@pytest.mark.skipif(not is_compiled(), reason="this installation is interpreted: every test is such a test")
def test_plain_python_passes_the_same_tests(tmp_path: Path) -> None:
    plain = shutil.ignore_patterns("*.so", "__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=plain)
    for name in ("pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "SEKISHO"))}
    environment["PYTHONPATH"] = str(tmp_path / "src")
    which = [sys.executable, "-c", "from sekisho.edge.compiled import is_compiled; print(is_compiled())"]
    asked = subprocess.run(which, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{part}" for part in PARTS)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
