"""``HTTP`` and ``HTTP_PROXY`` of REST APIs: a web server behind the method.

``HTTP_PROXY`` sends header fields, query and body on, but for what belongs to the connection, and its answer comes back
as it is. ``HTTP`` sends only what is mapped, and its status selects an integration response. In the URI ``{name}``
stands for a mapped ``integration.request.path.name``; one that is not mapped leads nowhere: the path parameters of the
resource alone do not count.

vectors: http/*, header-remap/HTTP*.
https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from sekisho.config.api import Iam
from sekisho.config.integrations import HttpRest
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations.transformation import SENT, Prepared, answer, mapped
from sekisho.gateway.integrations.transformation import prepare as transform
from sekisho.gateway.payload.rest_headers import mappable, proxied_name, sent_on
from sekisho.gateway.payload.rest_mapping import Lines
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.payload.v1 import query_values
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.outcome import PASS, Ask
from sekisho.vtl import Overrides

_JSON: Final = "application/json"
_PLACE: Final = re.compile(r"\{([^{}/]+?)\+?\}")
_SAFE: Final = "/!$&'()*+,;=:@~-._%"
"""REST APIs keep paths as clients encode them, so a percent sign stays one."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]").fullmatch
_MAX_BODY: Final = 10 * 1024 * 1024
_FAILURES: Final[Mapping[str, Fault]] = {
    "address": Fault.BACKEND_ADDRESS_INVALID,
    "timeout": Fault.INTEGRATION_TIMED_OUT,
    "tls": Fault.BACKEND_CERTIFICATE_UNTRUSTED,
    "tls-name": Fault.BACKEND_NAME_MISMATCH,
}
"""``HttpFailed.kind`` → fault; every other kind is a server that cannot be reached."""


def prepare(x: Exchange, target: HttpRest) -> Outcome:
    """Make the request and have it sent."""
    t, request = x.trace, x.request
    begun = x.clock()
    if not t.xray_id:
        t.xray_id = trace_id(x)
    if target.illegal_header:
        return Reject(Fault.HEADER_MAPPING_ILLEGAL, {"header": target.illegal_header})
    if target.proxy:
        headers, query, path = mapped(x, target.transformation)
        prepared = Prepared(request.body, "", Overrides(), headers, query, path)
    else:
        made = transform(x, target.transformation)
        if isinstance(made, Reject):
            return made
        prepared = made
    t.asked = (begun, x.clock())
    url = address(target.uri, prepared.path)
    if url is None:
        return Reject(Fault.BACKEND_ADDRESS_INVALID, {"message": f"Invalid endpoint address {target.uri}"})
    query_string = _query(x, target, prepared.query)
    if query_string:
        url = f"{url}{'&' if '?' in url else '?'}{query_string}"
    lines = _headers(x, target, prepared, urlsplit(url).netloc)
    method = request.method if target.method in ("ANY", "") else target.method
    effect = CallHttp(method, url, tuple(lines), prepared.body, target.timeout, insecure=target.insecure)
    t.fields[SENT] = effect

    def then(x: Exchange, result: HttpAnswer | HttpFailed) -> Outcome:
        return conclude(x, result, prepared.overrides)

    return Ask(effect, then)


def address(uri: str, path: Mapping[str, str]) -> str | None:
    """The URI with its ``{names}`` replaced; None when it leads nowhere."""
    known = True

    def value(found: re.Match[str]) -> str:
        nonlocal known
        given = path.get(found[1])
        known = known and given is not None
        return quote(given or "", safe=_SAFE, errors="replace")

    url = _PLACE.sub(value, uri)
    if not known or "{" in url or "}" in url:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return url if _NAME(host) or ":" in host else None


def _query(x: Exchange, target: HttpRest, pairs: Lines) -> str:
    """Mapped parameters; of a proxy behind those of the client that are not mapped."""
    parts: list[str] = []
    if target.proxy and x.request.query:
        taken = {name for name, _ in pairs}
        parts = [
            pair
            for pair in x.request.query.split("&")
            if pair and (not taken or next(iter(query_values(pair)), "") not in taken)
        ]
    parts += [f"{_form(name)}={_form(value)}" for name, value in pairs]
    return "&".join(parts)


def _form(text: str) -> str:
    return quote_plus(text, errors="replace")


def _headers(x: Exchange, target: HttpRest, prepared: Prepared, host: str) -> Lines:
    t, request = x.trace, x.request
    mapped_lines = [(name, value) for name, value in prepared.headers if mappable(name)]
    taken = {name.lower() for name, _ in mapped_lines}
    lines: Lines = []
    if target.proxy:
        signed = isinstance(t.route.authorizer, Iam)
        lines = [
            (name, value)
            for name, value in request.headers.pairs
            if sent_on(name) and name.lower() not in taken and not (signed and name.lower() == "authorization")
        ]
        forwarded = request.headers.get("x-forwarded-for")
        ours = [
            ("X-Forwarded-For", f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip),
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Proto", "https"),
        ]
    else:
        ours = [("Accept", _JSON), ("Content-Type", prepared.media)]
    ours = [("Host", host), *ours, ("User-Agent", f"AmazonAPIGateway_{t.api.id}")]
    present = taken | {name.lower() for name, _ in lines}
    lines += [(name, value) for name, value in ours if name.lower() not in present]
    lines += mapped_lines
    lines += [("X-Amzn-Apigateway-Api-Id", t.api.id), ("X-Amzn-Trace-Id", t.xray_id)]
    return lines


def conclude(x: Exchange, result: HttpAnswer | HttpFailed, overrides: Overrides) -> Outcome:
    """What the server answered."""
    t = x.trace
    target = t.route.integration
    assert isinstance(target, HttpRest)
    t.reply = result
    t.asked = (t.asked[0] if t.asked else 0.0, x.clock())
    if isinstance(result, HttpFailed):
        fault = _FAILURES.get(result.kind, Fault.BACKEND_UNREACHABLE)
        host = urlsplit(target.uri).hostname if "://" in target.uri else ""
        return Reject(fault, {"message": result.message, "kind": result.kind, "host": host or ""})
    status = str(result.status)
    t.integration_status = t.backend_status = status
    headers, body = _decoded(list(result.headers), result.body)
    if not target.proxy:
        return answer(x, target.transformation, status, status, headers, body, overrides)
    lines = [(renamed, value) for name, value in headers if (renamed := proxied_name(name)) is not None]
    if not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", _JSON))
    x.response = GatewayResponse(result.status, lines, body)
    return PASS


def _decoded(headers: Lines, body: bytes) -> tuple[Lines, bytes]:
    """A body without its compression: ``Content-Encoding`` is not passed on. What cannot be undone stays as it is."""
    encoding = next((value.strip().lower() for name, value in headers if name.lower() == "content-encoding"), "")
    if encoding in ("gzip", "x-gzip", "deflate") and body:
        engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            plain = engine.decompress(body, _MAX_BODY)
        except zlib.error:
            return headers, body
        if not engine.eof:
            return headers, body
        body = plain
    elif encoding and encoding != "identity":
        return headers, body
    return [line for line in headers if line[0].lower() != "content-encoding"], body
