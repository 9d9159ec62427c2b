"""An account with IAM and STS in a few lines: operations run, published, and their keys found, as the edge would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader
from tests.scenes.calls import ACCOUNT, NOW, make_call, root, run
from tests.scenes.shapes import assert_fits

from sekisho.config.identities import NO_IDENTITIES, Identities, Principal
from sekisho.config.keyring import Sessions
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.publish.identities import identities
from sekisho.services.iam import OPERATIONS as IAM
from sekisho.services.operation import ServiceError
from sekisho.services.sts import OPERATIONS as STS
from sekisho.state.world import Key, Overlay, World
from sekisho.wire.model import Models
from sekisho.wire.validate import validate

MODELS = Models(lambda service: Loader().load_service_model(service, "service-2"))
TABLES = {"iam": IAM, "sts": STS}
ROOT_SECRET = "root-secret"
LAMBDA_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> str:
    """A policy document of one statement."""
    body = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [body]})


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> str:
    """A trust policy of one statement; a plain string is an AWS principal."""
    named = {"AWS": principal} if isinstance(principal, str | list) else principal
    body = {"Effect": "Allow", "Principal": named, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [body]})


class Account:
    """Runs operations on one world and commits each: storage left out, publishing and the keyring included."""

    def __init__(self, account: str = ACCOUNT) -> None:
        self.account = account
        self.world = World()
        self.snapshot: Snapshot = EMPTY
        self.sessions = Sessions("AKIAROOTROOTROOTROOT", ROOT_SECRET, account)
        self.now = NOW

    def __call__(self, service: str, operation: str, caller: Principal | None = None, **params: Any) -> dict[str, Any]:
        """Run, check the output's shape, commit. Raises ServiceError."""
        store = Overlay(self.world)
        caller = caller or root(self.account)
        call = make_call(
            service,
            operation,
            params,
            store=store,
            caller=caller,
            account=caller.account,
            snapshot=self.snapshot,
            now=self.now,
        )
        invalid = validate(MODELS.get(service).operations[operation], params)
        if invalid is not None:
            raise ServiceError(invalid.code, invalid.message)
        output = dict(run(TABLES[service][operation], call))
        assert_fits(service, operation, output)
        changes = store.changes()
        self.world.apply(changes, self.world.revision + 1)
        self.sessions.note(changes)
        keys: list[Key] = [change.key for change in changes]
        compiled = identities(self.world, keys, self.identities)
        self.snapshot = replace(self.snapshot, identities=compiled)
        return output

    def iam(self, operation: str, caller: Principal | None = None, **params: Any) -> dict[str, Any]:
        return self("iam", operation, caller, **params)

    def sts(self, operation: str, caller: Principal | None = None, **params: Any) -> dict[str, Any]:
        return self("sts", operation, caller, **params)

    def refused(
        self, service: str, operation: str, caller: Principal | None = None, **params: Any
    ) -> tuple[str, str, int]:
        """The code, message and status of an operation that must fail."""
        with pytest.raises(ServiceError) as caught:
            self(service, operation, caller, **params)
        return caught.value.code, caught.value.message, caught.value.status

    @property
    def identities(self) -> Identities:
        if self.snapshot is EMPTY:
            self.snapshot = replace(EMPTY, identities=identities(self.world, None, NO_IDENTITIES))
        return self.snapshot.identities

    def caller(self, credentials: Mapping[str, Any]) -> Principal:
        """Who signs with these credentials (an access key or the ``Credentials`` of STS)."""
        found = self.sessions.find(credentials["AccessKeyId"], self.snapshot)
        assert found is not None
        return found.principal

    def user(self, name: str, **policies: str) -> Principal:
        """A new user with inline policies and an access key, as the caller it makes."""
        self.iam("CreateUser", UserName=name)
        for policy, document in policies.items():
            self.iam("PutUserPolicy", UserName=name, PolicyName=policy, PolicyDocument=document)
        return self.caller(self.iam("CreateAccessKey", UserName=name)["AccessKey"])
