"""What the policy engine is asked about control-plane calls."""

from __future__ import annotations

import pytest
from tests.scenes.calls import ACCOUNT, REGION, make_call, user
from tests.scenes.service_models import MODELS

from sekisho.config.identities import Identities, Role, User
from sekisho.config.snapshot import Snapshot
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy
from sekisho.services.authorization import (
    action_of,
    authorize,
    condition_keys,
    denied_error,
    resource_of,
    resource_tags,
    shown_resource,
)
from sekisho.services.operation import Call, Operation
from sekisho.state.world import Document, Key, Overlay, World

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/eng/r"
BOUNDARY = compile_policy({"Statement": []}, name="b", arn=f"arn:aws:iam::{ACCOUNT}:policy/b")
EMPTY_POLICY = compile_policy({"Statement": []})
ROLE = Role(ROLE_ARN, "AROAX", ACCOUNT, "r", EMPTY_POLICY, PolicyStack(boundary=BOUNDARY), tags={"Team": "blue"})
ANA = user("ana", PolicyStack(boundary=BOUNDARY))
SNAPSHOT = Snapshot(
    0,
    {},
    {},
    Identities(
        users={ANA.subject.arn: User(ANA.subject.arn, "AIDAX", ACCOUNT, "ana", ANA)},
        roles={ROLE_ARN: ROLE},
        keys={},
        ids={},
    ),
)


def unused(call: Call) -> dict[str, str]:
    raise AssertionError("not run here")


def row(service: str, name: str, resource: object = "*", action: str = "") -> Operation:
    return Operation(service, name, unused, resource, action)  # type: ignore[arg-type]


def holding(service: str, kind: str, id_: str, document: Document) -> Overlay:
    store = Overlay(World())
    store.put(Key(ACCOUNT, REGION, service, kind, id_), document)
    return store


@pytest.mark.parametrize(
    ("service", "name", "action", "expected"),
    [
        ("iam", "CreateRole", "", "iam:CreateRole"),
        ("lambda", "Invoke", "lambda:InvokeFunction", "lambda:InvokeFunction"),
        ("apigateway", "CreateStage", "", "apigateway:POST"),
        ("apigateway", "UpdateStage", "", "apigateway:PATCH"),
        ("apigatewayv2", "GetApis", "", "apigateway:GET"),
    ],
)
def test_actions(service: str, name: str, action: str, expected: str) -> None:
    assert action_of(row(service, name, action=action), MODELS.get(service).operations[name]) == expected


def test_resources_are_filled_from_the_parameters() -> None:
    template = "arn:aws:logs:{region}:{account}:log-group:{logGroupName}"
    call = make_call("logs", "CreateLogGroup", {"logGroupName": "{account}"})
    # A parameter is never a template itself.
    assert resource_of(call, row("logs", "CreateLogGroup", template)) == (
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{account}}"
    )
    assert resource_of(make_call("logs", "X"), row("logs", "X", template)).endswith(":log-group:*")
    assert resource_of(call, row("logs", "X")) == "*"


def test_a_resource_that_cannot_be_told_is_everything() -> None:
    assert resource_of(make_call("iam", "X"), row("iam", "X", lambda call: call.params["Missing"])) == "*"
    assert resource_of(make_call("iam", "X"), row("iam", "X", lambda call: call.params["Missing"].upper())) == "*"


def test_tags_of_a_request_in_both_spellings() -> None:
    listed = make_call("iam", "TagRole", {"Tags": [{"Key": "Team", "Value": "blue"}, {"Key": "x"}, "y"]})
    mapped = make_call("apigateway", "TagResource", {"tags": {"Team": "blue"}})
    for call in (listed, mapped):
        keys = condition_keys(call, "*")
        assert keys["aws:requesttag/team"] == "blue"
        assert keys["aws:tagkeys"] == ("Team",)


def test_keys_of_tags_that_are_taken_away() -> None:
    assert condition_keys(make_call("iam", "UntagRole", {"TagKeys": ["a", "B"]}), "*") == {"aws:tagkeys": ("a", "B")}
    assert condition_keys(make_call("iam", "GetRole"), "*") == {}


def test_parameters_that_are_keys() -> None:
    call = make_call("lambda", "AddPermission", {"Principal": "s3.amazonaws.com", "FunctionUrlAuthType": "NONE"})
    assert condition_keys(call, "*") == {
        "lambda:principal": "s3.amazonaws.com",
        "lambda:functionurlauthtype": "NONE",
    }
    call = make_call("lambda", "CreateFunction", {"Layers": ["arn:a", "arn:b"]})
    assert condition_keys(call, "*")["lambda:layer"] == ("arn:a", "arn:b")


def test_roles_and_users_bring_their_tags_and_boundary() -> None:
    call = make_call("iam", "PutRolePolicy", {"RoleName": "r"}, snapshot=SNAPSHOT)
    assert condition_keys(call, ROLE_ARN) == {
        "aws:resourcetag/team": "blue",
        "iam:resourcetag/team": "blue",
        "iam:permissionsboundary": BOUNDARY.arn,
    }
    assert condition_keys(call, ANA.subject.arn) == {"iam:permissionsboundary": BOUNDARY.arn}


def test_a_boundary_in_the_request_wins() -> None:
    call = make_call("iam", "PutRolePermissionsBoundary", {"PermissionsBoundary": "arn:new"}, snapshot=SNAPSHOT)
    assert condition_keys(call, ROLE_ARN)["iam:permissionsboundary"] == "arn:new"


@pytest.mark.parametrize(
    ("service", "kind", "id_", "document", "arn"),
    [
        ("lambda", "function", "f", {"Tags": {"a": "b"}}, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:prod"),
        ("logs", "group", "/g", {"Tags": {"a": "b"}}, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:*"),
        ("apigateway", "restapi", "id1", {"tags": {"a": "b"}}, f"arn:aws:apigateway:{REGION}::/restapis/id1/resources"),
        ("apigateway", "stage", "id1/s", {"tags": {"a": "b"}}, f"arn:aws:apigateway:{REGION}::/restapis/id1/stages/s"),
    ],
)
def test_tags_of_records(service: str, kind: str, id_: str, document: Document, arn: str) -> None:
    call = make_call(service, "X", store=holding(service, kind, id_, document))
    assert resource_tags(call, arn) == {"a": "b"}
    assert resource_tags(make_call(service, "X"), arn) == {}


@pytest.mark.parametrize("arn", ["*", "", "arn:aws:lambda:::", "arn:aws:apigateway:::/", "arn:aws:s3:::b"])
def test_tags_of_nothing(arn: str) -> None:
    assert resource_tags(make_call("lambda", "X"), arn) == {}


def test_the_resources_account_is_the_one_in_its_arn() -> None:
    other = f"arn:aws:lambda:{REGION}:999988887777:function:f"
    call = make_call("lambda", "GetFunction", caller=ANA)
    spec = MODELS.get("lambda").operations["GetFunction"]
    denied = authorize(call, row("lambda", "GetFunction", other), spec)
    assert denied is not None and denied.question.resource_account == "999988887777"
    api = authorize(call, row("lambda", "GetFunction", f"arn:aws:apigateway:{REGION}::/account"), spec)
    assert api is not None and api.question.resource_account == ACCOUNT


def test_the_roots_own_account_is_open_to_it() -> None:
    spec = MODELS.get("lambda").operations["GetFunction"]
    assert authorize(make_call("lambda", "GetFunction"), row("lambda", "GetFunction"), spec) is None


@pytest.mark.parametrize(
    ("service", "params", "resource", "shown"),
    [
        ("iam", {"RoleName": "r"}, ROLE_ARN, "role r"),
        ("iam", {"RoleName": "other"}, ROLE_ARN, ROLE_ARN),
        ("iam", {"PolicyArn": BOUNDARY.arn}, BOUNDARY.arn, BOUNDARY.arn),
        ("iam", {}, "*", "*"),
        ("lambda", {"RoleName": "r"}, ROLE_ARN, ROLE_ARN),
    ],
)
def test_how_resources_are_shown(service: str, params: dict[str, str], resource: str, shown: str) -> None:
    assert shown_resource(make_call(service, "X", params), resource) == shown


def test_refusals_by_protocol() -> None:
    assert denied_error("t", "query")[::2] == ("AccessDenied", 403)
    assert denied_error("t", "json")[::2] == ("AccessDeniedException", 400)
    assert denied_error("t", "rest-json")[::2] == ("AccessDeniedException", 403)
