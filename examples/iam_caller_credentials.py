"""A REST API with IAM authorization answers 500 although the caller may invoke it: why, and what cures it.

Plays the whole story against a real server on a free port with throw-away state: real boto3 sets the API up, the
client signs with SigV4 and calls it, the access-log record is read back through CloudWatch Logs, the explanation is
asked for, its first remedy is applied with boto3, and the same client calls again.

    python examples/iam_caller_credentials.py [--lang ja]
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from typing import Any

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
FORMAT = {
    "status": "$context.status",
    "errorMessage": "$context.error.message",
    "errorResponseType": "$context.error.responseType",
    "identityCaller": "$context.identity.caller",
    "identityUser": "$context.identity.user",
    "authorizeError": "$context.authorize.error",
    "authorizeStatus": "$context.authorize.status",
    "authorizerError": "$context.authorizer.error",
    "authorizerIntegrationStatus": "$context.authorizer.integrationStatus",
    "authorizerRequestId": "$context.authorizer.requestId",
    "authorizerStatus": "$context.authorizer.status",
    "authenticateError": "$context.authenticate.error",
    "authenticateStatus": "$context.authenticate.status",
    "integrationError": "$context.integration.error",
    "integrationIntegrationStatus": "$context.integration.integrationStatus",
    "integrationLatency": "$context.integrationLatency",
    "requestId": "$context.requestId",
}
HANDLER = """
import json

def handler(event, context):
    identity = event["requestContext"]["identity"]
    return {"statusCode": 200, "body": json.dumps({"hello": identity["userArn"]})}
"""


def trust(principal: Mapping[str, str]) -> str:
    """A trust policy that lets ``principal`` assume the role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def archive(source: str) -> bytes:
    """A deployment package with one module, ``index``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("index.py", source)
    return buffer.getvalue()


class Story:
    """The server's address and the clients of the account's administrator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        self.clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self.clients:
            # The service name is a value here, which the typed overloads of boto3 do not cover.
            make: Any = self.session.client
            self.clients[service] = make(service, endpoint_url=self.url)
        return self.clients[service]

    def set_up(self) -> str:
        """The API as SAM deploys it for ``Auth: {DefaultAuthorizer: AWS_IAM}``. Returns its id."""
        iam, apigateway = self.client("iam"), self.client("apigateway")
        lambda_, logs = self.client("lambda"), self.client("logs")
        iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
        iam.create_role(
            RoleName="gateway-logs", AssumeRolePolicyDocument=trust({"Service": "apigateway.amazonaws.com"})
        )
        iam.attach_role_policy(
            RoleName="gateway-logs",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        )
        iam.create_role(RoleName="caller", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
        function = lambda_.create_function(
            FunctionName="endpoint",
            Runtime="python3.12",
            Handler="index.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/function",
            Code={"ZipFile": archive(HANDLER)},
        )["FunctionArn"]
        lambda_.get_waiter("function_active_v2").wait(FunctionName="endpoint")

        api = apigateway.create_rest_api(name="iam-api")["id"]
        root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
        parent = apigateway.create_resource(restApiId=api, parentId=root, pathPart="api")["id"]
        resource = apigateway.create_resource(restApiId=api, parentId=parent, pathPart="endpoint")["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        apigateway.put_method(**method, authorizationType="AWS_IAM")
        apigateway.put_integration(
            **method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations",
            credentials="arn:aws:iam::*:user/*",
        )
        lambda_.add_permission(
            FunctionName="endpoint",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*/GET/api/endpoint",
        )
        iam.put_role_policy(
            RoleName="caller",
            PolicyName="invoke-api",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "execute-api:Invoke",
                            "Resource": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*",
                        }
                    ],
                }
            ),
        )
        logs.create_log_group(logGroupName="access")
        apigateway.update_account(
            patchOperations=[
                {
                    "op": "replace",
                    "path": "/cloudwatchRoleArn",
                    "value": f"arn:aws:iam::{ACCOUNT}:role/gateway-logs",
                }
            ]
        )
        apigateway.create_deployment(restApiId=api, stageName="prod")
        apigateway.update_stage(
            restApiId=api,
            stageName="prod",
            patchOperations=[
                {
                    "op": "replace",
                    "path": "/accessLogSettings/destinationArn",
                    "value": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access",
                },
                {"op": "replace", "path": "/accessLogSettings/format", "value": json.dumps(FORMAT)},
            ],
        )
        return str(api)

    def call(self, api: str) -> requests.Response:
        """The client: a role session signs a GET and sends it."""
        assumed = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/caller", RoleSessionName="AssumeRoleSession"
        )["Credentials"]
        credentials = Credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
        host = f"{api}.execute-api.{REGION}.amazonaws.com"
        request = AWSRequest("GET", f"{self.url}/prod/api/endpoint", headers={"Host": host})
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        return requests.get(str(request.url), headers=dict(request.headers.items()), timeout=30)

    def log_record(self, request_id: str) -> str:
        """The access-log line of a request, read through CloudWatch Logs."""
        for _ in range(50):
            found = self.client("logs").filter_log_events(logGroupName="access", filterPattern=f'"{request_id}"')
            if found["events"]:
                return str(found["events"][0]["message"])
            time.sleep(0.1)
        raise SystemExit("the access-log record did not arrive")

    def explanation(self, request_id: str, lang: str) -> dict[str, Any]:
        """Why the request failed, from the server."""
        answer = requests.get(f"{self.url}/_sekisho/requests/{request_id}/explanation?lang={lang}", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def apply(self, remedy: Mapping[str, Any]) -> None:
        """Make the remedy's calls with boto3."""
        for step in remedy["patch"]:
            method = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", step["operation"]).lower()
            getattr(self.client(step["service"]), method)(**step["parameters"])


def show(title: str, text: str) -> None:
    """A heading and what belongs under it."""
    print(f"\n── {title} " + "─" * max(3, 88 - len(title)))
    print(text)


def tell(url: str, lang: str) -> None:
    """The story, from the set-up to the second answer."""
    story = Story(url)
    api = story.set_up()
    show("the request", f"GET /prod/api/endpoint of REST API {api}, signed by a session of role 'caller'")
    first = story.call(api)
    show("the answer", f"{first.status_code} {first.text}\nx-amzn-ErrorType: {first.headers.get('x-amzn-ErrorType')}")
    request_id = first.headers["x-amzn-RequestId"]
    show("the access-log record, from CloudWatch Logs", story.log_record(request_id))
    why = story.explanation(request_id, lang)
    evidence = "\n".join(f"  · {item['text']}" for item in why["evidence"])
    show(f"why ({why['fault']}, {why['cause']}, blame: {why['blame']})", f"{why['headline']}\n{evidence}")
    for number, remedy in enumerate(why["remedies"], 1):
        lines = [remedy["summary"], *(f"  $ {line}" for line in remedy["commands"])]
        lines.append(f"  tried: {'yes' if remedy['proven'] else 'no'}, up to {remedy['proven_up_to']}")
        if remedy.get("template"):
            lines.append("  in the template:\n" + "\n".join(f"    {line}" for line in remedy["template"].splitlines()))
        show(f"remedy {number}", "\n".join(lines))
    if first.status_code != 500 or not why["remedies"]:
        raise SystemExit("the story went another way than expected")
    story.apply(why["remedies"][0])
    second = story.call(api)
    show("remedy 1 applied; the second answer", f"{second.status_code} {second.text}")
    if second.status_code != 200:
        raise SystemExit("the remedy did not work")


def main() -> int:
    """Start a server, tell the story, stop the server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", choices=("en", "ja"), default="en", help="language of the explanation")
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--ephemeral"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise SystemExit(f"the server did not start: {line!r}")
        print(line.strip())
        tell(found.group(), options.lang)
    finally:
        server.terminate()
        server.wait(timeout=20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
