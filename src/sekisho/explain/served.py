"""Answers that no gate refused and that still look wrong: from the function itself, or without what a browser needs.

A 404 of a function looks like the gateway's; a browser hides a good answer without CORS headers; and a function's error
passes as 200 through a non-proxy integration. Each is said, so that nobody looks in the wrong place.
"""

from __future__ import annotations

from sekisho.config.integrations import HttpLambda, HttpProxy, LambdaProxy
from sekisho.explain import cors
from sekisho.explain.explanation import Evidence, Explanation, Said, say
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import Failed
from sekisho.gateway.effects import HttpAnswer
from sekisho.gateway.trace import Trace

ANSWERED = "BACKEND_ANSWERED"


def explain_served(trace: Trace) -> Explanation | None:
    """What there is to say about a request that was served; None when nothing is."""
    integration = trace.route.integration
    if isinstance(trace.reply, Failed) and trace.status < 400:
        evidence = (Evidence(say("fn.raised", message=trace.reply.message[:400])),)
        return _made(trace, "MAP_ERROR_AS_200", say("served.error-as-success", status=str(trace.status)), evidence)
    if trace.status < 400:
        if isinstance(integration, LambdaProxy | HttpLambda) and cors.missing(trace):
            found = (Evidence(say("cors.browser", origin=cors.origin(trace))),)
            return _made(trace, "CORS_BACKEND_HEADER_MISSING", say("cors.backend"), found)
        return None
    if not isinstance(trace.reply, HttpAnswer) and not isinstance(integration, LambdaProxy | HttpLambda | HttpProxy):
        return None
    evidence = (Evidence(say("served.passed-on", status=str(trace.status), path=trace.route.resource_path)),)
    if trace.status == 404 and _sees_prefix(trace):
        path = f"/{trace.stage.name}{trace.local_path}"
        headline = say("served.stage-prefix", stage=trace.stage.name, path=path)
        return _made(trace, "APP_ROUTER_SEES_STAGE_PREFIX", headline, evidence)
    return _made(trace, "", say("served.itself", status=str(trace.status)), evidence)


def _sees_prefix(trace: Trace) -> bool:
    """Whether the event's path begins with the stage: ``rawPath`` of format 2.0, ``path`` of 1.0 on HTTP APIs."""
    named = trace.stage.name not in ("", "$default")
    return named and trace.kind is Kind.HTTP and isinstance(trace.route.integration, HttpLambda)


def _made(trace: Trace, cause: str, headline: Said, evidence: tuple[Evidence, ...]) -> Explanation:
    return Explanation(
        request_id=trace.request_id,
        fault=ANSWERED,
        cause=cause,
        blame="function",
        gate="",
        headline=headline,
        evidence=evidence,
        remedies=(),
        source="documented",
    )
