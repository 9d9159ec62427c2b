"""With --enforce-iam: denied calls of the control plane, in AWS's words, explained, cured; also after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from tests.scenes.server import ACCOUNT, Server, running


def denied(server: Server, key: dict[str, str]) -> ClientError:
    client = server.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with pytest.raises(ClientError) as caught:
        client.list_functions()
    return caught.value


def why(server: Server, problem: ClientError) -> dict[str, Any]:
    request_id = problem.response["ResponseMetadata"]["RequestId"]
    answer = requests.get(f"{server.url}/_sekisho/requests/{request_id}/explanation", timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_denied_explained_cured(tmp_path: Path) -> None:
    with running("--enforce-iam", data_dir=tmp_path) as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        problem = denied(server, key)
        assert problem.response["Error"]["Code"] == "AccessDeniedException"
        assert problem.response["Error"]["Message"] == (
            f"User: arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: lambda:ListFunctions "
            "on resource: * because no identity-based policy allows the lambda:ListFunctions action"
        )
        found = why(server, problem)
        assert (found["cause"], found["fault"]) == ("IAM_NO_ALLOW", "ACCESS_DENIED")
        assert [call["operation"] for call in found["remedies"][0]["patch"]] == ["PutUserPolicy"]
    with running("--enforce-iam", data_dir=tmp_path) as server:
        again = why(server, problem)
        assert again == found
        for call in again["remedies"][0]["patch"]:
            server.client(call["service"]).put_user_policy(**call["parameters"])
        client = server.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        assert client.list_functions()["Functions"] == []
