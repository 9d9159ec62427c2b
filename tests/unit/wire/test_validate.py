"""AWS's own words about parameters that break the model's constraints."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.service_models import MODELS, load

from sekisho.wire.message import WireError
from sekisho.wire.model import API_VERSIONS
from sekisho.wire.patterns import matches, untranslatable
from sekisho.wire.validate import validate


def check(service: str, operation: str, params: dict[str, Any]) -> WireError | None:
    return validate(MODELS.get(service).operations[operation], params)


def message(service: str, operation: str, params: dict[str, Any]) -> str:
    error = check(service, operation, params)
    assert error is not None
    return error.message


TRUST = {"AssumeRolePolicyDocument": "{}"}


def test_what_satisfies_the_model_passes() -> None:
    assert check("iam", "CreateRole", {"RoleName": "r", **TRUST}) is None
    assert check("sts", "GetCallerIdentity", {}) is None


def test_one_constraint() -> None:
    name = "x" * 65
    assert check("iam", "CreateRole", {"RoleName": name, **TRUST}) == WireError(
        "ValidationError",
        f"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64",
        400,
    )


def test_several_constraints_are_counted_and_joined() -> None:
    assert message("iam", "CreateRole", {"RoleName": "", "MaxSessionDuration": 60}) == (
        "3 validation errors detected: "
        "Value '' at 'roleName' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        "Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null; "
        "Value '60' at 'maxSessionDuration' failed to satisfy constraint: "
        "Member must have value greater than or equal to 3600"
    )


def test_iam_judges_the_patterns_of_names_itself() -> None:
    """https://github.com/aws-amplify/amplify-cli/issues/9120"""
    assert check("iam", "CreateRole", {"RoleName": "a b", **TRUST}) is None
    assert "regular expression" in message("logs", "CreateLogGroup", {"logGroupName": "a b"})


def test_members_of_structures_in_lists_are_named_by_position() -> None:
    tags = [{"Key": "a", "Value": "b"}, {"Key": "k" * 129, "Value": "b"}]
    assert "at 'tags.2.member.key' failed" in message("iam", "TagRole", {"RoleName": "r", "Tags": tags})
    assert "Value null at 'tags.1.member.value'" in message("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a"}]})


def test_scalars_in_lists_are_reported_at_the_list() -> None:
    params = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {}, "Architectures": ["vax"]}
    assert message("lambda", "CreateFunction", params) == (
        "1 validation error detected: Value '[vax]' at 'architectures' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )


def test_api_gateway_names_the_input() -> None:
    params = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "type": "LAMBDA"}
    error = check("apigateway", "PutIntegration", params)
    assert error is not None
    assert error.code == "ValidationException"
    assert error.message.startswith(
        "1 validation error detected: Value 'LAMBDA' at 'putIntegrationInput.type' failed to satisfy constraint: "
        "Member must satisfy enum value set: ["
    )


def test_lambda_judges_runtimes_itself() -> None:
    params = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {}, "Runtime": "python3"}
    error = check("lambda", "CreateFunction", params)
    assert error is not None
    assert error.code == "InvalidParameterValueException"
    assert error.message.startswith("Value python3 at 'runtime' failed to satisfy constraint: Member must satisfy enum")
    assert error.message.endswith("] or be a valid ARN")


def test_logs_has_its_own_code() -> None:
    error = check("logs", "CreateLogGroup", {"logGroupName": "a b"})
    assert error is not None and error.code == "InvalidParameterException"


def test_secrets_are_not_repeated() -> None:
    text = message("iam", "CreateLoginProfile", {"UserName": "u", "Password": "x" * 129})
    assert "xxx" not in text and "Value at 'password'" in text


@pytest.mark.parametrize("service", sorted(API_VERSIONS))
def test_every_pattern_is_enforced(service: str) -> None:
    shapes = load(service)["shapes"].values()
    assert untranslatable(shape["pattern"] for shape in shapes if "pattern" in shape) == []


@pytest.mark.parametrize(
    ("text", "fits"), [("Stage name_1", True), ("été", True), ("a\u00a0b", True), ("a*b", False), ("a\nb", False)]
)
def test_unicode_categories(text: str, fits: bool) -> None:
    assert matches("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", text) is fits


def test_types_of_gateway_responses_are_judged_by_the_operation() -> None:
    """Vectors gateway_response_validation/*-wrong-response-type: neither the model's path nor its order."""
    params = {"restApiId": "a", "responseType": "FAKE_RESPONSE_TYPE"}
    for operation in ("PutGatewayResponse", "GetGatewayResponse", "DeleteGatewayResponse", "UpdateGatewayResponse"):
        assert check("apigateway", operation, params) is None


def test_numbers_in_maps_have_values_not_lengths() -> None:
    weights = {"RoutingConfig": {"AdditionalVersionWeights": {"2": 1.5}}}
    text = message("lambda", "CreateAlias", {"FunctionName": "f", "Name": "a", "FunctionVersion": "1", **weights})
    assert "Map value must satisfy constraint: [Member must have value less than or equal to 1" in text
