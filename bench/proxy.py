"""A Lambda proxy route against direct invokes through the Runtime API: throughput, gateway CPU, added latency.

``python -m bench.proxy direct SECONDS CALLERS`` keeps two sandboxes of one function busy in this process with the event
on standard input, and with nothing but the Runtime API between: what can be had at all. The server is up at the same
time; the two take turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from bench.figures import Figure, median
from bench.mock import _ROOT, LOG_FORMAT, Contender, _address, cpu_seconds, fire, request_bytes
from bench.start import client, function, memory_mb, start

from sekisho.edge.runtimes.environment import Credentials
from sekisho.edge.sandboxes import Sandboxes
from sekisho.functions.concurrency import Limits
from sekisho.functions.invocation import FunctionSpec, InvokeFunction, Returned

SOURCE = """
ANSWER = {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"ok": true}'}

def handler(event, context):
    return ANSWER
"""
SECONDS = 1.5
ROUNDS = 7


ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


def _event(url: str, api: str) -> bytes:
    """The event that the gateway makes of the measured request: direct invokes are given the very same bytes."""
    client(url, "lambda").update_function_code(FunctionName="hello", ZipFile=_archive(ECHO))
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    with socket.create_connection(_address(url)) as connection:
        connection.sendall(request_bytes(host, "/prod/fn"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        event = answer.read()
    client(url, "lambda").update_function_code(FunctionName="hello", ZipFile=_archive(SOURCE))
    assert json.loads(event)["path"] == "/fn"
    return event


def _archive(source: str) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("index.py", source)
    return buffer.getvalue()


async def _direct(seconds: float, callers: int, folder: Path, payload: bytes) -> tuple[float, float]:
    """Invokes per second and the median latency in ms."""
    code = _archive(SOURCE)
    digest = hashlib.sha256(code).hexdigest()
    sandboxes = Sandboxes(
        read_code=lambda _: code,
        credentials=lambda role, spec: Credentials("ASIAEXAMPLE", "secret", "token", time.time() + 3600),
        write_log=lambda *_: None,
        endpoint_url="http://127.0.0.1:9",
        data_dir=folder,
        limits=Limits(sandboxes=2, burst=2),
    )
    spec = FunctionSpec(
        account="123456789012",
        region="us-east-1",
        name="f",
        version="$LATEST",
        runtime="python3.11",
        handler="index.handler",
        code_sha256=digest,
        timeout=10,
        memory_mb=128,
        environment={},
        role_arn="arn:aws:iam::123456789012:role/r",
        log_group="/aws/lambda/f",
        revision="1",
    )
    spent: list[float] = []
    end = 0.0

    async def caller(number: int) -> int:
        done = 0
        while time.perf_counter() < end:
            begin = time.perf_counter()
            request_id = f"00000000-0000-4000-8000-{number:04d}{done:08d}"
            result = await sandboxes.invoke(InvokeFunction(spec, spec.arn, payload, request_id, float("inf")))
            assert isinstance(result, Returned), result
            spent.append(time.perf_counter() - begin)
            done += 1
        return done

    end = time.perf_counter() + 1.0
    await asyncio.gather(*(caller(number) for number in range(max(callers, 2))))
    spent.clear()
    end = time.perf_counter() + seconds
    total = sum(await asyncio.gather(*(caller(number) for number in range(callers))))
    await sandboxes.close()
    return total / seconds, median(spent) * 1e3


def _direct_turn(callers: int, event: bytes) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.proxy", "direct", str(SECONDS), str(callers)]
    out = subprocess.run(command, input=event, stdout=subprocess.PIPE, check=True, cwd=_ROOT).stdout
    rate, latency = out.split()
    return float(rate), float(latency)


def _one_by_one(contender: Contender, seconds: float) -> float:
    """Median latency in ms with one client."""
    spent = []
    with socket.create_connection(contender.address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begin = time.perf_counter()
            connection.sendall(contender.request)
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
            spent.append(time.perf_counter() - begin)
    return median(spent) * 1e3


def _gateway_turn(contender: Contender) -> tuple[float, float]:
    """Requests per second and the server's own CPU µs per request."""
    before = cpu_seconds(contender.process.pid)
    host, port = contender.address
    command = [sys.executable, "-m", "bench.mock", host, str(port), str(SECONDS)]
    out = subprocess.run(command, input=contender.request, stdout=subprocess.PIPE, check=True, cwd=_ROOT).stdout
    done = int(out)
    return done / SECONDS, (cpu_seconds(contender.process.pid) - before) / max(done, 1) * 1e6


def proxy_api(url: str) -> str:
    """A REST API with one Lambda proxy route and an access log; returns its id."""
    from bench.mock import mock_api

    function(url, source=SOURCE)
    api = mock_api(url)
    gateway: Any = client(url, "apigateway")
    root = next(r["id"] for r in gateway.get_resources(restApiId=api)["items"] if r["path"] == "/")
    method = {
        "restApiId": api,
        "resourceId": gateway.create_resource(restApiId=api, parentId=root, pathPart="fn")["id"],
        "httpMethod": "GET",
    }
    arn = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    client(url, "lambda").add_permission(
        FunctionName="hello",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*/GET/fn",
    )
    gateway.create_deployment(restApiId=api, stageName="prod")
    return api


def http_proxy_api(url: str) -> str:
    """An HTTP API with the same function behind one route, and an access log; returns its id. After ``proxy_api``."""
    gateway: Any = client(url, "apigatewayv2")
    api: str = gateway.create_api(Name="bench", ProtocolType="HTTP")["ApiId"]
    arn = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /fn", Target=f"integrations/{integration}")
    log = {
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:access",
        "Format": LOG_FORMAT.replace("resourcePath", "routeKey"),
    }
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, AccessLogSettings=log)
    client(url, "lambda").add_permission(
        FunctionName="hello",
        StatementId="http",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*/*/fn",
    )
    return api


def measure() -> list[Figure]:
    server, url, _ = start("--max-sandboxes", "2")
    try:
        api = proxy_api(url)
        event = _event(url, api)
        contender = Contender(
            server, _address(url), request_bytes(f"{api}.execute-api.us-east-1.amazonaws.com", "/prod/fn")
        )
        http_host = f"{http_proxy_api(url)}.execute-api.us-east-1.amazonaws.com"
        http_contender = contender._replace(request=request_bytes(http_host, "/fn"))
        for one in (contender, http_contender):
            fire(one.address, one.request, 1.5)
        direct, ours, cpu, http_rate, http_cpu, alone, through = [], [], [], [], [], [], []
        for _ in range(ROUNDS):
            direct.append(_direct_turn(2, event)[0])
            rate, spent = _gateway_turn(contender)
            ours.append(rate)
            cpu.append(spent)
            rate, spent = _gateway_turn(http_contender)
            http_rate.append(rate)
            http_cpu.append(spent)
        for _ in range(3):
            alone.append(_direct_turn(1, event)[1])
            through.append(_one_by_one(contender, 1.0))
        resting = memory_mb(server.pid)
    finally:
        server.terminate()
        server.wait()
    note = f"{median(ours):.0f} of {median(direct):.0f} per second"
    http_note = f"{median(http_rate):.0f} of {median(direct):.0f} per second"
    return [
        Figure("Lambda proxy against direct invokes", median(ours) / median(direct), "", 0.55, 0.70, True, note),
        Figure("gateway CPU of a Lambda proxy request", median(cpu), "µs", 150, 110),
        Figure(
            "the same by an HTTP API", median(http_rate) / median(direct), "", 0.55, 0.70, at_least=True, note=http_note
        ),
        Figure("gateway CPU of an HTTP API's request", median(http_cpu), "µs", 150, 110),
        Figure("added median latency, one client", median(through) - median(alone), "ms", 0.2),
        Figure("server memory after the load (PSS)", resting, "MB"),
    ]


if __name__ == "__main__":
    _, _, asked, wanted = sys.argv
    with tempfile.TemporaryDirectory() as scratch, contextlib.closing(uvloop.new_event_loop()) as loop:
        print(*loop.run_until_complete(_direct(float(asked), int(wanted), Path(scratch), sys.stdin.buffer.read())))
