"""``kill -9`` under load: what was acknowledged is there after a restart, once."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path

import botocore.exceptions
import pytest
import requests
from bench.mock import mock_api
from tests.scenes.server import Server, running

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


class Load:
    """Clients that write until the server is gone, and remember what was acknowledged."""

    def __init__(self, server: Server, api: str, round_: int) -> None:
        self.server = server
        self.api = api
        self.round = round_
        self.roles: list[str] = []
        self.put: list[str] = []
        self.requests: list[str] = []
        self.threads = [
            threading.Thread(target=self.until_gone, args=(step,), daemon=True)
            for step in (self.create_role, self.put_events, self.call, self.call)
        ]
        self.iam = server.client("iam")
        self.logs = server.client("logs")
        self.count = 0

    def until_gone(self, step: object) -> None:
        assert callable(step)
        with requests.Session() as session:
            try:
                for number in range(1_000_000):
                    step(session, number)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, requests.RequestException):
                return

    def create_role(self, session: requests.Session, number: int) -> None:
        name = f"r{self.round}-{number}"
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        self.roles.append(name)

    def put_events(self, session: requests.Session, number: int) -> None:
        messages = [f"p{self.round}-{number}-{i}" for i in range(3)]
        now = int(time.time() * 1000)
        self.logs.put_log_events(
            logGroupName="put", logStreamName="s", logEvents=[{"timestamp": now, "message": text} for text in messages]
        )
        self.put += messages

    def call(self, session: requests.Session, number: int) -> None:
        answer = session.get(f"{self.server.url}/restapis/{self.api}/prod/_user_request_/mock", timeout=10)
        assert answer.status_code == 200
        self.requests.append(answer.headers["x-amzn-RequestId"])


def messages(server: Server, group: str) -> list[str]:
    found: list[str] = []
    for page in server.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group):
        found += [event["message"] for event in page["events"]]
    return found


def role_names(server: Server) -> set[str]:
    pages = server.client("iam").get_paginator("list_roles").paginate()
    return {role["RoleName"] for page in pages for role in page["Roles"]}


@pytest.mark.parametrize("rounds", [4])
def test_nothing_acknowledged_is_lost(tmp_path: Path, rounds: int) -> None:
    roles: set[str] = set()
    put: set[str] = set()
    called: set[str] = set()
    api = ""
    for round_ in range(rounds):
        with running(data_dir=tmp_path) as server:
            if not api:
                api = mock_api(server.url)
                server.client("logs").create_log_group(logGroupName="put")
                server.client("logs").create_log_stream(logGroupName="put", logStreamName="s")
            load = Load(server, api, round_)
            for thread in load.threads:
                thread.start()
            time.sleep(0.5 + 0.37 * round_)
            server.process.kill()
            server.process.wait()
            for thread in load.threads:
                thread.join(20)
        assert load.roles and load.put and load.requests
        roles.update(load.roles)
        put.update(load.put)
        called.update(load.requests)
        with running(data_dir=tmp_path) as server:
            assert roles <= role_names(server)
            events = Counter(messages(server, "put"))
            assert put <= events.keys() and max(events.values()) == 1
            lines = Counter(json.loads(message)["requestId"] for message in messages(server, "access"))
            assert called <= lines.keys() and max(lines.values()) == 1
