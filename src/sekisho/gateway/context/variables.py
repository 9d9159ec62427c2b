"""The ``$context`` table: one row per variable, with the kinds of API that define it and how it is read from a trace.

Theory of operation. A log format is compiled once, when the stage is configured, to a list of literals and readers;
a line is their concatenation. A variable without a value is ``-``, and so is one that the kind does not define (HTTP
APIs refuse such formats when they are configured). Values are escaped as JSON string content, so that a line stays one
line and no header of a client can forge another; ``error.messageString`` stays the quoted form that it is.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html;
vectors accesslog/*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sekisho.faults.fault import Kind
from sekisho.gateway.payload.domain import domain_name
from sekisho.gateway.trace import NOBODY, Trace
from sekisho.kit.instants import clf
from sekisho.kit.memory import remember

Read = Callable[[Trace], str | None]

_R, _H, _W = Kind.REST, Kind.HTTP, Kind.WEBSOCKET
REST: Final = frozenset((_R,))
HTTP: Final = frozenset((_H,))
WEBSOCKET: Final = frozenset((_W,))
REST_HTTP: Final = REST | HTTP
REST_WEBSOCKET: Final = REST | WEBSOCKET
ALL: Final = REST | HTTP | WEBSOCKET


class Variable(NamedTuple):
    """One row."""

    kinds: frozenset[Kind]
    read: Read
    safe: bool = False
    """The value needs no escaping: it is ours, or a number."""


def _millis(seconds: float) -> str:
    return str(max(0, int(seconds * 1000)))


def _between(gate: int) -> Callable[[Trace], float | None]:
    """Seconds between a gate's mark and the next, None when it did not run."""

    def read(t: Trace) -> float | None:
        marks = t.marks
        return marks[gate + 1] - marks[gate] if len(marks) > gate + 1 else None

    return read


_AUTHENTICATE, _AUTHORIZE = _between(2), _between(3)


def _authenticate_latency(t: Trace) -> str | None:
    spent = _AUTHENTICATE(t) if t.authenticate.status else None
    return None if spent is None else _millis(spent)


def _authorize_latency(t: Trace) -> str | None:
    spent = _AUTHORIZE(t) if t.authorize.status else None
    return None if spent is None else _millis(spent)


def _integration_latency(t: Trace) -> str | None:
    asked = t.asked
    return None if asked is None else _millis(asked[1] - asked[0])


def _response_latency(t: Trace) -> str | None:
    return _millis(t.ended - t.marks[0]) if t.marks else None


def _message_string(t: Trace) -> str:
    """``error.message`` in quotes; without an error ``"-"``, quotes included."""
    if t.rejection is None:
        return '"-"'
    return "null" if t.error_message is None else json.dumps(t.error_message, ensure_ascii=False)


def _caller(t: Trace) -> str | None:
    return t.caller.subject.unique_id if t.caller is not NOBODY else None


def _user_arn(t: Trace) -> str | None:
    return t.caller.subject.arn if t.caller is not NOBODY else None


def _caller_account(t: Trace) -> str | None:
    return t.caller.subject.account if t.caller is not NOBODY else None


def _field(name: str) -> Read:
    """A variable of a feature that keeps its values in ``trace.fields``."""

    def read(t: Trace) -> str | None:
        value = t.fields.get(name)
        return None if value is None else str(value)

    return read


def _user_agent(t: Trace) -> str | None:
    return t.request.headers.get("user-agent")


def _integration_error(t: Trace) -> str | None:
    return t.integration_error


def _integration_status(t: Trace) -> str | None:
    return t.integration_status


def _integration_request_id(t: Trace) -> str | None:
    return t.integration_request_id


VARIABLES: Final[Mapping[str, Variable]] = {
    "accountId": Variable(REST_HTTP, lambda t: t.api.account, True),
    "apiId": Variable(ALL, lambda t: t.api.id, True),
    "authenticate.error": Variable(REST_WEBSOCKET, lambda t: t.authenticate.error),
    "authenticate.latency": Variable(REST_WEBSOCKET, _authenticate_latency, True),
    "authenticate.status": Variable(REST_WEBSOCKET, lambda t: t.authenticate.status, True),
    "authorize.error": Variable(REST_WEBSOCKET, lambda t: t.authorize.error),
    "authorize.latency": Variable(REST_WEBSOCKET, _authorize_latency, True),
    "authorize.status": Variable(REST_WEBSOCKET, lambda t: t.authorize.status, True),
    "authorizer.error": Variable(ALL, lambda t: t.authorizer.error),
    "authorizer.integrationLatency": Variable(REST_WEBSOCKET, _field("authorizer.integrationLatency"), True),
    "authorizer.integrationStatus": Variable(REST_WEBSOCKET, _field("authorizer.integrationStatus"), True),
    "authorizer.latency": Variable(ALL, _field("authorizer.latency"), True),
    "authorizer.requestId": Variable(REST_WEBSOCKET, _field("authorizer.requestId"), True),
    "authorizer.status": Variable(ALL, lambda t: t.authorizer.status, True),
    "awsEndpointRequestId": Variable(REST_HTTP, _integration_request_id),
    "awsEndpointRequestId2": Variable(HTTP, _field("awsEndpointRequestId2")),
    "cipherSuite": Variable(REST, _field("cipherSuite")),
    "connectedAt": Variable(WEBSOCKET, _field("connectedAt"), True),
    "connectionId": Variable(WEBSOCKET, _field("connectionId"), True),
    "customDomain.basePathMatched": Variable(REST_HTTP, _field("customDomain.basePathMatched")),
    "customDomain.routingRuleIdMatched": Variable(REST, _field("customDomain.routingRuleIdMatched")),
    "dataProcessed": Variable(HTTP, _field("dataProcessed"), True),
    "deploymentId": Variable(REST, lambda t: t.stage.deployment_id, True),
    "domainName": Variable(ALL, domain_name),
    "domainPrefix": Variable(REST_HTTP, lambda t: domain_name(t).partition(".")[0]),
    "error.message": Variable(ALL, lambda t: t.error_message),
    "error.messageString": Variable(ALL, _message_string, True),
    "error.responseType": Variable(ALL, lambda t: t.error_type, True),
    "error.validationErrorString": Variable(REST_WEBSOCKET, _field("error.validationErrorString")),
    "eventType": Variable(WEBSOCKET, _field("eventType"), True),
    "extendedRequestId": Variable(ALL, lambda t: t.extended_id, True),
    "httpMethod": Variable(REST_HTTP, lambda t: t.request.method),
    "identity.accountId": Variable(ALL, _caller_account, True),
    "identity.apiKey": Variable(REST_WEBSOCKET, _field("identity.apiKey")),
    "identity.apiKeyId": Variable(REST_WEBSOCKET, _field("identity.apiKeyId")),
    "identity.caller": Variable(ALL, _caller),
    "identity.clientCert.clientCertPem": Variable(REST_HTTP, _field("identity.clientCert.clientCertPem")),
    "identity.clientCert.issuerDN": Variable(REST_HTTP, _field("identity.clientCert.issuerDN")),
    "identity.clientCert.serialNumber": Variable(REST_HTTP, _field("identity.clientCert.serialNumber")),
    "identity.clientCert.subjectDN": Variable(REST_HTTP, _field("identity.clientCert.subjectDN")),
    "identity.clientCert.validity.notAfter": Variable(REST_HTTP, _field("identity.clientCert.validity.notAfter")),
    "identity.clientCert.validity.notBefore": Variable(REST_HTTP, _field("identity.clientCert.validity.notBefore")),
    "identity.cognitoAuthenticationProvider": Variable(ALL, _field("identity.cognitoAuthenticationProvider")),
    "identity.cognitoAuthenticationType": Variable(ALL, _field("identity.cognitoAuthenticationType")),
    "identity.cognitoIdentityId": Variable(ALL, _field("identity.cognitoIdentityId")),
    "identity.cognitoIdentityPoolId": Variable(ALL, _field("identity.cognitoIdentityPoolId")),
    "identity.principalOrgId": Variable(ALL, _field("identity.principalOrgId")),
    "identity.sourceIp": Variable(ALL, lambda t: t.request.source_ip, True),
    "identity.user": Variable(ALL, _caller),
    "identity.userAgent": Variable(ALL, _user_agent),
    "identity.userArn": Variable(ALL, _user_arn),
    "identity.vpcId": Variable(REST, _field("identity.vpcId")),
    "identity.vpceId": Variable(REST, lambda t: t.request.source_vpce or None),
    "integration.error": Variable(ALL, _integration_error),
    "integration.integrationStatus": Variable(ALL, _integration_status, True),
    "integration.latency": Variable(ALL, _integration_latency, True),
    "integration.requestId": Variable(ALL, _integration_request_id),
    "integration.responseTransferMode": Variable(REST, _field("integration.responseTransferMode")),
    "integration.status": Variable(ALL, lambda t: t.backend_status, True),
    "integration.timeToAllHeaders": Variable(REST, _field("integration.timeToAllHeaders")),
    "integrationErrorMessage": Variable(REST_HTTP, _integration_error),
    "integrationLatency": Variable(ALL, _integration_latency, True),
    "integrationStatus": Variable(REST_HTTP, _integration_status, True),
    "isCanaryRequest": Variable(REST, _field("isCanaryRequest")),
    "messageId": Variable(WEBSOCKET, _field("messageId"), True),
    "path": Variable(REST_HTTP, lambda t: t.path),
    "protocol": Variable(REST_HTTP, lambda t: t.request.protocol, True),
    "requestId": Variable(ALL, lambda t: t.request_id, True),
    "requestTime": Variable(ALL, lambda t: clf(t.received), True),
    "requestTimeEpoch": Variable(ALL, lambda t: str(int(t.received * 1000)), True),
    "resourceId": Variable(REST, lambda t: t.route.resource_id or None, True),
    "resourcePath": Variable(REST_HTTP, lambda t: t.route.resource_path or None),
    "responseLatency": Variable(REST_HTTP, _response_latency, True),
    "responseLength": Variable(REST_HTTP, lambda t: str(t.length), True),
    "routeKey": Variable(HTTP | WEBSOCKET, lambda t: t.route.route_key or None),
    "stage": Variable(ALL, lambda t: t.stage.name or None),
    "status": Variable(ALL, lambda t: str(t.status), True),
    "tlsVersion": Variable(REST, _field("tlsVersion")),
    "waf.error": Variable(REST_WEBSOCKET, _field("waf.error")),
    "waf.latency": Variable(REST_WEBSOCKET, _field("waf.latency")),
    "waf.status": Variable(REST_WEBSOCKET, _field("waf.status")),
    "wafResponseCode": Variable(REST, _field("wafResponseCode")),
    "webaclArn": Variable(REST, _field("webaclArn")),
    "xrayTraceId": Variable(REST, lambda t: t.xray_id or None),
}
"""Names without ``$context.``; every variable that AWS lists for access logs."""

OVERRIDES: Final[Mapping[tuple[Kind, str], Variable]] = {
    (_H, "requestTimeEpoch"): Variable(HTTP, lambda t: str(int(t.received)), True),
    (_H, "resourcePath"): Variable(HTTP, lambda t: None, True),
    (_H, "extendedRequestId"): Variable(HTTP, lambda t: t.request_id, True),
    (_W, "extendedRequestId"): Variable(WEBSOCKET, lambda t: t.request_id, True),
}
"""Variables that another kind reads in its own way: seconds instead of milliseconds, accepted but empty, one id."""

_AUTHORIZER: Final = "authorizer."
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\"\\\u0085\u2028\u2029]").search
_REFERENCES: Final[Mapping[Kind, re.Pattern[str]]] = {
    # HTTP APIs take an adjacent bar as part of the name. vector: logsettings/http-reject-adjacent-pipe.
    _R: re.compile(r"\$context\.([A-Za-z0-9_.]*[A-Za-z0-9_])|\$\{context\.([^}]+)\}"),
    _W: re.compile(r"\$context\.([A-Za-z0-9_.]*[A-Za-z0-9_])|\$\{context\.([^}]+)\}"),
    _H: re.compile(r"\$context\.([A-Za-z0-9_.|]*[A-Za-z0-9_|])|\$\{context\.([^}]+)\}"),
}


def variable_of(kind: Kind, name: str) -> Variable | None:
    """The row of ``name`` (without ``$context.``), None when ``kind`` does not define it."""
    row = OVERRIDES.get((kind, name)) or VARIABLES.get(name)
    if row is not None:
        return row if kind in row.kinds else None
    if name.startswith(_AUTHORIZER) and len(name) > len(_AUTHORIZER):
        return Variable(ALL, _authorizer_property(name[len(_AUTHORIZER) :]))
    return None


def unknown_variables(text: str, kind: Kind) -> list[str]:
    """The variables of a format that ``kind`` does not define, in order of appearance, each once."""
    found = dict.fromkeys(name for _, name, _ in _references(text, kind) if variable_of(kind, name) is None)
    return list(found)


def compile_format(text: str, kind: Kind) -> Callable[[Trace], str]:
    """A log format as a function from a trace to one line (without line end)."""
    parts: list[str | Variable] = []
    end = 0
    text = text.rstrip("\r\n")
    for start, name, stop in _references(text, kind):
        parts.append(text[end:start])
        parts.append(variable_of(kind, name) or _UNDEFINED)
        end = stop
    parts.append(text[end:])
    frame = ["" if isinstance(part, Variable) else part for part in parts]
    rows = tuple((place, part.read, part.safe) for place, part in enumerate(parts) if isinstance(part, Variable))

    def line(t: Trace) -> str:
        out = frame.copy()
        for place, read, safe in rows:
            value = read(t)
            if value is None or value == "":
                value = "-"
            elif not safe:
                value = _safe(value)
            out[place] = value
        return "".join(out)

    return line


_safe_values: Final[dict[str, str]] = {}
_REMEMBERED_VALUE: Final = 256


def _safe(value: str) -> str:
    """``value`` as it is when nothing in it needs escaping. Remembered: most values of a log come again and again."""
    found = _safe_values.get(value)
    if found is not None:
        return found
    safe = escape(value) if _UNSAFE(value) else value
    return remember(_safe_values, value, safe) if len(value) <= _REMEMBERED_VALUE else safe


def escape(value: str) -> str:
    """``value`` as the content of a JSON string; line separators of every kind are escaped."""
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    return (
        text.replace("\x7f", "\\u007f")
        .replace("\u0085", "\\u0085")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def read_variable(t: Trace, name: str) -> str | None:
    """One variable of a trace by name, unescaped; None when it has no value or does not exist."""
    row = variable_of(t.kind, name)
    return None if row is None else row.read(t)


def _references(text: str, kind: Kind) -> Iterator[tuple[int, str, int]]:
    for found in _REFERENCES[kind].finditer(text):
        yield found.start(), found.group(1) or found.group(2), found.end()


def _authorizer_property(name: str) -> Read:
    """``authorizer.<key>`` and ``authorizer.claims.<claim>``: what the authorizer said about the caller."""
    names = name.split(".")

    def read(t: Trace) -> str | None:
        said = t.authorizer_context
        value: Any = said.get(name)
        if value is None:
            # HTTP APIs keep what a function or a token said under its kind.
            value = said.get("lambda") or said.get("jwt") or said
            for part in names:
                value = value.get(part) if isinstance(value, Mapping) else None
        if value is None and name == "principalId":
            value = t.fields.get("authorizer.principalId")
        if value is None or isinstance(value, Mapping):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    return read


_UNDEFINED: Final = Variable(ALL, lambda t: None, True)
