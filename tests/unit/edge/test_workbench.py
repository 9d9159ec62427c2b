"""Remedies are tried on a copy: what is applied, what is refused, and that nothing of it stays."""

from __future__ import annotations

import json
from typing import Any

from tests.scenes.calls import ACCOUNT, REGION

from sekisho.config.keyring import Sessions
from sekisho.config.snapshot import EMPTY
from sekisho.edge.assembly import TABLES
from sekisho.edge.models import load_model
from sekisho.edge.workbench import Bench
from sekisho.explain.explanation import ApiCall
from sekisho.state.world import World
from sekisho.wire.model import Models

MODELS = Models(load_model)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def bench(world: World) -> Bench:
    keyring = Sessions("root", "secret", ACCOUNT)
    return Bench(world, keyring, TABLES, MODELS, lambda count: bytes(range(count)), 1_700_000_000.0)


def call(service: str, operation: str, **parameters: Any) -> ApiCall:
    return ApiCall(service, operation, parameters)


def test_calls_build_on_each_other_and_nothing_stays() -> None:
    world = World()
    calls = [
        call("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST),
        call("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=TRUST.replace("Principal", "X")),
    ]
    found = bench(world).apply_in(calls[:1], EMPTY, ACCOUNT, REGION)
    assert not isinstance(found, str) and list(found.identities.roles) == [f"arn:aws:iam::{ACCOUNT}:role/r"]
    assert found.revision == EMPTY.revision
    refused = bench(world).apply_in(calls, EMPTY, ACCOUNT, REGION)
    assert isinstance(refused, str) and refused.startswith("iam:PutRolePolicy: MalformedPolicyDocument")
    assert list(world.partitions()) == [] and EMPTY.identities.roles == {}


def test_what_cannot_be_tried_is_said() -> None:
    made = bench(World())
    unknown = made.apply_in([call("iam", "CreateSAMLProvider")], EMPTY, ACCOUNT, REGION)
    assert unknown == "iam:CreateSAMLProvider: NotImplementedException: iam:CreateSAMLProvider is not served here"
    wrong = made.apply_in([call("iam", "CreateRole")], EMPTY, ACCOUNT, REGION)
    assert isinstance(wrong, str) and "CreateRole" in wrong and "roleName" in wrong
    gone = made.apply_in([call("iam", "DeleteRole", RoleName="nobody")], EMPTY, ACCOUNT, REGION)
    assert isinstance(gone, str) and gone.startswith("iam:DeleteRole: NoSuchEntity")
