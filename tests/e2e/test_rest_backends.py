"""Non-proxy functions and web servers behind a REST API, from boto3 to HTTP: a real function, a real server."""

from __future__ import annotations

import http.server
import io
import json
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.scenes.server import ACCOUNT, REGION, Server, running

CODE = """
def handler(event, context):
    print("ran with", event)
    if "fail" in event:
        raise Exception("NotFound: " + event["fail"])
    return {"echo": event}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
LOGS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
}


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers what it was sent; ``/status/404`` with that status, ``/slow`` late."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/slow"):
            time.sleep(0.6)
        status = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200
        seen = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        data = json.dumps(seen).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Backend", "here")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Scene(NamedTuple):
    """A server of ours with an API, and a web server behind it."""

    server: Server
    api: str
    root: str
    backend: str
    function: str

    @property
    def gateway(self) -> Any:
        return self.server.client("apigateway")

    def method(
        self, part: str, verb: str = "POST", responses: dict[str, str] | None = None, **integration: Any
    ) -> None:
        """A method of ``/part``; ``responses`` are status → selection pattern."""
        client = self.gateway
        parent = self.root
        names: list[str] = []
        for each in part.split("/"):
            known = {each["path"]: each["id"] for each in client.get_resources(restApiId=self.api, limit=500)["items"]}
            names.append(each)
            path = "/" + "/".join(names)
            made = known.get(path)
            parent = made or client.create_resource(restApiId=self.api, parentId=parent, pathPart=each)["id"]
        at = {"restApiId": self.api, "resourceId": parent, "httpMethod": verb}
        declared = [value for value in integration.get("requestParameters", {}).values() if value.startswith("method")]
        client.put_method(**at, authorizationType="NONE", requestParameters=dict.fromkeys(declared, False))
        client.put_integration(**at, integrationHttpMethod="POST", **integration)
        for status, pattern in (responses or {}).items():
            client.put_method_response(**at, statusCode=status)
            client.put_integration_response(**at, statusCode=status, selectionPattern=pattern)
        client.create_deployment(restApiId=self.api, stageName="prod")

    def uri(self) -> str:
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{self.function}/invocations"

    def send(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        host = f"{self.api}.execute-api.{REGION}.amazonaws.com"
        data = None if body is None else json.dumps(body).encode()
        given = {"Host": host, "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"{self.server.url}/prod{path}", data, given, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null"), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null"), dict(error.headers)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        with running() as server:
            iam = server.client("iam")
            role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
            iam.put_role_policy(RoleName="r", PolicyName="logs", PolicyDocument=json.dumps(LOGS))
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as zipped:
                zipped.writestr("index.py", CODE)
            functions = server.client("lambda")
            function = functions.create_function(
                FunctionName="f",
                Runtime="python3.11",
                Handler="index.handler",
                Role=role,
                Code={"ZipFile": archive.getvalue()},
            )["FunctionArn"]
            client = server.client("apigateway")
            api = client.create_rest_api(name="backends")["id"]
            root = client.get_resources(restApiId=api)["items"][0]["id"]
            functions.add_permission(
                FunctionName="f",
                StatementId="s",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*",
            )
            yield Scene(server, api, root, f"http://127.0.0.1:{web.server_port}", function)
    finally:
        web.shutdown()
        web.server_close()


def test_a_function_behind_templates(scene: Scene) -> None:
    template = '{"name": "$input.path(\'$.name\')" #if($input.path(\'$.fail\') != ""), "fail": "gone"#end}'
    scene.method(
        "custom",
        responses={"200": "", "404": "NotFound.*"},
        type="AWS",
        uri=scene.uri(),
        requestTemplates={"application/json": template},
    )
    assert scene.send("/custom", {"name": "n"})[:2] == (200, {"echo": {"name": "n"}})
    status, body, _ = scene.send("/custom", {"name": "n", "fail": "x"})
    assert (status, body["errorMessage"]) == (404, "NotFound: gone")


def test_a_function_that_nobody_waits_for(scene: Scene) -> None:
    scene.method(
        "event",
        responses={"202": ""},
        type="AWS",
        uri=scene.uri(),
        requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
    )
    assert scene.send("/event", {"later": "yes"})[:2] == (202, None)
    logs, deadline = scene.server.client("logs"), time.monotonic() + 20
    told: list[str] = []
    while not any("later" in line for line in told):
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
        found = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
        told = [event["message"] for event in found]


def test_a_web_server_by_proxy(scene: Scene) -> None:
    scene.method(
        "web/{path+}",
        type="HTTP_PROXY",
        uri=f"{scene.backend}/{{path}}",
        requestParameters={"integration.request.path.path": "method.request.path.path"},
    )
    status, seen, headers = scene.send("/web/a/b%20c?q=1", {"x": 1}, **{"X-Client": "me"})
    assert (status, seen["path"], seen["body"]) == (200, "/a/b%20c?q=1", '{"x": 1}')
    assert seen["headers"]["X-Client"] == "me"
    assert seen["headers"]["X-Amzn-Apigateway-Api-Id"] == scene.api
    assert headers["X-Backend"] == "here" and headers["x-amzn-Remapped-Server"]
    assert scene.send("/web/status/418")[0] == 418


def test_a_web_server_behind_responses(scene: Scene) -> None:
    uri = f"{scene.backend}/status/404"
    scene.method("absent", responses={"200": "2..", "410": "404"}, type="HTTP", uri=uri)
    assert scene.send("/absent", {})[0] == 410
    scene.method("undecided", responses={"200": "2.."}, type="HTTP", uri=uri)
    assert scene.send("/undecided", {})[0] == 500


def test_servers_that_do_not_answer(scene: Scene) -> None:
    scene.method("slow", type="HTTP_PROXY", uri=f"{scene.backend}/slow", timeoutInMillis=100)
    assert scene.send("/slow")[:2] == (504, {"message": "Endpoint request timed out"})
    scene.method("closed", type="HTTP_PROXY", uri="http://127.0.0.1:1/")
    assert scene.send("/closed")[:2] == (504, {"message": "Network error communicating with endpoint"})
    scene.method("metadata", type="HTTP_PROXY", uri="http://169.254.169.254/latest/meta-data/")
    assert scene.send("/metadata")[:2] == (500, {"message": "Internal server error"})
    scene.method("ourselves", type="HTTP_PROXY", uri=scene.server.url + "/")
    assert scene.send("/ourselves")[:2] == (500, {"message": "Internal server error"})


def test_the_console_s_test_reaches_them(scene: Scene) -> None:
    scene.method("tried", type="HTTP_PROXY", uri=f"{scene.backend}/status/418")
    scene.method("tried-too", responses={"200": ""}, type="AWS", uri=scene.uri())
    resources = scene.gateway.get_resources(restApiId=scene.api, limit=500)["items"]
    ids = {each["path"]: each["id"] for each in resources}
    at = {"restApiId": scene.api, "httpMethod": "POST", "body": '{"x": 1}'}
    found = scene.gateway.test_invoke_method(**at, resourceId=ids["/tried"])
    assert found["status"] == 418 and "Endpoint request URI: " + scene.backend in found["log"]
    found = scene.gateway.test_invoke_method(**at, resourceId=ids["/tried-too"])
    assert (found["status"], json.loads(found["body"])) == (200, {"echo": {"x": 1}})
    assert 'Endpoint request body after transformations: {"x": 1}' in found["log"]


def test_why_is_explained(scene: Scene) -> None:
    scene.method("nowhere", type="HTTP_PROXY", uri="http://127.0.0.1:1/")
    _, _, headers = scene.send("/nowhere")
    url = f"{scene.server.url}/_sekisho/requests/{headers['x-amzn-RequestId']}/explanation"
    with urllib.request.urlopen(url, timeout=30) as answer:
        found = json.loads(answer.read())
    assert (found["fault"], found["cause"]) == ("BACKEND_UNREACHABLE", "VPCLINK_UNREACHABLE")
    assert "cannot be reached" in found["headline"]
