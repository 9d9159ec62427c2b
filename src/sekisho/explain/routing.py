"""Rules about finding the API, the stage and the route."""

from __future__ import annotations

from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.faults.fault import Fault


def no_api(case: Case) -> Finding:
    """No API has the id in the address."""
    request = case.trace.request
    return Finding(
        "ROUTE_NO_SUCH_METHOD",
        say("route.no-api", api=request.api_id or "-"),
        (Evidence(say("route.host", host=request.host), {"host": request.host}),),
    )


def no_stage(case: Case) -> Finding:
    """The first segment of the path is no stage of the API."""
    trace = case.trace
    asked = trace.request.path.lstrip("/").split("/", 1)[0]
    stages = sorted(trace.api.stages)
    evidence = [Evidence(say("route.stages", api=trace.api.id, stages=", ".join(stages) or "-"), {"stages": stages})]
    candidates: list[Candidate] = []
    if asked:
        calls = (ApiCall("apigateway", "CreateDeployment", {"restApiId": trace.api.id, "stageName": asked}),)
        candidates.append(Candidate(say("cure.deploy", stage=asked), calls))
    return Finding(
        "ROUTE_NO_SUCH_METHOD",
        say("route.no-stage", api=trace.api.id, stage=asked or "-"),
        tuple(evidence),
        tuple(candidates),
        blame="caller" if stages else "configuration",
    )


def no_route(case: Case) -> Finding:
    """No resource and method of the deployed stage matches; perhaps one does that was never deployed."""
    trace = case.trace
    path = "/" + trace.request.path.lstrip("/").partition("/")[2]
    signed = trace.fault is Fault.NO_ROUTE_WITH_AUTHORIZATION
    shown = {"method": trace.request.method, "path": path, "stage": trace.stage.name}
    evidence = [Evidence(say("route.deployed", **shown, deployment=trace.stage.deployment_id), shown)]
    if signed:
        evidence.append(Evidence(say("route.auth-header-misleads")))
    verbs = [verb for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") if _has(case, path, verb)]
    if verbs:
        evidence.append(Evidence(say("route.other-verbs", verbs=", ".join(verbs), path=path), {"verbs": verbs}))
    repeated = path.lstrip("/").split("/", 1)[0]
    if repeated and repeated == trace.stage.name:
        evidence.append(Evidence(say("route.stage-twice", stage=repeated)))
    redeploy = (deploy(trace),)
    if case.cures(redeploy) is not None:
        return Finding(
            "ROUTE_NOT_DEPLOYED",
            say("route.not-deployed", **shown),
            tuple(evidence),
            (Candidate(say("cure.redeploy", stage=trace.stage.name), redeploy),),
            blame="configuration",
        )
    cause = "ROUTE_NO_SUCH_METHOD_WITH_AUTH_HEADER" if signed else "ROUTE_NO_SUCH_METHOD"
    return Finding(cause, say("route.none", **shown), tuple(evidence))


def _has(case: Case, path: str, verb: str) -> bool:
    return verb != case.trace.request.method and case.trace.stage.router.match(path, verb) is not None


def endpoint_disabled(case: Case) -> Finding:
    """``disableExecuteApiEndpoint`` is on."""
    api = case.trace.api.id
    patch = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"}]
    calls = (ApiCall("apigateway", "UpdateRestApi", {"restApiId": api, "patchOperations": patch}),)
    return Finding(
        "EDGE_DEFAULT_ENDPOINT_DISABLED",
        say("route.disabled", api=api),
        (Evidence(say("route.host", host=case.trace.request.host)),),
        (Candidate(say("cure.enable-endpoint", api=api), calls),),
    )


def too_large(case: Case) -> Finding:
    """The body is over 10 MB."""
    size = str(len(case.trace.request.body))
    return Finding("REQUEST_TOO_LARGE", say("route.too-large"), (Evidence(say("route.size", size=size)),))
