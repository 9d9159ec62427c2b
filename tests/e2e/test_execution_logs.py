"""Execution logs of a REST stage: enabled through boto3, written by requests, read back from CloudWatch Logs."""

from __future__ import annotations

import re

import requests
from bench.mock import mock_api
from tests.scenes.server import Server, running


def settings(server: Server, api: str, **values: str) -> None:
    paths = {"level": "/*/*/logging/loglevel", "data": "/*/*/logging/dataTrace", "get": "/~1mock/GET/logging/loglevel"}
    operations = [{"op": "replace", "path": paths[name], "value": value} for name, value in values.items()]
    server.client("apigateway").update_stage(restApiId=api, stageName="prod", patchOperations=operations)


def call(server: Server, api: str, query: str = "") -> str:
    answer = requests.get(
        f"{server.url}/restapis/{api}/prod/_user_request_/mock{query}", headers={"X-Api-Key": "k" * 30}, timeout=10
    )
    assert answer.status_code == 200
    return answer.headers["x-amzn-RequestId"]


def lines(server: Server, api: str, request_id: str) -> list[str]:
    group = f"API-Gateway-Execution-Logs_{api}/prod"
    pages = server.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    events = [event for page in pages for event in page["events"]]
    assert all(re.fullmatch("[0-9a-f]{32}", event["logStreamName"]) for event in events)
    prefix = f"({request_id}) "
    return [event["message"].removeprefix(prefix) for event in events if event["message"].startswith(prefix)]


def groups(server: Server) -> list[str]:
    found = server.client("logs").describe_log_groups(logGroupNamePrefix="API-Gateway")["logGroups"]
    return [group["logGroupName"] for group in found]


def test_levels_and_data() -> None:
    with running() as server:
        api = mock_api(server.url)
        call(server, api)
        assert groups(server) == []
        settings(server, api, level="INFO")
        told = lines(server, api, call(server, api))
        assert groups(server) == [f"API-Gateway-Execution-Logs_{api}/prod"]
        assert told[0].startswith("Extended Request Id: ")
        assert told[-2:] == ["Successfully completed execution", "Method completed with status: 200"]
        assert not any("headers" in line for line in told)
        settings(server, api, data="true")
        told = lines(server, api, call(server, api, "?a=1&b=%20"))
        assert "Method request query string: {a=1, b= }" in told
        assert 'Method response body after transformations: {"ok": true}' in told
        assert "Method response headers: {Content-Type=application/json}" in told
        [headers] = [line for line in told if line.startswith("Method request headers: ")]
        assert f"X-Api-Key={'*' * 24}kkkkkk" in headers
        settings(server, api, level="ERROR")
        assert lines(server, api, call(server, api)) == []
        settings(server, api, level="INFO", get="OFF")
        assert lines(server, api, call(server, api)) == []
