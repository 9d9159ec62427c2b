"""Recorded changes of credentials, on real operations, publisher and pipeline: what waits for a deployment, and who may
hand over a role.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.calls import ACCOUNT
from tests.scenes.lab import Lab, allow, trust

from sekisho.functions.invocation import InvocationResult, InvokeFunction, Returned
from sekisho.services.operation import ServiceError

INTEGRATIONS, AUTHORIZERS = "stackd-integration-credentials", "stackd-authorizer-roles"
INVOKE = "lambda:InvokeFunction"


def case_of(file: str, name: str) -> Case:
    return next(case for case in load(file) if case["id"] == name)


def role(lab: Lab, name: str, *documents: str) -> str:
    """A role that API Gateway may assume."""
    lab("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust(Service="apigateway.amazonaws.com"))
    for number, document in enumerate(documents):
        lab("iam", "PutRolePolicy", RoleName=name, PolicyName=f"p{number}", PolicyDocument=document)
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def denied() -> str:
    statement = {"Effect": "Deny", "Action": INVOKE, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def deployed(lab: Lab) -> tuple[str, dict[str, Any], dict[str, str]]:
    """An API whose integration calls with ``ROLE_allow``; where the method is, and the roles."""
    roles = {
        "ROLE_allow": role(lab, "allow", allow(INVOKE, "*")),
        "ROLE_deny": role(lab, "deny", allow(INVOKE, "*"), denied()),
    }
    api = lab.rest_api("/", "GET", auth="NONE", function=lab.function(), stage="dev", credentials=roles["ROLE_allow"])
    root = lab("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    return api, {"restApiId": api, "resourceId": root, "httpMethod": "GET"}, roles


def replace(path: str, value: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value}]


def test_changed_credentials_wait_for_a_deployment() -> None:
    case = case_of(INTEGRATIONS, "intcred/rest-credentials-change-needs-deploy")
    lab = Lab()
    api, method, roles = deployed(lab)
    statuses: list[int | None] = []
    for step in case["when"]["sequence"]:
        if step.startswith("update_integration"):
            _, _, path, value = step.split()
            lab("apigateway", "UpdateIntegration", **method, patchOperations=replace(path, roles[value]))
            statuses.append(None)
        elif step == "create_deployment":
            lab("apigateway", "CreateDeployment", restApiId=api, stageName="dev")
            statuses.append(None)
        else:
            statuses.append(lab.request(api, "GET", "/dev/").status)
    tally(INTEGRATIONS, case["id"], statuses == case["then"]["statuses"])
    assert statuses == case["then"]["statuses"]


def test_replacing_credentials_by_nothing_removes_them() -> None:
    case = case_of(INTEGRATIONS, "intcred/rest-patch-replace-empty-removes")
    lab = Lab()
    _, method, _ = deployed(lab)
    asked = case["when"]["boto3"][1]
    answer = lab("apigateway", "UpdateIntegration", **method, patchOperations=[asked])
    passed = not set(case["then"]["response_absent"]) & set(answer)
    tally(INTEGRATIONS, case["id"], passed)
    assert passed, answer


@pytest.mark.parametrize("granted", [False, True])
def test_who_assigns_a_role_must_be_able_to_pass_it(granted: bool) -> None:
    case = case_of(INTEGRATIONS, "intcred/rest-role-assignment-needs-passrole")
    lab = Lab()
    _, method, roles = deployed(lab)
    rights = [allow("apigateway:*", "*")]
    if granted:
        service = {"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}}
        rights.append(allow("iam:PassRole", "*", Condition=service))
    key = lab.keyring.find(lab.user_key("developer", *rights).id, lab.snapshot)
    assert key is not None
    given = lab("apigateway", "GetIntegration", **method)
    put = {
        "type": given["type"],
        "integrationHttpMethod": given["httpMethod"],
        "uri": given["uri"],
        "credentials": roles["ROLE_deny"],
    }
    if granted:
        assert lab("apigateway", "PutIntegration", caller=key.principal, **method, **put)["credentials"]
        return
    with pytest.raises(ServiceError) as refusal:
        lab("apigateway", "PutIntegration", caller=key.principal, **method, **put)
    passed = refusal.value.code == case["then"]["error"]
    tally(INTEGRATIONS, case["id"], passed)
    assert passed, refusal.value


def authorizing(effect: InvokeFunction) -> InvocationResult:
    """The authorizer allows; the endpoint answers 200."""
    if effect.function.name == "endpoint":
        return Returned(b'{"statusCode": 200, "body": "ok"}', effect.request_id, 0.001)
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return Returned(json.dumps(policy).encode(), effect.request_id, 0.001)


def test_changed_credentials_of_an_authorizer_wait_for_a_deployment() -> None:
    case = case_of(AUTHORIZERS, "authzrole/rest-credentials-change-needs-deployment")
    lab = Lab()
    lab.functions = authorizing
    endpoint, authorizer = lab.function(), lab.function("authorizer")
    roles = {"ROLE_missing": role(lab, "missing"), "ROLE_allow": role(lab, "allow", allow(INVOKE, "*"))}
    api = lab.rest_api("/token", "GET", auth="NONE", function=endpoint, stage="dev")
    lab.permit(api, endpoint, "dev/*/*")
    uri = lab_uri(authorizer)
    created = lab(
        "apigateway",
        "CreateAuthorizer",
        restApiId=api,
        name="a",
        type="TOKEN",
        authorizerUri=uri,
        identitySource="method.request.header.X-Auth",
        authorizerResultTtlInSeconds=0,
        authorizerCredentials=roles["ROLE_missing"],
    )
    resources = lab("apigateway", "GetResources", restApiId=api)["items"]
    at = {
        "restApiId": api,
        "resourceId": next(each["id"] for each in resources if each["path"] == "/token"),
        "httpMethod": "GET",
    }
    guard = replace("/authorizationType", "CUSTOM") + replace("/authorizerId", created["id"])
    lab("apigateway", "UpdateMethod", **at, patchOperations=guard)
    lab("apigateway", "CreateDeployment", restApiId=api, stageName="dev")
    statuses: list[int | None] = []
    for step in case["when"]["sequence"]:
        if step.startswith("GET"):
            statuses.append(lab.request(api, "GET", "/dev/token", headers={"X-Auth": "t"}).status)
            continue
        statuses.append(None)
        if step == "apigateway.create_deployment":
            lab("apigateway", "CreateDeployment", restApiId=api, stageName="dev")
        else:
            _, _, path, _, value = step.split()
            asked = replace(path, roles[value])
            lab("apigateway", "UpdateAuthorizer", restApiId=api, authorizerId=created["id"], patchOperations=asked)
    tally(AUTHORIZERS, case["id"], statuses == case["then"]["statuses"])
    assert statuses == case["then"]["statuses"]


def lab_uri(function: str) -> str:
    region = function.split(":")[3]
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
