"""HTTP stages with their frozen deployments → compiled APIs; domain names → their mappings.

Theory of operation. As for REST APIs: a stage is compiled again when its own document changed or when it serves another
deployment, and what a deployment froze is all that requests meet. Stage variables are resolved here. What cannot run
here compiles to ``Unsupported`` or ``UnsupportedAuthorizer``: requests are refused, never let through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from sekisho.config.api import (
    IAM,
    OPEN,
    AccessLog,
    ApiMapping,
    ApiSnapshot,
    Authorizer,
    Cors,
    Limits,
    Route,
    Stage,
    UnsupportedAuthorizer,
)
from sekisho.config.authorizers import IdentitySource, JwtAuthorizer, LambdaAuthorizer
from sekisho.config.integrations import Authority, HttpLambda, HttpProxy, Integration, Unsupported
from sekisho.config.parameters import REQUEST, RESPONSE, read_mappings
from sekisho.config.router import Router
from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import compile_format
from sekisho.kit.arn import Arn, execute_api_arn
from sekisho.publish.isolation import broken_stage
from sekisho.publish.lambda_uri import FUNCTION_ARN, LAMBDA_URI, resolve
from sekisho.publish.staleness import stale_stages
from sekisho.state.world import Document, Key, Partition, View

SERVICE = "apigatewayv2"
DEFAULT = "$default"

Apis = Mapping[str, ApiSnapshot]
Domains = Mapping[str, tuple[ApiMapping, ...]]


def http_apis(view: View, changed: Collection[Key] | None, previous: Apis) -> Apis:
    """Every HTTP API in ``view``; what ``changed`` does not touch is kept from ``previous`` by reference."""
    if changed is None:
        kept = {id_: api for id_, api in previous.items() if api.kind is not Kind.HTTP}
        for partition in view.partitions():
            if partition[2:] == (SERVICE, "api"):
                for id_, document in view.items(partition):
                    kept[id_] = _api(view, partition, document, {}, isolate=True)
        return kept
    stale = stale_stages(changed, previous, SERVICE, "api")
    if not stale:
        return previous
    apis = dict(previous)
    for (account, region, id_), stages in stale.items():
        api = view.get(Key(account, region, SERVICE, "api", id_))
        if api is None:
            apis.pop(id_, None)
            continue
        before = previous.get(id_)
        fresh = {name: stage for name, stage in before.stages.items() if name not in stages} if before else {}
        apis[id_] = _api(view, Partition(account, region, SERVICE, "api"), api, fresh)
    return apis


def domains(view: View, changed: Collection[Key] | None, previous: Domains) -> Domains:
    """Every custom domain name with its mappings, the longest key first."""
    kinds = ("domainname", "apimapping")
    if changed is not None and not any(key.service == SERVICE and key.kind in kinds for key in changed):
        return previous
    found: dict[str, list[ApiMapping]] = {}
    for partition in view.partitions():
        if partition[2:] == (SERVICE, "domainname"):
            for name, _ in view.items(partition):
                found[name] = []
            for key, record in view.items(partition._replace(kind="apimapping")):
                mapping = ApiMapping(record["ApiMappingKey"], record["ApiId"], record["Stage"])
                found.setdefault(key.partition("/")[0], []).append(mapping)
    return {name: tuple(sorted(each, key=_length, reverse=True)) for name, each in found.items()}


def _length(mapping: ApiMapping) -> tuple[int, str]:
    return len(mapping.key), mapping.key


def _api(
    view: View, partition: Partition, document: Document, fresh: Mapping[str, Stage], *, isolate: bool = False
) -> ApiSnapshot:
    """The API with its stages: those in ``fresh`` as they are, the others compiled; undeployed stages do not exist.
    ``isolate``: stages that cannot be compiled answer 500; without it that is raised."""
    id_ = document["ApiId"]
    stages: dict[str, Stage] = {}
    prefix = f"{id_}/"
    for key, record in view.items(partition._replace(kind="stage")):
        if not key.startswith(prefix):
            continue
        name = key[len(prefix) :]
        try:
            if name in fresh:
                stages[name] = fresh[name]
            elif record.get("DeploymentId"):
                address = Key(*partition[:2], SERVICE, "deployment", prefix + record["DeploymentId"])
                deployment = view.get(address)
                if deployment is not None:
                    stages[name] = _stage(partition, id_, record, deployment["Frozen"])
        except Exception as problem:
            if not isolate:
                raise
            stages[name] = broken_stage(name, problem)
    # docs: a change of DisableExecuteApiEndpoint works after the next deployment; of several stages the strictest wins.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html
    closed = any(stage.settings["disableExecuteApiEndpoint"] for stage in stages.values())
    return ApiSnapshot(
        kind=Kind.HTTP,
        id=id_,
        account=partition.account,
        region=partition.region,
        name=document.get("Name", ""),
        stages=stages,
        disable_execute_api_endpoint=closed,
        endpoint_type="REGIONAL",
    )


def _stage(partition: Partition, id_: str, record: Document, frozen: Document) -> Stage:
    name = record["StageName"]
    variables: Mapping[str, str] = dict(record["StageVariables"])
    arn_of_api = execute_api_arn(partition.region, partition.account, f"{id_}/")
    generation = record.get("AuthorizersCacheEpoch", 0)
    authorizers = {
        key: _authorizer(each, variables, arn_of_api, generation) for key, each in frozen["authorizers"].items()
    }
    router: Router[Route] = Router(backtrack=True)
    default: Route | None = None
    for each in frozen["routes"]:
        integration = _integration(each, frozen["integrations"], variables, f"{arn_of_api}{name}/")
        route = _route(each, integration, authorizers, f"{arn_of_api}{name}/", record["RouteSettings"])
        if route.route_key == DEFAULT:
            default = route
        else:
            router.add(route.resource_path, route.method, route)
    return Stage(
        name=name,
        deployment_id=record["DeploymentId"],
        variables=variables,
        router=router,
        log=_access_log(id_, record),
        resource_policy=None,
        settings={"disableExecuteApiEndpoint": frozen["api"]["DisableExecuteApiEndpoint"]},
        cors=_cors(frozen["api"].get("CorsConfiguration")),
        throttle=_limits(record["DefaultRouteSettings"]),
        default_route=default,
    )


def _route(
    record: Document,
    integration: Integration,
    authorizers: Mapping[str, Authorizer],
    prefix: str,
    settings: Mapping[str, Mapping[str, Any]],
) -> Route:
    key = record["RouteKey"]
    method, _, path = key.partition(" ")
    return Route(
        resource_id=record["RouteId"],
        resource_path=path or DEFAULT,
        method=method if path else "ANY",
        arn_prefix=prefix,
        authorizer=_authorizer_of(record, authorizers),
        integration=integration,
        operation_name=record.get("OperationName", ""),
        route_key=key,
        scopes=tuple(record.get("AuthorizationScopes") or ()),
        throttle=_limits(settings.get(key, {})),
    )


def _authorizer_of(record: Document, authorizers: Mapping[str, Authorizer]) -> Authorizer:
    kind = record["AuthorizationType"]
    if kind == "NONE":
        return OPEN
    if kind == "AWS_IAM":
        return IAM
    return authorizers.get(record.get("AuthorizerId", "")) or UnsupportedAuthorizer(kind)


def _authorizer(record: Document, variables: Mapping[str, str], arn_of_api: str, generation: int) -> Authorizer:
    id_ = record["AuthorizerId"]
    sources = tuple(_source(text) for text in record["IdentitySource"])
    if record["AuthorizerType"] == "JWT":
        configuration = record["JwtConfiguration"]
        return JwtAuthorizer(
            id=id_,
            name=record["Name"],
            identity_source=sources[0],
            issuer=configuration["Issuer"],
            audience=tuple(configuration["Audience"]),
        )
    found = LAMBDA_URI.fullmatch(resolve(record["AuthorizerUri"], variables))
    role = record.get("AuthorizerCredentialsArn", "")
    return LambdaAuthorizer(
        id=id_,
        name=record["Name"],
        kind="REQUEST",
        payload=record["AuthorizerPayloadFormatVersion"],
        simple=bool(record.get("EnableSimpleResponses")),
        function_arn=found["arn"] if found else "",
        qualifier=(found["qualifier"] or "") if found else "",
        authority=Authority.ROLE if role else Authority.SERVICE,
        role_arn=role,
        source_arn=f"{arn_of_api}authorizers/{id_}",
        identity_sources=sources,
        validation=None,
        ttl=float(record["AuthorizerResultTtlInSeconds"]),
        uri=record["AuthorizerUri"],
        generation=generation,
    )


def _source(text: str) -> IdentitySource:
    """``$request.header.X``, ``$request.querystring.X``, ``$context.X``, ``$stageVariables.X``."""
    place, _, name = text.removeprefix("$").removeprefix("request.").partition(".")
    return IdentitySource(place, name.lower() if place == "header" else name, text)


def _integration(
    route: Document, integrations: Mapping[str, Document], variables: Mapping[str, str], prefix: str
) -> Integration:
    record = integrations.get(route.get("Target", "").removeprefix("integrations/"))
    if record is None:
        return Unsupported("NONE", f"the route {route['RouteKey']} has no integration")
    kind = record["IntegrationType"]
    requests = read_mappings(record.get("RequestParameters") or {}, REQUEST)
    responses = {
        status: read_mappings(rows, RESPONSE) for status, rows in (record.get("ResponseParameters") or {}).items()
    }
    timeout = record["TimeoutInMillis"] / 1000
    if kind == "AWS_PROXY":
        address = resolve(record["IntegrationUri"], variables)
        found = LAMBDA_URI.fullmatch(address) or FUNCTION_ARN.fullmatch(address)
        role = record.get("CredentialsArn", "")
        return HttpLambda(
            function_arn=found["arn"] if found else "",
            qualifier=(found["qualifier"] or "") if found else "",
            authority=Authority.ROLE if role else Authority.SERVICE,
            role_arn=role,
            source_arn=prefix,
            timeout=timeout,
            payload=record["PayloadFormatVersion"],
            request_mappings=requests,
            response_mappings=responses,
            uri=record["IntegrationUri"],
        )
    if kind == "HTTP_PROXY" and record["ConnectionType"] == "INTERNET":
        return HttpProxy(
            method=record["IntegrationMethod"],
            uri=resolve(record["IntegrationUri"], variables),
            timeout=timeout,
            request_mappings=requests,
            response_mappings=responses,
            tls_server_name=(record.get("TlsConfig") or {}).get("ServerNameToVerify", ""),
        )
    return Unsupported(kind, f"connections of type {record['ConnectionType']} do not run here")


def _cors(record: Mapping[str, Any] | None) -> Cors | None:
    if not record:
        return None
    return Cors(
        allow_origins=tuple(record.get("AllowOrigins") or ()),
        allow_methods=tuple(record.get("AllowMethods") or ()),
        allow_headers=tuple(record.get("AllowHeaders") or ()),
        expose_headers=tuple(record.get("ExposeHeaders") or ()),
        allow_credentials=bool(record.get("AllowCredentials")),
        max_age=record.get("MaxAge"),
    )


def _limits(settings: Mapping[str, Any]) -> Limits | None:
    """None when neither is set. Without a rate only the burst counts; without a burst it is one second's requests."""
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return None
    return Limits(float("inf") if rate is None else float(rate), max(1, int(rate or 1)) if burst is None else burst)


def _access_log(id_: str, record: Document) -> AccessLog | None:
    settings = record.get("AccessLogSettings") or {}
    arn = Arn.parse(settings.get("DestinationArn", ""))
    if arn is None or arn.service != "logs" or not settings.get("Format"):
        return None
    return AccessLog(
        account=arn.account,
        region=arn.region,
        group=arn.resource.removeprefix("log-group:").removesuffix(":*"),
        stream=hashlib.md5(f"{id_}/{record['StageName']}".encode(), usedforsecurity=False).hexdigest(),
        render=compile_format(settings["Format"], Kind.HTTP),
    )
