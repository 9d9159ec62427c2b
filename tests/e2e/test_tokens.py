"""Tokens from ``sekisho token`` against authorizers made with boto3: no network, and AWS's answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from tests.scenes.functions import zipped
from tests.scenes.server import Server, running

AUTH0 = "https://example.auth0.com/"
POOL = "us-east-1_aBcD1234"
ECHO = "def handler(event, context):\n    return event['requestContext'].get('authorizer')\n"
INVALID = 'Bearer scope="" error="invalid_token" error_description="{}"'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def token(server: Server, *words: str) -> str:
    command = [sys.executable, "-m", "sekisho", "token", "--endpoint", server.url, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def rest(server: Server) -> str:
    """The URL of a REST API with a Cognito authorizer: ``/id`` without scopes, ``/access`` with one."""
    api = server.client("apigateway")
    rest_id = api.create_rest_api(name="pets")["id"]
    root = api.get_resources(restApiId=rest_id)["items"][0]["id"]
    pool = f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{POOL}"
    authorizer = api.create_authorizer(
        restApiId=rest_id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool],
        identitySource="method.request.header.Authorization",
    )["id"]
    for part, scopes in (("id", []), ("access", ["orders/read"])):
        resource = api.create_resource(restApiId=rest_id, parentId=root, pathPart=part)["id"]
        method = {"restApiId": rest_id, "resourceId": resource, "httpMethod": "GET"}
        api.put_method(
            **method, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer, authorizationScopes=scopes
        )
        api.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        api.put_method_response(**method, statusCode="200")
        templates = {"application/json": '{"use": "$context.authorizer.claims.token_use"}'}
        api.put_integration_response(**method, statusCode="200", responseTemplates=templates)
    api.create_deployment(restApiId=rest_id, stageName="prod")
    return f"{server.url}/restapis/{rest_id}/prod/_user_request_"


def test_user_pools(server: Server, rest: str) -> None:
    identity = token(server, "--user-pool", POOL)
    access = token(server, "--user-pool", POOL, "--scope", "orders/read")
    foreign = token(server, "--user-pool", "us-east-1_other")
    narrow = token(server, "--user-pool", POOL, "--scope", "orders/write")

    def status(path: str, text: str) -> int:
        return requests.get(rest + path, headers={"Authorization": text}, timeout=20).status_code

    assert requests.get(f"{rest}/id", headers={"Authorization": identity}, timeout=20).json() == {"use": "id"}
    assert [status("/id", text) for text in (f"Bearer {identity}", access, foreign, "junk")] == [200, 401, 401, 401]
    assert [status("/access", text) for text in (access, identity, narrow, foreign)] == [200, 401, 401, 401]
    missing = requests.get(f"{rest}/id", timeout=20)
    assert (missing.status_code, missing.text) == (401, '{"message":"Unauthorized"}')
    assert missing.headers["x-amzn-ErrorType"] == "UnauthorizedException"
    assert "www-authenticate" not in missing.headers


@pytest.fixture(scope="module")
def http(server: Server) -> str:
    """The id of an HTTP API with a JWT authorizer: ``/open`` without scopes, ``/scoped`` with two."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = server.client("iam").create_role(RoleName="echo", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions = server.client("lambda")
    function = functions.create_function(
        FunctionName="echo",
        Runtime="python3.11",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": zipped({"index.py": ECHO})},
    )["FunctionArn"]
    functions.add_permission(
        FunctionName="echo",
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    api = server.client("apigatewayv2")
    api_id: str = api.create_api(Name="orders", ProtocolType="HTTP")["ApiId"]
    authorizer = api.create_authorizer(
        ApiId=api_id,
        Name="auth0",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": AUTH0, "Audience": ["api"]},
    )["AuthorizerId"]
    integration = api.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    for path, scopes in (("/open", []), ("/scoped", ["orders/read", "orders/write"])):
        api.create_route(
            ApiId=api_id,
            RouteKey=f"GET {path}",
            Target=f"integrations/{integration}",
            AuthorizationType="JWT",
            AuthorizerId=authorizer,
            AuthorizationScopes=scopes,
        )
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    return api_id


def test_jwt_authorizers(server: Server, http: str) -> None:
    def get(path: str, text: str = "") -> requests.Response:
        headers = {"Host": f"{http}.execute-api.us-east-1.amazonaws.com"}
        if text:
            headers["Authorization"] = f"Bearer {text}"
        return requests.get(server.url + path, headers=headers, timeout=20)

    missing = get("/open")
    assert (missing.status_code, missing.text) == (401, '{"message":"Unauthorized"}')
    assert missing.headers["www-authenticate"] == "Bearer"

    mine = ("--issuer", AUTH0, "--audience", "api")
    good = token(server, *mine, "--scope", "openid orders/read", "--claim", 'groups=["a","b"]')
    seen = get("/open", good).json()["jwt"]
    assert seen["scopes"] is None
    assert all(isinstance(value, str) for value in seen["claims"].values())
    assert (seen["claims"]["groups"], seen["claims"]["iss"]) == ("[a b]", AUTH0)
    assert get("/scoped", good).json()["jwt"]["scopes"] == ["orders/read"]

    scopeless = get("/scoped", token(server, *mine))
    assert (scopeless.status_code, scopeless.text) == (403, '{"message":"Forbidden"}')
    assert scopeless.headers["www-authenticate"] == (
        'Bearer scope="orders/read" error="insufficient_scope" error_description="expected scopes within the token"'
    )
    for text, description in (
        ("junk", "token contains an invalid number of segments"),
        (token(server, "--issuer", AUTH0, "--audience", "other"), "the token does not have a valid audience"),
        (token(server, *mine, "--expires-in", "-5"), "the token has expired"),
        (token(server, "--user-pool", POOL, "--client-id", "api"), "invalid issuer"),
    ):
        refused = get("/open", text)
        assert (refused.status_code, refused.text) == (401, '{"message":"Unauthorized"}')
        assert refused.headers["www-authenticate"] == INVALID.format(description)
