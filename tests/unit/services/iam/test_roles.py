"""Roles through their operations, as a client would use them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from tests.scenes.calls import ACCOUNT, make_call, run
from tests.scenes.iam import LAMBDA_TRUST, Account, statement, trust

from sekisho.services.iam import OPERATIONS
from sekisho.services.operation import ServiceError


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_role_is_created_and_read_back(account: Account) -> None:
    made = account.iam(
        "CreateRole",
        RoleName="worker",
        Path="/team/",
        AssumeRolePolicyDocument=LAMBDA_TRUST,
        Description="does work",
        MaxSessionDuration=7200,
        Tags=[{"Key": "Team", "Value": "red"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/team/worker"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    assert json.loads(unquote(made["AssumeRolePolicyDocument"])) == json.loads(LAMBDA_TRUST)
    assert " " not in made["AssumeRolePolicyDocument"] and "{" not in made["AssumeRolePolicyDocument"]
    read = account.iam("GetRole", RoleName="worker")["Role"]
    assert read == made | {"RoleLastUsed": {}}
    listed = account.iam("ListRoles", PathPrefix="/team/")["Roles"]
    assert [role["RoleName"] for role in listed] == ["worker"]
    assert "Tags" not in listed[0]
    assert account.iam("ListRoles", PathPrefix="/other/")["Roles"] == []


def test_missing_and_duplicate_roles(account: Account) -> None:
    assert account.refused("iam", "GetRole", RoleName="nobody") == (
        "NoSuchEntity",
        "The role with name nobody cannot be found.",
        404,
    )
    account.iam("CreateRole", RoleName="worker", AssumeRolePolicyDocument=LAMBDA_TRUST)
    assert account.refused("iam", "CreateRole", RoleName="worker", AssumeRolePolicyDocument=LAMBDA_TRUST) == (
        "EntityAlreadyExists",
        "Role with name worker already exists.",
        409,
    )
    code, _, _ = account.refused("iam", "CreateRole", RoleName="WORKER", AssumeRolePolicyDocument=LAMBDA_TRUST)
    assert code == "EntityAlreadyExists"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"RoleName": "a b"},
            "The specified value for roleName is invalid. "
            "It must contain only alphanumeric characters and/or the following: +=,.@_-",
        ),
        (
            {"Path": "team"},
            "The specified value for path is invalid. "
            "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ),
        (
            {"AssumeRolePolicyDocument": "\u30ed"},
            "The specified value for assumeRolePolicyDocument is invalid. "
            "It must contain only printable ASCII characters.",
        ),
    ],
)
def test_iam_has_its_own_words_for_misspelled_members(params: dict[str, str], message: str) -> None:
    call = make_call("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": LAMBDA_TRUST, **params})
    with pytest.raises(ServiceError) as caught:
        run(OPERATIONS["CreateRole"], call)
    assert (caught.value.code, caught.value.message, caught.value.status) == ("ValidationError", message, 400)


def test_names_and_durations_out_of_bounds(account: Account) -> None:
    code, message, _ = account.refused(
        "iam", "CreateRole", RoleName="x" * 65, AssumeRolePolicyDocument=LAMBDA_TRUST, MaxSessionDuration=60
    )
    assert code == "ValidationError"
    assert "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64" in message
    assert "Member must have value greater than or equal to 3600" in message


def test_a_role_with_rights_cannot_be_deleted(account: Account) -> None:
    account.iam("CreateRole", RoleName="worker", AssumeRolePolicyDocument=LAMBDA_TRUST)
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    account.iam("AttachRolePolicy", RoleName="worker", PolicyArn=arn)
    account.iam("PutRolePolicy", RoleName="worker", PolicyName="p", PolicyDocument=statement("s3:GetObject"))
    account.iam("CreateInstanceProfile", InstanceProfileName="box")
    account.iam("AddRoleToInstanceProfile", InstanceProfileName="box", RoleName="worker")
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        (
            "RemoveRoleFromInstanceProfile",
            {"InstanceProfileName": "box"},
            "must remove roles from instance profile first.",
        ),
        ("DetachRolePolicy", {"PolicyArn": arn}, "must detach all policies first."),
        ("DeleteRolePolicy", {"PolicyName": "p"}, "must delete policies first."),
    )
    for undo, params, reason in steps:
        answer = account.refused("iam", "DeleteRole", RoleName="worker")
        assert answer == ("DeleteConflict", f"Cannot delete entity, {reason}", 409)
        account.iam(undo, RoleName="worker", **params)
    account.iam("DeleteRole", RoleName="worker")
    assert account.identities.roles == {}


def test_a_service_linked_role_is_not_for_users_to_change(account: Account) -> None:
    code, _, _ = account.refused(
        "iam", "CreateRole", RoleName="r", Path="/aws-service-role/x/", AssumeRolePolicyDocument=LAMBDA_TRUST
    )
    assert code == "InvalidInput"
    service = "ops.apigateway.amazonaws.com"
    role = account.iam("CreateServiceLinkedRole", AWSServiceName=service)["Role"]
    name = "AWSServiceRoleForAPIGateway"
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{name}"
    compiled = account.identities.roles[role["Arn"]]
    assert compiled.service_linked
    assert [policy.name for policy in compiled.stack.identity] == ["APIGatewayServiceRolePolicy"]
    assert account.refused("iam", "CreateServiceLinkedRole", AWSServiceName=service)[0] == "InvalidInput"
    assert account.refused("iam", "CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")[0] == "InvalidInput"
    for operation, params in (
        ("DeleteRole", {}),
        ("UpdateRole", {"Description": "x"}),
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": statement("s3:*")}),
        ("TagRole", {"Tags": [{"Key": "k", "Value": "v"}]}),
    ):
        more: dict[str, Any] = {"RoleName": name, **params}
        assert account.refused("iam", operation, **more)[0] == "UnmodifiableEntity"
    task = account.iam("DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
    assert account.iam("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert account.refused("iam", "GetRole", RoleName=name)[0] == "NoSuchEntity"


def test_updates(account: Account) -> None:
    account.iam("CreateRole", RoleName="worker", AssumeRolePolicyDocument=LAMBDA_TRUST)
    account.iam("UpdateRole", RoleName="worker", Description="new", MaxSessionDuration=43200)
    account.iam("UpdateAssumeRolePolicy", RoleName="worker", PolicyDocument=trust("*"))
    role = account.iam("GetRole", RoleName="worker")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 43200)
    assert json.loads(unquote(role["AssumeRolePolicyDocument"])) == json.loads(trust("*"))
    assert (
        account.iam("UpdateRoleDescription", RoleName="worker", Description="newer")["Role"]["Description"] == "newer"
    )


def test_pages_neither_repeat_nor_hide(account: Account) -> None:
    for number in range(5):
        account.iam("CreateRole", RoleName=f"r{number}", AssumeRolePolicyDocument=LAMBDA_TRUST)
    first = account.iam("ListRoles", MaxItems=2)
    assert first["IsTruncated"] is True
    account.iam("DeleteRole", RoleName="r2")
    account.iam("CreateRole", RoleName="r0b", AssumeRolePolicyDocument=LAMBDA_TRUST)
    second = account.iam("ListRoles", MaxItems=2, Marker=first["Marker"])
    names = [role["RoleName"] for role in first["Roles"] + second["Roles"]]
    assert names == ["r0", "r1", "r3", "r4"]
    assert second["IsTruncated"] is False and "Marker" not in second
    assert account.refused("iam", "ListRoles", Marker="a")[0] == "ValidationError"
    assert account.refused("iam", "ListRoles", MaxItems=0)[0] == "ValidationError"


class TestTrust:
    """Whom a trust policy may name."""

    @pytest.mark.parametrize(
        "principal",
        [
            "*",
            ACCOUNT,
            f"arn:aws:iam::{ACCOUNT}:root",
            "arn:aws:iam::999999999999:role/elsewhere",
            f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s",
            {"Service": ["lambda.amazonaws.com", "ops.apigateway.amazonaws.com"]},
            {"Federated": "cognito-identity.amazonaws.com"},
            {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"},
        ],
    )
    def test_accepted(self, account: Account, principal: object) -> None:
        account.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(principal))

    @pytest.mark.parametrize(
        ("principal", "shown"),
        [
            (f"arn:aws:iam::{ACCOUNT}:user/nobody", f'"AWS":"arn:aws:iam::{ACCOUNT}:user/nobody"'),
            (f"arn:aws:iam::{ACCOUNT}:role/no/where", f'"AWS":"arn:aws:iam::{ACCOUNT}:role/no/where"'),
            (f"arn:aws:iam::{ACCOUNT}:user/*", f'"AWS":"arn:aws:iam::{ACCOUNT}:user/*"'),
            ("arn:aws:s3:::bucket", '"AWS":"arn:aws:s3:::bucket"'),
            ("AIDAAAAAAAAAAAAAAAAAA", '"AWS":"AIDAAAAAAAAAAAAAAAAAA"'),
            ({"Service": "lambda"}, '"SERVICE":"lambda"'),
        ],
    )
    def test_refused(self, account: Account, principal: object, shown: str) -> None:
        answer = account.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(principal))
        assert answer == ("MalformedPolicyDocument", f"Invalid principal in policy: {shown}", 400)

    def test_invalid_json(self, account: Account) -> None:
        answer = account.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument="{")
        assert answer == ("MalformedPolicyDocument", "This policy contains invalid Json", 400)

    def test_too_long(self, account: Account) -> None:
        document = trust([f"arn:aws:iam::{n:012d}:root" for n in range(80)])
        answer = account.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)
        assert answer == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)

    def test_a_principal_that_was_deleted_shows_its_id_and_is_not_revived(self, account: Account) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
        first = account.iam("CreateUser", UserName="alice")["User"]["UserId"]
        account.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust([arn, "*"]))
        account.iam("DeleteUser", UserName="alice")

        def named() -> object:
            document = account.iam("GetRole", RoleName="r")["Role"]["AssumeRolePolicyDocument"]
            return json.loads(unquote(document))["Statement"][0]["Principal"]["AWS"]

        assert named() == [first, "*"]
        account.iam("CreateUser", UserName="alice")
        assert named() == [first, "*"]
        compiled = account.identities.roles[f"arn:aws:iam::{ACCOUNT}:role/r"].trust.document
        assert compiled["Statement"][0]["Principal"]["AWS"] == [first, "*"]
