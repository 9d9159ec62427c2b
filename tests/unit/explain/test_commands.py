"""Calls as command lines."""

from __future__ import annotations

import shlex

from sekisho.explain.commands import command_line, kebab
from sekisho.explain.explanation import ApiCall


def test_names() -> None:
    assert kebab("PutRolePolicy") == "put-role-policy"
    assert kebab("restApiId") == "rest-api-id"
    assert kebab("SourceArn") == "source-arn"


def test_quoting_survives_the_shell() -> None:
    document = '{"Statement": "it\'s"}'
    line = command_line(ApiCall("iam", "PutRolePolicy", {"RoleName": "r", "PolicyDocument": document}))
    assert shlex.split(line) == ["aws", "iam", "put-role-policy", "--role-name", "r", "--policy-document", document]


def test_structures_are_json_and_regions_only_where_there_are_any() -> None:
    call = ApiCall("apigateway", "UpdateStage", {"restApiId": "a", "patchOperations": [{"op": "remove", "path": "/x"}]})
    assert shlex.split(command_line(call, region="eu-west-1"))[-4:] == [
        "--patch-operations",
        '[{"op":"remove","path":"/x"}]',
        "--region",
        "eu-west-1",
    ]
    assert "--region" not in command_line(ApiCall("iam", "CreateRole", {}), region="eu-west-1")
    version = ApiCall("iam", "CreatePolicyVersion", {"PolicyArn": "p", "SetAsDefault": True})
    assert command_line(version).endswith("--set-as-default")
