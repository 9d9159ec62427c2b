"""An HTTP API from boto3 to curl: quick create, permission, routes, an authorizer, logs, tags, an import."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from tests.scenes.server import ACCOUNT, REGION, Server, running

CODE = """
import json
def handler(event, context):
    if event.get("type") == "REQUEST":
        return {"isAuthorized": event["headers"].get("authorization") == "ok", "context": {"k": 1}}
    seen = {"route": event["routeKey"], "authorizer": event["requestContext"].get("authorizer")}
    return {"statusCode": 200, "body": json.dumps(seen)}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Quick(NamedTuple):
    """A server with a function and an API made by quick create."""

    server: Server
    function: str
    api: str

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        host = f"{self.api}.execute-api.{REGION}.amazonaws.com"
        request = urllib.request.Request(self.server.url + path, headers={"Host": host, **headers})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture(scope="module")
def quick() -> Iterator[Quick]:
    with running() as server:
        role = server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("index.py", CODE)
        function = server.client("lambda").create_function(
            FunctionName="f",
            Runtime="python3.11",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
        api = server.client("apigatewayv2").create_api(Name="quick", ProtocolType="HTTP", Target=function)["ApiId"]
        yield Quick(server, function, api)


def test_an_api_is_served(quick: Quick) -> None:
    assert quick.get("/x") == (500, '{"message":"Internal Server Error"}')
    quick.server.client("lambda").add_permission(
        FunctionName="f",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{quick.api}/*",
    )
    assert quick.get("/x") == (200, '{"route": "$default", "authorizer": null}')
    client = quick.server.client("apigatewayv2")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{quick.function}/invocations"
    authorizer = client.create_authorizer(
        ApiId=quick.api,
        Name="a",
        AuthorizerType="REQUEST",
        IdentitySource=["$request.header.Authorization"],
        AuthorizerUri=uri,
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )["AuthorizerId"]
    integration = client.get_integrations(ApiId=quick.api)["Items"][0]["IntegrationId"]
    client.create_route(
        ApiId=quick.api,
        RouteKey="GET /pets/{id}",
        Target=f"integrations/{integration}",
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer,
    )
    assert quick.get("/pets/7") == (401, '{"message":"Unauthorized"}')
    assert quick.get("/pets/7", Authorization="no") == (403, '{"message":"Forbidden"}')
    assert quick.get("/pets/7", Authorization="ok") == (
        200,
        '{"route": "GET /pets/{id}", "authorizer": {"lambda": {"k": 1}}}',
    )


def test_errors_are_aws_shapes(quick: Quick) -> None:
    client = quick.server.client("apigatewayv2")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/missing"
    settings = {"DestinationArn": group, "Format": "$context.requestId"}
    calls: list[tuple[str, dict[str, Any], str, int]] = [
        ("get_api", {"ApiId": "none"}, "NotFoundException", 404),
        ("create_route", {"ApiId": quick.api, "RouteKey": "GET pets"}, "BadRequestException", 400),
        ("create_route", {"ApiId": quick.api, "RouteKey": "$default"}, "ConflictException", 409),
        ("create_api", {"Name": "w", "ProtocolType": "WEBSOCKET"}, "NotImplementedException", 501),
        (
            "update_stage",
            {"ApiId": quick.api, "StageName": "$default", "AccessLogSettings": settings},
            "NotFoundException",
            404,
        ),
    ]
    for operation, params, code, status in calls:
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**params)
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_lists_have_pages(quick: Quick) -> None:
    client = quick.server.client("apigatewayv2")
    made = [client.create_api(Name=f"p{count}", ProtocolType="HTTP")["ApiId"] for count in range(3)]
    pages = client.get_paginator("get_apis").paginate(PaginationConfig={"PageSize": 2})
    found = [each["ApiId"] for part in pages for each in part["Items"]]
    assert len(found) == len(set(found))
    assert {*made, quick.api} <= set(found)
    for api in made:
        client.delete_api(ApiId=api)


def test_what_is_exported_is_imported(quick: Quick) -> None:
    client = quick.server.client("apigatewayv2")
    exported = client.export_api(ApiId=quick.api, Specification="OAS30", OutputType="JSON")["body"].read()
    copy = client.import_api(Body=exported.decode())["ApiId"]
    keys = [{each["RouteKey"] for each in client.get_routes(ApiId=api)["Items"]} for api in (quick.api, copy)]
    assert keys[0] == keys[1] != set()
    client.tag_resource(ResourceArn=f"arn:aws:apigateway:{REGION}::/apis/{copy}", Tags={"a": "b"})
    assert client.get_api(ApiId=copy)["Tags"] == {"a": "b"}
    client.delete_api(ApiId=copy)
