"""Rules about what is between a REST method and its backend: response mappings, and addresses of web servers.

The backend answered, and the answer found no response that is configured (``MAP_*``); or the address leads nowhere, or
to a server whose certificate is not its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sekisho.config.integrations import HttpProxy, HttpRest, IntegrationResponse, LambdaCustom, Mock
from sekisho.explain import input, invocation
from sekisho.explain.case import WEB_SERVER, Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import Failed

_PLACE = re.compile(r"\{([^{}/]+?)\+?\}")
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


def _proof(case: Case) -> Mapping[str, str]:
    rejection = case.trace.rejection
    return rejection.evidence if rejection else {}


def _at(case: Case) -> dict[str, Any]:
    trace = case.trace
    return {"restApiId": trace.api.id, "resourceId": trace.route.resource_id, "httpMethod": trace.route.method}


def _responses(case: Case) -> tuple[IntegrationResponse, ...]:
    integration = case.trace.route.integration
    if isinstance(integration, Mock):
        return integration.responses
    return integration.transformation.responses if isinstance(integration, LambdaCustom | HttpRest) else ()


def _declared(case: Case) -> list[str]:
    integration = case.trace.route.integration
    if isinstance(integration, Mock):
        return list(integration.method_responses)
    if isinstance(integration, LambdaCustom | HttpRest):
        return list(integration.transformation.method_responses)
    return []


def no_integration_response(case: Case) -> Finding:
    """The backend answered, and no integration response takes the answer."""
    trace = case.trace
    integration = trace.route.integration
    status = _proof(case).get("status", "-")
    configured = ", ".join(each.status for each in _responses(case)) or "-"
    evidence = [Evidence(say("map.configured", statuses=configured), {"integrationResponses": configured})]
    if isinstance(trace.reply, Failed):
        evidence.append(Evidence(say("map.function-error", message=trace.reply.message[:400])))
    candidates = [_default_response(case)]
    if isinstance(integration, LambdaCustom):
        evidence.append(Evidence(say("map.custom")))
        proxy = _update(case, {"op": "replace", "path": "/type", "value": "AWS_PROXY"})
        candidates.append(Candidate(say("cure.lambda-proxy"), proxy))
    headline = say("map.no-integration-response", status=status)
    return Finding("MAP_NO_INTEGRATION_RESPONSE", headline, tuple(evidence), tuple(candidates))


def _default_response(case: Case) -> Candidate:
    declared = _declared(case)
    taken = {each.status for each in _responses(case)}
    free = sorted(status for status in declared if status not in taken)
    status = next(iter(free), "200")
    calls = [ApiCall("apigateway", "PutIntegrationResponse", {**_at(case), "statusCode": status})]
    if status not in declared:
        calls.insert(0, ApiCall("apigateway", "PutMethodResponse", {**_at(case), "statusCode": status}))
    return Candidate(say("cure.default-response", status=status), (*calls, deploy(case.trace)))


def error_as_success(case: Case) -> tuple[Candidate, ...]:
    """A pattern that takes every error of the function: to a failure that the method declares, else to 502."""
    if not isinstance(case.trace.route.integration, LambdaCustom):
        return ()
    taken = {each.status for each in _responses(case)}
    declared = _declared(case)
    free = sorted((status for status in declared if status >= "400" and status not in taken), reverse=True)
    status = next(iter(free), "502")
    pattern = {"statusCode": status, "selectionPattern": EVERY_ERROR}
    calls = [ApiCall("apigateway", "PutIntegrationResponse", {**_at(case), **pattern})]
    if status not in declared:
        calls.insert(0, ApiCall("apigateway", "PutMethodResponse", {**_at(case), "statusCode": status}))
    return (Candidate(say("cure.error-pattern", status=status), (*calls, deploy(case.trace)), goal="failure"),)


EVERY_ERROR = "(.|\\n)+"
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html"""


def no_method_response(case: Case) -> Finding:
    """An integration response was selected whose status the method does not declare."""
    status = _proof(case).get("status", "-")
    declared = ", ".join(_declared(case)) or "-"
    evidence = Evidence(say("map.declared", statuses=declared), {"methodResponses": declared})
    put = ApiCall("apigateway", "PutMethodResponse", {**_at(case), "statusCode": status})
    cure = Candidate(say("cure.method-response", status=status), (put, deploy(case.trace)))
    return Finding("MAP_NO_METHOD_RESPONSE", say("map.no-method-response", status=status), (evidence,), (cure,))


def template(case: Case) -> Finding:
    """A mapping template failed, or could not read what was sent."""
    integration = case.trace.route.integration
    if not isinstance(integration, LambdaCustom | HttpRest):
        return input.mock(case)
    problem = _proof(case).get("problem") or "-"
    evidence = (Evidence(say("other.problem", problem=problem)),)
    return Finding("", say("map.template", path=case.trace.route.resource_path), evidence)


def media(case: Case) -> Finding:
    """No template for the content type, and passing through is not allowed."""
    found = input.media(case)
    if not isinstance(case.trace.route.integration, LambdaCustom | HttpRest):
        return found
    kind = (case.trace.request.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
    path = "/requestTemplates/" + kind.replace("~", "~0").replace("/", "~1")
    whole = _update(case, {"op": "add", "path": path, "value": WHOLE_BODY})
    through = _update(case, {"op": "replace", "path": "/passthroughBehavior", "value": "WHEN_NO_MATCH"})
    cures = (
        Candidate(say("cure.template-for-type", type=kind), whole),
        Candidate(say("cure.pass-through"), through),
    )
    return replace(found, candidates=cures)


WHOLE_BODY = '{"body": "$util.base64Encode($input.body)"}'
"""A template that reads any text."""


def _update(case: Case, change: dict[str, str]) -> tuple[ApiCall, ...]:
    update = ApiCall("apigateway", "UpdateIntegration", {**_at(case), "patchOperations": [change]})
    return (update, deploy(case.trace))


def binary(case: Case) -> Finding:
    """``CONVERT_TO_BINARY`` met a text that is not base64."""
    evidence = (Evidence(say("map.content-handling")),)
    return Finding("", say("map.not-base64", path=case.trace.route.resource_path), evidence)


def web_server(case: Case) -> Finding:
    """A web server did not answer, or is not where the URI says."""
    fault, proof = case.trace.fault, _proof(case)
    integration = case.trace.route.integration
    if not isinstance(integration, HttpRest | HttpProxy):
        return input.backend(case)
    shown = integration.configured_uri if isinstance(integration, HttpRest) else integration.uri
    evidence = [Evidence(say("backend.uri", uri=shown or integration.uri), {"uri": integration.uri})]
    message = proof.get("message") or "-"
    if fault is Fault.BACKEND_NAME_MISMATCH:
        host = urlsplit(integration.uri).hostname or proof.get("host", "-")
        evidence.append(Evidence(say("backend.tls", message=message)))
        return Finding("BACKEND_TLS_NAME_MISMATCH", say("backend.other-name", host=host), tuple(evidence))
    if fault is Fault.BACKEND_CERTIFICATE_UNTRUSTED:
        return _untrusted(case, integration, message, evidence)
    if fault is Fault.BACKEND_ADDRESS_INVALID and isinstance(integration, HttpRest):
        return _nowhere(case, integration, message, evidence)
    if fault is Fault.BACKEND_ADDRESS_INVALID:
        return Finding("HTTP_ENDPOINT_INVALID", say("backend.address", message=message), tuple(evidence))
    return Finding("VPCLINK_UNREACHABLE", say("backend.unreachable", message=message), tuple(evidence))


def _untrusted(case: Case, integration: HttpRest | HttpProxy, message: str, evidence: list[Evidence]) -> Finding:
    headline = say("backend.untrusted", message=message)
    if not isinstance(integration, HttpRest):
        return Finding("BACKEND_TLS_NAME_MISMATCH", headline, tuple(evidence))
    update = _update(case, {"op": "replace", "path": "/tlsConfig/insecureSkipVerification", "value": "true"})
    opens = say("grants.any-certificate")
    cure = Candidate(say("cure.skip-verification"), update, grants=opens, forget=WEB_SERVER)
    return Finding("BACKEND_TLS_NAME_MISMATCH", headline, tuple(evidence), (cure,))


def timed_out(case: Case) -> Finding:
    """The gateway waited as long as the integration allows."""
    integration = case.trace.route.integration
    if not isinstance(integration, HttpRest | HttpProxy):
        return invocation.gateway_timeout(case)
    seconds, most = integration.timeout, 29.0 if isinstance(integration, HttpRest) else 30.0
    evidence = (Evidence(say("backend.uri", uri=integration.uri), {"uri": integration.uri}),)
    headline = say("backend.timeout", seconds=f"{seconds:g}")
    if seconds >= most:
        return Finding("INT_TIMEOUT", headline, evidence)
    if not isinstance(integration, HttpRest):
        return Finding("INT_TIMEOUT_CUSTOM", headline, evidence)
    update = _update(case, {"op": "replace", "path": "/timeoutInMillis", "value": "29000"})
    cure = Candidate(say("cure.longest-timeout"), update, forget=WEB_SERVER)
    return Finding("INT_TIMEOUT_CUSTOM", headline, evidence, (cure,))


def _nowhere(case: Case, integration: HttpRest, message: str, evidence: list[Evidence]) -> Finding:
    """An unset stage variable, or a ``{name}`` to which nothing is mapped."""
    variables = case.trace.stage.variables
    unset = [name for name in _VARIABLE.findall(integration.configured_uri) if not variables.get(name)]
    if unset:
        names = ", ".join(unset)
        evidence.append(Evidence(say("inv.variables", variables=", ".join(variables) or "-")))
        headline = say("backend.unset-variable", names=names, stage=case.trace.stage.name)
        return Finding("HTTP_ENDPOINT_INVALID", headline, tuple(evidence))
    mapped = {each.name for each in integration.transformation.parameters if each.place == "path"}
    missing = [name for name in _PLACE.findall(integration.uri) if name not in mapped]
    if not missing:
        return Finding("HTTP_ENDPOINT_INVALID", say("backend.address", message=message), tuple(evidence))
    headline = say("backend.unmapped-path", names=", ".join(missing))
    known = set(_PLACE.findall(case.trace.route.resource_path))
    cures = (_map_path(case, missing),) if set(missing) <= known else ()
    return Finding("HTTP_ENDPOINT_INVALID", headline, tuple(evidence), cures)


def _map_path(case: Case, names: list[str]) -> Candidate:
    declare = [
        {"op": "add", "path": f"/requestParameters/method.request.path.{name}", "value": "true"} for name in names
    ]
    write = [
        {
            "op": "add",
            "path": f"/requestParameters/integration.request.path.{name}",
            "value": f"method.request.path.{name}",
        }
        for name in names
    ]
    calls = (
        ApiCall("apigateway", "UpdateMethod", {**_at(case), "patchOperations": declare}),
        ApiCall("apigateway", "UpdateIntegration", {**_at(case), "patchOperations": write}),
        deploy(case.trace),
    )
    return Candidate(say("cure.map-path", names=", ".join(names)), calls)
