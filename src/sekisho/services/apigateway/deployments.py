"""Deployments: the API as it stood at one moment, frozen; a stage serves one of them.

INVARIANT: what a deployment froze is never changed. Edits of the API, its policy, authorizers, validators, models and
gateway responses reach clients only through another deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigateway import arns, lookup, patch
from sekisho.services.apigateway.errors import bad_request, not_implemented
from sekisho.services.apigateway.lookup import Doc, listing
from sekisho.services.apigateway.stages import DeploymentStage, deploy_to_stage
from sekisho.services.operation import Call, Operations

ops = Operations("apigateway")

TARGETS = (patch.member("/description"),)


@ops("CreateDeployment", resource=arns.DEPLOYMENTS)
def create_deployment(call: Call) -> Mapping[str, Any]:
    """Freezes the API; with ``stageName`` also makes that stage serve it. Raises BadRequest, NotFound."""
    params = call.params
    api = lookup.rest_api(call)
    if params.get("canarySettings"):
        raise not_implemented("CreateDeployment with canarySettings")
    resources = lookup.children(call, lookup.RESOURCES)
    check(api, resources)
    identifier = lookup.new_id(call, lookup.DEPLOYMENTS)
    document: Doc = {
        "id": identifier,
        "description": params.get("description", ""),
        "createdDate": float(int(call.now)),
        **frozen(call, api, resources),
    }
    lookup.put_child(call, lookup.DEPLOYMENTS, identifier, document)
    if params.get("stageName"):
        deploy_to_stage(call, identifier, DeploymentStage.of(params))
    return describe(document)


@ops("GetDeployment", resource=arns.DEPLOYMENT)
def get_deployment(call: Call) -> Mapping[str, Any]:
    return describe(_deployment(call), summary="apisummary" in (call.params.get("embed") or ()))


@ops("GetDeployments", resource=arns.DEPLOYMENTS)
def get_deployments(call: Call) -> Mapping[str, Any]:
    lookup.rest_api(call)
    shown = [describe(each) for each in lookup.children(call, lookup.DEPLOYMENTS)]
    return listing(call, shown, lambda each: str(each["id"]))


@ops("UpdateDeployment", resource=arns.DEPLOYMENT)
def update_deployment(call: Call) -> Mapping[str, Any]:
    document = _deployment(call)
    document = patch.apply(document, patch.operations(call.params.get("patchOperations")), TARGETS)
    lookup.put_child(call, lookup.DEPLOYMENTS, document["id"], document)
    return describe(document)


@ops("DeleteDeployment", resource=arns.DEPLOYMENT)
def delete_deployment(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException while a stage serves it."""
    document = _deployment(call)
    if any(stage["deploymentId"] == document["id"] for stage in lookup.children(call, lookup.STAGES)):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    call.table(lookup.DEPLOYMENTS).delete(f"{lookup.api_id(call)}/{document['id']}")
    return {}


def frozen(call: Call, api: Doc, resources: list[Doc]) -> Doc:
    """What a deployment keeps of the API as it stands."""
    return {
        "resources": resources,
        "api": api,
        "authorizers": _by(call, lookup.AUTHORIZERS, "id"),
        "validators": _by(call, lookup.VALIDATORS, "id"),
        "models": _by(call, lookup.MODELS, "name"),
        "gatewayResponses": _by(call, lookup.GATEWAY_RESPONSES, "responseType"),
    }


def describe(document: Mapping[str, Any], *, summary: bool = False) -> Doc:
    shown: Doc = {"id": document["id"], "createdDate": document["createdDate"]}
    if document.get("description"):
        shown["description"] = document["description"]
    if summary:
        shown["apiSummary"] = {
            each["path"]: {
                verb: {
                    "authorizationType": method["authorizationType"],
                    "apiKeyRequired": method.get("apiKeyRequired", False),
                }
                for verb, method in each["resourceMethods"].items()
            }
            for each in document["resources"]
            if each["resourceMethods"]
        }
    return shown


def check(api: Mapping[str, Any], resources: list[Doc]) -> None:
    """Whether the API can be deployed."""
    methods = [method for each in resources for method in each["resourceMethods"].values()]
    if not methods:
        raise bad_request("The REST API doesn't contain any methods")
    if any("methodIntegration" not in method for method in methods):
        raise bad_request("No integration defined for method")
    if api["endpointConfiguration"]["types"] == ["PRIVATE"] and not api.get("policy"):
        raise bad_request("Private REST API doesn't have a resource policy attached to it")


def _by(call: Call, kind: str, member: str) -> Doc:
    return {each[member]: each for each in lookup.children(call, kind)}


def _deployment(call: Call) -> Doc:
    return lookup.child(
        call, lookup.DEPLOYMENTS, call.params["deploymentId"], "Invalid Deployment identifier specified"
    )
