"""The main flows of the control plane, as boto3 and the AWS CLI walk them.

Each sequence is one that deployment tools make: create, wait, read everything about it, change, page, delete.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.scenes.functions import zipped
from tests.scenes.server import ACCOUNT, Server, running

CODE = b"def handler(event, context):\n    print('seen', event)\n    return {'got': event}\n"


def trust(**principal: str) -> str:
    actions = ["sts:AssumeRole", "sts:TagSession"]
    return statement(Effect="Allow", Principal=principal, Action=actions)


def statement(**members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [members]})


LAMBDA_TRUST = trust(Service="lambda.amazonaws.com")
ANYTHING = statement(Effect="Allow", Action="*", Resource="*")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    with running("--enforce-iam") as started:
        yield started


def refused(call: Any, /, **params: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer: Any = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def paged(client: Any, operation: str, member: str, size: int = 2, **params: Any) -> list[Any]:
    """Every item, and never more than ``size`` on a page."""
    pages = list(client.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **params))
    assert all(len(page[member]) <= size for page in pages)
    return [item for page in pages for item in page[member]]


def make_role(server: Server, name: str) -> str:
    made = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=LAMBDA_TRUST)
    return str(made["Role"]["Arn"])


def test_a_role_is_read_after_it_was_created(server: Server) -> None:
    iam = server.client("iam")
    make_role(server, "reader")
    iam.get_waiter("role_exists").wait(RoleName="reader")
    assert iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"] == json.loads(LAMBDA_TRUST)
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=ANYTHING)
    assert iam.list_role_policies(RoleName="reader")["PolicyNames"] == ["inline"]
    assert iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"] == []
    assert iam.list_instance_profiles_for_role(RoleName="reader")["InstanceProfiles"] == []
    assert refused(iam.delete_role, RoleName="reader")[:2] == (409, "DeleteConflict")
    iam.delete_role_policy(RoleName="reader", PolicyName="inline")
    iam.delete_role(RoleName="reader")
    missing = (404, "NoSuchEntity", "The role with name reader cannot be found.")
    assert refused(iam.get_role, RoleName="reader") == missing


def test_users_and_policies_are_paged(server: Server) -> None:
    iam = server.client("iam")
    for number in range(5):
        iam.create_user(UserName=f"paged{number}", Path="/paged/")
        iam.create_policy(PolicyName=f"paged{number}", PolicyDocument=ANYTHING)
    iam.get_waiter("user_exists").wait(UserName="paged0")
    iam.get_waiter("policy_exists").wait(PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/paged0")
    users = paged(iam, "list_users", "Users", PathPrefix="/paged/")
    assert [user["UserName"] for user in users] == [f"paged{number}" for number in range(5)]
    policies = paged(iam, "list_policies", "Policies", Scope="Local")
    assert {f"paged{number}" for number in range(5)} <= {policy["PolicyName"] for policy in policies}
    details = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}))
    assert [user["UserName"] for page in details for user in page["UserDetailList"]][:5] == [
        f"paged{number}" for number in range(5)
    ]


def test_a_function_is_deployed_as_tools_do(server: Server) -> None:
    client = server.client("lambda")
    function = {
        "FunctionName": "deployed",
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": make_role(server, "deployer"),
        "Code": {"ZipFile": zipped({"app.py": CODE})},
    }
    made = client.create_function(**function, Environment={"Variables": {"STAGE": "x"}}, Tags={"team": "a"})
    for waiter in ("function_exists", "function_active_v2", "function_updated_v2"):
        client.get_waiter(waiter).wait(FunctionName="deployed")
    read = client.get_function(FunctionName=made["FunctionArn"])
    assert read["Tags"] == {"team": "a"} and read["Configuration"]["CodeSha256"] == made["CodeSha256"]
    named: dict[str, Any] = {"FunctionName": "deployed"}
    assert refused(client.get_policy, **named)[:2] == (404, "ResourceNotFoundException")
    assert client.get_function_code_signing_config(**named)["FunctionName"] == "deployed"
    assert client.get_runtime_management_config(**named)["UpdateRuntimeOn"] == "Auto"
    for number in range(3):
        client.update_function_configuration(**named, Timeout=5 + number)
        client.publish_version(**named)
    versions = paged(client, "list_versions_by_function", "Versions", **named)
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2", "3"]
    client.create_alias(**named, Name="live", FunctionVersion="2")
    assert refused(client.delete_function, **named, Qualifier="2")[:2] == (409, "ResourceConflictException")
    answer = client.invoke(**named, Qualifier="live", Payload=b'{"a": 1}', LogType="Tail")
    assert answer["ExecutedVersion"] == "2" and json.load(answer["Payload"]) == {"got": {"a": 1}}
    assert "seen {'a': 1}" in base64.b64decode(answer["LogResult"]).decode()
    assert refused(client.create_function, **function)[:2] == (409, "ResourceConflictException")


def test_a_permission_is_shown_as_it_is_stored(server: Server) -> None:
    client = server.client("lambda")
    role, code = make_role(server, "permitter"), {"ZipFile": zipped({"app.py": CODE})}
    named = {"FunctionName": "permitted"}
    client.create_function(**named, Runtime="python3.11", Handler="app.handler", Role=role, Code=code)
    source = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/*"
    given = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    client.add_permission(**named, **given, SourceArn=source)
    assert refused(client.add_permission, **named, **given)[:2] == (409, "ResourceConflictException")
    assert client.get_policy(**named)["Policy"] == (
        '{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":'
        '"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":'
        f'"arn:aws:lambda:us-east-1:{ACCOUNT}:function:permitted",'
        f'"Condition":{{"ArnLike":{{"AWS:SourceArn":"{source}"}}}}}}]}}'
    )
    client.remove_permission(**named, StatementId="s")
    assert refused(client.get_policy, **named)[1] == "ResourceNotFoundException"


def test_a_rest_api_is_read_after_it_was_created(server: Server) -> None:
    client = server.client("apigateway")
    api = client.create_rest_api(name="read", endpointConfiguration={"types": ["REGIONAL"]}, tags={"k": "v"})
    of = {"restApiId": api["id"]}
    resource = client.create_resource(**of, parentId=api["rootResourceId"], pathPart="{id}")["id"]
    method = {**of, "resourceId": resource, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode":200}'})
    client.put_method_response(**method, statusCode="200")
    client.put_integration_response(**method, statusCode="200")
    assert client.get_method(**method)["methodIntegration"]["type"] == "MOCK"
    paths = [item["path"] for item in paged(client, "get_resources", "items", 1, **of)]
    assert paths == ["/", "/{id}"]
    deployment = client.create_deployment(**of)["id"]
    client.create_stage(**of, stageName="v1", deploymentId=deployment)
    changed = client.update_stage(
        **of,
        stageName="v1",
        patchOperations=[
            {"op": "replace", "path": "/variables/a", "value": "b"},
            {"op": "replace", "path": "/~1{id}/GET/metrics/enabled", "value": "true"},
        ],
    )
    assert changed["variables"] == {"a": "b"} and "~1{id}/GET" in changed["methodSettings"]
    wrong = [{"op": "replace", "path": "/stageName", "value": "v2"}]
    status, code, message = refused(client.update_stage, **of, stageName="v1", patchOperations=wrong)
    assert (status, code) == (400, "BadRequestException") and message.startswith("Invalid patch path  '/stageName'")
    assert client.get_tags(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}")["tags"] == {"k": "v"}
    assert client.get_vpc_links()["items"] == client.get_client_certificates()["items"] == []
    assert refused(client.delete_deployment, **of, deploymentId=deployment)[1] == "BadRequestException"
    client.delete_rest_api(**of)
    assert refused(client.get_stage, **of, stageName="v1")[:2] == (404, "NotFoundException")


def test_wrong_types_of_gateway_responses(server: Server) -> None:
    """Vector gateway_response_validation/delete-gateway-response-wrong-response-type."""
    client = server.client("apigateway")
    api = client.create_rest_api(name="responses")["id"]
    status, code, message = refused(client.delete_gateway_response, restApiId=api, responseType="FAKE_RESPONSE_TYPE")
    assert (status, code) == (400, "ValidationException")
    assert message.startswith(
        "1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, "
    )


def test_events_are_read_in_both_directions_and_filtered(server: Server) -> None:
    logs = server.client("logs")
    of: dict[str, Any] = {"logGroupName": "/e2e/walk"}
    logs.create_log_group(**of, tags={"a": "b"})
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/e2e/walk"
    assert logs.describe_log_groups(logGroupNamePrefix="/e2e/walk")["logGroups"][0]["logGroupArn"] == arn
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    logs.create_log_stream(**of, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now - 10 + n, "message": json.dumps({"n": n, "status": 200 + n})} for n in range(10)]
    logs.put_log_events(**of, logStreamName="s", logEvents=events)

    def walk(token_name: str, **direction: Any) -> list[list[int]]:
        seen, token = [], None
        while True:
            more: dict[str, Any] = {"nextToken": token} if token else {}
            page = logs.get_log_events(**of, logStreamName="s", limit=4, **more, **direction)
            seen.append([json.loads(event["message"])["n"] for event in page["events"]])
            if page[token_name] == token:
                return seen
            token = page[token_name]

    assert walk("nextForwardToken", startFromHead=True) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]
    assert walk("nextBackwardToken") == [[6, 7, 8, 9], [2, 3, 4, 5], [0, 1], []]
    found = paged(logs, "filter_log_events", "events", **of, filterPattern="{ $.status >= 205 && $.n != 7 }")
    assert [json.loads(event["message"])["n"] for event in found] == [5, 6, 8, 9]
    assert refused(logs.filter_log_events, **of, filterPattern="{ $.status = ")[1] == "InvalidParameterException"


def test_accounts_and_regions_are_apart(server: Server) -> None:
    other: dict[str, Any] = {"key": "111122223333"}
    assert server.client("sts", **other).get_caller_identity()["Account"] == "111122223333"
    server.client("iam", **other).create_user(UserName="apart")
    assert refused(server.client("iam").get_user, UserName="apart")[1] == "NoSuchEntity"
    server.client("logs", region="eu-west-1").create_log_group(logGroupName="apart")
    assert server.client("logs").describe_log_groups(logGroupNamePrefix="apart")["logGroups"] == []
    assert server.client("logs", region="eu-west-1").describe_log_groups()["logGroups"][0]["logGroupName"] == "apart"


def test_sessions_are_less_than_their_roles(strict: Server) -> None:
    iam = strict.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob: dict[str, Any] = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    role = f"arn:aws:iam::{ACCOUNT}:role/worker"
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(AWS=f"arn:aws:iam::{ACCOUNT}:user/bob"))
    iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    second = f"arn:aws:iam::{ACCOUNT}:role/second"
    iam.create_role(RoleName="second", AssumeRolePolicyDocument=trust(AWS=role))

    def session(**more: Any) -> dict[str, Any]:
        got = strict.client("sts", **bob).assume_role(RoleArn=role, RoleSessionName="work", **more)["Credentials"]
        return {"key": got["AccessKeyId"], "secret": got["SecretAccessKey"], "aws_session_token": got["SessionToken"]}

    full = session(DurationSeconds=900)
    assert strict.client("sts", **full).get_caller_identity()["Arn"].endswith(":assumed-role/worker/work")
    chained = {"RoleArn": second, "RoleSessionName": "chain", "DurationSeconds": 3601}
    assert refused(strict.client("sts", **full).assume_role, **chained)[:2] == (400, "ValidationError")
    assert strict.client("sts", **full).assume_role(**{**chained, "DurationSeconds": 900})["Credentials"]
    logs_only = session(Policy=statement(Effect="Allow", Action="logs:*", Resource="*"))
    strict.client("logs", **logs_only).describe_log_groups()
    status, code, message = refused(strict.client("lambda", **logs_only).list_functions)
    assert (status, code) == (403, "AccessDeniedException") and "no session policy allows" in message
    broken = {**full, "aws_session_token": "x" + full["aws_session_token"][1:]}
    assert refused(strict.client("sts", **broken).get_caller_identity)[:2] == (403, "InvalidClientTokenId")


def test_iam_is_asked_for_every_service(strict: Server) -> None:
    iam = strict.client("iam")
    iam.create_user(UserName="eve")
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    eve: dict[str, Any] = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    who = f"User: arn:aws:iam::{ACCOUNT}:user/eve is not authorized to perform: "
    asked = [
        ("iam", "list_roles", {}, f"iam:ListRoles on resource: arn:aws:iam::{ACCOUNT}:role/ "),
        ("iam", "list_policies", {}, "iam:ListPolicies on resource: policy path / "),
        ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole on resource: role r "),
        ("lambda", "list_functions", {}, "lambda:ListFunctions on resource: * "),
        ("apigateway", "get_rest_apis", {}, "apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis "),
        ("logs", "describe_log_groups", {}, "logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:"),
    ]
    for service, operation, params, told in asked:
        _, code, message = refused(getattr(strict.client(service, **eve), operation), **params)
        assert code.startswith("AccessDenied") and message.startswith(who + told), message
    listing = statement(Effect="Allow", Action="iam:ListRoles", Resource=f"arn:aws:iam::{ACCOUNT}:role/*")
    iam.put_user_policy(UserName="eve", PolicyName="list", PolicyDocument=listing)
    assert strict.client("iam", **eve).list_roles(PathPrefix="/service/")["Roles"] == []
    role = make_role(strict, "passed")
    deploy = statement(Effect="Allow", Action="lambda:*", Resource="*")
    iam.put_user_policy(UserName="eve", PolicyName="deploy", PolicyDocument=deploy)
    function = {
        "FunctionName": "eves",
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": role,
        "Code": {"ZipFile": zipped({"app.py": CODE})},
    }
    client = strict.client("lambda", **eve)
    assert f"iam:PassRole on resource: {role} " in refused(client.create_function, **function)[2]
    passing = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    granted = statement(Effect="Allow", Action="iam:PassRole", Resource=role, Condition=passing)
    iam.put_user_policy(UserName="eve", PolicyName="pass", PolicyDocument=granted)
    assert client.create_function(**function)["FunctionName"] == "eves"


def aws(server: Server, folder: Path, *words: str) -> str:
    """What the AWS CLI prints."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }
    command = [sys.executable, "-m", "awscli", *words]
    ran = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_aws_cli(server: Server, tmp_path: Path) -> None:
    arn = aws(server, tmp_path, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    assert arn == f"arn:aws:iam::{ACCOUNT}:root\n"
    role = make_role(server, "cli")
    (tmp_path / "code.zip").write_bytes(zipped({"app.py": CODE}))
    aws(
        server, tmp_path, "lambda", "create-function", "--function-name", "cli", "--runtime", "python3.11",
        "--handler", "app.handler", "--role", role, "--zip-file", "fileb://code.zip",
    )  # fmt: skip
    tail = aws(
        server, tmp_path, "lambda", "invoke", "--function-name", "cli", "--log-type", "Tail",
        "--payload", '{"a": 1}', "--query", "LogResult", "--output", "text", "out.json",
    )  # fmt: skip
    assert json.loads((tmp_path / "out.json").read_text()) == {"got": {"a": 1}}
    assert "REPORT RequestId: " in base64.b64decode(tail).decode()
    document = {
        "openapi": "3.0.1",
        "info": {"title": "cli", "version": "1"},
        "paths": {"/a": {"get": {"responses": {}}}},
    }
    (tmp_path / "api.json").write_text(json.dumps(document))
    api = aws(
        server, tmp_path, "apigateway", "import-rest-api", "--body", "fileb://api.json",
        "--query", "id", "--output", "text",
    ).strip()  # fmt: skip
    paths = aws(
        server, tmp_path, "apigateway", "get-resources", "--rest-api-id", api,
        "--query", "items[].path", "--output", "text",
    )  # fmt: skip
    assert sorted(paths.split()) == ["/", "/a"]
