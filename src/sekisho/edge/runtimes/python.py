"""Python runtimes: interpreters, the packages that functions may import, and the command line of a sandbox."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sekisho.edge.runtimes.interpreters import Interpreter, Interpreters

_RUNTIME = re.compile(r"python3\.(\d{1,2})")
_PROBE = (
    "-ISc",
    "import sys; print(sys.implementation.name, sys.version_info[0], sys.version_info[1], sys.executable)",
)

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
OWN = Interpreter(getattr(sys, "_base_executable", "") or sys.executable, sys.version_info[1])
"""The server's, without its virtual environment."""


def wanted(runtime: str) -> int | None:
    """The minor version of a Python runtime's name; None for other runtimes."""
    match = _RUNTIME.fullmatch(runtime)
    return int(match[1]) if match else None


def interpreters() -> Interpreters:
    """This machine's CPythons from 3.9 on."""
    return Interpreters(_candidates, _PROBE, _understand, range(9, 16), OWN)


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


def _understand(output: str) -> Interpreter | None:
    words = output.split(" ", 3)
    if len(words) != 4 or words[:2] != ["cpython", "3"] or not words[2].isdecimal():
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
    if interpreter.version == OWN.version:
        cache = ["-B"]
    else:
        cache = ["-X", f"pycache_prefix={compiled / f'3.{interpreter.version}'}"]
    launcher = [interpreter.path, "-S", "-s", *cache, str(BOOTSTRAP)]
    return [*launcher, str(os.getpid()), str(address_space), "run", handler, str(packages)]


def confined(program: list[str]) -> list[str]:
    """The command line of a program that is no Python, confined as Python sandboxes confine themselves."""
    return [OWN.path, "-I", "-S", "-B", str(BOOTSTRAP), str(os.getpid()), "0", "exec", *program]
