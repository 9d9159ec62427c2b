"""Which roles a function can have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, make_call
from tests.scenes.functions import arn

from sekisho.services.lambda_.execution_role import check_role
from sekisho.services.operation import Call, ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/worker"


def written(principal: str = "lambda.amazonaws.com", **condition: Any) -> Call:
    """A call in whose unit of work the role was created just now: the snapshot does not know it yet."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    call = make_call("lambda", "CreateFunction")
    record = {"RoleName": "worker", "Arn": ROLE, "AssumeRolePolicyDocument": document}
    call.global_table("role", service="iam").put("worker", record)
    return call


def refusal(call: Call, role: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        check_role(call, role, arn("f"))
    return caught.value


def test_a_role_made_in_the_same_unit_of_work_is_good() -> None:
    check_role(written(), ROLE, arn("f"))


def test_the_path_is_part_of_a_role() -> None:
    error = refusal(written(), ROLE.replace("/path/", "/"))
    assert error.message == "The role defined for the function cannot be assumed by Lambda."


def test_the_trust_must_be_in_lambda() -> None:
    assert refusal(written("ec2.amazonaws.com"), ROLE).code == "InvalidParameterValueException"


def test_the_trust_may_ask_for_the_account_and_the_function() -> None:
    check_role(written(StringEquals={"aws:SourceAccount": ACCOUNT}), ROLE, arn("f"))
    check_role(written(ArnLike={"aws:SourceArn": arn("f")}), ROLE, arn("f"))
    assert refusal(written(ArnLike={"aws:SourceArn": arn("g")}), ROLE).status == 400


def test_roles_of_other_accounts() -> None:
    error = refusal(written(), ROLE.replace(ACCOUNT, "999999999999"))
    assert (error.code, error.status) == ("AccessDeniedException", 403)
    assert error.message == "Cross-account pass role is not allowed."
