"""What deployment tools ask for after creating a function."""

from __future__ import annotations

import pytest
from tests.scenes.functions import Functions, arn


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.create()
    return out


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("GetFunctionCodeSigningConfig", {"FunctionName": "orders"}),
        ("ListEventSourceMappings", {"EventSourceMappings": []}),
        ("GetRuntimeManagementConfig", {"UpdateRuntimeOn": "Auto", "FunctionArn": arn("orders", "$LATEST")}),
        ("GetFunctionRecursionConfig", {"RecursiveLoop": "Terminate"}),
        ("ListFunctionUrlConfigs", {"FunctionUrlConfigs": []}),
        ("ListFunctionEventInvokeConfigs", {"FunctionEventInvokeConfigs": []}),
        ("ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": []}),
    ],
)
def test_nothing_is_there_for_functions_that_are(cloud: Functions, operation: str, answer: dict[str, object]) -> None:
    assert cloud(operation, FunctionName="orders") == answer
    assert cloud.refused(operation, FunctionName="missing").message == f"Function not found: {arn('missing')}"


def test_single_things_are_not_found(cloud: Functions) -> None:
    error = cloud.refused("GetFunctionUrlConfig", FunctionName="orders")
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    error = cloud.refused("GetFunctionEventInvokeConfig", FunctionName="orders")
    assert error.message == f"The function {arn('orders', '$LATEST')} doesn't have an EventInvokeConfig"
    error = cloud.refused("GetProvisionedConcurrencyConfig", FunctionName="orders", Qualifier="1")
    assert error.status == 404
    cloud("PublishVersion", FunctionName="orders")
    error = cloud.refused("GetProvisionedConcurrencyConfig", FunctionName="orders", Qualifier="1")
    assert error.code == "ProvisionedConcurrencyConfigNotFoundException"


def test_the_account_has_neither_layers_nor_signing(cloud: Functions) -> None:
    assert cloud("ListLayers") == {"Layers": []}
    assert cloud("ListCodeSigningConfigs") == {"CodeSigningConfigs": []}
