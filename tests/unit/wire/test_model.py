"""Service models, compiled."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.service_models import MODELS, load

from sekisho.wire.model import API_VERSIONS, Models, compile_service

TREE: dict[str, Any] = {
    "metadata": {"apiVersion": "1", "uid": "tree-1", "protocol": "json"},
    "operations": {"Grow": {"name": "Grow", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Tree"}}},
    "shapes": {
        "Tree": {
            "type": "structure",
            "required": ["Name"],
            "members": {"Name": {"shape": "S"}, "Left": {"shape": "Tree"}},
        },
        "S": {"type": "string", "max": 3},
    },
}


def test_shapes_may_contain_themselves() -> None:
    shape = compile_service(TREE).operations["Grow"].input
    assert shape is not None
    left = shape.member("Left")
    assert left is not None and left.shape is shape
    assert [member.required for member in shape.members] == [True, False]


@pytest.mark.parametrize("service", sorted(API_VERSIONS))
def test_models_are_named_as_services_are(service: str) -> None:
    model = MODELS.get(service)
    assert (model.name, model.api_version) == (service, API_VERSIONS[service])


def test_a_model_is_loaded_once_and_only_when_asked_for() -> None:
    loaded: list[str] = []

    def loader(service: str) -> dict[str, Any]:
        loaded.append(service)
        return load(service)

    models = Models(loader)
    assert "iam" in models and "dynamodb" not in models
    assert loaded == []
    assert models.get("sts") is models.get("sts")
    assert loaded == ["sts"]
    with pytest.raises(KeyError):
        models.get("dynamodb")


@pytest.mark.parametrize(
    ("service", "asked", "code", "status"),
    [
        ("iam", "NoSuchEntityException", "NoSuchEntity", 404),
        ("iam", "NoSuchEntity", "NoSuchEntity", 404),
        ("lambda", "ResourceNotFoundException", "ResourceNotFoundException", 404),
        ("lambda", "ServiceException", "ServiceException", 500),
        ("apigateway", "ConflictException", "ConflictException", 409),
        ("logs", "ResourceNotFoundException", "ResourceNotFoundException", 0),
    ],
)
def test_errors_are_known_by_code_and_by_shape(service: str, asked: str, code: str, status: int) -> None:
    found = MODELS.get(service).error(asked)
    assert found is not None and (found.code, found.status) == (code, status)


def test_what_is_no_error_shape_is_no_error() -> None:
    assert MODELS.get("iam").error("CreateRoleRequest") is None
    assert MODELS.get("iam").error("Teapot") is None


def test_unsigned_operations_and_event_streams_are_marked() -> None:
    unsigned = {name for name, spec in MODELS.get("sts").operations.items() if spec.unsigned}
    assert unsigned == {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
    streaming = {
        f"{service}:{name}"
        for service in API_VERSIONS
        for name, spec in MODELS.get(service).operations.items()
        if spec.unsupported
    }
    assert streaming == {"lambda:InvokeWithResponseStream", "logs:GetLogObject", "logs:StartLiveTail"}


def test_bindings() -> None:
    where = MODELS.get("lambda").operations["Invoke"].bindings
    assert [member.name for member in where.uri] == ["FunctionName"]
    assert [member.wire for member in where.query] == ["Qualifier"]
    assert "X-Amz-Invocation-Type" in [member.wire for member in where.header]
    assert where.payload is not None and where.payload.name == "Payload"
    assert where.body == ()
