"""A MOCK route with its access log, durable, against a bare server: requests per second and CPU per request.

All contenders are up together and take turns, so that whatever else the machine does hits them alike; medians of the
rounds are compared. The bare server is what uvloop and httptools can do at all: it parses and answers 200 with the same
number of bytes. The client is one process with a few keep-alive connections, one request in flight on each.
"""

from __future__ import annotations

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
    return Round(done / seconds, (cpu_seconds(contender.process.pid) - before) / max(done, 1) * 1e6)


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
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**method, statusCode="200")
    gateway.put_integration_response(**method, statusCode="200", responseTemplates={"application/json": '{"ok": true}'})
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
        contenders = {"bare": bare(), "mock": ours(folder)}
        rounds: dict[str, list[Round]] = {name: [] for name in contenders}
        try:
            for contender in contenders.values():
                turn(contender, 0.5)
            for _ in range(ROUNDS):
                for name, contender in contenders.items():
                    rounds[name].append(turn(contender))
        finally:
            for contender in contenders.values():
                contender.process.terminate()
                contender.process.wait()
    rate = {name: median([one.per_second for one in found]) for name, found in rounds.items()}
    cpu = {name: median([one.cpu_us for one in found]) for name, found in rounds.items()}
    note = f"{rate['mock']:.0f} of {rate['bare']:.0f} requests/s"
    return [
        Figure("MOCK with access log against a bare server", rate["mock"] / rate["bare"], "", 0.5, 0.75, True, note),
        Figure("CPU of a MOCK request", cpu["mock"], "µs", note=f"bare server: {cpu['bare']:.1f} µs"),
    ]


if __name__ == "__main__":
    print(fire((sys.argv[1], int(sys.argv[2])), sys.stdin.buffer.read(), float(sys.argv[3])))
