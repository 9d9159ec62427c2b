"""A real server process with throw-away state on a free port, and clients for it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import botocore.config

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Server(NamedTuple):
    """A listening server."""

    url: str
    process: subprocess.Popen[str]

    def client(
        self, service: str, *, region: str = REGION, key: str = "test", secret: str = "test", **more: Any
    ) -> Any:
        """A boto3 client that does not retry, so that every answer is seen."""
        make: Any = boto3.session.Session().client
        return make(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60),
            **more,
        )


@contextmanager
def running(*options: str, data_dir: Path | None = None) -> Iterator[Server]:
    """A server with the given options of ``sekisho serve``; ephemeral unless a data folder is named."""
    where: Sequence[str] = ("--data-dir", str(data_dir)) if data_dir else ("--ephemeral",)
    process = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", "--port", "0", *where, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the server did not start: {line!r}"
        yield Server(found.group(), process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
