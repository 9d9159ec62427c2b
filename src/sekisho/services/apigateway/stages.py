"""Stages: a name under which a deployment is served, with its variables, logging and method settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sekisho.services.apigateway import access_logs, arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, conflict, limit_exceeded, not_implemented
from sekisho.services.apigateway.lookup import Doc
from sekisho.services.apigateway.method_settings import is_setting_path, patch_settings
from sekisho.services.apigateway.usage_plans import forget_stage
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

MAX_STAGES = 10
"""Per API, as AWS's default quota."""
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
VARIABLE_VALUE = re.compile(r"[A-Za-z0-9 \-._~:/?#&=,]+")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html"""

TARGETS = (
    patch.member("/accessLogSettings", "remove"),
    patch.member("/accessLogSettings/destinationArn", "add replace remove"),
    patch.member("/accessLogSettings/format", "add replace remove"),
    patch.member("/cacheClusterEnabled", convert=patch.boolean),
    patch.member("/cacheClusterSize"),
    patch.member("/clientCertificateId", "replace remove", cleared_by_empty=True),
    patch.member("/deploymentId", "replace copy"),
    patch.member("/description"),
    patch.member("/documentationVersion"),
    patch.member("/tracingEnabled", convert=patch.boolean),
    patch.entry("/variables/{name}", "add replace remove copy"),
)


class DeploymentStage(NamedTuple):
    """What CreateDeployment says about the stage it deploys to."""

    name: str
    description: str | None
    variables: Mapping[str, str] | None
    cache: bool | None
    tracing: bool | None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> DeploymentStage:
        return cls(
            params["stageName"],
            params.get("stageDescription"),
            params.get("variables"),
            params.get("cacheClusterEnabled"),
            params.get("tracingEnabled"),
        )


@ops("CreateStage", resource=arns.STAGES)
def create_stage(call: Call) -> Mapping[str, Any]:
    """Raises Conflict when the name is taken, BadRequest, NotFound, LimitExceeded."""
    params = call.params
    lookup.rest_api(call)
    if params.get("canarySettings"):
        raise not_implemented("CreateStage with canarySettings")
    if f"{lookup.api_id(call)}/{params['stageName']}" in call.table(lookup.STAGES):
        raise conflict("Stage already exists")
    return _create(
        call,
        params["stageName"],
        params["deploymentId"],
        description=params.get("description"),
        variables=dict(params["variables"]) if params.get("variables") else None,
        cacheClusterEnabled=bool(params.get("cacheClusterEnabled")),
        documentationVersion=params.get("documentationVersion"),
        tracingEnabled=bool(params.get("tracingEnabled")),
        tags=dict(params.get("tags") or {}) or None,
    )


@ops("GetStage", resource=arns.STAGE)
def get_stage(call: Call) -> Mapping[str, Any]:
    return lookup.stage(call)


@ops("GetStages", resource=arns.STAGES)
def get_stages(call: Call) -> Mapping[str, Any]:
    """``item``, singular, as the model has it; with ``deploymentId`` only the stages that serve it."""
    lookup.rest_api(call)
    wanted = call.params.get("deploymentId")
    every = lookup.children(call, lookup.STAGES)
    return {"item": [each for each in every if wanted in (None, each["deploymentId"])]}


@ops("UpdateStage", resource=arns.STAGE)
def update_stage(call: Call) -> Mapping[str, Any]:
    document = lookup.stage(call)
    for asked in patch.operations(call.params.get("patchOperations")):
        if asked.path.startswith("/canarySettings"):
            raise not_implemented("UpdateStage of canarySettings")
        if is_setting_path(asked.path) and patch.find(asked, TARGETS) is None:
            document["methodSettings"] = patch_settings(document["methodSettings"], asked)
        else:
            document = patch.apply(document, [asked], TARGETS)
    check(call, document)
    document["lastUpdatedDate"] = float(int(call.now))
    lookup.put_child(call, lookup.STAGES, document["stageName"], document)
    return document


@ops("DeleteStage", resource=arns.STAGE)
def delete_stage(call: Call) -> Mapping[str, Any]:
    document = lookup.stage(call)
    call.table(lookup.STAGES).delete(f"{lookup.api_id(call)}/{document['stageName']}")
    forget_stage(call, lookup.api_id(call), document["stageName"])
    return {}


@ops("FlushStageCache", resource=arns.STAGE + "/cache/data")
def flush_stage_cache(call: Call) -> Mapping[str, Any]:
    """There is no response cache here, so nothing can be stale."""
    lookup.stage(call)
    return {}


@ops("FlushStageAuthorizersCache", resource=arns.STAGE + "/cache/authorizers")
def flush_stage_authorizers_cache(call: Call) -> Mapping[str, Any]:
    """Results live in the data plane, which forgets those of a stage whose ``authorizersCacheEpoch`` moved on."""
    document = lookup.stage(call)
    document["authorizersCacheEpoch"] = document.get("authorizersCacheEpoch", 0) + 1
    lookup.put_child(call, lookup.STAGES, document["stageName"], document)
    return {}


def deploy_to_stage(call: Call, deployment: str, wanted: DeploymentStage) -> None:
    """Makes the stage serve ``deployment``, creating it when it is not there."""
    document = call.table(lookup.STAGES).get(f"{lookup.api_id(call)}/{wanted.name}")
    if document is None:
        _create(
            call,
            wanted.name,
            deployment,
            description=wanted.description,
            variables=dict(wanted.variables) if wanted.variables else None,
            cacheClusterEnabled=bool(wanted.cache),
            tracingEnabled=bool(wanted.tracing),
        )
        return
    document.update(deploymentId=deployment, lastUpdatedDate=float(int(call.now)))
    if wanted.description is not None:
        document["description"] = wanted.description
    if wanted.variables:
        document["variables"] = {**document.get("variables", {}), **wanted.variables}
    if wanted.cache is not None:
        document["cacheClusterEnabled"] = wanted.cache
    if wanted.tracing is not None:
        document["tracingEnabled"] = wanted.tracing
    check(call, document)
    lookup.put_child(call, lookup.STAGES, wanted.name, document)


def check(call: Call, document: Mapping[str, Any]) -> None:
    """AWS's rules about a stage, and what this server does not run."""
    if f"{lookup.api_id(call)}/{document['deploymentId']}" not in call.table(lookup.DEPLOYMENTS):
        raise bad_request("Deployment id does not exist")
    if document["cacheClusterEnabled"]:
        raise not_implemented("A cache cluster (cacheClusterEnabled)")
    for name, value in document.get("variables", {}).items():
        if not VARIABLE_NAME.fullmatch(name):
            raise bad_request(f"Stage variable name {name!r} is invalid. Names may only contain A-Z, a-z, 0-9 and _")
        if not VARIABLE_VALUE.fullmatch(value):
            raise bad_request(
                f"Invalid stage variable value: {value}.  Please use values with alphanumeric characters and the "
                "symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
    access_logs.check(call, document.get("accessLogSettings"))
    levels = {each.get("loggingLevel", "OFF") for each in document["methodSettings"].values()}
    if levels - {"OFF"}:
        access_logs.check_account(call)


def _create(call: Call, name: str, deployment: str, **members: Any) -> Doc:
    if not NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_")
    if len(lookup.children(call, lookup.STAGES)) >= MAX_STAGES:
        raise limit_exceeded("Maximum number of stages for this API has been reached")
    document: Doc = {
        "deploymentId": deployment,
        "stageName": name,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "createdDate": float(int(call.now)),
        "lastUpdatedDate": float(int(call.now)),
        **{member: value for member, value in members.items() if value is not None},
    }
    check(call, document)
    lookup.put_child(call, lookup.STAGES, name, document)
    return document
