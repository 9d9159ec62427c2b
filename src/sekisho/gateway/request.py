"""What comes in and what goes out: immutable, bytes in, bytes out."""

from __future__ import annotations

from typing import NamedTuple

from sekisho.kit.headers import Headers


class GatewayRequest(NamedTuple):
    """A request to an API as the client really sent it.

    Addressing is already undone: with path-style addresses (``/restapis/{id}/{stage}/_user_request_/…``) ``path`` is
    what the client would have sent to the execute-api host (``/{stage}/…``), while ``raw_path`` keeps what is on the
    wire, which SigV4 is verified over.
    """

    method: str
    path: str
    """Still percent-encoded, beginning with ``/stage``."""
    raw_path: str
    """The path on the wire, percent-encoded, without query."""
    query: str
    """The raw query string, without ``?``."""
    headers: Headers
    body: bytes
    host: str
    """The Host header, without port."""
    api_id: str
    region: str
    """From the host name or the credential scope; empty when neither names one."""
    source_ip: str
    protocol: str = "HTTP/1.1"
    source_vpce: str = ""
    """The VPC endpoint the request came through (``vpce-…``); empty: none."""


class GatewayResponse:
    """Status, header lines in order, and the whole body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
