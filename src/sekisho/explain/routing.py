"""Rules about finding the API, the stage and the route."""

from __future__ import annotations

from sekisho.config.api import Stage
from sekisho.explain.case import Case, deploy
from sekisho.explain.explanation import ApiCall, Candidate, Evidence, Finding, say
from sekisho.faults.fault import Fault, Kind
from sekisho.gateway.request import GatewayRequest


def no_api(case: Case) -> Finding:
    """No API has the id in the address."""
    request = case.trace.request
    mappings = case.trace.snapshot.domains.get(request.host.lower())
    if mappings is not None:
        keys = ", ".join(mapping.key or "/" for mapping in mappings) or "-"
        return Finding(
            "EDGE_CUSTOM_DOMAIN_NO_MAPPING",
            say("route.no-mapping", host=request.host, path=request.path),
            (Evidence(say("route.mappings", keys=keys), {"mappings": keys}),),
            blame="configuration",
        )
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
    if trace.kind is Kind.HTTP:
        fitting = [name for name, stage in trace.api.stages.items() if _serves(stage, trace.request)]
        if fitting:
            headline = say("route.http-prefix", stage=fitting[0], path=f"/{fitting[0]}{trace.request.path}")
            return Finding("ROUTE_HTTP_STAGE_PREFIX", headline, tuple(evidence))
        headline = say("route.no-stage", api=trace.api.id, stage=asked or "-")
        return Finding("ROUTE_HTTP_STAGE_PREFIX", headline, tuple(evidence))
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


def _serves(stage: Stage, request: GatewayRequest) -> bool:
    return stage.router.match(request.path, request.method) is not None or stage.default_route is not None


def no_route(case: Case) -> Finding:
    """No resource and method of the deployed stage matches; perhaps one does that was never deployed."""
    trace = case.trace
    path = trace.local_path or "/" + trace.request.path.lstrip("/").partition("/")[2]
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
    mapped = _by_mapping(case, path, evidence) if trace.mapping is not None else None
    if mapped is not None:
        return mapped
    redeploy = (deploy(trace),)
    if case.cures(redeploy) is not None:
        return Finding(
            "ROUTE_NOT_DEPLOYED",
            say("route.not-deployed", **shown),
            tuple(evidence),
            (Candidate(say("cure.redeploy", stage=trace.stage.name), redeploy),),
            blame="configuration",
        )
    if trace.kind is Kind.HTTP:
        return Finding("ROUTE_HTTP_NO_ROUTE", say("route.http-none", **shown), tuple(evidence))
    cause = "ROUTE_NO_SUCH_METHOD_WITH_AUTH_HEADER" if signed else "ROUTE_NO_SUCH_METHOD"
    return Finding(cause, say("route.none", **shown), tuple(evidence))


def _by_mapping(case: Case, path: str, evidence: list[Evidence]) -> Finding | None:
    """Behind a custom domain name: the stage's name is left in the path, or another stage is meant."""
    trace = case.trace
    first, _, rest = path.lstrip("/").partition("/")
    if first in trace.api.stages and trace.api.stages[first].router.match(f"/{rest}", trace.request.method) is not None:
        headline = say("route.stage-in-path", stage=first, host=trace.request.host, path=f"/{rest}")
        return Finding("ROUTE_CUSTOM_DOMAIN_STAGE_IN_PATH", headline, tuple(evidence), blame="caller")
    others = [
        name
        for name, stage in trace.api.stages.items()
        if name != trace.stage.name and stage.router.match(path, trace.request.method) is not None
    ]
    if not others:
        return None
    headline = say("route.wrong-stage", host=trace.request.host, stage=trace.stage.name, other=", ".join(others))
    return Finding("ROUTE_CUSTOM_DOMAIN_WRONG_STAGE", headline, tuple(evidence), blame="configuration")


def _has(case: Case, path: str, verb: str) -> bool:
    return verb != case.trace.request.method and case.trace.stage.router.match(path, verb) is not None


def endpoint_disabled(case: Case) -> Finding:
    """``disableExecuteApiEndpoint`` is on."""
    api = case.trace.api.id
    patch = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"}]
    update = ApiCall("apigateway", "UpdateRestApi", {"restApiId": api, "patchOperations": patch})
    tried: list[tuple[ApiCall, ...]] = [(update,)]
    if case.trace.kind is Kind.HTTP:
        # For HTTP APIs the change works with the next deployment; stages with AutoDeploy make it themselves.
        update = ApiCall("apigatewayv2", "UpdateApi", {"ApiId": api, "DisableExecuteApiEndpoint": False})
        stages = case.trace.api.stages
        deployed = [ApiCall("apigatewayv2", "CreateDeployment", {"ApiId": api, "StageName": name}) for name in stages]
        tried = [(update,)] if case.cures((update,)) is not None else [(update, *deployed)]
    return Finding(
        "EDGE_DEFAULT_ENDPOINT_DISABLED",
        say("route.disabled", api=api),
        (Evidence(say("route.host", host=case.trace.request.host)),),
        tuple(Candidate(say("cure.enable-endpoint", api=api), calls) for calls in tried),
    )


def too_large(case: Case) -> Finding:
    """The body is over 10 MB."""
    size = str(len(case.trace.request.body))
    return Finding("REQUEST_TOO_LARGE", say("route.too-large"), (Evidence(say("route.size", size=size)),))
