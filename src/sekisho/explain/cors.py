"""The browser's view: which refusals hide behind "blocked by CORS policy".

A preflight (OPTIONS with ``Origin`` and ``Access-Control-Request-Method``) is never signed and never carries a token.
And an answer without ``Access-Control-Allow-Origin`` is not shown to the page, whatever its status: gateway responses
have the header only when they are configured with it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.config.api import Iam
from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.faults.fault import NATURE, Blame, Fault, Kind
from sekisho.gateway.trace import Trace

_ALLOW = "access-control-allow-origin"
_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def origin(trace: Trace) -> str:
    """The page's origin; empty when no browser page asks across origins."""
    value = trace.request.headers.get("origin") or ""
    return "" if value.partition("://")[2] == trace.request.host else value


def missing(trace: Trace) -> bool:
    """Whether a page of another origin would not be shown the answer."""
    return bool(origin(trace)) and not any(name.lower() == _ALLOW for name, _ in trace.response_headers)


def preflight(trace: Trace) -> bool:
    """Whether the request is a browser's preflight."""
    headers = trace.request.headers
    return trace.request.method == "OPTIONS" and bool(origin(trace) and headers.get("access-control-request-method"))


def through_a_browser(case: Case, finding: Finding) -> Finding:
    """The finding as a browser's user meets it; itself when no browser is concerned."""
    trace, fault = case.trace, case.trace.fault
    if fault is None or not origin(trace):
        return finding
    if preflight(trace):
        return _preflight(case, finding)
    if not missing(trace):
        return finding
    hidden = Evidence(say("cors.hidden", status=str(trace.status), origin=origin(trace)))
    if NATURE[fault].blame is not Blame.CALLER or NATURE[fault].gate not in ("authorize", "throttle", "validate"):
        return replace(finding, evidence=(*finding.evidence, hidden), also=("CORS_GATEWAY_RESPONSE",))
    beneath = Evidence(finding.headline, {"cause": finding.cause})
    candidates = _gateway_response(trace) + list(finding.candidates)
    return Finding(
        "CORS_GATEWAY_RESPONSE",
        say("cors.gateway-response", status=str(trace.status)),
        (beneath, hidden, *finding.evidence),
        tuple(candidates),
        also=(finding.cause,) if finding.cause else (),
    )


def _gateway_response(trace: Trace) -> list[Candidate]:
    """The refusal stays, but the page may see it."""
    if trace.kind is not Kind.REST:
        return []
    parameters = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    at = {"restApiId": trace.api.id, "responseType": "DEFAULT_4XX"}
    put = ApiCall("apigateway", "PutGatewayResponse", {**at, "responseParameters": parameters})
    return [Candidate(say("cure.cors-responses"), (put, deploy(trace)), goal="visible")]


def _preflight(case: Case, finding: Finding) -> Finding:
    trace, fault = case.trace, case.trace.fault
    asks = trace.request.headers.get("access-control-request-method") or "-"
    evidence = (Evidence(say("cors.preflight", method=asks, origin=origin(trace))), *finding.evidence)
    if fault in (Fault.NO_ROUTE, Fault.NO_ROUTE_WITH_AUTHORIZATION):
        path = trace.local_path or "/" + trace.request.path.lstrip("/").partition("/")[2]
        if finding.cause != "ROUTE_NOT_DEPLOYED" and any(trace.stage.router.match(path, verb) for verb in _VERBS):
            return replace(
                finding,
                cause="CORS_NO_OPTIONS",
                headline=say("cors.no-options", path=path),
                evidence=evidence,
                blame="configuration",
                also=(finding.cause,),
            )
    elif NATURE[fault].gate == "authorize" if fault else False:
        candidates = tuple(_open(case)) if trace.kind is Kind.REST else ()
        return Finding(
            "CORS_PREFLIGHT_AUTHORIZED",
            say("cors.authorized"),
            evidence,
            candidates,
            blame="configuration",
            also=(finding.cause,) if finding.cause else (),
        )
    elif isinstance(trace.route.authorizer, Iam):
        candidates = tuple(_open(case)) if trace.route.method == "OPTIONS" else finding.candidates
        return replace(finding, evidence=(*evidence, Evidence(say("cors.never-signed"))), candidates=candidates)
    return replace(finding, evidence=evidence)


def _open(case: Case) -> list[Candidate]:
    """OPTIONS without authorizer, when it is a method of its own."""
    trace = case.trace
    if trace.route.method != "OPTIONS":
        return []
    at = {"restApiId": trace.api.id, "resourceId": trace.route.resource_id, "httpMethod": "OPTIONS"}
    patch = [{"op": "replace", "path": "/authorizationType", "value": "NONE"}]
    update = ApiCall("apigateway", "UpdateMethod", {**at, "patchOperations": patch})
    return [Candidate(say("cure.open-options"), (update, deploy(trace)), SAM_PREFLIGHT)]


SAM_PREFLIGHT = """\
 Properties:
   Auth:
     DefaultAuthorizer: MyAuthorizer
+    AddDefaultAuthorizerToCorsPreflight: false
"""
