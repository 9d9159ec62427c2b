"""The story of the README against a real server: caller credentials, 500, the log line, why, both cures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from examples.iam_caller_credentials import REGION, Story
from examples.story import ACCOUNT
from tests.scenes.server import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def refused(server: Server) -> tuple[Story, str, dict[str, Any], dict[str, Any]]:
    """A fresh account-wide state with the story's API, called once: story, API id, log record, explanation."""
    story = Story(server.url)
    assert requests.post(f"{server.url}/_sekisho/reset", timeout=30).status_code < 300
    api = story.set_up()
    answer = story.call(api)
    assert answer.status_code == 500
    assert answer.content == b'{"message": "Internal server error"}'
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == "36"
    request_id = answer.headers["x-amzn-RequestId"]
    record = json.loads(story.log_record(request_id))
    return story, api, record, story.explanation(request_id, "en")


def test_log_record_is_aws_own(server: Server) -> None:
    _, _, record, _ = refused(server)
    latency = record.pop("integrationLatency")
    assert latency.isdigit()
    caller = record["identityCaller"]
    assert caller.startswith("AROA") and caller.endswith(":AssumeRoleSession") and record["identityUser"] == caller
    assert {k: v for k, v in record.items() if k not in ("requestId", "identityCaller", "identityUser")} == {
        "status": "500",
        "errorMessage": "Internal server error",
        "errorResponseType": "API_CONFIGURATION_ERROR",
        "authorizeError": "-",
        "authorizeStatus": "200",
        "authorizerError": "-",
        "authorizerIntegrationStatus": "-",
        "authorizerRequestId": "-",
        "authorizerStatus": "-",
        "authenticateError": "-",
        "authenticateStatus": "200",
        "integrationError": "Execution failed due to configuration error: Invalid permissions on Lambda function",
        "integrationIntegrationStatus": "-",
    }


def test_why_names_authority_policy_and_both_cures(server: Server) -> None:
    _, api, _, why = refused(server)
    assert why["fault"] == "FUNCTION_NOT_INVOCABLE"
    assert why["cause"] == "LINV_CALLER_CREDENTIALS"
    assert why["blame"] == "configuration"
    texts = " ".join(item["text"] for item in why["evidence"])
    assert "arn:aws:iam::*:user/*" in texts
    assert "apigateway.amazonaws.com" in texts and f"{api}/*/GET/api/endpoint" in texts
    operations = [[call["operation"] for call in remedy["patch"]] for remedy in why["remedies"]]
    assert operations == [["UpdateIntegration", "CreateDeployment"], ["PutRolePolicy"]]
    assert all(remedy["proven"] for remedy in why["remedies"])
    assert all(remedy["proven_up_to"] == "function-call" for remedy in why["remedies"])


@pytest.mark.parametrize("cure", [0, 1])
def test_each_cure_works(server: Server, cure: int) -> None:
    story, api, _, why = refused(server)
    story.apply(why["remedies"][cure])
    answer = story.call(api)
    assert answer.status_code == 200, answer.text
    assert answer.json()["hello"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/AssumeRoleSession"
    assert REGION == "ap-northeast-1"


def test_japanese(server: Server) -> None:
    story, api, _, _ = refused(server)
    request_id = story.call(api).headers["x-amzn-RequestId"]
    why = story.explanation(request_id, "ja")
    assert "呼び出し元" in why["headline"] and why["cause"] == "LINV_CALLER_CREDENTIALS"
