"""Recorded admissions and refusals of the HTTP API control plane, replayed against its operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.conformance import vectors
from tests.scenes.calls import ACCOUNT, REGION, user
from tests.scenes.http_api import HttpApi, function_arn, invocation_uri

from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.services.operation import ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ROLE_allow"
PASS = {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": ROLE,
    "Condition": {"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}},
}
LOGGED = {"DestinationArn": "", "Format": "$context.requestId"}


def case(file: str, id_: str) -> dict[str, Any]:
    return next(each for each in vectors.load(file) if each["id"] == id_)


def asked(vector: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the recorded call, with this test's account."""
    text = json.dumps(vector["when"]["boto3"][1]).replace("ACCT", ACCOUNT).replace("REGION", REGION)
    found: dict[str, Any] = json.loads(text)
    return found


def policy(*statements: Mapping[str, Any]) -> CompiledPolicy:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)})


def expect(then: Mapping[str, Any], caught: ServiceError) -> None:
    assert (caught.code, caught.status) == (then["error"], then["status"])
    if "message" in then:
        assert caught.message == then["message"]
    if "message_contains" in then:
        assert then["message_contains"] in caught.message


@pytest.fixture
def http() -> HttpApi:
    made = HttpApi()
    made.create()
    return made


@pytest.mark.parametrize("id_", ["create-lambda-arn-as-credentials", "create-nonexistent-role-admitted"])
def test_authorizer_credentials_at_creation(http: HttpApi, id_: str) -> None:
    vector = case("stackd-authorizer-roles", f"authzrole/http-{id_}")
    if "error" in vector["then"]:
        with pytest.raises(ServiceError) as caught:
            http.authorizer(**asked(vector))
        expect(vector["then"], caught.value)
    else:
        made = http.on("GetAuthorizer", AuthorizerId=http.authorizer(**asked(vector)))
        assert made["AuthorizerCredentialsArn"] == asked(vector)["AuthorizerCredentialsArn"]


def test_authorizer_credentials_must_not_be_empty_at_creation(http: HttpApi) -> None:
    with pytest.raises(ServiceError) as caught:
        http.authorizer(AuthorizerCredentialsArn="")
    assert caught.value.code == "BadRequestException"


@pytest.mark.parametrize("id_", ["update-empty-clears", "update-omitted-keeps"])
def test_authorizer_credentials_at_update(http: HttpApi, id_: str) -> None:
    vector = case("stackd-authorizer-roles", f"authzrole/http-{id_}")
    made = http.authorizer(AuthorizerCredentialsArn=ROLE)
    after = http.on("UpdateAuthorizer", AuthorizerId=made, **asked(vector))
    assert not set(vector["then"].get("absent", ())) & set(after)
    for name in vector["then"].get("kept", ()):
        assert after[name] == ROLE


def test_an_authorizers_role_needs_pass_role(http: HttpApi) -> None:
    deny = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}
    http.caller = user("denied", PolicyStack(identity=(policy(PASS, deny),)))
    with pytest.raises(ServiceError) as caught:
        http.authorizer(AuthorizerCredentialsArn=ROLE)
    expect(case("stackd-authorizer-roles", "authzrole/http-passrole-explicit-deny")["then"], caught.value)
    http.caller = user("allowed", PolicyStack(identity=(policy(PASS),)))
    assert http.authorizer(AuthorizerCredentialsArn=ROLE)


def test_the_eleventh_authorizer(http: HttpApi) -> None:
    made = [http.authorizer(f"a{count}") for count in range(10)]
    with pytest.raises(ServiceError) as caught:
        http.authorizer("eleventh")
    expect(case("stackd-authorizer-roles", "authzrole/http-eleventh-authorizer")["then"], caught.value)
    http.on("DeleteAuthorizer", AuthorizerId=made[0])
    assert http.authorizer("eleventh")


def test_a_route_of_connections(http: HttpApi) -> None:
    vector = case("stackd-deployed-metrics-audit", "deployed/http-create-route-connections-path")
    with pytest.raises(ServiceError) as caught:
        http.on("CreateRoute", **asked(vector))
    expect(vector["then"], caught.value)


def test_callers_credentials_are_refused(http: HttpApi) -> None:
    vector = case("stackd-integration-credentials", "intcred/http-caller-sentinel-rejected")
    with pytest.raises(ServiceError) as caught:
        http.integration(**asked(vector))
    expect(vector["then"], caught.value)
    made = http.integration()
    with pytest.raises(ServiceError) as caught:
        http.on("UpdateIntegration", IntegrationId=made, **asked(vector))
    expect(vector["then"], caught.value)


def test_empty_integration_credentials(http: HttpApi) -> None:
    vector = case("stackd-integration-credentials", "intcred/http-empty-credentials")
    made = http.on(
        "CreateIntegration",
        IntegrationType="AWS_PROXY",
        IntegrationUri=function_arn("f"),
        PayloadFormatVersion="2.0",
        **asked(vector),
    )
    assert not set(vector["then"]["response_absent"]) & set(made)
    with_role = http.integration(CredentialsArn=ROLE)
    after = http.on("UpdateIntegration", IntegrationId=with_role, **asked(vector))
    assert not set(vector["then"]["response_absent"]) & set(after)


def test_omitted_integration_credentials_stay(http: HttpApi) -> None:
    vector = case("stackd-integration-credentials", "intcred/http-update-omitted-keeps")
    made = http.integration(CredentialsArn=ROLE)
    after = http.on("UpdateIntegration", IntegrationId=made, **asked(vector))
    assert [after[name] for name in vector["then"]["kept"]] == [ROLE]


LOG_SETTINGS = [each["id"] for each in vectors.load("stackd-access-logs") if each["id"].startswith("logsettings/http-")]


def settings(http: HttpApi, vector: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, Any]:
    given = asked(vector)
    caller = given.pop("caller", None)
    destination = given.get("AccessLogSettings", {}).get("DestinationArn", "")
    for name, arn in groups.items():
        if destination.removesuffix(":*") == f"arn:{name}":
            given["AccessLogSettings"]["DestinationArn"] = destination.replace(f"arn:{name}", arn)
    if caller == "explicit Deny logs:CreateLogDelivery":
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        deny = {"Effect": "Deny", "Action": "logs:CreateLogDelivery", "Resource": "*"}
        http.caller = user("denied", PolicyStack(identity=(policy(everything, deny),)))
    else:
        assert caller is None
    return given


@pytest.mark.parametrize("id_", [each for each in LOG_SETTINGS if "activation" not in each])
def test_access_log_settings(http: HttpApi, id_: str) -> None:
    vector = case("stackd-access-logs", id_)
    groups = {name: http.log_group(name) for name in ("G", "G2")}
    configured = vector["given"]["stage"] == "access logging configured"
    first = {**LOGGED, "DestinationArn": groups["G"]} if configured else None
    before = http.on("CreateStage", StageName="probe", AccessLogSettings=first).get("AccessLogSettings")
    given = settings(http, vector, groups)
    then = vector["then"]
    if "error" in then:
        with pytest.raises(ServiceError) as caught:
            http.on("UpdateStage", StageName="probe", **given)
        expect(then, caught.value)
        assert http.on("GetStage", StageName="probe").get("AccessLogSettings") == before
        return
    after = http.on("UpdateStage", StageName="probe", **given)["AccessLogSettings"]
    assert after == {**(before or {}), **given["AccessLogSettings"]}
    for name in then.get("kept", ()):
        assert before is not None
        assert after[name] == before[name]


def test_an_authorizers_uri_names_an_invocation(http: HttpApi) -> None:
    assert http.authorizer(AuthorizerUri=invocation_uri("HTTPAUTHZ"))
