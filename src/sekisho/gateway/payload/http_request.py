"""An HTTP API's request as backends and authorizers see it.

A ``View`` is the request with what parameter mappings made of it: decoded path, raw query, header lines with names in
lower case. Requests without mappings share the lines that came in.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sekisho.gateway.exchange import Exchange
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.payload.v1 import Multi

Lines = list[tuple[str, str]]

_HOP_BY_HOP: Final = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    )
)
"""Lines that are not passed on as they came."""


class View(NamedTuple):
    """What is shown of a request."""

    path: str
    """Decoded; with the stage when that is named."""
    query: str
    """Raw."""
    headers: Lines
    """Names in lower case, in the order of the request."""


def view(x: Exchange) -> View:
    """The request as it came, with what the gateway adds."""
    t, request = x.trace, x.request
    lines = [(name, value) for name, value in lowered(x) if name not in _HOP_BY_HOP and name != "content-length"]
    forwarded = request.headers.get("x-forwarded-for")
    lines += [
        ("content-length", str(len(request.body))),
        ("x-amzn-trace-id", t.xray_id),
        ("x-forwarded-for", f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ]
    return View(t.path, request.query, lines)


def lowered(x: Exchange) -> Lines:
    """The request's lines; the host is the one under which the API shows itself."""
    host = domain_name(x.trace)
    found = [(name.lower(), value) for name, value in x.request.headers.pairs]
    return [(name, host) if name == "host" else (name, value) for name, value in found]


def joined(lines: Lines) -> dict[str, str]:
    """One value for each name, in alphabetical order; repeated ones are joined by commas."""
    found: dict[str, str] = {}
    for name, value in lines:
        found[name] = f"{found[name]},{value}" if name in found else value
    return dict(sorted(found.items()))


def several(lines: Lines) -> Multi:
    """Every value of each name, in alphabetical order."""
    found: Multi = {}
    for name, value in lines:
        found.setdefault(name, []).append(value)
    return dict(sorted(found.items()))


def cookies(lines: Lines) -> list[str]:
    """The cookies of all ``cookie`` lines."""
    return [part.strip() for name, value in lines if name == "cookie" for part in value.split(";") if part.strip()]
