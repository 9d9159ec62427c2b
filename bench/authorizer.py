"""A Lambda authorizer whose answer is remembered: how much more gateway CPU than the same route without it."""

from __future__ import annotations

from typing import Any

from bench.figures import Figure, median
from bench.mock import Contender, _address, fire, request_bytes, turn
from bench.proxy import proxy_api
from bench.start import client, function, start

ROUNDS = 24
SECONDS = 0.5
SOURCE = """
ANSWER = {
    "principalId": "u",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
    },
    "context": {"tenant": "t1"},
}

def handler(event, context):
    return ANSWER
"""


def guard(url: str, api: str) -> None:
    """A second method with the same function behind it, guarded by a TOKEN authorizer. Deploys the API."""
    gateway: Any = client(url, "apigateway")
    function(url, "guard", SOURCE)
    prefix = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012"
    authorizer = gateway.create_authorizer(
        restApiId=api,
        name="guard",
        type="TOKEN",
        authorizerUri=f"{prefix}:function:guard/invocations",
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=3600,
    )["id"]
    root = next(item["id"] for item in gateway.get_resources(restApiId=api)["items"] if item["path"] == "/")
    method = {
        "restApiId": api,
        "resourceId": gateway.create_resource(restApiId=api, parentId=root, pathPart="guarded")["id"],
        "httpMethod": "GET",
    }
    gateway.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer)
    uri = f"{prefix}:function:hello/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    for name, source in (("guard", "authorizers/*"), ("hello", "*/GET/guarded")):
        client(url, "lambda").add_permission(
            FunctionName=name,
            StatementId="guarded",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/{source}",
        )
    gateway.create_deployment(restApiId=api, stageName="prod")


def measure() -> list[Figure]:
    server, url, _ = start("--max-sandboxes", "2")
    try:
        api = proxy_api(url)
        guard(url, api)
        host = f"{api}.execute-api.us-east-1.amazonaws.com"
        plain = Contender(server, _address(url), request_bytes(host, "/prod/fn"))
        request = request_bytes(host, "/prod/guarded")[:-2] + b"Authorization: Bearer token\r\n\r\n"
        guarded = plain._replace(request=request)
        for one in (guarded, plain):
            fire(one.address, one.request, 1.5)
        without, with_it, ratios = [], [], []
        for _ in range(ROUNDS):
            # The one that is first is last as well, so that a machine that grows faster or slower favours neither.
            first, *middle, last = (turn(one, SECONDS).cpu_us for one in (plain, guarded, guarded, plain))
            without.append((first + last) / 2)
            with_it.append(sum(middle) / 2)
            ratios.append(with_it[-1] / without[-1])
    finally:
        server.terminate()
        server.wait()
    note = f"{median(with_it):.0f} of {median(without):.0f} µs"
    return [Figure("more gateway CPU with an authorizer's kept answer", (median(ratios) - 1) * 100, "%", 10, note=note)]
