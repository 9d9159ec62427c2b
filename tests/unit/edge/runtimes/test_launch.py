from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sekisho.edge.runtimes import nodejs, python
from sekisho.edge.runtimes.environment import Folders
from sekisho.edge.runtimes.interpreters import Interpreter, Interpreters
from sekisho.edge.runtimes.launch import Launch, NotRunnable, Runtimes
from sekisho.functions.invocation import FunctionSpec


def machine(pythons: Interpreter | None, nodes: Interpreter | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with at most one interpreter of each language."""

    def only(own: Interpreter | None) -> Interpreters:
        return Interpreters(lambda version: [], (), lambda output: None, range(9, 30), own)

    monkeypatch.setattr(python, "interpreters", lambda: only(pythons))
    monkeypatch.setattr(nodejs, "interpreters", lambda: only(nodes))


def launches(tmp_path: Path, *runtimes: str) -> tuple[list[Launch | NotRunnable], list[str]]:
    warnings: list[str] = []
    made = Runtimes(Folders(tmp_path), warnings.append)

    async def one(runtime: str) -> Launch | NotRunnable:
        spec = FunctionSpec("1", "r", "f", "1", runtime, "a.b", "0" * 64, 3.0, 128, {}, "role", "/g", "1")
        try:
            return await made.launch(spec)
        except NotRunnable as failure:
            return failure

    async def every() -> list[Launch | NotRunnable]:
        return [await one(runtime) for runtime in runtimes]

    return asyncio.run(every()), warnings


def test_the_exact_version_runs_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(Interpreter("/py/bin/python", 12), Interpreter("/js/node", 20), monkeypatch)
    (one, two), warnings = launches(tmp_path, "python3.12", "nodejs20.x")
    assert isinstance(one, Launch)
    assert isinstance(two, Launch)
    assert (one.version, one.interpreter_dir, one.command[0]) == ("python:3.12", Path("/py/bin"), "/py/bin/python")
    assert (two.version, two.interpreter_dir) == ("nodejs:20", Path("/js"))
    assert "/js/node" in two.command
    assert (one.runtime_dir / "awslambdaric").is_dir()
    assert warnings == []


def test_another_version_stands_in_with_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(Interpreter("/py", 12), None, monkeypatch)
    made, warnings = launches(tmp_path, "python3.14", "python3.14", "python3.9")
    assert [launch.version for launch in made if isinstance(launch, Launch)] == [
        "python:3.14 (no Python 3.14 on this machine: running on Python 3.12)",
        "python:3.14 (no Python 3.14 on this machine: running on Python 3.12)",
        "python:3.9 (no Python 3.9 on this machine: running on Python 3.12)",
    ]
    assert [warning.split(";")[0] for warning in warnings] == [
        "sekisho: no Python 3.14 runs on this machine",
        "sekisho: no Python 3.9 runs on this machine",
    ]


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("nodejs20.x", "The runtime nodejs20.x cannot run here: no Node.js runs on this machine."),
        (
            "java21",
            "The runtime java21 cannot run here: only Python (python3.N) and Node.js (nodejsN.x) are available.",
        ),
        ("", "The runtime  cannot run here: only Python (python3.N) and Node.js (nodejsN.x) are available."),
    ],
)
def test_what_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, message: str) -> None:
    machine(Interpreter("/py", 12), None, monkeypatch)
    (failure,), _ = launches(tmp_path, runtime)
    assert isinstance(failure, NotRunnable)
    assert (failure.code, failure.message, failure.status) == ("InvalidRuntimeException", message, 502)
