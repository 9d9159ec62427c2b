"""Functions on a real server: a role, an archive, a function, and what it logged."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.scenes.functions import zipped
from tests.scenes.server import Server

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def execution_role(server: Server, name: str = "worker", *, logs: bool = True) -> str:
    """The ARN of a role that Lambda may assume; with ``logs`` it may write function logs."""
    iam = server.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    if logs:
        iam.attach_role_policy(RoleName=name, PolicyArn=BASIC)
    return arn


def create(
    server: Server,
    name: str,
    source: str,
    role: str,
    *,
    runtime: str = "python3.11",
    timeout: int = 10,
    memory: int = 256,
    environment: Mapping[str, str] | None = None,
) -> None:
    """A function whose module is ``app.py`` (or ``app.mjs``) with a ``handler``."""
    file = "app.mjs" if runtime.startswith("nodejs") else "app.py"
    server.client("lambda").create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=role,
        Handler="app.handler",
        Timeout=timeout,
        MemorySize=memory,
        Environment={"Variables": dict(environment or {})},
        Code={"ZipFile": zipped({file: source})},
    )


def invoke(server: Server, name: str, payload: Any = None, **more: Any) -> Any:
    """The value that the function returned, or its error object."""
    out = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload), **more)
    text = out["Payload"].read()
    return json.loads(text) if text else None


def messages(server: Server, name: str) -> list[str]:
    """Everything in the function's log group; nothing when there is none."""
    logs = server.client("logs")
    try:
        pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}"))
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for page in pages for event in page["events"]]


def eventually(server: Server, name: str, text: str, times: int = 1, seconds: float = 15.0) -> list[str]:
    """The function's log once ``text`` stands in it ``times`` times."""
    end = time.monotonic() + seconds
    while True:
        found = messages(server, name)
        if sum(text in message for message in found) >= times:
            return found
        assert time.monotonic() < end, (text, found)
        time.sleep(0.05)
