"""The operation tables of IAM and STS against the service models."""

from __future__ import annotations

import re

import pytest
from tests.scenes.calls import ACCOUNT, make_call
from tests.scenes.iam import LAMBDA_TRUST, Account
from tests.scenes.shapes import model

from sekisho.services.iam import OPERATIONS as IAM
from sekisho.services.operation import Operation
from sekisho.services.sts import OPERATIONS as STS
from sekisho.state.world import Overlay

ROWS = [*IAM.values(), *STS.values()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}:{row.name}")
def test_every_row_is_an_operation_of_the_model(row: Operation) -> None:
    assert row.name in model(row.service).operation_names
    if isinstance(row.resource, str):
        assert row.resource == "*" or re.match(r"arn:aws:", row.resource)
    else:
        # The front door asks before members are known to be there.
        assert row.resource(make_call(row.service, row.name)).startswith(("arn:aws:", "*"))


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("GetRole", {"RoleName": "worker"}, f"arn:aws:iam::{ACCOUNT}:role/team/worker"),
        ("GetRole", {"RoleName": "missing"}, f"arn:aws:iam::{ACCOUNT}:role/missing"),
        ("CreateRole", {"RoleName": "new", "Path": "/a/b/"}, f"arn:aws:iam::{ACCOUNT}:role/a/b/new"),
        ("PutRolePolicy", {"RoleName": "worker", "PolicyName": "p"}, f"arn:aws:iam::{ACCOUNT}:role/team/worker"),
        ("CreatePolicy", {"PolicyName": "p", "Path": "/x/"}, f"arn:aws:iam::{ACCOUNT}:policy/x/p"),
        ("GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/X"}, "arn:aws:iam::aws:policy/X"),
        ("AddUserToGroup", {"GroupName": "g", "UserName": "u"}, f"arn:aws:iam::{ACCOUNT}:group/g"),
        ("GetUser", {}, f"arn:aws:iam::{ACCOUNT}:root"),
        ("ListRoles", {}, f"arn:aws:iam::{ACCOUNT}:role/"),
        ("ListUsers", {"PathPrefix": "/a/"}, f"arn:aws:iam::{ACCOUNT}:user/a/"),
        ("ListPolicies", {}, f"arn:aws:iam::{ACCOUNT}:policy/"),
        ("ListVirtualMFADevices", {}, f"arn:aws:iam::{ACCOUNT}:mfa/"),
        ("ListAccountAliases", {}, "*"),
    ],
)
def test_what_iam_is_asked_about(operation: str, params: dict[str, str], resource: str) -> None:
    account = Account()
    account.iam("CreateRole", RoleName="worker", Path="/team/", AssumeRolePolicyDocument=LAMBDA_TRUST)
    named = IAM[operation].resource
    call = make_call("iam", operation, params, store=Overlay(account.world))
    found = named if isinstance(named, str) else named(call)
    assert found == resource


def test_operations_that_decide_for_themselves() -> None:
    free = {row.name for row in ROWS if not row.authorized}
    assert free == {"AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo"}
