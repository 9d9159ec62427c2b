"""``sekisho serve``: what it refuses to start with, and how it says so."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.scenes.server import running

from sekisho.cli import serve
from sekisho.edge.settings import DEFAULT_ROOT_KEY, Settings

KEY, SECRET = serve.ACCESS_KEY_VARIABLE, serve.SECRET_KEY_VARIABLE


def settings(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    return serve.settings_of(parser.parse_args(["serve", *words]))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_loopback_needs_nothing(host: str) -> None:
    assert serve.objection(settings("--host", host)) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_addresses_need_own_credentials_and_iam(host: str) -> None:
    said = serve.objection(settings("--host", host))
    assert KEY in said and "--enforce-iam" in said and "--insecure" in said
    own = ("--host", host, "--root-access-key", "AKIAOWN", "--root-secret-key", "own")
    assert "--enforce-iam" in serve.objection(settings(*own))
    assert KEY not in serve.objection(settings(*own))
    assert serve.objection(settings(*own, "--enforce-iam")) == ""
    assert KEY in serve.objection(settings("--host", host, "--enforce-iam"))
    assert serve.objection(settings("--host", host, "--insecure")) == ""


def test_credentials_from_the_environment_leave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "AKIAOWN")
    monkeypatch.setenv(SECRET, "own secret")
    found = settings()
    assert (found.root_access_key, found.root_secret_key) == ("AKIAOWN", "own secret")
    assert KEY not in os.environ and SECRET not in os.environ
    assert settings().root_secret_key == DEFAULT_ROOT_KEY


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "65536"),
        ("--port", "-1"),
        ("--port", "http"),
        ("--account-id", "123"),
        ("--account-id", "１２３４５６７８９０１２"),
        ("--upstream", "dynamodb"),
        ("--upstream", "dynamodb=ftp://x"),
        ("--max-sandboxes", "0"),
    ],
)
def test_options_that_are_wrong(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        settings(*words)
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def started(*words: str) -> tuple[int, str]:
    """Exit status and standard error of a server that cannot run."""
    command = [sys.executable, "-m", "sekisho", "serve", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, said = started("--port", port, "--data-dir", str(tmp_path))
    assert status == 1
    assert f"cannot listen on 127.0.0.1:{port}" in said and "--port" in said and "Traceback" not in said


def test_a_data_folder_that_is_in_use(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as server:
        status, said = started("--port", "0", "--data-dir", str(tmp_path))
        assert status == 2
        assert f"process {server.process.pid}" in said and "--data-dir" in said and "Traceback" not in said


def test_strangers_are_kept_out() -> None:
    status, said = started("--host", "0.0.0.0", "--port", "0", "--ephemeral")
    assert status == 2 and "--insecure" in said
