"""An account with Lambda in a few lines: archives, a role Lambda may assume, operations committed and published."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, NOW, REGION, make_call, run
from tests.scenes.service_models import MODELS
from tests.scenes.shapes import assert_fits

from sekisho.config.identities import Identities, Role
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.policy.combine import NO_POLICIES
from sekisho.policy.compile import compile_policy
from sekisho.publish.functions import functions
from sekisho.services.lambda_ import OPERATIONS as LAMBDA
from sekisho.services.logs import OPERATIONS as LOGS
from sekisho.services.operation import Call, Operation, ServiceError
from sekisho.state.world import Change, Overlay, World
from sekisho.wire.validate import validate

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/for-ec2"
TABLES: Mapping[str, Mapping[str, Operation]] = {"lambda": LAMBDA, "logs": LOGS}


def zipped(files: Mapping[str, str | bytes] | None = None) -> bytes:
    """An archive of ``files``; by default a handler ``app.handler``. The same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (files or {"app.py": "def handler(event, context):\n    return event\n"}).items():
            entry = zipfile.ZipInfo(name, (2023, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def role(arn: str, service: str) -> Role:
    """A role that ``service`` may assume."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    name = arn.rpartition("/")[2]
    return Role(arn, f"AROA{name.upper():A<17}", ACCOUNT, name, compile_policy(trust), NO_POLICIES)


ROLES = {ROLE: role(ROLE, "lambda.amazonaws.com"), OTHER_ROLE: role(OTHER_ROLE, "ec2.amazonaws.com")}


class Functions:
    """Runs operations on one world and commits each; what effects answer is given by ``answers``."""

    def __init__(self) -> None:
        self.world = World()
        self.snapshot: Snapshot = replace(EMPTY, identities=Identities({}, dict(ROLES), {}, {}))
        self.now = NOW
        self.answers: Callable[[Any], Any] | None = None
        self.blobs: dict[str, bytes] = {}
        self.changes: tuple[Change, ...] = ()

    def call(self, operation: str, service: Any = "lambda", caller: Any = None, **params: Any) -> Call:
        return make_call(
            service,
            operation,
            params,
            store=Overlay(self.world),
            snapshot=self.snapshot,
            now=self.now,
            caller=caller,
        )

    def __call__(self, operation: str, service: Any = "lambda", caller: Any = None, **params: Any) -> dict[str, Any]:
        """Check, run, check the output against the service model, commit, publish. Raises ServiceError."""
        call = self.call(operation, service, caller, **params)
        invalid = validate(MODELS.get(service).operations[operation], call.params)
        if invalid is not None:
            raise ServiceError(invalid.code, invalid.message, invalid.status)
        output = dict(run(TABLES[service][operation], call, self.answers))
        assert_fits(service, operation, output)
        self.changes = call.store.changes()
        self.blobs.update(call.store.blobs)
        self.world.apply(self.changes, self.world.revision + 1)
        keys = [change.key for change in self.changes]
        self.snapshot = replace(self.snapshot, functions=functions(self.world, keys, self.snapshot.functions))
        return output

    def refused(self, operation: str, service: Any = "lambda", caller: Any = None, **params: Any) -> Any:
        """The error of an operation that must fail."""
        with pytest.raises(ServiceError) as caught:
            self(operation, service, caller, **params)
        return caught.value

    def create(self, name: str = "orders", **more: Any) -> dict[str, Any]:
        """CreateFunction with the least that is needed."""
        params: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": ROLE,
            "Handler": "app.handler",
            "Code": {"ZipFile": zipped()},
        }
        return self("CreateFunction", **{**params, **more})


def arn(name: str, qualifier: str = "") -> str:
    """A function's ARN in the tests' account and region."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")
