"""HTTP messages of the control plane, and the failure every part of this package reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sekisho.kit.headers import NO_HEADERS, Headers


class WireRequest(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    """Still percent-encoded, without the query."""
    query: str
    """Still percent-encoded, without the question mark."""
    headers: Headers = NO_HEADERS
    body: bytes = b""


class WireResponse(NamedTuple):
    """A response to send. ``Content-Length`` and ``Date`` are the sender's."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class WireError(NamedTuple):
    """A failure before any protocol spelled it: code, message, HTTP status (0: the model's own, else 400)."""

    code: str
    message: str
    status: int = 0
    members: Mapping[str, Any] = {}
    """Further members of the error shape."""


class Unparsable(Exception):
    """Raised inside this package by readers; ``parse`` turns it into a WireError. ``path`` names the member."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
