"""``HTTP_PROXY`` of HTTP APIs: the request goes on to a web server, and its answer comes back.

The path of the URI is the integration's own; ``{name}`` in it stands for a path parameter of the route. The query and
the header fields are passed on, but for those that belong to the connection.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from sekisho.config.integrations import HttpProxy
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.integrations.parameter_mapping import mapped_request, mapped_response
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.payload.http_request import Lines, view
from sekisho.gateway.payload.tracing import trace_id
from sekisho.gateway.request import GatewayResponse
from sekisho.kit.outcome import PASS, Ask

_PARAMETER: Final = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
_SAFE: Final = "/!$&'()*+,;=:@~-._"
_KEPT_BACK: Final = frozenset(
    ("host", "content-length", "forwarded", "via", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
)
_DROPPED: Final = frozenset(
    (
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "apigw-requestid",
    )
)
"""Of answers: what belongs to the connection, and what the gateway says itself."""
_FAILURES: Final[Mapping[str, Fault]] = {
    "address": Fault.BACKEND_ADDRESS_INVALID,
    "timeout": Fault.INTEGRATION_TIMED_OUT,
    "tls": Fault.BACKEND_CERTIFICATE_UNTRUSTED,
    "tls-name": Fault.BACKEND_NAME_MISMATCH,
}
"""``HttpFailed.kind`` → fault; every other kind is a server that cannot be reached."""


def prepare(x: Exchange, target: HttpProxy) -> Outcome:
    """Have the request sent on."""
    t, request = x.trace, x.request
    begun = x.clock()
    t.asked = (begun, begun)
    if not t.xray_id:
        t.xray_id = trace_id(x)
    seen = view(x)
    before = seen.path
    if target.request_mappings:
        seen = mapped_request(x, seen, target.request_mappings)
    url = _PARAMETER.sub(lambda found: quote(t.path_parameters.get(found[1], ""), safe=_SAFE), target.uri)
    host = urlsplit(url).netloc
    if not host:
        return Reject(Fault.BACKEND_ADDRESS_INVALID, {"message": f"Invalid endpoint address {url}"})
    if seen.path != before:
        url = f"{urlsplit(url).scheme}://{host}{quote(seen.path, safe=_SAFE)}"
    if seen.query:
        url = f"{url}{'&' if '?' in url else '?'}{seen.query}"
    domain = domain_name(t)
    headers = [(name, value) for name, value in seen.headers if name not in _KEPT_BACK]
    headers += [
        ("host", host),
        ("forwarded", f"for={request.source_ip};host={domain};proto=https"),
        ("via", "HTTP/1.1 AmazonAPIGateway"),
    ]
    method = request.method if target.method in ("ANY", "") else target.method
    return Ask(CallHttp(method, url, tuple(headers), request.body, target.timeout, target.tls_server_name), conclude)


def conclude(x: Exchange, result: HttpAnswer | HttpFailed) -> Outcome:
    """What the server answered."""
    t = x.trace
    target = t.route.integration
    assert isinstance(target, HttpProxy)
    t.reply = result
    t.asked = (t.asked[0] if t.asked else 0.0, x.clock())
    if isinstance(result, HttpFailed):
        fault = _FAILURES.get(result.kind, Fault.BACKEND_UNREACHABLE)
        return Reject(fault, {"message": result.message, "kind": result.kind, "host": urlsplit(target.uri).netloc})
    t.integration_status = t.backend_status = str(result.status)
    t.fields["dataProcessed"] = len(result.body)
    status = result.status
    headers: Lines = [(name, value) for name, value in result.headers if name.lower() not in _DROPPED]
    rows = target.response_mappings.get(str(status)) if target.response_mappings else None
    if rows:
        status, headers = mapped_response(x, status, headers, result.body, rows)
    x.response = GatewayResponse(status, headers, result.body)
    return PASS
