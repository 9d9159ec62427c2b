"""Nonsense on real sockets: every connection gets an answer or an end, and the server stays without a stack trace."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from bench.mock import mock_api
from tests.scenes.live_functions import create, execution_role
from tests.scenes.server import ACCOUNT, running

SEED = 20260101


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, str]]:
    errors = tmp_path_factory.mktemp("log") / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--ephemeral"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        yield "127.0.0.1", int(url.rpartition(":")[2]), mock_api(url)
        assert requests.get(f"{url}/_sekisho/health", timeout=10).status_code == 200
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()
    assert "Traceback" not in Path(errors).read_text()


def talk(server: tuple[str, int, str], data: bytes, *, abort: bool = False) -> bytes:
    """Everything the server says to ``data``."""
    with socket.create_connection(server[:2], timeout=20) as client:
        client.settimeout(20)
        try:
            client.sendall(data)
            if abort:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return b""
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while more := client.recv(65536):
                answer += more
            return answer
        except (ConnectionResetError, BrokenPipeError):
            return b""


def requests_of(server: tuple[str, int, str]) -> list[bytes]:
    """Well-formed requests of every kind."""
    api = server[2]
    host = f"Host: {api}.execute-api.us-east-1.amazonaws.com\r\n".encode()
    return [
        b"GET /prod/mock HTTP/1.1\r\n" + host + b"\r\n",
        b"POST /prod/mock HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
        b"POST /prod/mock HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET /_sekisho/requests?limit=3 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /restapis/{api}/prod/_user_request_/mock?a=%ff&b HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        b"GET /restapis HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 "
        b"Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 43\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Logs_20140328.DescribeLogGroups\r\n"
        b"Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n[[[[[[[[",
    ]


def test_well_formed_ones_are_answered(server: tuple[str, int, str]) -> None:
    for data in requests_of(server):
        assert talk(server, data).startswith(b"HTTP/1.1 "), data


def test_mutations(server: tuple[str, int, str]) -> None:
    chance = random.Random(SEED)
    originals = requests_of(server)
    for _ in range(600):
        data = bytearray(b"".join(chance.choices(originals, k=chance.randint(1, 3))))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            action = chance.randrange(5)
            if action == 0:
                data[place] = chance.randrange(256)
            elif action == 1:
                del data[place : place + chance.randint(1, 20)]
            elif action == 2:
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            elif action == 3:
                data[place:place] = chance.choice([b"\r\n", b"\n", b"\0", b": ", b"%", b"\xff", b"{", b"Host: x\r\n"])
            else:
                data[place:place] = data[: chance.randint(1, 60)]
            if not data:
                break
        answer = talk(server, bytes(data), abort=chance.random() < 0.1)
        assert not answer or answer.startswith(b"HTTP/1.1 "), (data, answer[:100])


def test_noise(server: tuple[str, int, str]) -> None:
    chance = random.Random(SEED + 1)
    for size in (1, 10, 100, 1000, 100_000):
        for _ in range(5):
            answer = talk(server, chance.randbytes(size))
            assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


def test_requests_inside_requests(server: tuple[str, int, str]) -> None:
    """What one reader takes for a body and another for a request must not be served."""
    api = server[2]
    inner = b"GET /_sekisho/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    host = f"Host: {api}.execute-api.us-east-1.amazonaws.com\r\n".encode()
    for framing in (
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Content-Length: 0\r\nContent-Length: 5\r\n",
        b"Content-Length: +0\r\n",
        b"Content-Length: 0x0\r\n",
        b"X: a\n\r\nContent-Length: 5\r\n",
    ):
        answer = talk(server, b"POST /prod/mock HTTP/1.1\r\n" + host + framing + b"\r\n0\r\n\r\n" + inner)
        assert b'"status":"ok"' not in answer, framing
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), (framing, answer)


def test_many_idle_connections(server: tuple[str, int, str]) -> None:
    idle = [socket.create_connection(server[:2]) for _ in range(300)]
    try:
        assert talk(server, requests_of(server)[0]).startswith(b"HTTP/1.1 200 ")
    finally:
        for client in idle:
            client.close()


ECHO = """
import json
def handler(event, context):
    names = ("path", "httpMethod", "headers", "multiValueQueryStringParameters", "pathParameters", "body")
    return {"statusCode": 200, "body": json.dumps({name: event[name] for name in names})}
"""


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[tuple[str, int, str], bytes]]:
    """A server whose API sends every request to a function that tells what it was sent; the API's Host line."""
    with running() as server:
        create(server, "echo", ECHO, execution_role(server))
        gateway = server.client("apigateway")
        api = gateway.create_rest_api(name="echo", endpointConfiguration={"types": ["REGIONAL"]})["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        proxy = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
        method = {"restApiId": api, "resourceId": proxy, "httpMethod": "ANY"}
        gateway.put_method(**method, authorizationType="NONE")
        function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:echo"
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
        gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        gateway.create_deployment(restApiId=api, stageName="p")
        server.client("lambda").add_permission(
            FunctionName="echo",
            StatementId="gateway",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        host, port = server.url.removeprefix("http://").split(":")
        yield (host, int(port), api), f"Host: {api}.execute-api.us-east-1.amazonaws.com\r\n".encode()


REFUSED = {
    "two hosts": (b"GET /p/a HTTP/1.1\r\n%(host)bHost: evil\r\n\r\n", 400),
    "no host": (b"GET /p/a HTTP/1.1\r\n\r\n", 400),
    "length and chunks": (
        b"POST /p/a HTTP/1.1\r\n%(host)bContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "header over 10,240 bytes": (b"GET /p/a HTTP/1.1\r\n%(host)bX: " + b"a" * 10_300 + b"\r\n\r\n", 431),
    "many headers": (b"GET /p/a HTTP/1.1\r\n%(host)b" + b"X: a\r\n" * 250 + b"\r\n", 431),
    "NUL in a header": (b"GET /p/a HTTP/1.1\r\n%(host)bX: a\0b\r\n\r\n", 400),
    "NUL in the path": (b"GET /p/a\0b HTTP/1.1\r\n%(host)b\r\n", 400),
    "no path": (b"GET p/a HTTP/1.1\r\n%(host)b\r\n", 400),
    "bytes in the path": (b"GET /p/\xff HTTP/1.1\r\n%(host)b\r\n", 400),
    "bytes in the query": (b"GET /p/a?x=\xff HTTP/1.1\r\n%(host)b\r\n", 400),
    "blank in the target": (b"GET /p/a b HTTP/1.1\r\n%(host)b\r\n", 400),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n%(host)b\r\n", 403),
    "folded header": (b"GET /p/a HTTP/1.1\r\n%(host)bX: a\r\n b\r\n\r\n", 400),
    "negative length": (b"POST /p/a HTTP/1.1\r\n%(host)bContent-Length: -1\r\n\r\n", 400),
    "endless length": (b"POST /p/a HTTP/1.1\r\n%(host)bContent-Length: 99999999999999999999999\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "CONNECT": (b"CONNECT x:443 HTTP/1.1\r\n%(host)b\r\n", 405),
    "TRACE": (b"TRACE /p/a HTTP/1.1\r\n%(host)b\r\n", 403),
    "PROPFIND": (b"PROPFIND /p/a HTTP/1.1\r\n%(host)b\r\n", 403),
    "a verb that nobody knows": (b"FOO /p/a HTTP/1.1\r\n%(host)b\r\n", 400),
    "10 MB and a byte": (
        b"POST /p/a HTTP/1.1\r\n%(host)bContent-Length: 10485761\r\n\r\n" + b"a" * 10_485_761,
        413,
    ),
    "10 MB and a byte in chunks": (
        b"POST /p/a HTTP/1.1\r\n%(host)bTransfer-Encoding: chunked\r\n\r\na00001\r\n"
        + b"a" * 10_485_761
        + b"\r\n0\r\n\r\n",
        413,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(echo: tuple[tuple[str, int, str], bytes], name: str) -> None:
    server, host = echo
    data, status = REFUSED[name]
    answer = talk(server, data.replace(b"%(host)b", host))
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]


def event(echo: tuple[tuple[str, int, str], bytes], line: bytes, rest: bytes = b"\r\n") -> dict[str, Any]:
    """What the function was sent."""
    server, host = echo
    answer = talk(server, line + b" HTTP/1.1\r\n" + host + rest)
    final = answer[answer.rindex(b"HTTP/1.1 ") :]
    assert final.startswith(b"HTTP/1.1 200 "), answer[:300]
    found: dict[str, Any] = json.loads(final.partition(b"\r\n\r\n")[2])
    return found


def test_what_reaches_a_function(echo: tuple[tuple[str, int, str], bytes]) -> None:
    sent = event(echo, b"GET /p/%zz%/%e3%81?q=%zz&%=1&=&&a")
    assert sent["path"] == "/%zz%/%e3%81"
    assert sent["multiValueQueryStringParameters"] == {"q": ["%zz"], "%": ["1"], "": [""], "a": [""]}
    assert event(echo, b"GET /p/a%2Fb/..%2f")["path"] == "/a%2Fb/..%2f"
    assert event(echo, b"GET /p/../../etc")["path"] == "/../../etc"
    assert event(echo, b"GET /p/a%00b")["path"] == "/a%00b"
    absolute = b"GET http://" + echo[1][6:-2] + b"/p/a"
    assert event(echo, absolute)["path"] == "/a"


def test_framing_does_not_reach_a_function(echo: tuple[tuple[str, int, str], bytes]) -> None:
    chunked = b"Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"
    sent = event(echo, b"POST /p/a", chunked)
    assert sent["body"] == "abc"
    assert not {"transfer-encoding", "trailer", "x-t"} & {name.lower() for name in sent["headers"]}
    sent = event(echo, b"POST /p/a", b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    assert sent["body"] == "abc" and "Expect" not in sent["headers"]
    sent = event(echo, b"GET /p/a", b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert not {"connection", "upgrade"} & {name.lower() for name in sent["headers"]}
    sent = event(echo, b"POST /p/a", b"Content-Length: 3\r\n\r\n\xff\xfea")
    assert sent["body"] == "\ufffd\ufffda"


def test_pipelined_requests_are_answered_in_order(echo: tuple[tuple[str, int, str], bytes]) -> None:
    server, host = echo
    data = b"".join(b"GET /p/%d HTTP/1.1\r\n" % number + host + b"\r\n" for number in range(8))
    answer = talk(server, data)
    places = [answer.index(b'"path": "/%d"' % number) for number in range(8)]
    assert places == sorted(places) and answer.count(b"HTTP/1.1 200 ") == 8


def test_more_than_a_function_takes(echo: tuple[tuple[str, int, str], bytes]) -> None:
    """An event has at most 6 MiB, whoever sends it; the gateway itself takes 10 MB."""
    server, host = echo
    data = b"POST /p/a HTTP/1.1\r\n" + host + b"Content-Length: 7000000\r\n\r\n" + b"a" * 7_000_000
    answer = talk(server, data)
    assert answer.startswith(b"HTTP/1.1 ") and not answer.startswith(b"HTTP/1.1 200")
    assert event(echo, b"GET /p/a")["path"] == "/a"
