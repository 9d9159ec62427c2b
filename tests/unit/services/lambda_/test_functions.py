"""CreateFunction, GetFunction, ListFunctions, DeleteFunction."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, user
from tests.scenes.functions import OTHER_ROLE, ROLE, Functions, arn, zipped
from tests.scenes.shapes import error_codes, model

from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import compile_policy
from sekisho.services.lambda_ import OPERATIONS
from sekisho.services.operation import ServiceError

INVALID, CONSTRAINT = "InvalidParameterValueException", "ValidationException"


def test_a_created_function_is_active_and_shown_as_aws_shows_it() -> None:
    cloud = Functions()
    out = cloud.create(Environment={"Variables": {"STAGE_": "prod"}}, Tags={"team": "a"}, MemorySize=512, Timeout=7)
    digest = hashlib.sha256(zipped())
    assert out == {
        "FunctionName": "orders",
        "FunctionArn": arn("orders"),
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(zipped()),
        "Description": "",
        "Timeout": 7,
        "MemorySize": 512,
        "LastModified": "2023-11-14T22:13:20.000+0000",
        "CodeSha256": base64.b64encode(digest.digest()).decode(),
        "Version": "$LATEST",
        "Environment": {"Variables": {"STAGE_": "prod"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": out["RevisionId"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"},
    }
    assert cloud.blobs == {digest.hexdigest(): zipped()}
    got = cloud("GetFunction", FunctionName="orders")
    assert got["Configuration"] == out
    assert got["Tags"] == {"team": "a"}
    assert got["Code"]["RepositoryType"] == "S3"
    assert cloud("GetFunctionConfiguration", FunctionName=arn("orders")) == out


@pytest.mark.parametrize(
    "name", ["orders", f"{ACCOUNT}:orders", f"{ACCOUNT}:function:orders", "function:orders", arn("orders")]
)
def test_every_form_of_a_name_finds_the_function(name: str) -> None:
    cloud = Functions()
    cloud.create()
    assert cloud("GetFunction", FunctionName=name)["Configuration"]["FunctionArn"] == arn("orders")
    assert cloud("GetFunction", FunctionName=f"{name}:$LATEST")["Configuration"]["FunctionArn"] == arn(
        "orders", "$LATEST"
    )


def test_qualifiers_must_agree() -> None:
    cloud = Functions()
    cloud.create(Publish=True)
    assert cloud("GetFunction", FunctionName="orders:1", Qualifier="1")["Configuration"]["Version"] == "1"
    error = cloud.refused("GetFunction", FunctionName="orders:1", Qualifier="2")
    assert (error.code, error.status) == ("InvalidParameterValueException", 400)
    assert error.message == "The derived qualifier from the function name does not match the specified qualifier."


def test_functions_of_other_regions_are_not_reachable() -> None:
    error = Functions().refused("GetFunction", FunctionName=arn("orders").replace("us-east-1", "eu-west-1"))
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert error.message == "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"


@pytest.mark.parametrize("qualifier", ["", "7", "live"])
def test_what_does_not_exist_is_named_by_its_arn(qualifier: str) -> None:
    cloud = Functions()
    if qualifier:
        cloud.create()
    params = {"FunctionName": "orders", **({"Qualifier": qualifier} if qualifier else {})}
    error = cloud.refused("GetFunction", **params)
    assert (error.code, error.status, error.message) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {arn('orders', qualifier)}",
    )
    assert error.members == {"Type": "User"}


def test_names_exist_once() -> None:
    cloud = Functions()
    cloud.create()
    with pytest.raises(ServiceError, match="Function already exist: orders") as caught:
        cloud.create()
    assert (caught.value.code, caught.value.status) == ("ResourceConflictException", 409)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"Role": OTHER_ROLE},
            INVALID,
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {"Role": f"arn:aws:iam::{ACCOUNT}:role/nobody"},
            INVALID,
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {"Role": "arn:aws:iam::999999999999:role/x"},
            "AccessDeniedException",
            "Cross-account pass role is not allowed.",
        ),
        ({"Role": "worker"}, CONSTRAINT, "Value 'worker' at 'role' failed to satisfy constraint"),
        (
            {"Runtime": "cobol"},
            INVALID,
            "Value cobol at 'runtime' failed to satisfy constraint",
        ),
        ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters"),
        ({"Handler": None}, INVALID, "Runtime and Handler are mandatory parameters"),
        ({"Handler": "a b"}, CONSTRAINT, "Value 'a b' at 'handler'"),
        ({"MemorySize": 64}, CONSTRAINT, "Member must have value greater than or equal to 128"),
        ({"MemorySize": 20000}, INVALID, "'MemorySize' value failed to satisfy constraint"),
        (
            {"Timeout": 901},
            CONSTRAINT,
            "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than",
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            INVALID,
            "Reserved keys used in this request: AWS_REGION",
        ),
        (
            {"Environment": {"Variables": {"1A": "x"}}},
            CONSTRAINT,
            "at 'environment.variables' failed to satisfy constraint: Map keys must",
        ),
        (
            {"Environment": {"Variables": {"BIG": "x" * 4096}}},
            INVALID,
            "exceeded the 4KB limit",
        ),
        (
            {"Code": {"ZipFile": b"nonsense"}},
            INVALID,
            "Could not unzip uploaded file. Please check your file",
        ),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "k"}}, INVALID, "Code.S3Bucket is not supported"),
        ({"Code": {"ImageUri": "x"}}, INVALID, "Code.ImageUri is not supported"),
        ({"Code": {}}, INVALID, "Please provide a source for function code."),
        (
            {"Code": {"ZipFile": bytes(52_428_801)}},
            "RequestEntityTooLargeException",
            "Request must be smaller than 69905067 bytes",
        ),
        ({"PackageType": "Image"}, INVALID, "PackageType Image is not supported"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, INVALID, "VpcConfig is not supported"),
        (
            {"Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:x:1"]},
            INVALID,
            "Layers is not supported",
        ),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:q"}},
            INVALID,
            "DeadLetterConfig is not supported",
        ),
        ({"KMSKeyArn": "arn:aws:kms:x"}, INVALID, "KMSKeyArn is not supported"),
        (
            {"SnapStart": {"ApplyOn": "PublishedVersions"}},
            INVALID,
            "SnapStart is not supported",
        ),
        (
            {"DurableConfig": {"ExecutionTimeout": 3}},
            INVALID,
            "DurableConfig is not supported",
        ),
        ({"FunctionName": "a" * 65}, CONSTRAINT, "at 'functionName' failed to satisfy constraint"),
        ({"FunctionName": "a b"}, CONSTRAINT, "at 'functionName' failed to satisfy constraint"),
        (
            {"LoggingConfig": {"LogFormat": "Text", "ApplicationLogLevel": "DEBUG"}},
            INVALID,
            "ApplicationLogLevel is not supported when LogFormat",
        ),
        ({"Tags": {"aws:x": "y"}}, INVALID, "System tags cannot be added"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], code: str, text: str) -> None:
    cloud = Functions()
    params: dict[str, Any] = {
        "FunctionName": "orders",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped()},
        **change,
    }
    error = cloud.refused("CreateFunction", **params)
    assert error.code == code
    assert text in error.message
    assert cloud.world.revision == 0


@pytest.mark.parametrize(
    "harmless",
    [
        {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}},
        {"Layers": []},
        {"DeadLetterConfig": {"TargetArn": ""}},
        {"SnapStart": {"ApplyOn": "None"}},
        {"KMSKeyArn": ""},
        {"FileSystemConfigs": []},
        {"PackageType": "Zip"},
    ],
)
def test_empty_forms_of_unsupported_properties_do_no_harm(harmless: dict[str, Any]) -> None:
    assert Functions().create(**harmless)["State"] == "Active"


def test_stored_properties_are_shown() -> None:
    out = Functions().create(
        TracingConfig={"Mode": "Active"},
        EphemeralStorage={"Size": 1024},
        Architectures=["arm64"],
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "/custom/group"},
        Description="what it is",
    )
    assert out["TracingConfig"] == {"Mode": "Active"}
    assert out["EphemeralStorage"] == {"Size": 1024}
    assert out["Architectures"] == ["arm64"]
    assert out["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/custom/group",
    }
    assert out["Description"] == "what it is"


def test_passing_the_role_needs_iam_pass_role() -> None:
    def caller(resource: str) -> Any:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": resource}],
        }
        return user("dev", PolicyStack((compile_policy(document),)))

    cloud = Functions()
    params = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Code": {"ZipFile": zipped()}}
    error = cloud.refused("CreateFunction", caller=caller(OTHER_ROLE), FunctionName="a", **params)
    assert (error.code, error.status) == ("AccessDeniedException", 403)
    assert f"is not authorized to perform: iam:PassRole on resource: {ROLE}" in error.message
    assert cloud("CreateFunction", caller=caller(ROLE), FunctionName="a", **params)["State"] == "Active"


def test_functions_are_listed_in_pages() -> None:
    cloud = Functions()
    for number in range(5):
        cloud.create(f"f{number}")
    first = cloud("ListFunctions", MaxItems=2)
    assert [f["FunctionName"] for f in first["Functions"]] == ["f0", "f1"]
    assert "State" not in first["Functions"][0]
    second = cloud("ListFunctions", MaxItems=2, Marker=first["NextMarker"])
    third = cloud("ListFunctions", MaxItems=2, Marker=second["NextMarker"])
    assert [f["FunctionName"] for f in third["Functions"]] == ["f4"]
    assert "NextMarker" not in third
    assert cloud.refused("ListFunctions", Marker="ü").code == "InvalidParameterValueException"


def test_all_versions_are_listed_with_qualified_arns() -> None:
    cloud = Functions()
    cloud.create("a", Publish=True)
    cloud.create("b")
    assert [f["FunctionArn"] for f in cloud("ListFunctions", FunctionVersion="ALL")["Functions"]] == [
        arn("a", "$LATEST"),
        arn("a", "1"),
        arn("b", "$LATEST"),
    ]
    assert [f["FunctionArn"] for f in cloud("ListFunctions")["Functions"]] == [arn("a"), arn("b")]


def test_deleting_takes_everything_of_the_function_and_nothing_of_others() -> None:
    cloud = Functions()
    cloud.create("a", Publish=True)
    cloud.create("ab", Publish=True)
    for name in ("a", "ab"):
        cloud("CreateAlias", FunctionName=name, Name="live", FunctionVersion="1")
        for qualifier in ({}, {"Qualifier": "live"}):
            cloud(
                "AddPermission",
                FunctionName=name,
                StatementId="s",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                **qualifier,
            )
    assert cloud("DeleteFunction", FunctionName="a") == {"StatusCode": 204}
    kinds = ("function", "version", "alias", "permission")
    left = {kind: [id_ for id_, _ in cloud.call("X").table(kind).items()] for kind in kinds}
    assert left == {"function": ["ab"], "version": ["ab/1"], "alias": ["ab/live"], "permission": ["ab", "ab/live"]}
    assert set(cloud.snapshot.functions) == {arn("ab")}
    assert cloud.refused("DeleteFunction", FunctionName="a").status == 404


def test_versions_can_be_deleted_unless_an_alias_needs_them() -> None:
    cloud = Functions()
    cloud.create(Publish=True)
    cloud("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1")
    error = cloud.refused("DeleteFunction", FunctionName="orders", Qualifier="1")
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    cloud("DeleteAlias", FunctionName="orders", Name="live")
    cloud("DeleteFunction", FunctionName="orders", Qualifier="1")
    assert cloud.refused("GetFunction", FunctionName="orders", Qualifier="1").status == 404
    assert cloud("GetFunction", FunctionName="orders")["Configuration"]["Version"] == "$LATEST"
    error = cloud.refused("DeleteFunction", FunctionName="orders", Qualifier="$LATEST")
    assert error.message == "$LATEST version cannot be deleted without deleting the function."


def test_every_operation_is_one_of_the_model_and_its_resource_needs_no_luck() -> None:
    names = set(model("lambda").operation_names)
    assert set(OPERATIONS) <= names
    cloud = Functions()
    for name, operation in OPERATIONS.items():
        if callable(operation.resource):
            call = cloud.call(name, FunctionName="not a name!", Qualifier="?")
            assert operation.resource(call).startswith("arn:aws:lambda:")
            call = cloud.call(name, FunctionName="orders")
            assert operation.resource(call) == arn("orders")
    assert OPERATIONS["Invoke"].action == "lambda:InvokeFunction"
    assert "ResourceConflictException" in error_codes("lambda", "CreateFunction")


def test_retired_runtimes_are_refused() -> None:
    """https://github.com/pgarbe/cdk-ecr-sync/issues/715"""
    cloud = Functions()
    for runtime in ("nodejs12.x", "python2.7", "dotnetcore3.1", "ruby2.5"):
        with pytest.raises(ServiceError) as caught:
            cloud.create(Runtime=runtime)
        error = caught.value
        assert error.code == "InvalidParameterValueException"
        assert error.message.startswith(f"The runtime parameter of {runtime} is no longer supported for creating or ")
