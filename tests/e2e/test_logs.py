"""Access logs and log events through boto3, across restarts and under a log group that comes and goes."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from bench.mock import mock_api
from tests.scenes.server import Server, running


def call(server: Server, api: str, session: requests.Session | None = None, path: str = "mock") -> str:
    answer = (session or requests).get(f"{server.url}/restapis/{api}/prod/_user_request_/{path}", timeout=10)
    return answer.headers["x-amzn-RequestId"]


def logged(server: Server, group: str = "access") -> list[str]:
    pages = server.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [json.loads(event["message"])["requestId"] for page in pages for event in page["events"]]


def test_every_request_has_its_line_at_once(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as server:
        api = mock_api(server.url)
        for _ in range(5):
            assert call(server, api) in logged(server)
        refused = call(server, api, path="nothing")
        assert logged(server)[-1] == refused

        def many(_: int) -> list[str]:
            with requests.Session() as session:
                return [call(server, api, session) for _ in range(50)]

        with ThreadPoolExecutor(4) as pool:
            ids = {id_ for found in pool.map(many, range(4)) for id_ in found}
        assert len(ids) == 200 and ids <= set(logged(server))
        before = logged(server)
    with running(data_dir=tmp_path) as server:
        assert logged(server) == before
        again = call(server, api)
        assert logged(server) == [*before, again]


def test_a_group_that_is_deleted_and_made_again_starts_empty() -> None:
    with running() as server:
        api = mock_api(server.url)
        call(server, api)
        logs = server.client("logs")
        logs.delete_log_group(logGroupName="access")
        call(server, api)
        assert logs.describe_log_groups()["logGroups"] == []
        logs.create_log_group(logGroupName="access")
        assert logged(server) == []
        id_ = call(server, api)
        assert logged(server) == [id_]
        [group] = logs.describe_log_groups()["logGroups"]
        assert group["storedBytes"] > 0


def test_events_are_paged_in_order() -> None:
    with running() as server:
        logs = server.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        now = int(time.time() * 1000)
        for block in range(3):
            events = [{"timestamp": now + block * 100 + i, "message": f"{block * 100 + i}"} for i in range(100)]
            logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
        seen: list[str] = []
        found = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True, limit=70)
        while found["events"]:
            seen += [event["message"] for event in found["events"]]
            found = logs.get_log_events(
                logGroupName="g", logStreamName="s", startFromHead=True, limit=70, nextToken=found["nextForwardToken"]
            )
        assert seen == [str(i) for i in range(300)]
        newest = logs.get_log_events(logGroupName="g", logStreamName="s", limit=5)["events"]
        assert [event["message"] for event in newest] == ["295", "296", "297", "298", "299"]
        filtered = logs.filter_log_events(logGroupName="g", filterPattern='"29"')["events"]
        assert [event["message"] for event in filtered] == ["29", "129", "229", *(str(i) for i in range(290, 300))]
