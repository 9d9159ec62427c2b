"""A MOCK route with its access log, durable, against a bare server: requests per second and CPU per request.

All contenders are up together and take turns, so that whatever else the machine does hits them alike; medians of the
rounds are compared. The bare server is what uvloop and httptools can do at all: it parses and answers 200 with the same
number of bytes. The client is one process with a few keep-alive connections, one request in flight on each.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import Figure, median
from bench.start import client
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CONNECTIONS = 16
SECONDS = 1.5
ROUNDS = 7
LOG_FORMAT = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime",'
    '"method":"$context.httpMethod","path":"$context.resourcePath","status":"$context.status",'
    '"length":"$context.responseLength"}'
)

BARE = """
import asyncio, sys, httptools, uvloop
ANSWER = (b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"
          b"x-amzn-RequestId: 0b1c2d3e-0b1c-4d3e-8b1c-0b1c2d3e4f50\\r\\nx-amz-apigw-id: AAAAAAAAAAAAAAA=\\r\\n"
          b"Date: Tue, 10 Oct 2023 01:01:01 GMT\\r\\nContent-Length: 12\\r\\n\\r\\n"
          b'{"ok": true}')
class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
    def on_url(self, url): self.url = url
    def on_header(self, name, value): self.headers.append((name, value))
    def on_message_begin(self): self.headers = []
    def on_message_complete(self): self.transport.write(ANSWER)
    def data_received(self, data): self.parser.feed_data(data)
async def main():
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    print("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.install()
asyncio.run(main())
"""


class Round(NamedTuple):
    """One contender's turn."""

    per_second: float
    cpu_us: float
    requests: int


class Contender(NamedTuple):
    """A running server and the request it is sent."""

    process: subprocess.Popen[str]
    address: tuple[str, int]
    request: bytes


def request_bytes(host: str, path: str) -> bytes:
    """A small GET as a client library sends it."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench/1\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
    ).encode()


def fire(address: tuple[str, int], request: bytes, seconds: float) -> int:
    """Keep every connection busy for a while; returns how many requests were answered with 200."""
    selector = selectors.DefaultSelector()
    sockets = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one, selectors.EVENT_READ)
        one.sendall(request)
    done = 0
    end = time.perf_counter() + seconds
    select = selector.select
    while time.perf_counter() < end:
        for key, _ in select(1):
            ready: Any = key.fileobj
            answer = ready.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"unexpected answer: {answer[:300]!r}")
            done += 1
            ready.sendall(request)
    for one in sockets:
        one.close()
    return done


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turn(contender: Contender, seconds: float = SECONDS) -> Round:
    """One measured turn, in a client process of its own."""
    before = cpu_seconds(contender.process.pid)
    host, port = contender.address
    command = [sys.executable, "-m", "bench.mock", host, str(port), str(seconds)]
    out = subprocess.run(command, input=contender.request, stdout=subprocess.PIPE, check=True, cwd=_ROOT).stdout
    done = int(out)
    return Round(done / seconds, (cpu_seconds(contender.process.pid) - before) / max(done, 1) * 1e6, done)


def log_records(contender: Contender) -> int:
    """How many records the access log holds, counted through CloudWatch Logs' own API."""
    logs = client(f"http://{contender.address[0]}:{contender.address[1]}", "logs")
    counted = 0
    token: dict[str, str] = {}
    while True:
        found = logs.filter_log_events(logGroupName="access", limit=10000, **token)
        counted += len(found["events"])
        if "nextToken" not in found:
            return counted
        token = {"nextToken": found["nextToken"]}


_ROOT = Path(__file__).resolve().parents[1]


def _launch(arguments: list[str]) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, f"did not start: {line!r}"
    return process, found.group()


def bare() -> Contender:
    """A server that does nothing."""
    process, url = _launch(["-c", BARE])
    address = _address(url)
    return Contender(process, address, request_bytes(f"{address[0]}:{address[1]}", "/prod/mock"))


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def ours(folder: str) -> Contender:
    """Sekisho with a REST API of one MOCK method and an access log, its data on disk."""
    process, url = _launch(["-m", "sekisho", "serve", "--port", "0", "--data-dir", folder])
    api = mock_api(url)
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    return Contender(process, _address(url), request_bytes(host, "/prod/mock"))


def with_iam(plain: Contender) -> Contender:
    """The same server; a second method wants IAM, and a user with ten policies calls it, signed.

    The client sends the same signed bytes for as long as the signature holds; the server verifies each of them.
    """
    url = f"http://{plain.address[0]}:{plain.address[1]}"
    gateway, iam = client(url, "apigateway"), client(url, "iam")
    api = gateway.get_rest_apis()["items"][0]["id"]
    root = next(item["id"] for item in gateway.get_resources(restApiId=api)["items"] if item["path"] == "/")
    method = {
        "restApiId": api,
        "resourceId": gateway.create_resource(restApiId=api, parentId=root, pathPart="iam")["id"],
        "httpMethod": "GET",
    }
    _mock_method(gateway, method, "AWS_IAM")
    gateway.create_deployment(restApiId=api, stageName="prod")
    iam.create_user(UserName="caller")
    for number in range(10):
        resource = f"arn:aws:execute-api:us-east-1:123456789012:{api if number == 9 else f'other{number}'}/*/GET/*"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="caller", PolicyName=f"policy{number}", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    signed = AWSRequest("GET", f"https://{host}/prod/iam", headers={"Host": host})
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "execute-api", "us-east-1").add_auth(signed)
    more = "".join(f"{name}: {value}\r\n" for name, value in signed.headers.items() if name != "Host")
    return plain._replace(request=request_bytes(host, "/prod/iam")[:-2] + more.encode() + b"\r\n")


def _mock_method(gateway: Any, method: dict[str, str], authorization: str) -> None:
    gateway.put_method(**method, authorizationType=authorization)
    gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**method, statusCode="200")
    gateway.put_integration_response(**method, statusCode="200", responseTemplates={"application/json": '{"ok": true}'})


def mock_api(url: str, log_format: str = LOG_FORMAT) -> str:
    """Create the API through the control plane; returns its id."""
    client(url, "logs").create_log_group(logGroupName="access")
    gateway = client(url, "apigateway")
    api: str = gateway.create_rest_api(name="bench")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {
        "restApiId": api,
        "resourceId": gateway.create_resource(restApiId=api, parentId=root, pathPart="mock")["id"],
        "httpMethod": "GET",
    }
    _mock_method(gateway, method, "NONE")
    gateway.create_deployment(restApiId=api, stageName="prod")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}]}'
    )
    role = client(url, "iam").create_role(RoleName="gateway-logs", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    client(url, "iam").attach_role_policy(
        RoleName="gateway-logs",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    )
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:access"
    gateway.update_stage(
        restApiId=api,
        stageName="prod",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": arn},
            {"op": "replace", "path": "/accessLogSettings/format", "value": log_format},
        ],
    )
    return api


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        plain = ours(folder)
        contenders = {"bare": bare(), "mock": plain, "iam": with_iam(plain)}
        rounds: dict[str, list[Round]] = {name: [] for name in contenders}
        try:
            warm = sum(turn(contender, 0.5).requests for name, contender in contenders.items() if name != "bare")
            turn(contenders["bare"], 0.5)
            for _ in range(ROUNDS):
                for name, contender in contenders.items():
                    rounds[name].append(turn(contender))
        finally:
            written = log_records(plain)
            for name in ("bare", "mock"):
                contenders[name].process.terminate()
                contenders[name].process.wait()
    rate = {name: median([one.per_second for one in found]) for name, found in rounds.items()}
    cpu = {name: median([one.cpu_us for one in found]) for name, found in rounds.items()}
    served = sum(found.requests for name in ("mock", "iam") for found in rounds[name]) + warm
    note = f"{rate['mock']:.0f} of {rate['bare']:.0f} requests/s"
    signed = f"{rate['iam']:.0f} of {rate['bare']:.0f} requests/s"
    return [
        Figure("MOCK with access log against a bare server", rate["mock"] / rate["bare"], "", 0.5, 0.75, True, note),
        Figure("… with SigV4 and ten policies", rate["iam"] / rate["bare"], "", 0.28, 0.35, True, signed),
        Figure("CPU of a MOCK request", cpu["mock"], "µs", note=f"bare server: {cpu['bare']:.1f} µs"),
        Figure("CPU of a signed MOCK request", cpu["iam"], "µs"),
        Figure("access-log records missing afterwards", max(0, served - written), "", 0, note=f"{written} written"),
    ]


if __name__ == "__main__":
    print(fire((sys.argv[1], int(sys.argv[2])), sys.stdin.buffer.read(), float(sys.argv[3])))
