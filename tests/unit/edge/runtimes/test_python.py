from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from sekisho.edge.runtimes import python
from sekisho.edge.runtimes.python import PACKAGES, Interpreter, Pythons, command, offer_packages, wanted


def test_wanted() -> None:
    assert wanted("python3.12") == 12
    assert wanted("nodejs20.x") is None
    assert wanted("python3.12x") is None
    assert wanted("python2.7") is None


def fake(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_name_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = fake(tmp_path / "shim", "echo not found >&2; exit 127")
    liar = fake(tmp_path / "liar", "echo cpython 3 8 /usr/bin/other")
    good = fake(tmp_path / "good", f"echo cpython 3 99 {tmp_path}/real")
    asked: list[int] = []

    def candidates(minor: int) -> list[str]:
        asked.append(minor)
        return [str(tmp_path / "absent"), shim, liar, good]

    monkeypatch.setattr(python, "_candidates", candidates)
    pythons = Pythons()

    async def scene() -> None:
        found = list(await asyncio.gather(pythons.exact(99), pythons.exact(99)))
        assert found == [Interpreter(f"{tmp_path}/real", 99)] * 2
        assert await pythons.exact(98) is None
        assert asked == [99, 98]  # asked once, however many wait

    asyncio.run(scene())


def test_the_nearest_is_used_when_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "_candidates", lambda minor: [])
    found = asyncio.run(Pythons().nearest(9))
    assert found.minor == sys.version_info[1]
    assert Path(found.path).is_file()


def test_functions_see_lambdas_packages_and_no_others(tmp_path: Path) -> None:
    folder = offer_packages(tmp_path / "packages")
    again = offer_packages(tmp_path / "packages")
    assert folder == again
    names = {entry.name.removesuffix(".py") for entry in folder.iterdir()}
    assert names == set(PACKAGES)
    assert (folder / "awslambdaric" / "bootstrap.py").is_file()


def test_command() -> None:
    own = command(Interpreter("/p", sys.version_info[1]), "a.b", Path("/packages"), Path("/compiled"), 5)
    assert own[:4] == ["/p", "-S", "-s", "-B"]
    assert own[5:7] == ["a.b", "/packages"]
    assert own[8] == "5"
    other = command(Interpreter("/p", 99), "a.b", Path("/packages"), Path("/compiled"), 0)
    assert "pycache_prefix=/compiled/3.99" in other
