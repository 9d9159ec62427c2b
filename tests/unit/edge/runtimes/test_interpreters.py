from __future__ import annotations

import asyncio
from pathlib import Path

from sekisho.edge.runtimes.interpreters import Interpreter, Interpreters


def fake(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def understand(output: str) -> Interpreter | None:
    version, _, path = output.partition(" ")
    return Interpreter(path, int(version)) if version.isdecimal() else None


def test_a_name_proves_nothing(tmp_path: Path) -> None:
    shim = fake(tmp_path / "shim", "echo 99 /bad; exit 127")
    noise = fake(tmp_path / "noise", "echo hello")
    other = fake(tmp_path / "other", "echo 8 /usr/bin/other")
    good = fake(tmp_path / "good", f"echo $1 {tmp_path}/real")
    folder = tmp_path / "folder"
    folder.mkdir()
    asked: list[int] = []

    def candidates(version: int) -> list[str]:
        asked.append(version)
        return [str(tmp_path / "absent"), str(folder), shim, noise, other, good]

    async def scene() -> None:
        found = Interpreters(candidates, ("99",), understand, ())
        both = list(await asyncio.gather(found.exact(99), found.exact(99)))
        assert both == [Interpreter(f"{tmp_path}/real", 99)] * 2
        assert await found.exact(98) is None
        assert await found.exact(98) is None
        assert asked == [99, 98]  # asked once, however many wait

    asyncio.run(scene())


def test_the_nearest(tmp_path: Path) -> None:
    program = fake(tmp_path / "any", "echo $1 /p")

    def machine(*versions: int) -> Interpreters:
        table = {version: fake(tmp_path / str(version), f"echo {version} /p{version}") for version in versions}
        return Interpreters(lambda version: [table.get(version, program)], ("0",), understand, range(20))

    def nearest(version: int, *versions: int) -> int | None:
        found = asyncio.run(machine(*versions).nearest(version))
        return found.version if found else None

    assert nearest(5, 5, 6) == 5
    assert nearest(5, 3, 7) == 7
    assert nearest(5, 4, 9) == 4
    assert nearest(30, 2) == 2
    assert nearest(5) == 0  # the one that calls itself 0
    assert asyncio.run(Interpreters(lambda version: [], (), understand, range(3)).nearest(1)) is None


def test_its_own_needs_no_search() -> None:
    own = Interpreter("/own", 3)

    def candidates(version: int) -> list[str]:
        raise AssertionError

    assert asyncio.run(Interpreters(candidates, (), understand, (), own).exact(3)) == own
