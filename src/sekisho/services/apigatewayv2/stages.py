"""Stages: a name under which a deployment is served, with its variables, logging and throttling."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from sekisho.services.apigatewayv2 import access_logs, arns, lookup
from sekisho.services.apigatewayv2.deployments import deploy_stage
from sekisho.services.apigatewayv2.errors import bad_request, conflict, not_found
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.apigatewayv2.tags import checked_tags
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

MAX_STAGES = 10
"""Per API. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
NAME = re.compile(r"\$default|[a-zA-Z0-9_-]{1,128}")
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]{1,512}")
NO_EXECUTION_LOGS = "Execution logs are not supported on protocolType HTTP"
"""vector logsettings/http-level-off"""
HIDDEN = "AuthorizersCacheEpoch"


@ops("CreateStage", resource=arns.STAGES)
def create_stage(call: Call) -> Mapping[str, Any]:
    """Raises Conflict when the name is taken, BadRequest, NotFound."""
    return describe(make(call, lookup.api(call)["ApiId"], call.params))


@ops("GetStage", resource=arns.STAGE)
def get_stage(call: Call) -> Mapping[str, Any]:
    return describe(lookup.stage(call))


@ops("GetStages", resource=arns.STAGES)
def get_stages(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)["ApiId"]
    shown = [describe(each) for each in lookup.children(call, lookup.STAGES, api)]
    return listing(call, shown, lambda each: str(each["StageName"]))


@ops("UpdateStage", resource=arns.STAGE)
def update_stage(call: Call) -> Mapping[str, Any]:
    """What is omitted stays; a stage variable with an empty value goes."""
    document = lookup.stage(call)
    api = lookup.api_id(call)
    params = call.params
    automatic = bool(document.get("AutoDeploy"))
    _apply(call, api, document, params)
    if params.get("AutoDeploy") is not None:
        document["AutoDeploy"] = params["AutoDeploy"]
    if params.get("DeploymentId"):
        if document.get("AutoDeploy"):
            raise bad_request("DeploymentId cannot be set on a stage that has AutoDeploy enabled")
        document["DeploymentId"] = params["DeploymentId"]
    check(call, api, document)
    document["LastUpdatedDate"] = float(int(call.now))
    lookup.put(call, lookup.STAGES, api, document["StageName"], document)
    if document.get("AutoDeploy") and not automatic:
        deploy_stage(call, api, document)
    return describe(document)


@ops("DeleteStage", resource=arns.STAGE)
def delete_stage(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException while a domain name leads to it."""
    document = lookup.stage(call)
    api = lookup.api_id(call)
    mappings = [each for _, each in call.table(lookup.API_MAPPINGS).items()]
    if any(each["ApiId"] == api and each["Stage"] == document["StageName"] for each in mappings):
        raise bad_request("Please remove all api mappings related to the stage in your domains")
    lookup.remove(call, lookup.STAGES, api, document["StageName"])
    return {}


@ops("DeleteAccessLogSettings", resource=arns.ACCESS_LOG_SETTINGS)
def delete_access_log_settings(call: Call) -> Mapping[str, Any]:
    document = lookup.stage(call)
    document.pop("AccessLogSettings", None)
    lookup.put(call, lookup.STAGES, lookup.api_id(call), document["StageName"], document)
    return {}


@ops("DeleteRouteSettings", resource=arns.ROUTE_SETTINGS)
def delete_route_settings(call: Call) -> Mapping[str, Any]:
    document = lookup.stage(call)
    key = unquote(call.params["RouteKey"])
    settings = dict(document["RouteSettings"])
    if settings.pop(key, None) is None:
        raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
    document["RouteSettings"] = settings
    lookup.put(call, lookup.STAGES, lookup.api_id(call), document["StageName"], document)
    return {}


def make(call: Call, api: str, given: Mapping[str, Any], *, managed: bool = False) -> Doc:
    """A new stage from CreateStage's members."""
    name = given["StageName"]
    if not NAME.fullmatch(name):
        raise bad_request("Stage name only allows $default, or a-zA-Z0-9_- up to 128 characters")
    if f"{api}/{name}" in call.table(lookup.STAGES):
        raise conflict("Stage already exists")
    if len(lookup.children(call, lookup.STAGES, api)) >= MAX_STAGES:
        raise conflict("Maximum number of Stages for this API has been reached", 429)
    if given.get("AutoDeploy") and given.get("DeploymentId"):
        raise bad_request("DeploymentId cannot be set on a stage that has AutoDeploy enabled")
    document: Doc = {
        "StageName": name,
        **present(DeploymentId=given.get("DeploymentId") or None, AutoDeploy=given.get("AutoDeploy")),
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageVariables": {},
        "Tags": checked_tags({}, given.get("Tags") or {}),
        "CreatedDate": float(int(call.now)),
        "LastUpdatedDate": float(int(call.now)),
        **present(ApiGatewayManaged=True if managed else None),
    }
    _apply(call, api, document, given)
    check(call, api, document)
    lookup.put(call, lookup.STAGES, api, name, document)
    if document.get("AutoDeploy"):
        deploy_stage(call, api, document)
    return document


def check(call: Call, api: str, document: Mapping[str, Any]) -> None:
    deployment = document.get("DeploymentId")
    if deployment and f"{api}/{deployment}" not in call.table(lookup.DEPLOYMENTS):
        raise bad_request("Deployment id does not exist")
    for name, value in document["StageVariables"].items():
        if not VARIABLE_NAME.fullmatch(name):
            raise bad_request(f"Stage variable name {name} is invalid. Names may only contain A-Z, a-z, 0-9 and _")
        if not VARIABLE_VALUE.fullmatch(value):
            raise bad_request(
                f"Invalid stage variable value: {value}. Please use values with alphanumeric characters and the "
                "symbols '-', '.', '_', '~', ':', '/', '?', '#', '&', '=', and ','."
            )
    _check_settings(document["DefaultRouteSettings"])
    for settings in document["RouteSettings"].values():
        _check_settings(settings)


def describe(document: Mapping[str, Any]) -> Doc:
    return {name: value for name, value in document.items() if name != HIDDEN}


def _apply(call: Call, api: str, document: Doc, given: Mapping[str, Any]) -> None:
    """The members that creating and updating share."""
    lookup.check_length("description", given.get("Description"), 0, 1024)
    if given.get("ClientCertificateId"):
        raise bad_request("ClientCertificateId is not supported for HTTP APIs")
    if given.get("Description") is not None:
        document["Description"] = given["Description"]
    if given.get("StageVariables") is not None:
        after = {**document["StageVariables"], **given["StageVariables"]}
        document["StageVariables"] = {name: value for name, value in after.items() if value != ""}
    if given.get("DefaultRouteSettings") is not None:
        document["DefaultRouteSettings"] = {**document["DefaultRouteSettings"], **given["DefaultRouteSettings"]}
    if given.get("RouteSettings") is not None:
        keys = {route["RouteKey"] for route in lookup.children(call, lookup.ROUTES, api)}
        settings = copy.deepcopy(dict(document["RouteSettings"]))
        for key, value in given["RouteSettings"].items():
            if key not in keys:
                raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
            settings[key] = {**settings.get(key, {"DetailedMetricsEnabled": False}), **value}
        document["RouteSettings"] = settings
    if given.get("AccessLogSettings") is not None:
        document["AccessLogSettings"] = access_logs.merged(
            call, document.get("AccessLogSettings"), given["AccessLogSettings"]
        )


def _check_settings(settings: Mapping[str, Any]) -> None:
    if settings.get("LoggingLevel") or settings.get("DataTraceEnabled"):
        raise bad_request(NO_EXECUTION_LOGS)
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if (rate is not None and rate < 0) or (burst is not None and burst < 0):
        raise bad_request("Throttling limits must not be negative")
