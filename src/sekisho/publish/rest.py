"""REST stages with their frozen deployments → compiled APIs.

Theory of operation. An API is compiled stage by stage. A stage is compiled again when its own document changed or when
it serves another deployment; edits of an API that is not deployed again compile nothing, because what a deployment
froze does not change. Stage variables are resolved here, once, so that requests meet finished addresses. What cannot
run here compiles to ``Unsupported`` or ``UnsupportedAuthorizer``: requests are refused, never let through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sekisho.config.api import (
    IAM,
    OPEN,
    AccessLog,
    ApiSnapshot,
    Authorizer,
    GatewayResponse,
    Route,
    Stage,
    UnsupportedAuthorizer,
)
from sekisho.config.execution_logs import EXTRA as EXECUTION_LOG
from sekisho.config.execution_logs import compile_execution_logs
from sekisho.config.integrations import Authority, Integration, LambdaProxy, Mock
from sekisho.config.method_throttle import EXTRA as THROTTLE
from sekisho.config.method_throttle import compile_method_throttle
from sekisho.config.router import Router
from sekisho.config.validation import compile_validator
from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import compile_format
from sekisho.gateway.integrations.reserved import illegal_header
from sekisho.kit.arn import Arn, execute_api_arn
from sekisho.policy.compile import compile_policy
from sekisho.publish.isolation import broken_stage
from sekisho.publish.lambda_uri import LAMBDA_URI, resolve
from sekisho.publish.rest_authorizers import compile_authorizers
from sekisho.publish.rest_backends import CALLER, compile_backend, response, templates
from sekisho.publish.staleness import stale_stages
from sekisho.state.world import Document, Key, Partition, View

SERVICE = "apigateway"
Apis = Mapping[str, ApiSnapshot]


def rest_apis(view: View, changed: Collection[Key] | None, previous: Apis) -> Apis:
    """Every REST API in ``view``; what ``changed`` does not touch is kept from ``previous`` by reference."""
    if changed is None:
        kept = {id_: api for id_, api in previous.items() if api.kind is not Kind.REST}
        for partition in view.partitions():
            if partition[2:] == (SERVICE, "restapi"):
                for id_, document in view.items(partition):
                    kept[id_] = _api(view, partition, document, {}, isolate=True)
        return kept
    stale = stale_stages(changed, previous, SERVICE, "restapi")
    if not stale:
        return previous
    apis = dict(previous)
    for (account, region, id_), stages in stale.items():
        api = view.get(Key(account, region, SERVICE, "restapi", id_))
        if api is None:
            apis.pop(id_, None)
            continue
        before = previous.get(id_)
        fresh = {name: stage for name, stage in before.stages.items() if name not in stages} if before else {}
        apis[id_] = _api(view, Partition(account, region, SERVICE, "restapi"), api, fresh)
    return apis


def _api(
    view: View, partition: Partition, document: Document, fresh: Mapping[str, Stage], *, isolate: bool = False
) -> ApiSnapshot:
    """The API with its stages: those in ``fresh`` as they are, the others compiled. ``isolate``: stages that cannot be
    compiled answer 500; without it that is raised."""
    id_ = document["id"]
    stages: dict[str, Stage] = {}
    for name, record in _stage_records(view, partition, id_):
        if name in fresh:
            stages[name] = fresh[name]
            continue
        try:
            key = Key(partition.account, partition.region, SERVICE, "deployment", f"{id_}/{record['deploymentId']}")
            deployment = view.get(key)
            if deployment is not None:
                stages[name] = _stage(partition, id_, record, deployment)
        except Exception as problem:
            if not isolate:
                raise
            stages[name] = broken_stage(name, problem)
    return _snapshot(partition, document, stages)


def undeployed(account: str, region: str, document: Document, record: Document, tree: Document) -> ApiSnapshot:
    """An API with one stage that serves ``tree``, what a deployment would freeze now; nothing is kept."""
    partition = Partition(account, region, SERVICE, "restapi")
    stage = _stage(partition, document["id"], record, tree)
    return _snapshot(partition, document, {stage.name: stage})


def _snapshot(partition: Partition, document: Document, stages: Mapping[str, Stage]) -> ApiSnapshot:
    # docs: a change of disableExecuteApiEndpoint works after the next deployment; of several stages the strictest wins.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
    closed = any(stage.settings["disableExecuteApiEndpoint"] for stage in stages.values())
    return ApiSnapshot(
        kind=Kind.REST,
        id=document["id"],
        account=partition.account,
        region=partition.region,
        name=document.get("name", ""),
        stages=stages,
        disable_execute_api_endpoint=closed,
        api_key_source=document.get("apiKeySource", "HEADER"),
        endpoint_type=(document.get("endpointConfiguration", {}).get("types") or ["EDGE"])[0],
    )


def _stage_records(view: View, partition: Partition, id_: str) -> Iterator[tuple[str, Document]]:
    prefix = f"{id_}/"
    for key, record in view.items(partition._replace(kind="stage")):
        if key.startswith(prefix):
            yield key[len(prefix) :], record


def _stage(partition: Partition, id_: str, record: Document, deployment: Document) -> Stage:
    name = record["stageName"]
    variables: Mapping[str, str] = dict(record.get("variables", {}))
    api = deployment["api"]
    prefix = execute_api_arn(partition.region, partition.account, f"{id_}/{name}/")
    arn_of_api = execute_api_arn(partition.region, partition.account, f"{id_}/")
    authorizers = compile_authorizers(
        deployment["authorizers"], variables, arn_of_api, record.get("authorizersCacheEpoch", 0)
    )
    router: Router[Route] = Router()
    for resource in deployment["resources"]:
        for verb, method in resource["resourceMethods"].items():
            route = _route(resource, method, deployment, authorizers, variables, prefix)
            router.add(resource["path"], verb, _with_settings(route, id_, record))
    return Stage(
        name=name,
        deployment_id=record["deploymentId"],
        variables=variables,
        router=router,
        log=_access_log(id_, record),
        resource_policy=compile_policy(api["policy"], name=f"resource policy of API {id_}")
        if api.get("policy")
        else None,
        binary_media_types=tuple(api.get("binaryMediaTypes") or ()),
        gateway_responses={kind: _gateway_response(each) for kind, each in deployment["gatewayResponses"].items()},
        settings={
            "methodSettings": record["methodSettings"],
            "tracingEnabled": record["tracingEnabled"],
            "disableExecuteApiEndpoint": api["disableExecuteApiEndpoint"],
            "apiKeySource": api["apiKeySource"],
            "authorizers": authorizers,
        },
    )


def _route(
    resource: Document,
    method: Document,
    deployment: Document,
    authorizers: Mapping[str, Authorizer],
    variables: Mapping[str, str],
    prefix: str,
) -> Route:
    scopes = tuple(method.get("authorizationScopes") or ())
    extras = _extras(method, deployment)
    return Route(
        resource_id=resource["id"],
        resource_path=resource["path"],
        method=method["httpMethod"],
        arn_prefix=prefix,
        authorizer=_authorizer(method, authorizers),
        integration=_integration(method, variables, prefix),
        api_key_required=bool(method.get("apiKeyRequired")),
        operation_name=method.get("operationName", ""),
        extras={**extras, "authorizationScopes": scopes} if scopes else extras,
        scopes=scopes,
    )


def _with_settings(route: Route, id_: str, record: Document) -> Route:
    """The route with what the stage's settings say about its execution log and its throttle."""
    settings = record["methodSettings"]
    if not settings:
        return route
    place = f"{id_}/{record['stageName']}"
    group = f"API-Gateway-Execution-Logs_{place}"
    more: dict[str, Any] = {}
    logs = compile_execution_logs(settings, route.resource_path, route.method, group, _stream(place))
    if logs:
        more[EXECUTION_LOG] = logs
    throttle = compile_method_throttle(settings, route.resource_path, route.method)
    if throttle:
        more[THROTTLE] = throttle
    return replace(route, extras={**route.extras, **more}) if more else route


def _authorizer(method: Document, authorizers: Mapping[str, Authorizer]) -> Authorizer:
    kind = method["authorizationType"]
    if kind == "NONE":
        return OPEN
    if kind == "AWS_IAM":
        return IAM
    return authorizers.get(method.get("authorizerId", "")) or UnsupportedAuthorizer(kind)


def _integration(method: Document, variables: Mapping[str, str], prefix: str) -> Integration:
    record = method["methodIntegration"]
    kind = record["type"]
    if kind == "AWS_PROXY" and ":lambda:path/" in record["uri"]:
        return _lambda_proxy(record, variables, prefix)
    if kind == "MOCK":
        return _mock(method, record)
    return compile_backend(method, record, variables, prefix)


def _lambda_proxy(record: Document, variables: Mapping[str, str], prefix: str) -> LambdaProxy:
    found = LAMBDA_URI.fullmatch(resolve(record["uri"], variables))
    credentials = resolve(record.get("credentials", ""), variables)
    if not credentials:
        authority = Authority.SERVICE
    elif credentials == CALLER:
        authority = Authority.CALLER
    else:
        authority = Authority.ROLE
    return LambdaProxy(
        function_arn=found["arn"] if found else "",
        qualifier=(found["qualifier"] or "") if found else "",
        authority=authority,
        role_arn=credentials if authority is Authority.ROLE else "",
        source_arn=prefix,
        timeout=record["timeoutInMillis"] / 1000,
        http_method=record.get("httpMethod", ""),
        uri=record["uri"],
        illegal_header=illegal_header("AWS_PROXY", record.get("requestParameters") or ()),
    )


def _mock(method: Document, record: Document) -> Mock:
    return Mock(
        templates=templates(record.get("requestTemplates")),
        passthrough=record["passthroughBehavior"],
        responses=tuple(response(each) for _, each in sorted(record.get("integrationResponses", {}).items())),
        method_responses={
            status: dict(each.get("responseParameters") or {})
            for status, each in method.get("methodResponses", {}).items()
        },
        content_handling=record.get("contentHandling", ""),
    )


def _extras(method: Document, deployment: Document) -> Mapping[str, Any]:
    """What the validate gate reads: ``compiled`` (``config.validation``); empty when nothing is checked."""
    record = deployment["validators"].get(method.get("requestValidatorId"))
    if record is None:
        return {}
    schemas = {name: each.get("schema", "{}") for name, each in deployment["models"].items()}
    validator = compile_validator(
        record, method.get("requestParameters") or {}, method.get("requestModels") or {}, schemas
    )
    return {} if validator is None else {"compiled": validator}


def _gateway_response(record: Document) -> GatewayResponse:
    status = record.get("statusCode")
    return GatewayResponse(
        status=int(status) if status else None,
        parameters=dict(record.get("responseParameters") or {}),
        templates=dict(record.get("responseTemplates") or {}),
    )


def _access_log(id_: str, record: Document) -> AccessLog | None:
    settings = record.get("accessLogSettings") or {}
    arn = Arn.parse(settings.get("destinationArn", ""))
    if arn is None or arn.service != "logs" or not settings.get("format"):
        return None
    return AccessLog(
        account=arn.account,
        region=arn.region,
        group=arn.resource.removeprefix("log-group:").removesuffix(":*"),
        stream=_stream(f"{id_}/{record['stageName']}"),
        render=compile_format(settings["format"], Kind.REST),
    )


def _stream(place: str) -> str:
    """The log stream of a stage: 32 hexadecimal digits."""
    return hashlib.md5(place.encode(), usedforsecurity=False).hexdigest()
