"""A REST API with IAM authorization answers 500 although the caller may invoke it: why, and what cures it.

Plays the whole story against a real server on a free port with throw-away state: real boto3 sets the API up, the
client signs with SigV4 and calls it, the access-log record is read back through CloudWatch Logs, the explanation is
asked for, its first remedy is applied with boto3, and the same client calls again.

    python -m examples.iam_caller_credentials [--lang ja]
"""

from __future__ import annotations

import json
import sys

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from examples.story import ACCOUNT, Stage, play, show, show_why, trust

REGION = "ap-northeast-1"
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


class Story(Stage):
    """A REST API whose integration uses the caller's credentials."""

    def __init__(self, url: str) -> None:
        super().__init__(url, REGION)

    def set_up(self) -> str:
        """The API as SAM deploys it for ``Auth: {DefaultAuthorizer: AWS_IAM}``. Returns its id."""
        iam, apigateway = self.client("iam"), self.client("apigateway")
        lambda_, logs = self.client("lambda"), self.client("logs")
        iam.create_role(
            RoleName="gateway-logs", AssumeRolePolicyDocument=trust({"Service": "apigateway.amazonaws.com"})
        )
        iam.attach_role_policy(
            RoleName="gateway-logs",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        )
        iam.create_role(RoleName="caller", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
        function = self.function("endpoint", HANDLER)

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
    show_why(why)
    if first.status_code != 500 or not why["remedies"]:
        raise SystemExit("the story went another way than expected")
    story.apply(why["remedies"][0])
    second = story.call(api)
    show("remedy 1 applied; the second answer", f"{second.status_code} {second.text}")
    if second.status_code != 200:
        raise SystemExit("the remedy did not work")


if __name__ == "__main__":
    sys.exit(play(tell, __doc__))
