"""What the server sends and whom it reaches: whole answers, bounded ones, refused addresses, issuers that misbehave."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.scenes.edge_server import run
from tests.scenes.jwt import jwks

from sekisho.edge import outbound
from sekisho.edge.issuer import LocalIssuer
from sekisho.edge.keys import MAX_DOCUMENT, IssuerKeys
from sekisho.edge.outbound import ANYWHERE, Fetched, OutboundProblem, Reach, encode_request, fetch, read_url
from sekisho.gateway.effects import FetchKeys, Keys, KeysUnavailable

Serve = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Stub:
    """A server on loopback that answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Serve] = {}
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def json(self, path: str, document: Any, status: str = "200 OK") -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.answers[path] = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)

    def paths(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.requests]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.get(head.split(b" ")[1].decode(), b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(head.decode(), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def stub(**more: Any) -> AsyncIterator[Stub]:
    found = Stub()
    server = await asyncio.start_server(found.handle, "127.0.0.1", 0, **more)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


async def get(url: str, **more: Any) -> Fetched:
    return await fetch(more.pop("method", "GET"), url, **{"timeout": 5, "limit": 1000, **more})


async def problem(url: str, **more: Any) -> OutboundProblem:
    with pytest.raises(OutboundProblem) as found:
        await get(url, **more)
    return found.value


# --- fetch


def test_a_request_as_it_was_given_and_the_answer_as_it_came() -> None:
    async def work() -> None:
        async with stub() as there:
            there.answers["/a%20b?x=1&y=%2F"] = (
                b"HTTP/1.1 201 Created\r\nX-One: 1\r\nx-TWO: 2\r\nX-One: 3\r\nContent-Length: 5\r\n\r\nhello"
            )
            headers = [("X-B", "2"), ("x-a", "1"), ("X-B", "3"), ("Connection", "keep-alive"), ("content-length", "9")]
            found = await get(f"{there.url}/a b?x=1&y=%2F", method="POST", headers=headers, body=b"body")
            assert (found.status, found.body) == (201, b"hello")
            assert found.headers == [("X-One", "1"), ("x-TWO", "2"), ("X-One", "3"), ("Content-Length", "5")]
            assert found.header("X-Two") == "2"
            assert there.requests == [
                b"POST /a%%20b?x=1&y=%%2F HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\n"
                b"Content-Length: 4\r\nConnection: close\r\n\r\nbody" % there.port
            ]

    run(work)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 smuggled\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\x00\xff garbage", b"ok"),
    ],
)
def test_ways_to_end_an_answer(answer: bytes, body: bytes) -> None:
    async def work() -> None:
        async with stub() as there:
            there.answers["/"] = answer
            found = await get(there.url)
            assert (found.status in (200, 204), found.body) == (True, body)
            assert ("X", "1") not in found.headers

    run(work)


def test_heads_have_no_body() -> None:
    async def work() -> None:
        async with stub() as there:
            there.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
            found = await get(there.url, method="HEAD")
            assert (found.status, found.body, found.header("content-length")) == (200, b"", "500")

    run(work)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "protocol"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "protocol"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, "size"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "size"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", "size"),
    ],
)
def test_answers_that_are_refused(answer: bytes, kind: str) -> None:
    async def work() -> None:
        async with stub() as there:
            there.answers["/"] = answer
            assert (await problem(there.url)).kind == kind

    run(work)


def test_silence_and_trickles_end() -> None:
    async def silent(_: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def trickle(_: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async def work() -> None:
        async with stub() as there:
            there.answers |= {"/silent": silent, "/trickle": trickle}
            for path in ("/silent", "/trickle"):
                assert (await problem(there.url + path, timeout=0.2)).kind == "timeout"

    run(work)


def test_nobody_there() -> None:
    async def work() -> None:
        async with stub() as there:
            gone = there.url
        assert (await problem(gone)).kind == "connect"
        assert (await problem("http://no-such-host.invalid/")).kind == "connect"

    run(work)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://user:pw@host/",
        "http://127.0.0.1:80\\@host/",
        "http://host:99999/",
        "http://host:x/",
        "http://[::1/",
        "http://host/\r\nX: y",
        "http://" + "a" * 70 + ".example/",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(OutboundProblem) as found:
        read_url(url)
    assert found.value.kind == "address"


def test_urls_are_taken_apart() -> None:
    assert read_url("HTTPS://Example.com:443?a=b#f") == ("https", "example.com", 443, "example.com", "/?a=b")
    assert read_url("http://[::1]:8080/x") == ("http", "::1", 8080, "[::1]:8080", "/x")
    assert read_url("https://b\u00fccher.example/\u00fc").authority == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET /x HTTP/1.1\r\nEvil:", []),
        ("", []),
        ("GET", [("X\r\nEvil", "1")]),
        ("GET", [("X", "1\r\nEvil: 2")]),
        ("GET", [("X", "1\n")]),
        ("GET", [("X", "\x00")]),
        ("GET", [("", "1")]),
        ("GET", [("X Y", "1")]),
    ],
)
def test_nothing_can_be_smuggled_into_a_request(method: str, headers: list[tuple[str, str]]) -> None:
    with pytest.raises(OutboundProblem):
        encode_request(method, read_url("http://host/"), headers, b"")


# --- whom it reaches


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
    ],
)
def test_addresses_that_are_never_reached(address: str) -> None:
    assert ANYWHERE.objection(address, 80)
    assert Reach(False).objection(address, 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_this_machine_only_where_it_is_allowed(address: str) -> None:
    assert not Reach(True).objection(address, 80)
    assert Reach(False).objection(address, 80)
    assert Reach(True, own_port=4566).objection(address, 4566)


def test_others_only_where_it_is_allowed() -> None:
    for address in ("93.184.216.34", "10.0.0.1", "2606:2800:220:1::1"):
        assert not Reach(False).objection(address, 443)
        assert Reach(True, elsewhere=False).objection(address, 443)


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:a9fe:a9fe]", "0.0.0.0"])
def test_metadata_in_every_spelling(host: str) -> None:
    async def work() -> None:
        assert (await problem(f"http://{host}/latest/meta-data/")).kind in ("address", "connect")
        async with stub() as there:
            assert (await problem(f"http://0x7f000001:{there.port}/", reach=Reach(False))).kind == "address"
            assert not there.requests

    run(work)


def test_the_server_does_not_call_itself() -> None:
    async def work() -> None:
        async with stub() as there:
            assert (await problem(there.url, reach=Reach(True, own_port=there.port))).kind == "address"
            assert not there.requests

    run(work)


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that only itself vouches for, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


def served_by(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def test_certificates_are_verified(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with stub(ssl=served_by(certificate)) as there:
            there.json("/", {})
            assert (await problem(f"https://localhost:{there.port}/")).kind == "tls"
            assert not there.requests
            # Without looking at the authority, the name counts still.
            assert (await get(f"https://localhost:{there.port}/", insecure=True)).status == 200
            assert (await problem(f"https://127.0.0.1:{there.port}/", insecure=True)).kind == "tls-name"
            trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
            monkeypatch.setattr(outbound, "_tls", lambda: trusting)
            assert (await get(f"https://localhost:{there.port}/")).status == 200
            # The name counts, and not only the authority.
            elsewhere = f"https://127.0.0.1:{there.port}/"
            assert (await problem(elsewhere)).kind == "tls-name"
            assert (await get(elsewhere, server_name="localhost")).status == 200
            assert (await problem(elsewhere, server_name="other.example")).kind == "tls-name"

    run(work)


# --- issuers


def fetcher(tmp_path: Path, *, own_port: int = 0, seconds: float = 1.5) -> IssuerKeys:
    local = LocalIssuer(tmp_path, lambda: "http://127.0.0.1:4566")
    return IssuerKeys(local, lambda: own_port, seconds)


def discover(there: Stub, issuer: str = "", **more: Any) -> None:
    path = f"{issuer}/.well-known/openid-configuration"
    there.json(path, {"issuer": there.url + issuer, "jwks_uri": f"{there.url}/jwks", **more})


def test_discovery_then_keys(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there:
            discover(there, "/realms/x")
            there.json("/jwks", jwks())
            for issuer in (f"{there.url}/realms/x", f"{there.url}/realms/x/"):
                assert await fetcher(tmp_path).fetch(FetchKeys(issuer, "key-1")) == Keys(jwks())
            assert there.paths() == ["/realms/x/.well-known/openid-configuration", "/jwks"] * 2

    run(work)


def test_many_wait_for_one_fetch(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there:
            discover(there)
            there.json("/jwks", jwks())
            keys = fetcher(tmp_path)
            found = await asyncio.gather(*[keys.fetch(FetchKeys(there.url, f"kid-{n}")) for n in range(50)])
            assert found == [Keys(jwks())] * 50
            assert len(there.requests) == 2
            await keys.fetch(FetchKeys(there.url, "again"))
            assert len(there.requests) == 4

    run(work)


def test_one_who_leaves_does_not_take_the_fetch_along(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there:
            discover(there)
            there.json("/jwks", jwks())
            keys = fetcher(tmp_path)
            first = asyncio.create_task(keys.fetch(FetchKeys(there.url, "a")))
            second = asyncio.create_task(keys.fetch(FetchKeys(there.url, "b")))
            await asyncio.sleep(0)
            first.cancel()
            assert await second == Keys(jwks())

    run(work)


@pytest.mark.parametrize(
    ("configuration", "keys", "kind"),
    [
        (None, jwks(), "discovery"),
        (b"<html>", jwks(), "discovery"),
        ([], jwks(), "discovery"),
        ({}, jwks(), "discovery"),
        ({"jwks_uri": 7}, jwks(), "discovery"),
        ({"jwks_uri": "https://nobody.invalid/jwks"}, jwks(), "jwks"),
        ({"jwks_uri": "file:///etc/passwd"}, jwks(), "jwks"),
        ({"jwks_uri": "http://169.254.169.254/latest"}, jwks(), "jwks"),
        ({"jwks_uri": "not a url"}, jwks(), "jwks"),
        ({}, None, "discovery"),
        ("here", None, "jwks"),
        ("here", b"not json", "jwks"),
        ("here", [], "jwks"),
        ("here", {}, "jwks"),
        ("here", {"keys": {}}, "jwks"),
        ("here", b'{"keys": [' + b" " * MAX_DOCUMENT + b"]}", "jwks"),
        (b'{"x": "' + b" " * MAX_DOCUMENT + b'"}', None, "discovery"),
    ],
    ids=range(17),
)
def test_issuers_that_answer_wrongly(tmp_path: Path, configuration: Any, keys: Any, kind: str) -> None:
    async def work() -> None:
        async with stub() as there:
            if configuration == "here":
                discover(there)
            elif configuration is not None:
                there.json("/.well-known/openid-configuration", configuration)
            if keys is not None:
                there.json("/jwks", keys)
            found = await fetcher(tmp_path).fetch(FetchKeys(there.url, "k"))
            assert isinstance(found, KeysUnavailable)
            assert found.kind == kind
            assert found.message

    run(work)


def test_a_large_set_within_the_limit(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there:
            discover(there)
            body = b'{"keys": []}'
            there.json("/jwks", body + b" " * (MAX_DOCUMENT - len(body)))
            assert await fetcher(tmp_path).fetch(FetchKeys(there.url, "k")) == Keys({"keys": []})

    run(work)


def test_slow_issuers_have_so_long_altogether(tmp_path: Path) -> None:
    async def slow(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.25)
        body = json.dumps({"jwks_uri": f"http://{head.split('Host: ')[1].split()[0]}/jwks", "keys": []}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def work() -> None:
        async with stub() as there:
            there.answers |= {"/.well-known/openid-configuration": slow, "/jwks": slow}
            found = await fetcher(tmp_path, seconds=0.4).fetch(FetchKeys(there.url, "k"))
            assert isinstance(found, KeysUnavailable)
            assert found.kind == "jwks"
            assert isinstance(await fetcher(tmp_path, seconds=5).fetch(FetchKeys(there.url, "k")), Keys)

    run(work)


def test_redirects_stay_where_they_are(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there, stub() as other:
            other.json("/jwks", jwks())
            discover(there)
            there.answers["/jwks"] = b"HTTP/1.1 302 Found\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n"
            there.json("/moved", jwks())
            assert await fetcher(tmp_path).fetch(FetchKeys(there.url, "k")) == Keys(jwks())
            for location in (f"{other.url}/jwks", "/jwks", "", "http://[", "https://127.0.0.1/"):
                there.answers["/jwks"] = (
                    b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location.encode()
                )
                found = await fetcher(tmp_path).fetch(FetchKeys(there.url, "k"))
                assert isinstance(found, KeysUnavailable), location
            assert not other.requests

    run(work)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://issuer.example",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://[fe80::1]",
        "ftp://localhost",
        "https://user@localhost",
        "not a url",
        "",
        "https://",
    ],
)
def test_issuers_at_addresses_that_are_not_asked(tmp_path: Path, issuer: str) -> None:
    async def work() -> None:
        found = await fetcher(tmp_path).fetch(FetchKeys(issuer, "k"))
        assert isinstance(found, KeysUnavailable)
        assert found.kind == "discovery"

    run(work)


def test_the_control_plane_is_no_issuer(tmp_path: Path) -> None:
    async def work() -> None:
        async with stub() as there:
            discover(there)
            found = await fetcher(tmp_path, own_port=there.port).fetch(FetchKeys(there.url, "k"))
            assert isinstance(found, KeysUnavailable)
            assert not there.requests

    run(work)
