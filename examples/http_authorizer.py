"""An HTTP API with a Lambda authorizer answers "Internal Server Error": two causes behind one body, told apart.

Plays the whole story against a real server on a free port with throw-away state: first API Gateway may not call the
authorizer; the remedy is applied with boto3. Then the authorizer answers in another shape than the API expects; its
code is corrected. Each time the answer, the access-log record and the explanation are shown.

    python -m examples.http_authorizer [--lang ja]
"""

from __future__ import annotations

import sys

import requests
from examples.story import ACCOUNT, Stage, archive, play, show, show_why

REGION = "us-east-1"
FORMAT = (
    '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" '
    "$context.status $context.responseLength $context.requestId $context.integrationErrorMessage "
    "$context.error.message $context.error.responseType,$context.authorizer.error"
)
BACKEND = """
def handler(event, context):
    who = event["requestContext"]["authorizer"]["lambda"]["who"]
    return {"statusCode": 200, "body": f"hello {who}"}
"""
WRONG = """
def handler(event, context):
    return {"authorized": event["headers"]["authorization"] == "let me in"}
"""
RIGHT = """
def handler(event, context):
    return {"isAuthorized": event["headers"]["authorization"] == "let me in", "context": {"who": "traveller"}}
"""


class Story(Stage):
    """An HTTP API with one route behind a Lambda authorizer."""

    def __init__(self, url: str) -> None:
        super().__init__(url, REGION)

    def set_up(self) -> str:
        """The API; nobody has allowed API Gateway to call the authorizer. Returns its id."""
        gateway, lambda_ = self.client("apigatewayv2"), self.client("lambda")
        backend = self.function("backend", BACKEND)
        authorizer_function = self.function("authorizer", WRONG)
        api: str = gateway.create_api(Name="checkpoint", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=backend, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        lambda_.add_permission(
            FunctionName="backend",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*/*",
        )
        authorizer = gateway.create_authorizer(
            ApiId=api,
            Name="permit",
            AuthorizerType="REQUEST",
            AuthorizerUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{authorizer_function}/invocations",
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            IdentitySource=["$request.header.Authorization"],
        )["AuthorizerId"]
        gateway.create_route(
            ApiId=api,
            RouteKey="ANY /",
            Target=f"integrations/{integration}",
            AuthorizationType="CUSTOM",
            AuthorizerId=authorizer,
        )
        self.client("logs").create_log_group(logGroupName="access")
        gateway.create_stage(
            ApiId=api,
            StageName="$default",
            AutoDeploy=True,
            AccessLogSettings={
                "DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access",
                "Format": FORMAT,
            },
        )
        return api

    def call(self, api: str) -> requests.Response:
        """The client."""
        host = f"{api}.execute-api.{REGION}.amazonaws.com"
        return requests.get(f"{self.url}/", headers={"Host": host, "Authorization": "let me in"}, timeout=30)


def failing(story: Story, api: str, lang: str, cause: str) -> requests.Response:
    """Call, and show the answer, the record and why; the cause must be the expected one."""
    answer = story.call(api)
    show("the answer", f"{answer.status_code} {answer.text}  ({len(answer.content)} bytes)")
    request_id = answer.headers["apigw-requestid"]
    show("the access-log record, from CloudWatch Logs", story.log_record(request_id))
    why = story.explanation(request_id, lang)
    show_why(why)
    if answer.status_code != 500 or why["cause"] != cause:
        raise SystemExit("the story went another way than expected")
    if cause == "LAUTH_NO_PERMISSION":
        story.apply(why["remedies"][0])
        print("\nremedy 1 applied")
    return answer


def tell(url: str, lang: str) -> None:
    """The story, from the set-up to the last answer."""
    story = Story(url)
    api = story.set_up()
    show("the request", f"GET / of HTTP API {api}, with a token for its Lambda authorizer")
    failing(story, api, lang, "LAUTH_NO_PERMISSION")
    failing(story, api, lang, "LAUTH_SIMPLE_RESPONSE_MISSING")
    story.client("lambda").update_function_code(FunctionName="authorizer", ZipFile=archive(RIGHT))
    last = story.call(api)
    show("the authorizer's code corrected; the last answer", f"{last.status_code} {last.text}")
    if last.status_code != 200:
        raise SystemExit("the correction did not work")


if __name__ == "__main__":
    sys.exit(play(tell, __doc__))
