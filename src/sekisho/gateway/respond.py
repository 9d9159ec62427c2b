"""Finisher: face or reply → status, headers, bytes."""

from __future__ import annotations

from sekisho.faults.fault import Reject
from sekisho.gateway.exchange import Exchange


def refuse(x: Exchange, gate: str, rejection: Reject) -> None:
    """Record the refusal: the single place where a fault meets its face."""
    raise NotImplementedError


def respond(x: Exchange) -> None:
    """Complete the response: request-id headers, content length, status and length for the log."""
    raise NotImplementedError
