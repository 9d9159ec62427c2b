"""REST APIs in a few lines: a control plane over one unit of work.

rest = Rest()
rest.create()
rest.lambda_method("/pets/{id}", "GET", function="pets")
rest.deploy("prod")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenes.calls import ACCOUNT, REGION, make_call, run

from sekisho.config.identities import Principal
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.services.apigateway import OPERATIONS
from sekisho.state.world import Document, Key, Overlay, World


def lambda_uri(function: str, account: str = ACCOUNT, region: str = REGION) -> str:
    """The integration URI of a function (``name`` or ``name:qualifier``)."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{function}"
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


class Rest:
    """Calls operations of ``apigateway`` by name with keyword parameters (None: not given)."""

    def __init__(self, *, caller: Principal | None = None, snapshot: Snapshot = EMPTY) -> None:
        self.store = Overlay(World())
        self.caller = caller
        self.snapshot = snapshot
        self.api = ""
        self.now = 1_700_000_000.0
        self.answers: Callable[[Any], Any] | None = None
        """What effects of operations result in."""

    def __call__(self, operation: str, **params: Any) -> Mapping[str, Any]:
        given = {name: value for name, value in params.items() if value is not None}
        call = make_call(
            "apigateway",
            operation,
            given,
            store=self.store,
            caller=self.caller,
            snapshot=self.snapshot,
            now=self.now,
        )
        return run(OPERATIONS[operation], call, self.answers)

    def create(self, **params: Any) -> str:
        """An API; later calls of this builder are about it."""
        self.api = str(self("CreateRestApi", name="api", **params)["id"])
        return self.api

    def resource(self, path: str) -> str:
        """The id of the resource at ``path``, created with its parents when it is not there."""
        known = {each["path"]: each["id"] for each in self("GetResources", restApiId=self.api, limit=500)["items"]}
        here, parent = "", known["/"]
        for part in path.strip("/").split("/") if path != "/" else ():
            here = f"{here}/{part}"
            if here not in known:
                known[here] = self("CreateResource", restApiId=self.api, parentId=parent, pathPart=part)["id"]
            parent = known[here]
        return str(parent)

    def method(self, path: str, verb: str, **params: Any) -> dict[str, Any]:
        """A method without integration; the members that address it."""
        where = {"restApiId": self.api, "resourceId": self.resource(path), "httpMethod": verb}
        self("PutMethod", **where, **{"authorizationType": "NONE", **params})
        return where

    def lambda_method(self, path: str, verb: str, function: str = "f", **params: Any) -> dict[str, Any]:
        """A method with a Lambda proxy integration; ``params`` go to the integration, ``auth`` to the method."""
        where = self.method(path, verb, authorizationType=params.pop("auth", "NONE"))
        self("PutIntegration", **where, **{**PROXY, "uri": lambda_uri(function), **params})
        return where

    def mock_method(self, path: str, verb: str, **params: Any) -> dict[str, Any]:
        """A method with a MOCK integration that answers 200."""
        where = self.method(path, verb, **params)
        templates = {"application/json": '{"statusCode": 200}'}
        self("PutIntegration", **where, type="MOCK", requestTemplates=templates)
        self("PutMethodResponse", **where, statusCode="200")
        self("PutIntegrationResponse", **where, statusCode="200")
        return where

    def deploy(self, stage: str, **params: Any) -> str:
        """Deploys to ``stage``; the deployment's id."""
        return str(self("CreateDeployment", restApiId=self.api, stageName=stage, **params)["id"])

    def patch(self, operation: str, *changes: tuple[str, str, str | None], **params: Any) -> Mapping[str, Any]:
        """An update operation with ``(op, path, value)`` changes."""
        asked = [{"op": op, "path": path, **({} if value is None else {"value": value})} for op, path, value in changes]
        return self(operation, restApiId=self.api, patchOperations=asked, **params)

    def documents(self) -> list[tuple[Key, Document | None]]:
        """Everything written so far; None for what was deleted."""
        return [(key, document) for key, document in self.store.changes()]


PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST"}
