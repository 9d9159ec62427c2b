"""Execution roles and function logs: what must be allowed, what is remembered, what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.scenes.edge_server import SPEC
from tests.scenes.pipeline import allow, deny, stack
from tests.scenes.pipeline import role as make_role

from sekisho.config.identities import Identities, Role
from sekisho.config.snapshot import EMPTY
from sekisho.edge.log_rights import LogRights

STREAM = "2026/01/01/[$LATEST]0123"
GROUP = f"arn:aws:logs:{SPEC.region}:{SPEC.account}:log-group:{SPEC.log_group}"
WRITES = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{GROUP}:*")  # type: ignore[arg-type]
CREATES = allow("logs:CreateLogGroup", f"arn:aws:logs:{SPEC.region}:{SPEC.account}:*")


class Scene:
    def __init__(self, *statements: Any, exists: bool = True) -> None:
        self.told: list[str] = []
        self.exists = exists
        self.role: Role | None = None
        self.spec = SPEC
        self.grant(*statements)
        self.rights = LogRights(self.snapshot, lambda spec: self.exists, lambda: 1.0, self.told.append)

    def grant(self, *statements: Any) -> None:
        made = make_role("worker")
        arn = f"arn:aws:iam::{SPEC.account}:role/worker"
        self.role = replace(made, arn=arn, account=SPEC.account, stack=stack(*statements))
        self.spec = replace(SPEC, role_arn=arn)

    def snapshot(self) -> Any:
        roles = {self.role.arn: self.role} if self.role else {}
        return replace(EMPTY, identities=Identities({}, roles, {}, {}))

    def may(self) -> bool:
        return self.rights(self.spec, STREAM)


def test_basic_execution_rights_are_enough() -> None:
    scene = Scene(WRITES, CREATES)
    assert scene.may()
    scene.exists = False
    assert scene.may()
    assert scene.told == []


@pytest.mark.parametrize(
    ("statements", "exists", "missing"),
    [
        ((), True, "logs:CreateLogStream"),
        ((allow("logs:CreateLogStream"),), True, "logs:PutLogEvents"),
        ((allow("logs:PutLogEvents"),), True, "logs:CreateLogStream"),
        ((WRITES,), False, "logs:CreateLogGroup"),
        ((allow("logs:*"), deny("logs:PutLogEvents")), True, "logs:PutLogEvents"),
        ((allow("logs:*", GROUP + "x:*"),), True, "logs:CreateLogStream"),
    ],
)
def test_what_is_missing_is_told_once(statements: tuple[Any, ...], exists: bool, missing: str) -> None:
    scene = Scene(*statements, exists=exists)
    assert not scene.may() and not scene.may()
    [line] = scene.told
    assert missing in line and "function f" in line


def test_a_role_that_changes_is_judged_again() -> None:
    scene = Scene()
    assert not scene.may()
    scene.grant(WRITES)
    assert scene.may()
    scene.role = None
    assert not scene.may()
    assert scene.told[-1].endswith("does not exist")


def test_without_enforcement_logs_are_written_and_told_about() -> None:
    scene = Scene()
    told: list[str] = []
    rights = LogRights(scene.snapshot, lambda spec: True, lambda: 1.0, told.append, enforced=False)
    assert rights(scene.spec, STREAM)
    assert rights(scene.spec, STREAM)
    assert len(told) == 1 and "would not be written on AWS" in told[0]
    scene.role = None
    assert not rights(scene.spec, STREAM)
