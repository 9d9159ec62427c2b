"""Deployments freeze; stages serve them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.rest import Rest

from sekisho.config.identities import Identities, Role
from sekisho.config.snapshot import Snapshot
from sekisho.policy.combine import NO_POLICIES
from sekisho.policy.compile import compile_policy
from sekisho.services.operation import ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"


def snapshot(service: str = "apigateway.amazonaws.com") -> Snapshot:
    """A world with one role that trusts ``service``."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = compile_policy({"Version": "2012-10-17", "Statement": [statement]})
    role = Role(ROLE, "AROA1", ACCOUNT, "logs", trust, NO_POLICIES)
    return Snapshot(1, {}, {}, Identities({}, {ROLE: role}, {}, {"AROA1": ROLE}))


@pytest.fixture
def rest() -> Rest:
    made = Rest(snapshot=snapshot())
    made.create()
    return made


def refused(rest: Rest, operation: str, *changes: tuple[str, str, str | None], **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        if changes:
            rest.patch(operation, *changes, **params)
        else:
            rest(operation, restApiId=rest.api, **params)
    return caught.value


def test_what_cannot_be_deployed(rest: Rest) -> None:
    assert refused(rest, "CreateDeployment").message == "The REST API doesn't contain any methods"
    rest.method("/x", "GET")
    assert refused(rest, "CreateDeployment").message == "No integration defined for method"


def test_private_api_needs_a_policy() -> None:
    rest = Rest()
    rest.create(endpointConfiguration={"types": ["PRIVATE"]})
    rest.mock_method("/x", "GET")
    error = refused(rest, "CreateDeployment")
    assert error.message == "Private REST API doesn't have a resource policy attached to it"


def test_deployment_with_stage(rest: Rest) -> None:
    rest.mock_method("/x", "GET", apiKeyRequired=True)
    first = rest.deploy("prod", description="one", variables={"a": "1"}, stageDescription="s")
    stage = rest("GetStage", restApiId=rest.api, stageName="prod")
    assert stage["deploymentId"] == first
    assert stage["variables"] == {"a": "1"}
    assert stage["description"] == "s"
    assert stage["cacheClusterEnabled"] is False and stage["tracingEnabled"] is False
    assert stage["cacheClusterStatus"] == "NOT_AVAILABLE" and stage["methodSettings"] == {}
    second = rest.deploy("prod", variables={"b": "2"})
    stage = rest("GetStage", restApiId=rest.api, stageName="prod")
    assert (stage["deploymentId"], stage["variables"]) == (second, {"a": "1", "b": "2"})
    shown = rest("GetDeployment", restApiId=rest.api, deploymentId=first, embed=["apisummary"])
    assert shown["apiSummary"] == {"/x": {"GET": {"authorizationType": "NONE", "apiKeyRequired": True}}}
    assert set(shown) == {"id", "createdDate", "description", "apiSummary"}


def test_a_deployment_in_use_stays(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    first = rest.deploy("prod")
    error = refused(rest, "DeleteDeployment", deploymentId=first)
    assert error.message == "Active stages pointing to this deployment must be moved or deleted"
    rest.deploy("prod")
    rest("DeleteDeployment", restApiId=rest.api, deploymentId=first)
    assert refused(rest, "GetDeployment", deploymentId=first).message == "Invalid Deployment identifier specified"


def test_stages(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    first = rest.deploy("prod")
    again = refused(rest, "CreateStage", stageName="prod", deploymentId=first)
    assert (again.code, again.message) == ("ConflictException", "Stage already exists")
    assert refused(rest, "CreateStage", stageName="a b", deploymentId=first).message.startswith(
        "Stage name only allows"
    )
    missing = refused(rest, "CreateStage", stageName="x", deploymentId="nope")
    assert missing.message == "Deployment id does not exist"
    rest("CreateStage", restApiId=rest.api, stageName="dev", deploymentId=first)
    listed = rest("GetStages", restApiId=rest.api, deploymentId=first)["item"]
    assert [each["stageName"] for each in listed] == ["dev", "prod"]
    rest("DeleteStage", restApiId=rest.api, stageName="dev")
    gone = refused(rest, "GetStage", stageName="dev")
    assert (gone.code, gone.message) == ("NotFoundException", "Invalid stage identifier specified")


def test_stage_patches(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod", variables={"old": "1"})
    other = rest("CreateDeployment", restApiId=rest.api)["id"]
    changed = rest.patch(
        "UpdateStage",
        ("replace", "/variables/fn", "name"),
        ("remove", "/variables/old", None),
        ("replace", "/description", "d"),
        ("replace", "/deploymentId", other),
        ("replace", "/*/*/metrics/enabled", "true"),
        ("replace", "/~1x/GET/logging/dataTrace", "false"),
        stageName="prod",
    )
    assert changed["variables"] == {"fn": "name"}
    assert (changed["description"], changed["deploymentId"]) == ("d", other)
    assert changed["methodSettings"]["*/*"]["metricsEnabled"] is True
    assert changed["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert set(changed["methodSettings"]) == {"*/*", "~1x/GET"}
    changed = rest.patch("UpdateStage", ("remove", "/~1x/GET", None), stageName="prod")
    assert set(changed["methodSettings"]) == {"*/*"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("replace", "/cacheClusterEnabled", "true"), "NotImplementedException"),
        (("replace", "/*/*/caching/enabled", "true"), "NotImplementedException"),
        (("replace", "/*/*/throttling/rateLimit", "-2"), "BadRequestException"),
        (("replace", "/canarySettings/percentTraffic", "5"), "NotImplementedException"),
        (("replace", "/*/*/logging/loglevel", "LOUD"), "BadRequestException"),
        (("replace", "/*/*/nothing/here", "1"), "BadRequestException"),
        (("replace", "/stageName", "x"), "BadRequestException"),
        (("replace", "/variables/a-b", "x"), "BadRequestException"),
        (("replace", "/variables/a", "<x>"), "BadRequestException"),
        (("replace", "/variables/a", ""), "BadRequestException"),
        (("replace", "/~1x/ANY/metrics/enabled", "true"), "BadRequestException"),
        (("replace", "/x/y/GET/metrics/enabled", "true"), "BadRequestException"),
        (("replace", "/tracingEnabled", "perhaps"), "BadRequestException"),
        (("replace", "/deploymentId", "nope"), "BadRequestException"),
    ],
)
def test_refused_stage_patches(rest: Rest, change: tuple[str, str, str], code: str) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    assert refused(rest, "UpdateStage", change, stageName="prod").code == code


def test_access_logs_need_the_account_role(rest: Rest) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    settings: tuple[tuple[str, str, str | None], ...] = (
        ("replace", "/accessLogSettings/destinationArn", GROUP),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
    )
    message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
    assert refused(rest, "UpdateStage", *settings, stageName="prod").message == message
    level = ("replace", "/*/*/logging/loglevel", "INFO")
    assert refused(rest, "UpdateStage", level, stageName="prod").message == message
    account = rest("UpdateAccount", patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    assert account["cloudwatchRoleArn"] == ROLE
    changed = rest.patch("UpdateStage", *settings, level, stageName="prod")
    assert changed["accessLogSettings"] == {"destinationArn": GROUP, "format": "$context.requestId"}
    changed = rest.patch("UpdateStage", ("remove", "/accessLogSettings", None), stageName="prod")
    assert "accessLogSettings" not in changed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "$context.status",
            "Access Log format must include either $context.requestId or $context.extendedRequestId : "
            "'$context.status'",
        ),
        (
            "$context.requestId\n$context.status",
            "Access Log format must be single line, new line character is allowed only at end of the format: "
            "'$context.requestId\n$context.status'",
        ),
        ("$context.requestId" + "x" * 3072, "Access Log format must not exceed 3072 bytes"),
    ],
)
def test_access_log_formats(rest: Rest, line: str, message: str) -> None:
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    change = ("replace", "/accessLogSettings/format", line)
    assert refused(rest, "UpdateStage", change, stageName="prod").message == message


@pytest.mark.parametrize(
    "line", ["$context.requestId\n", "${context.requestId} $context.nonsense", "$context.extendedRequestId"]
)
def test_admitted_access_log_formats(rest: Rest, line: str) -> None:
    """vector accesslog/rest-unknown-context-variable"""
    rest.mock_method("/x", "GET")
    rest.deploy("prod")
    changed = rest.patch("UpdateStage", ("replace", "/accessLogSettings/format", line), stageName="prod")
    assert changed["accessLogSettings"]["format"] == line


def test_account_role_must_trust_api_gateway(rest: Rest) -> None:
    change = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]
    rest.snapshot = snapshot("lambda.amazonaws.com")
    with pytest.raises(ServiceError) as caught:
        rest("UpdateAccount", patchOperations=change)
    assert caught.value.message.startswith("The role ARN does not have required permissions")
    assert "cloudwatchRoleArn" not in rest("GetAccount")


def test_tags(rest: Rest) -> None:
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{rest.api}"
    rest("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    rest("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert rest("GetTags", resourceArn=arn) == {"tags": {"b": "2"}}
    assert rest("GetRestApi", restApiId=rest.api)["tags"] == {"b": "2"}
    with pytest.raises(ServiceError):
        rest("GetTags", resourceArn=f"arn:aws:apigateway:{REGION}::/restapis/nope")
