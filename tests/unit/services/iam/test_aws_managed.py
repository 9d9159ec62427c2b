"""AWS's managed policies are whole: documents that IAM accepts, ids and ARNs of the right form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from sekisho.policy.validate import PolicyKind, validate
from sekisho.services.iam.aws_managed import AWS_MANAGED


@pytest.mark.parametrize("record", AWS_MANAGED.values(), ids=lambda record: str(record["PolicyName"]))
def test_a_policy_is_whole(record: Mapping[str, Any]) -> None:
    assert record["Arn"] == f"arn:aws:iam::aws:policy{record['Path']}{record['PolicyName']}"
    assert re.fullmatch(r"ANPA[A-Z0-9]{17}", record["PolicyId"])
    assert record["Default"] == f"v{record['Created']}"
    assert record["CreateDate"] <= record["UpdateDate"]
    problem = validate(record["Versions"][record["Default"]]["Document"], PolicyKind.MANAGED)
    assert problem is None or problem.code == "LimitExceeded"


def test_ids_are_unique() -> None:
    assert len({record["PolicyId"] for record in AWS_MANAGED.values()}) == len(AWS_MANAGED)
