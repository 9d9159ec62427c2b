from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sekisho.edge.runtimes.interpreters import Interpreter
from sekisho.edge.runtimes.python import OWN, PACKAGES, command, confined, interpreters, offer_packages, wanted


def test_wanted() -> None:
    assert wanted("python3.12") == 12
    assert wanted("nodejs20.x") is None
    assert wanted("python3.12x") is None
    assert wanted("python2.7") is None


def test_the_servers_own_needs_no_search() -> None:
    assert asyncio.run(interpreters().exact(OWN.version)) == OWN
    assert Path(OWN.path).is_file()


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
    assert own[6:] == ["5", "run", "a.b", "/packages"]
    other = command(Interpreter("/p", 99), "a.b", Path("/packages"), Path("/compiled"), 0)
    assert "pycache_prefix=/compiled/3.99" in other


def test_other_programs_are_confined_by_the_same_launcher() -> None:
    made = confined(["/usr/bin/other", "x"])
    assert made[0] == OWN.path
    assert made[-3:] == ["exec", "/usr/bin/other", "x"]
