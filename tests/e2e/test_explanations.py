"""Explanations as people ask for them: of a running server, after a crash, of callers that are gone, as commands."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.scenes.functions import zipped
from tests.scenes.server import ACCOUNT, REGION, Server, running

from sekisho.cli.app import main

CODE = """
def handler(event, context):
    print("asked for", event["path"])
    if event["path"] == "/missing":
        return {"statusCode": 404, "body": "no such pet"}
    return {"statusCode": 200, "body": "ok"}
"""
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"sts:AssumeRole"}]}'
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"


class Town(NamedTuple):
    """A server with an API: ``/open`` and ``/missing`` are for everyone, ``/closed`` wants a signature."""

    server: Server
    api: str
    key: dict[str, str]

    def get(self, path: str, *, signed: bool = False, **headers: str) -> requests.Response:
        host = f"{self.api}.execute-api.{REGION}.amazonaws.com"
        request = AWSRequest("GET", f"https://{host}/prod{path}", headers={"Host": host, **headers})
        if signed:
            SigV4Auth(
                Credentials(self.key["AccessKeyId"], self.key["SecretAccessKey"]), "execute-api", REGION
            ).add_auth(request)
        return requests.get(f"{self.server.url}/prod{path}", headers=dict(request.headers.items()), timeout=30)

    def explanation(self, answer: requests.Response, lang: str = "en") -> requests.Response:
        id_ = answer.headers["x-amzn-RequestId"]
        return requests.get(f"{self.server.url}/_sekisho/requests/{id_}/explanation?lang={lang}", timeout=30)


def build(server: Server) -> Town:
    iam, functions, gateway = (server.client(name) for name in ("iam", "lambda", "apigateway"))
    trusted = TRUST % '{"Service":"lambda.amazonaws.com"}'
    role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    logging = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="function", PolicyArn=logging)
    function = functions.create_function(
        FunctionName="pets",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped({"index.py": CODE})},
    )["FunctionArn"]
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    api = gateway.create_rest_api(name="pets")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    for part, auth in (("open", "NONE"), ("missing", "NONE"), ("closed", "AWS_IAM")):
        resource = gateway.create_resource(restApiId=api, parentId=root, pathPart=part)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType=auth)
        gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    functions.add_permission(
        FunctionName="pets",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*/GET/missing",
    )
    server.client("logs").create_log_group(logGroupName="access")
    deployment = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="prod", deploymentId=deployment)
    gateway.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": log_role(iam)}],
    )
    gateway.update_stage(
        restApiId=api,
        stageName="prod",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": GROUP},
            {"op": "replace", "path": "/accessLogSettings/format", "value": "$context.requestId $context.status"},
        ],
    )
    return Town(server, api, key)


def log_role(iam: Any) -> str:
    trusted = TRUST % '{"Service":"apigateway.amazonaws.com"}'
    arn: str = iam.create_role(RoleName="logs", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    iam.attach_role_policy(RoleName="logs", PolicyArn=policy)
    return arn


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with running() as server:
        yield build(server)


def test_every_refusal_is_explained_in_both_languages(town: Town) -> None:
    causes = {"/open": "LPERM_SOURCE_ARN", "/nowhere": "ROUTE_NO_SUCH_METHOD", "/closed": "SIGV4_UNSIGNED"}
    for path, cause in causes.items():
        answer = town.get(path)
        english, japanese = (town.explanation(answer, lang).json() for lang in ("en", "ja"))
        assert english["cause"] == japanese["cause"] == cause
        assert english["headline"] != japanese["headline"]


def test_an_answer_of_the_function_itself(town: Town) -> None:
    answer = town.get("/missing")
    assert (answer.status_code, answer.text) == (404, "no such pet")
    found = town.explanation(answer).json()
    assert (found["fault"], found["blame"], found["gate"]) == ("BACKEND_ANSWERED", "function", "")
    assert "404" in found["headline"]


def test_nothing_secret_is_repeated(town: Town) -> None:
    secrets = {"X-Api-Key": "key-that-is-secret", "Cookie": "sid=cookie-that-is-secret"}
    secrets["X-Amz-Security-Token"] = "token-that-is-secret"
    host = f"{town.api}.execute-api.{REGION}.amazonaws.com"
    request = AWSRequest("GET", f"https://{host}/prod/closed", headers={"Host": host, **secrets})
    SigV4Auth(Credentials(town.key["AccessKeyId"], "wrong-secret-of-client"), "execute-api", REGION).add_auth(request)
    sent = dict(request.headers.items())
    answer = requests.get(f"{town.server.url}/prod/closed", headers=sent, timeout=30)
    assert answer.status_code == 403
    signature = sent["Authorization"].rsplit("=", 1)[1]
    shown = town.explanation(answer).text
    shown += requests.get(f"{town.server.url}/_sekisho/requests?limit=50", timeout=30).text
    shown += requests.get(f"{town.server.url}/_sekisho/requests/{answer.headers['x-amzn-RequestId']}", timeout=30).text
    for secret in ("that-is-secret", "wrong-secret-of-client", signature, town.key["SecretAccessKey"]):
        assert secret not in shown


def test_the_record_has_a_timeline(town: Town) -> None:
    answer = town.get("/open")
    found = requests.get(f"{town.server.url}/_sekisho/requests/{answer.headers['x-amzn-RequestId']}", timeout=30).json()
    gates = {entry["gate"]: entry["outcome"] for entry in found["timeline"]}
    assert list(gates)[:2] == ["admit", "route"] and gates["admit"] == "passed" and gates["integrate"] == "refused"
    assert all(entry["ms"] >= 0 for entry in found["timeline"])
    assert [check["decision"] for check in found["checks"]] == ["ImplicitlyDenied"]
    assert found["accessLog"].endswith(" 500") and found["response"]["status"] == 500


def test_commands(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"https://{town.api}.execute-api.{REGION}.amazonaws.com/prod"
    at = ["--endpoint", town.server.url]
    key = ["--access-key", town.key["AccessKeyId"], "--secret-key", town.key["SecretAccessKey"]]
    assert main(["call", "get", f"{url}/closed", *key, *at]) == 1
    text = capsys.readouterr().out
    assert text.startswith("403 ") and "IAM_NO_ALLOW" in text and "aws iam put-user-policy" in text
    assert main(["call", "GET", f"{url}/open", "--json", "--lang", "ja", *at]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == 500 and report["explanation"]["lang"] == "ja"
    id_ = next(value for name, value in report["headers"] if name.lower() == "x-amzn-requestid")
    assert main(["explain", id_, *at]) == 0
    assert "LPERM_SOURCE_ARN" in capsys.readouterr().out
    assert main(["explain", "no-such-request", *at]) == 1
    assert "no-such-request" in capsys.readouterr().err


def test_logs_command(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = town.get("/missing").headers["x-amzn-RequestId"]
    at = ["--endpoint", town.server.url]
    deadline = time.monotonic() + 10
    while True:
        assert main(["logs", "--api", f"{town.api}/prod", "--since", "5m", "--filter", f'"{id_}"', *at]) == 0
        lines = capsys.readouterr().out.splitlines()
        if lines or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert len(lines) == 1 and lines[0].endswith(f"{id_} 404")
    assert main(["logs", "pets", "--json", "--filter", "asked", *at]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events and all("asked for" in event["message"] for event in events)
    assert main(["logs", "nobody", *at]) == 1
    assert "/aws/lambda/nobody" in capsys.readouterr().err


def test_after_a_crash_and_the_caller_is_gone(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as server:
        town = build(server)
        answers = [town.get("/closed", signed=True), town.get("/open"), town.get("/missing"), town.get("/nowhere")]
        before = [town.explanation(answer).json() for answer in answers]
        iam = server.client("iam")
        iam.delete_access_key(UserName="caller", AccessKeyId=town.key["AccessKeyId"])
        iam.delete_user(UserName="caller")
        # What was refused is written within moments.
        time.sleep(1.5)
        server.process.kill()
        server.process.wait()
    with running(data_dir=tmp_path) as server:
        again = town._replace(server=server)
        after = [again.explanation(answer).json() for answer in answers]
        late = again.get("/closed", signed=True)
        assert again.explanation(late).json()["cause"] == "SIGV4_UNKNOWN_KEY"
    assert [each["cause"] for each in before] == ["IAM_NO_ALLOW", "LPERM_SOURCE_ARN", "", "ROUTE_NO_SUCH_METHOD"]
    for was, is_ in zip(before, after, strict=True):
        assert {**is_, "remedies": []} == {**was, "remedies": []}
    assert after[1]["remedies"] == before[1]["remedies"]
