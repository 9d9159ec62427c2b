"""Tables and answers that disagree with the models are found."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from tests.scenes.service_models import MODELS

from sekisho.wire.conformance import check_error, check_output, check_tables


class Row(NamedTuple):
    service: str
    name: str
    resource: str = "*"
    action: str = ""


def problems(*rows: Row) -> list[str]:
    tables: dict[str, dict[str, Row]] = {}
    for row in rows:
        tables.setdefault(row.service, {})[row.name] = row
    return check_tables(tables, MODELS)


def test_a_table_that_agrees() -> None:
    assert (
        problems(
            Row("iam", "CreateRole", "arn:aws:iam::{account}:role/{RoleName}"),
            Row(
                "lambda", "Invoke", "arn:aws:lambda:{region}:{account}:function:{FunctionName}", "lambda:InvokeFunction"
            ),
            Row("lambda", "ListTags", "{Resource}"),
        )
        == []
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("dynamodb", "PutItem"), "no model"),
        (Row("iam", "MakeTea"), "no such operation"),
        (Row("iam", "CreateRole", "arn:aws:iam::{account}:role/{UserName}"), "{UserName} is no member"),
        (Row("iam", "CreateRole", "role/x"), "no ARN"),
        (Row("iam", "CreateRole", action="CreateRole"), "not an action"),
        (Row("logs", "StartLiveTail"), "event streams"),
    ],
)
def test_each_disagreement_is_named(row: Row, said: str) -> None:
    (problem,) = problems(row)
    assert said in problem and row.service in problem


def test_a_row_under_another_name() -> None:
    assert "calls itself" in check_tables({"iam": {"GetRole": Row("iam", "GetUser")}}, MODELS)[0]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"Role": {"RoleName": "r", "CreateDate": 1.5}}, None),
        ({"Role": {"RoleName": None}}, None),
        ({"role": {}}, "no such member"),
        ({"Role": {"RoleNam": "r"}}, "GetRole.Role.RoleNam"),
        ({"Role": {"RoleName": 5}}, "int where a string"),
        ({"Role": {"MaxSessionDuration": True}}, "bool where a integer"),
        ({"Role": {"Tags": [{"Key": "a", "Value": 1}]}}, "Tags[0].Value"),
        ({"Role": []}, "list where a structure"),
    ],
)
def test_answers(output: dict[str, Any], said: str | None) -> None:
    found = check_output(MODELS.get("iam").operations["GetRole"], output)
    assert found == [] if said is None else said in found[0]


def test_an_answer_where_none_belongs() -> None:
    spec = MODELS.get("iam").operations["DeleteRole"]
    assert check_output(spec, {}) == []
    assert check_output(spec, {"Role": {}})


def test_errors() -> None:
    assert check_error("iam", "NoSuchEntity", MODELS) == ""
    assert "Teapot" in check_error("iam", "Teapot", MODELS)
