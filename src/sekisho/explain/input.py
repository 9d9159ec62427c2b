"""Rules about what the client sent, how often, and with which API key; and about backends that are web servers."""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.config.integrations import Mock
from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.explain.limits import raised
from sekisho.faults.fault import Fault


def _proof(case: Case) -> Mapping[str, str]:
    rejection = case.trace.rejection
    return rejection.evidence if rejection else {}


def parameters(case: Case) -> Finding:
    """Required parameters are missing or blank."""
    names = _proof(case).get("parameters", "-")
    evidence = Evidence(say("input.validator", path=_where(case)), {"missing": names.split(", ")})
    return Finding("VALIDATION_PARAMETERS", say("input.parameters", names=names), (evidence,))


def body(case: Case) -> Finding:
    """The body does not fit its model."""
    problem = _proof(case).get("problem", "-")
    evidence = Evidence(say("input.validator", path=_where(case)), {"validationErrorString": problem})
    return Finding("VALIDATION_BODY", say("input.body", problem=problem), (evidence,))


def _where(case: Case) -> str:
    return f"{case.trace.route.method} {case.trace.route.resource_path}"


def api_key(case: Case) -> Finding:
    """The API key is missing, or is none that counts here."""
    trace, proof = case.trace, _proof(case)
    kind, key = proof.get("kind", ""), proof.get("key", "")
    evidence = [Evidence(say("input.key-required", path=_where(case)), {"source": proof.get("source", "")})]
    if proof.get("log"):
        evidence.append(Evidence(say("input.log", text=proof["log"])))
    if proof.get("source") == "AUTHORIZER" and kind in ("", "missing"):
        headline = say("input.key-authorizer")
        cures = _header_cure(case) if trace.request.headers.get("x-api-key") else ()
        return Finding("KEY_SOURCE_AUTHORIZER", headline, tuple(evidence), cures, blame="configuration")
    if kind == "missing" or not (kind or trace.request.headers.get("x-api-key")):
        return Finding("KEY_MISSING", say("input.key-missing"), tuple(evidence))
    cause = {"not-in-plan": "KEY_NOT_IN_PLAN", "stage-not-in-plan": "KEY_STAGE_NOT_IN_PLAN"}.get(kind)
    message = f"input.key-{kind}" if cause or kind == "disabled" else "input.key-unknown"
    blame = "configuration" if key else "caller"
    found = tuple(_key_cures(case, kind, key)) if key else ()
    headline = say(message, stage=trace.stage.name)
    return Finding(cause or "KEY_DISABLED_OR_UNKNOWN", headline, tuple(evidence), found, blame=blame)


def _header_cure(case: Case) -> tuple[Candidate, ...]:
    """Take the key from the header that the client sent."""
    patch = [{"op": "replace", "path": "/apiKeySource", "value": "HEADER"}]
    update = ApiCall("apigateway", "UpdateRestApi", {"restApiId": case.trace.api.id, "patchOperations": patch})
    return (Candidate(say("cure.key-from-header"), (update, deploy(case.trace))),)


def _key_cures(case: Case, kind: str, key: str) -> list[Candidate]:
    """Enable the key, put it into a plan of the stage, or put the stage into a plan of the key."""
    trace = case.trace
    if kind == "disabled":
        patch = [{"op": "replace", "path": "/enabled", "value": "true"}]
        update = ApiCall("apigateway", "UpdateApiKey", {"apiKey": key, "patchOperations": patch})
        return [Candidate(say("cure.enable-key", key=key), (update,))]
    plans = trace.snapshot.api_keys[trace.api.account, trace.api.region].plans.values()
    place = (trace.api.id, trace.stage.name)
    found = []
    for plan in plans:
        at = {"usagePlanId": plan.id}
        if place in plan.stages:
            add = ApiCall("apigateway", "CreateUsagePlanKey", {**at, "keyId": key, "keyType": "API_KEY"})
            found.append(Candidate(say("cure.key-in-plan", key=key, plan=plan.id), (add,)))
        else:
            patch = [{"op": "add", "path": "/apiStages", "value": ":".join(place)}]
            update = ApiCall("apigateway", "UpdateUsagePlan", {**at, "patchOperations": patch})
            found.append(Candidate(say("cure.stage-in-plan", stage=trace.stage.name, plan=plan.id), (update,)))
    return found[:3]


def throttled(case: Case) -> Finding:
    """A rate limit or a quota is used up."""
    proof, stage = _proof(case), case.trace.stage
    if case.trace.fault is Fault.QUOTA_EXCEEDED:
        shown = {"used": proof.get("used") or "-", "limit": proof.get("limit") or "-"}
        shown |= {"period": proof.get("period") or "-", "plan": proof.get("plan") or "-"}
        used = Evidence(say("input.quota-used", **shown))
        return Finding("QUOTA_EXCEEDED", say("input.quota"), (used,), raised(case))
    limits = case.trace.route.throttle or stage.throttle
    rate = proof.get("rate") or (f"{limits.rate:g}" if limits else "-")
    burst = proof.get("burst") or (str(limits.burst) if limits else "-")
    evidence = (Evidence(say("input.limits", rate=rate, burst=burst), {"plan": proof.get("plan", "")}),)
    if proof.get("scope", "").startswith("usage-plan"):
        return Finding("THROTTLE_USAGE_PLAN", say("input.throttle-plan"), evidence, raised(case))
    headline = say("input.throttle-stage", stage=stage.name)
    return Finding("THROTTLE_STAGE", headline, evidence, raised(case), blame="configuration")


def media(case: Case) -> Finding:
    """No template for the content type, and passing through is not allowed."""
    integration = case.trace.route.integration
    templates = getattr(integration, "templates", {})
    kind = case.trace.request.headers.get("content-type") or "application/json"
    shown = {"type": kind, "templates": ", ".join(templates) or "-"}
    return Finding("UNSUPPORTED_MEDIA_TYPE", say("other.media", **shown), (Evidence(say("other.passthrough")),))


def mock(case: Case) -> Finding:
    """A mapping template failed; at a MOCK the known ways are a binary body and a content type without template."""
    trace, integration = case.trace, case.trace.route.integration
    problem = _proof(case).get("problem", "")
    evidence = (Evidence(say("other.problem", problem=problem or trace.integration_error or "-")),)
    if not isinstance(integration, Mock):
        return Finding("MAP_NO_INTEGRATION_RESPONSE", say("other.template"), evidence)
    media = trace.request.headers.get("content-type") or ""
    if trace.stage.binary_media_types and integration.content_handling != "CONVERT_TO_TEXT":
        types = ", ".join(trace.stage.binary_media_types)
        update = _update_integration(case, "/contentHandling", "CONVERT_TO_TEXT")
        if case.cures(update) is not None:
            cure = Candidate(say("cure.convert-to-text"), update)
            return Finding("MOCK_BINARY_MEDIA_TYPES", say("mock.binary", types=types), evidence, (cure,))
    name = media.partition(";")[0].strip().lower() or "application/json"
    if name not in integration.templates:
        path = "/requestTemplates/" + name.replace("~", "~0").replace("/", "~1")
        update = _update_integration(case, path, '{"statusCode": 200}', "add")
        shown = {"type": name, "templates": ", ".join(integration.templates) or "-"}
        cure = Candidate(say("cure.mock-template", type=name), update)
        return Finding("MOCK_NO_TEMPLATE_FOR_TYPE", say("mock.no-template", **shown), evidence, (cure,))
    return Finding("MOCK_NO_TEMPLATE_FOR_TYPE", say("mock.no-status"), evidence)


def _update_integration(case: Case, path: str, value: str, op: str = "replace") -> tuple[ApiCall, ...]:
    trace = case.trace
    at = {"restApiId": trace.api.id, "resourceId": trace.route.resource_id, "httpMethod": trace.route.method}
    patch = [{"op": op, "path": path, "value": value}]
    return (ApiCall("apigateway", "UpdateIntegration", {**at, "patchOperations": patch}), deploy(trace))


def backend(case: Case) -> Finding:
    """The web server behind the integration did not answer usefully."""
    fault, proof = case.trace.fault, _proof(case)
    message = proof.get("message") or case.trace.integration_error or "-"
    uri = str(getattr(case.trace.route.integration, "uri", "-"))
    evidence = (Evidence(say("backend.uri", uri=uri), {"uri": uri}),)
    if fault is Fault.BACKEND_CERTIFICATE_UNTRUSTED:
        return Finding("BACKEND_TLS_NAME_MISMATCH", say("backend.tls", message=message), evidence)
    if fault is Fault.BACKEND_ADDRESS_INVALID:
        return Finding("HTTP_ENDPOINT_INVALID", say("backend.address", message=message), evidence)
    return Finding("VPCLINK_UNREACHABLE", say("backend.unreachable", message=message), evidence)


def reserved_header(case: Case) -> Finding:
    """``requestParameters`` map a header that API Gateway keeps for itself."""
    header = _proof(case).get("header", "-")
    return Finding("", say("other.reserved-header", header=header))
