"""Does an operation's output fit the service model? Members it does not know and values of the wrong type fail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel


@cache
def model(service: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def assert_fits(service: str, operation: str, output: Mapping[str, Any]) -> None:
    """Raises AssertionError with the path of the first member that does not fit. Timestamps are epoch seconds."""
    shape = model(service).operation_model(operation).output_shape
    if shape is None:
        assert output == {}, f"{operation} has no output"
    else:
        _fits(shape, output, operation)


def error_codes(service: str, operation: str) -> set[str]:
    """The codes of the error shapes that the model lists for an operation."""
    shapes = model(service).operation_model(operation).error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}


def _fits(shape: Any, value: Any, path: str) -> None:
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, Mapping), path
        for name, inner in value.items():
            assert name in shape.members, f"{path}.{name} is not in the model"
            _fits(shape.members[name], inner, f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list | tuple), path
        for number, inner in enumerate(value):
            _fits(shape.member, inner, f"{path}[{number}]")
    elif kind == "map":
        assert isinstance(value, Mapping), path
        for inner in value.values():
            _fits(shape.value, inner, path)
    else:
        expected = {
            "string": str,
            "boolean": bool,
            "integer": int,
            "long": int,
            "timestamp": float,
            "float": float,
            "double": float,
            "blob": bytes,
        }[kind]
        assert isinstance(value, expected), f"{path} is {value!r}"
        assert not (expected is int and isinstance(value, bool)), path
