"""Process start to listening, to the first Lambda answer, and memory at rest."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from bench.figures import Figure, median

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


def memory_mb(pid: int) -> float:
    """Proportional set size of a process, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found
    return int(found.group(1)) / 1024


def children(pid: int) -> list[int]:
    """Every descendant of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            found += [int(child), *children(int(child))]
    return found


def start(*options: str) -> tuple[subprocess.Popen[str], str, float]:
    """A server on a free port with throw-away state: process, address, seconds until it listened."""
    begin = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--ephemeral", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    assert server.stdout is not None
    line = server.stdout.readline()
    spent = time.perf_counter() - begin
    found = re.search(r"http://\S+", line)
    assert found, f"the server did not start: {line!r}"
    return server, found.group(), spent


def client(url: str, service: str) -> Any:
    """A boto3 client of the account's root."""
    make: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1").client
    return make(service, endpoint_url=url)


def function(url: str, name: str = "hello", source: str = "def handler(event, context):\n    return {}\n") -> None:
    """A small Python function."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("index.py", source)
    iam = client(url, "iam")
    if name == "hello":
        iam.create_role(RoleName="function", AssumeRolePolicyDocument=TRUST)
        basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        iam.attach_role_policy(RoleName="function", PolicyArn=basic)
    client(url, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/function",
        Code={"ZipFile": buffer.getvalue()},
    )


def measure() -> list[Figure]:
    listening: list[float] = []
    for _ in range(5):
        server, _, spent = start()
        listening.append(spent)
        server.terminate()
        server.wait()
    server, url, spent = start()
    try:
        time.sleep(1.0)
        resting = memory_mb(server.pid)
        function(url)
        lambda_ = client(url, "lambda")
        begin = time.perf_counter()
        lambda_.invoke(FunctionName="hello")
        first = spent + time.perf_counter() - begin
        time.sleep(0.5)
        sandboxes = [memory_mb(pid) for pid in children(server.pid)]
    finally:
        server.terminate()
        server.wait()
    return [
        Figure("process start to listening", median(listening), "s", 0.5),
        Figure("process start to first Lambda answer", first, "s", 1.5, note="set-up by boto3 left out"),
        Figure("memory at rest (PSS)", resting, "MB", 80),
        Figure("memory of an idle Python sandbox (PSS)", sum(sandboxes) / max(1, len(sandboxes)), "MB", 20),
    ]
