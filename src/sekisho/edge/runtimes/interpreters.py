"""Which interpreters of a language this machine really has.

A name on PATH proves nothing (version managers leave shims that fail), so candidates are *executed* and asked who
they are; the answers are kept. Probing happens when the first function of a runtime is needed, never at start-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

Candidates = Callable[[int], Iterable[str]]
"""Paths where an interpreter of a version may be."""
Understand = Callable[[str], "Interpreter | None"]
"""What the probe printed → who it is."""


class Interpreter(NamedTuple):
    """An interpreter that answered."""

    path: str
    version: int
    """The part of its version that names the runtime: 12 of Python 3.12, 20 of Node.js 20."""


class Interpreters:
    """Interpreters of one language, found when needed."""

    def __init__(
        self,
        candidates: Candidates,
        probe: Sequence[str],
        understand: Understand,
        versions: Sequence[int],
        own: Interpreter | None = None,
    ) -> None:
        """``probe`` are the arguments that make an interpreter say who it is; ``own`` needs no search."""
        self._candidates = candidates
        self._probe = probe
        self._understand = understand
        self._versions = versions
        self._found: dict[int, Interpreter | None] = {} if own is None else {own.version: own}
        self._locks: dict[int, asyncio.Lock] = {}

    async def exact(self, version: int) -> Interpreter | None:
        """An interpreter of exactly this version, or None when the machine has none that runs."""
        if version in self._found:
            return self._found[version]
        async with self._locks.setdefault(version, asyncio.Lock()):
            if version not in self._found:
                self._found[version] = await self._search(version)
            return self._found[version]

    async def nearest(self, version: int) -> Interpreter | None:
        """The exact one, else the closest version that runs (newer before older)."""
        for other in sorted({version, *self._versions}, key=lambda other: (abs(other - version), -other)):
            found = await self.exact(other)
            if found is not None:
                return found
        return None

    async def _search(self, version: int) -> Interpreter | None:
        for candidate in self._candidates(version):
            found = await self._ask(candidate)
            if found is not None and found.version == version:
                return found
        return None

    async def _ask(self, candidate: str) -> Interpreter | None:
        if not Path(candidate).is_file():
            return None
        try:
            process = await asyncio.create_subprocess_exec(
                candidate,
                *self._probe,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return None
        try:
            output, _ = await asyncio.wait_for(process.communicate(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
            return None
        return self._understand(output.decode(errors="replace").strip()) if process.returncode == 0 else None
