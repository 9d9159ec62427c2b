"""Requests that the server itself sends: one connection, one request, one answer, all of it bounded.

Theory of operation. The host name is resolved first, every address is judged by ``Reach``, and the connection goes to
an address that was judged, so that a name that changes between check and use gains nothing. What is read is limited in
bytes and the whole in seconds. Redirects are an answer like any other: whoever asked decides. Names and order of header
fields are kept in both directions.

Addresses that hand out credentials to whoever asks from this machine (link-local, cloud metadata) are never reached.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import httptools

HeaderList = Sequence[tuple[str, str]]

MAX_HEAD: Final = 64 * 1024
_READ: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_BODIED: Final = frozenset(("POST", "PUT", "PATCH"))
_METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23")
)
"""Of clouds, where it is not link-local."""
_OTHER_NAME: Final = (62, 64)
"""OpenSSL's codes for a certificate of another host name or address."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class OutboundProblem(Exception):
    """There is no answer. ``kind``: ``address``, ``connect``, ``tls``, ``tls-name`` (another host's certificate),
    ``timeout``, ``size`` or ``protocol``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Fetched(NamedTuple):
    """An answer: header fields in the sender's spelling and order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of ``name``, without regard to case."""
        wanted = name.lower()
        return next((value for field, value in self.headers if field.lower() == wanted), None)


class Target(NamedTuple):
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    authority: str
    """For the Host header: without the port when it is the scheme's own."""
    path: str
    """With the query; percent-encoded."""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


class Reach(NamedTuple):
    """Which addresses may be reached."""

    loopback: bool
    """Whether this machine's own may."""
    elsewhere: bool = True
    """Whether others may."""
    own_port: int = 0
    """Where this server listens: it does not call itself. 0: unknown, and not looked at."""

    def objection(self, address: str, port: int) -> str:
        """Why ``address`` may not be reached, or empty."""
        ip = _unwrapped(ipaddress.ip_address(address))
        if ip.is_link_local or ip in _METADATA:
            return f"{address} is a link-local or metadata address"
        if ip.is_unspecified or ip.is_multicast or (ip.is_reserved and not ip.is_loopback):
            return f"{address} is no address of one host"
        if ip.is_loopback:
            if not self.loopback:
                return f"{address} is this machine itself"
            return "the address is this server's own" if port == self.own_port else ""
        return "" if self.elsewhere else f"{address} is not this machine"


ANYWHERE: Final = Reach(True)


def _unwrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    inner = ip.ipv4_mapped or ip.sixtofour
    if inner is None and ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return inner or ip


def read_url(url: str) -> Target:
    """Take an http or https URL apart. Raises OutboundProblem (``address``)."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if not _is_ip(parts.hostname) else parts.hostname
    except (ValueError, UnicodeError):
        raise OutboundProblem("address", "the URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or _UNSAFE(url):
        raise OutboundProblem("address", "the URL is not an http or https URL of a host")
    standard = 443 if parts.scheme == "https" else 80
    name = f"[{host}]" if ":" in host else host
    authority = name if port in (None, standard) else f"{name}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    if parts.query:
        path += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=-._~")
    return Target(parts.scheme, host, standard if port is None else port, authority, path)


def _is_ip(host: str | None) -> bool:
    try:
        ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return True


async def fetch(
    method: str,
    url: str,
    headers: HeaderList = (),
    body: bytes = b"",
    *,
    timeout: float,
    limit: int,
    reach: Reach = ANYWHERE,
    server_name: str = "",
    insecure: bool = False,
) -> Fetched:
    """Send a request and read the answer to it: at most ``limit`` bytes of body, in ``timeout`` seconds altogether.

    ``server_name`` is the name that the certificate must have, when it is not the host's; ``insecure`` accepts
    certificates of unknown authorities. Raises OutboundProblem.
    """
    target = read_url(url)
    request = encode_request(method, target, headers, body)
    try:
        async with asyncio.timeout(timeout):
            name = server_name or target.host
            trust = await _shown(target, reach, name) if insecure and target.scheme == "https" else _tls()
            return await _exchange(target, request, limit, reach, method == "HEAD", name, trust)
    except TimeoutError:
        raise OutboundProblem("timeout", f"{target.authority} did not answer within {timeout:g} seconds") from None


def encode_request(method: str, target: Target, headers: HeaderList, body: bytes) -> bytes:
    """The bytes of a request. Raises OutboundProblem (``protocol``) for what would be more than one header field."""
    if not _TOKEN(method):
        raise OutboundProblem("protocol", "the method is not a token")
    given = {name.lower() for name, _ in headers}
    lines = [f"{method} {target.path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {target.authority}")
    for name, value in headers:
        if not _TOKEN(name) or _UNSAFE(value):
            raise OutboundProblem("protocol", "a header field has characters that it may not have")
        if name.lower() not in ("connection", "content-length", "transfer-encoding"):
            lines.append(f"{name}: {value}")
    if body or method in _BODIED:
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: close")
    try:
        head = "\r\n".join(lines).encode("latin-1")
    except UnicodeEncodeError:
        head = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    return head + b"\r\n\r\n" + body


async def _exchange(
    target: Target,
    request: bytes,
    limit: int,
    reach: Reach,
    headless: bool,
    server_name: str,
    trust: ssl.SSLContext,
) -> Fetched:
    reader, writer = await _connect(target, reach, server_name, trust)
    try:
        writer.write(request)
        answer = _Answer(limit, headless)
        while not answer.done:
            chunk = await reader.read(_READ)
            if not chunk:
                answer.end()
                break
            answer.feed(chunk)
        return Fetched(answer.status, answer.headers, b"".join(answer.chunks))
    except ssl.SSLError as problem:
        raise OutboundProblem("tls", f"TLS with {target.authority} failed: {problem.reason}") from None
    except OSError as problem:
        raise OutboundProblem("connect", f"{target.authority} ended the connection: {problem}") from None
    finally:
        writer.transport.abort()


async def _connect(
    target: Target, reach: Reach, server_name: str, trust: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    problem = OutboundProblem("connect", f"{target.host} has no address")
    for address in await _addresses(target):
        objection = reach.objection(address, target.port)
        if objection:
            problem = OutboundProblem("address", objection)
            continue
        try:
            reader, writer = await asyncio.open_connection(
                address,
                target.port,
                ssl=trust if target.scheme == "https" else None,
                server_hostname=server_name if target.scheme == "https" else None,
            )
        except ssl.SSLCertVerificationError as failed:
            kind = "tls-name" if failed.verify_code in _OTHER_NAME else "tls"
            message = f"TLS with {target.authority} failed: {failed.verify_message}"
            raise OutboundProblem(kind, message) from None
        except ssl.SSLError as failed:
            raise OutboundProblem("tls", f"TLS with {target.authority} failed: {failed.reason or failed}") from None
        except OSError as failed:
            problem = OutboundProblem("connect", f"{target.authority} cannot be reached: {failed.strerror or failed}")
            continue
        here, there = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        if target.port == reach.own_port and here and there and here[0] == there[0]:
            # An address of this machine other than loopback: both ends are the same.
            writer.transport.abort()
            raise OutboundProblem("address", "the address is this server's own")
        return reader, writer
    raise problem


async def _addresses(target: Target) -> Iterable[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return dict.fromkeys(str(entry[4][0]) for entry in found)


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are verified against the system's authorities (``SSL_CERT_FILE`` names others)."""
    return ssl.create_default_context()


async def _shown(target: Target, reach: Reach, server_name: str) -> ssl.SSLContext:
    """Trust in the certificate that the server shows, whoever issued it; its name and its dates count still.

    https://docs.aws.amazon.com/apigateway/latest/api/API_TlsConfig.html
    """
    _, writer = await _connect(target, reach, server_name, _blind())
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return _trusting(shown)


@lru_cache(maxsize=64)
def _trusting(certificate: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(certificate))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@cache
def _blind() -> ssl.SSLContext:
    """For looking at a certificate; nothing is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Answer:
    """Bytes → one response. Raises OutboundProblem (``size``, ``protocol``)."""

    def __init__(self, limit: int, headless: bool) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []
        self.done = False
        self._limit = limit
        self._headless = headless
        self._received = 0
        self._head_bytes = 0
        self._field_bytes = 0
        self._in_head = True
        self._parser: Any = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise OutboundProblem("protocol", "the answer changes the protocol") from None
        except httptools.HttpParserError:
            # Whatever follows a whole answer belongs to no request.
            if not self.done:
                raise OutboundProblem("protocol", "the answer is not HTTP") from None
        if self._received > self._limit:
            raise OutboundProblem("size", f"the answer is larger than {self._limit:,} bytes")
        # In one piece with its body the head is measured by its fields.
        if self._field_bytes > MAX_HEAD or (self._in_head and self._head_bytes > MAX_HEAD):
            raise OutboundProblem("size", "the head of the answer is too large")

    def end(self) -> None:
        """The connection was closed: the end of a body without a length, or too early."""
        framed = any(name.lower() in ("content-length", "transfer-encoding") for name, _ in self.headers)
        if not self.done and (self._in_head or framed):
            raise OutboundProblem("protocol", "the answer ends early")

    # --- httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.done:
            self._field_bytes += len(name) + len(value) + 4
            self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self.done:
            return
        self.status = self._parser.get_status_code()
        if self.status >= 200:
            self._in_head = False
            self.done = self._headless

    def on_body(self, data: bytes) -> None:
        if self.done:
            return
        self._received += len(data)
        if self._received <= self._limit:
            self.chunks.append(data)

    def on_message_complete(self) -> None:
        if self.status >= 200:
            self.done = True
        else:
            # 100 Continue and the like come before the answer.
            self.headers.clear()
