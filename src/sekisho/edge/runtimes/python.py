"""Which interpreter runs a Python function, and how it is started.

A name on PATH proves nothing (version managers leave shims that fail), so candidates are *executed* and asked who
they are; the answers are kept. Probing happens when the first function of a runtime is needed, never at start-up.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_RUNTIME = re.compile(r"python3\.(\d{1,2})")
_OLDEST, _NEWEST = 9, 15
_PROBE = "import sys; print(sys.implementation.name, sys.version_info[0], sys.version_info[1], sys.executable)"

PACKAGES = (
    "awslambdaric",
    "simplejson",
    "snapshot_restore_py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
)
"""What Lambda's Python runtimes offer beside the standard library. Nothing else of the server's packages is shown to
functions: an import that would fail on AWS must fail here."""

BOOTSTRAP = Path(__file__).with_name("python_bootstrap.py")


class Interpreter(NamedTuple):
    """An interpreter that answered."""

    path: str
    minor: int
    """3.``minor``."""


def wanted(runtime: str) -> int | None:
    """The minor version of a Python runtime's name; None for other runtimes."""
    match = _RUNTIME.fullmatch(runtime)
    return int(match[1]) if match else None


class Pythons:
    """Interpreters of this machine, found when needed."""

    def __init__(self) -> None:
        self._found: dict[int, Interpreter | None] = {}
        base = getattr(sys, "_base_executable", "") or sys.executable
        self._own = Interpreter(base, sys.version_info[1])
        self._locks: dict[int, asyncio.Lock] = {}

    async def exact(self, minor: int) -> Interpreter | None:
        """An interpreter of exactly this version, or None when the machine has none that runs."""
        if minor == self._own.minor:
            return self._own
        async with self._locks.setdefault(minor, asyncio.Lock()):
            if minor not in self._found:
                self._found[minor] = await self._search(minor)
            return self._found[minor]

    async def nearest(self, minor: int) -> Interpreter:
        """The exact one, else the closest version that runs (newer before older), else the server's own."""
        versions = sorted(range(_OLDEST, _NEWEST + 1), key=lambda other: (abs(other - minor), -other))
        for version in versions:
            found = await self.exact(version)
            if found is not None:
                return found
        return self._own

    async def _search(self, minor: int) -> Interpreter | None:
        for candidate in _candidates(minor):
            found = await _probe(candidate)
            if found is not None and found.minor == minor:
                return found
        return None


def _candidates(minor: int) -> Iterator[str]:
    name = f"python3.{minor}"
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(home.glob(f"versions/3.{minor}.*"), reverse=True):
        yield str(folder / "bin" / name)
    for folder in sorted(Path.home().glob(f".local/share/uv/python/cpython-3.{minor}.*"), reverse=True):
        yield str(folder / "bin" / name)
    on_path = shutil.which(name)
    if on_path:
        yield on_path
    for place in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):
        yield f"{place}/{name}"


async def _probe(candidate: str) -> Interpreter | None:
    if not Path(candidate).is_file():
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            candidate,
            "-ISc",
            _PROBE,
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
    words = output.decode(errors="replace").strip().split(" ", 3)
    if process.returncode != 0 or len(words) != 4 or words[:2] != ["cpython", "3"] or not words[2].isdigit():
        return None
    return Interpreter(words[3], int(words[2]))


def offer_packages(folder: Path) -> Path:
    """A folder of links to the packages that functions may import; made once, blocking."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = folder / source.name
        if link.is_symlink() and link.resolve() == source.resolve():
            continue
        scratch = folder / f".{source.name}.{os.getpid()}"
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(source)
        scratch.replace(link)
    return folder


def command(interpreter: Interpreter, handler: str, packages: Path, compiled: Path, address_space: int) -> list[str]:
    """The command line of a sandbox.

    The server's own Python finds compiled modules beside their sources; others keep theirs in ``compiled``, because
    this installation may not be theirs to write to.
    """
    if interpreter.minor == sys.version_info[1]:
        cache = ["-B"]
    else:
        cache = ["-X", f"pycache_prefix={compiled / f'3.{interpreter.minor}'}"]
    return [
        interpreter.path,
        "-S",
        "-s",
        *cache,
        str(BOOTSTRAP),
        handler,
        str(packages),
        str(os.getpid()),
        str(address_space),
    ]
