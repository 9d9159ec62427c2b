"""A reset while requests are in hand: they are answered under the configuration they began with, and leave no trace
in the world that begins then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests
from bench.mock import mock_api
from tests.scenes.live_functions import create, eventually, execution_role, invoke
from tests.scenes.server import ACCOUNT, Server, running

SLOW = """
import time
def handler(event, context):
    print("begun", flush=True)
    time.sleep(20)
"""


def slow_api(server: Server) -> str:
    """A REST API with execution logs whose function takes its time."""
    api = mock_api(server.url)
    create(server, "slow", SLOW, execution_role(server), timeout=30)
    gateway = server.client("apigateway")
    root = next(item["id"] for item in gateway.get_resources(restApiId=api)["items"] if item["path"] == "/")
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:slow"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="prod")
    gateway.update_stage(
        restApiId=api,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}],
    )
    server.client("lambda").add_permission(
        FunctionName="slow", StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return api


def test_requests_in_hand_are_answered_and_forgotten() -> None:
    with running() as server, ThreadPoolExecutor(3) as pool:
        api = slow_api(server)
        url = f"{server.url}/restapis/{api}/prod/_user_request_/"
        through_gateway = pool.submit(requests.get, url, timeout=15)
        eventually(server, "slow", "begun")
        direct = pool.submit(requests.post, f"{server.url}/2015-03-31/functions/slow/invocations", timeout=15)
        server.client("lambda").invoke(FunctionName="slow", InvocationType="Event", Payload=b"{}")
        assert requests.post(f"{server.url}/_sekisho/reset", timeout=10).status_code in (200, 204)
        answer = through_gateway.result(15)
        assert answer.status_code == 500 and answer.json() == {"message": "Internal server error"}
        assert direct.result(15).status_code >= 400
        assert server.client("logs").describe_log_groups()["logGroups"] == []
        assert server.client("lambda").list_functions()["Functions"] == []
        assert requests.get(url, timeout=10).status_code == 403
        kept = requests.get(f"{server.url}/_sekisho/requests/{answer.headers['x-amzn-RequestId']}", timeout=10)
        assert kept.status_code < 500
        assert requests.get(f"{server.url}/_sekisho/health", timeout=10).json()["status"] == "ok"
        create(server, "quick", "def handler(event, context):\n    return 'quick'\n", execution_role(server))
        assert invoke(server, "quick") == "quick"
        groups = [group["logGroupName"] for group in server.client("logs").describe_log_groups()["logGroups"]]
        assert groups == ["/aws/lambda/quick"]
