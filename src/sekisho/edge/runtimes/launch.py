"""From a runtime's name to the command line that runs it here, or why it cannot run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sekisho.edge.runtimes import nodejs, python
from sekisho.edge.runtimes.environment import Folders
from sekisho.edge.runtimes.interpreters import Interpreter, Interpreters
from sekisho.functions.invocation import FunctionSpec

_ROOM = (4 << 30) if sys.platform == "linux" else 0
"""Address space beside the function's memory: threads and allocators reserve far more than they use."""


class NotRunnable(Exception):
    """A sandbox cannot be started at all, as an Invoke error."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Launch(NamedTuple):
    """How to start a sandbox."""

    command: list[str]
    interpreter_dir: Path
    runtime_dir: Path
    version: str
    """``python:3.12``, as INIT_START shows it, with a note when another version stands in."""


class Runtimes:
    """The runtimes of this machine. Says once per runtime when another version stands in."""

    def __init__(self, folders: Folders, warn: Callable[[str], None]) -> None:
        self._folders = folders
        self._warn = warn
        self._warned: set[str] = set()
        self._pythons = python.interpreters()
        self._nodes = nodejs.interpreters()
        self._packages: Path | None = None

    async def launch(self, spec: FunctionSpec) -> Launch:
        """Raises NotRunnable and OSError."""
        runtime = spec.runtime
        minor, major = python.wanted(runtime), nodejs.wanted(runtime)
        if minor is not None:
            found, note = await self._choose(self._pythons, minor, runtime, "Python 3.{}")
            packages = await self._offer()
            space = (max(spec.memory_mb, 128) << 20) * 2 + _ROOM if _ROOM else 0
            command = python.command(found, spec.handler, packages, self._folders.compiled, space)
            return Launch(command, Path(found.path).parent, packages, f"python:3.{minor}{note}")
        if major is not None:
            found, note = await self._choose(self._nodes, major, runtime, "Node.js {}")
            command = python.confined(nodejs.command(found, spec.handler, spec.memory_mb))
            return Launch(command, Path(found.path).parent, nodejs.BOOTSTRAP.parent, f"nodejs:{major}{note}")
        raise NotRunnable(
            "InvalidRuntimeException",
            f"The runtime {runtime} cannot run here: only Python (python3.N) and Node.js (nodejsN.x) are available.",
            502,
        )

    async def _choose(self, among: Interpreters, version: int, runtime: str, name: str) -> tuple[Interpreter, str]:
        exact = await among.exact(version)
        if exact is not None:
            return exact, ""
        instead = await among.nearest(version)
        wanted = name.format(version)
        if instead is None:
            language = wanted.partition(" ")[0]
            message = f"The runtime {runtime} cannot run here: no {language} runs on this machine."
            raise NotRunnable("InvalidRuntimeException", message, 502)
        used = name.format(instead.version)
        if runtime not in self._warned:
            self._warned.add(runtime)
            self._warn(
                f"sekisho: no {wanted} runs on this machine; functions with runtime {runtime} "
                f"run on {used} ({instead.path})"
            )
        return instead, f" (no {wanted} on this machine: running on {used})"

    async def _offer(self) -> Path:
        if self._packages is None:
            loop = asyncio.get_running_loop()
            self._packages = await loop.run_in_executor(None, python.offer_packages, self._folders.packages)
        return self._packages
