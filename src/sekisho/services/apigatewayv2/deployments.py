"""Deployments: the API as it stood at one moment, frozen; a stage serves one of them.

Theory of operation. ``auto_deploy`` runs at the end of every operation that changes what clients can see: within the
same unit of work each stage with ``AutoDeploy`` gets a deployment of its own. One that cannot be made (an API without
routes) is told in the stage's ``LastDeploymentStatusMessage``, and the stage goes on serving what it served.

INVARIANT: what a deployment froze is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.apigatewayv2 import arns, lookup
from sekisho.services.apigatewayv2.errors import bad_request
from sekisho.services.apigatewayv2.lookup import Doc, listing, present
from sekisho.services.operation import Call, Operations

ops = Operations("apigatewayv2")

NO_ROUTES = "Unable to deploy API because no routes exist in this API"
AUTOMATIC = "Automatic deployment triggered by changes to the Api configuration"
HIDDEN = "Frozen"


@ops("CreateDeployment", resource=arns.DEPLOYMENTS)
def create_deployment(call: Call) -> Mapping[str, Any]:
    """Freezes the API; with ``StageName`` also makes that stage serve it. Raises BadRequest, NotFound."""
    params = call.params
    api = lookup.api(call)
    lookup.check_length("description", params.get("Description"), 0, 1024)
    stage = lookup.stage(call) if params.get("StageName") else None
    if stage is not None and stage.get("AutoDeploy"):
        raise bad_request("Deployment to a stage that has AutoDeploy enabled is not allowed")
    document = freeze(call, api, description=params.get("Description"), automatic=False)
    if stage is not None:
        serve(call, api["ApiId"], stage, document["DeploymentId"])
    return describe(document)


@ops("GetDeployment", resource=arns.DEPLOYMENT)
def get_deployment(call: Call) -> Mapping[str, Any]:
    return describe(lookup.child(call, lookup.DEPLOYMENTS))


@ops("GetDeployments", resource=arns.DEPLOYMENTS)
def get_deployments(call: Call) -> Mapping[str, Any]:
    api = lookup.api(call)
    shown = [describe(each) for each in lookup.children(call, lookup.DEPLOYMENTS, api["ApiId"])]
    return listing(call, shown, lambda each: str(each["DeploymentId"]))


@ops("UpdateDeployment", resource=arns.DEPLOYMENT)
def update_deployment(call: Call) -> Mapping[str, Any]:
    document = lookup.child(call, lookup.DEPLOYMENTS)
    lookup.check_length("description", call.params.get("Description"), 0, 1024)
    if "Description" in call.params:
        document["Description"] = call.params["Description"]
        lookup.put(call, lookup.DEPLOYMENTS, lookup.api_id(call), document["DeploymentId"], document)
    return describe(document)


@ops("DeleteDeployment", resource=arns.DEPLOYMENT)
def delete_deployment(call: Call) -> Mapping[str, Any]:
    """Raises BadRequestException while a stage serves it."""
    document = lookup.child(call, lookup.DEPLOYMENTS)
    api = lookup.api_id(call)
    if any(each.get("DeploymentId") == document["DeploymentId"] for each in lookup.children(call, lookup.STAGES, api)):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    lookup.remove(call, lookup.DEPLOYMENTS, api, document["DeploymentId"])
    return {}


def freeze(call: Call, api: Mapping[str, Any], *, description: str | None, automatic: bool) -> Doc:
    """A new deployment of the API as it stands. Raises BadRequestException when there is nothing to deploy."""
    id_ = api["ApiId"]
    routes = lookup.children(call, lookup.ROUTES, id_)
    if not routes:
        raise bad_request(NO_ROUTES)
    document: Doc = present(
        DeploymentId=lookup.new_id(call, lookup.DEPLOYMENTS, id_, 6),
        Description=description,
        CreatedDate=float(int(call.now)),
        AutoDeployed=automatic,
        DeploymentStatus="DEPLOYED",
        Frozen={
            "api": dict(api),
            "routes": routes,
            "integrations": {each["IntegrationId"]: each for each in lookup.children(call, lookup.INTEGRATIONS, id_)},
            "authorizers": {each["AuthorizerId"]: each for each in lookup.children(call, lookup.AUTHORIZERS, id_)},
        },
    )
    lookup.put(call, lookup.DEPLOYMENTS, id_, document["DeploymentId"], document)
    return document


def serve(call: Call, api: str, stage: Doc, deployment: str) -> None:
    """Makes the stage serve the deployment."""
    stage["DeploymentId"] = deployment
    stage["LastUpdatedDate"] = float(int(call.now))
    stage["LastDeploymentStatusMessage"] = f"Successfully deployed stage with deployment ID '{deployment}'"
    lookup.put(call, lookup.STAGES, api, stage["StageName"], stage)


def auto_deploy(call: Call, api: str) -> None:
    """Deploys to every stage that asks for it."""
    for stage in lookup.children(call, lookup.STAGES, api):
        if stage.get("AutoDeploy"):
            deploy_stage(call, api, stage)


def deploy_stage(call: Call, api: str, stage: Doc) -> None:
    """An automatic deployment to one stage, or the reason why there is none."""
    if not lookup.children(call, lookup.ROUTES, api):
        stage["LastDeploymentStatusMessage"] = f"Deployment attempt failed: {NO_ROUTES}"
        lookup.put(call, lookup.STAGES, api, stage["StageName"], stage)
        return
    document = freeze(call, lookup.api_of(call, api), description=AUTOMATIC, automatic=True)
    serve(call, api, stage, document["DeploymentId"])


def describe(document: Mapping[str, Any]) -> Doc:
    return {name: value for name, value in document.items() if name != HIDDEN}
