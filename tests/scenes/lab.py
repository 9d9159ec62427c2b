"""A whole Sekisho without I/O: the real operations, the real publisher, the real pipeline, and functions that answer
what a test says.

lab = Lab()
lab("iam", "CreateRole", RoleName="caller", AssumeRolePolicyDocument=...)
answer = lab.request(api, "GET", "/prod/pets", key=lab.assume("caller"))
why = lab.explain(answer.trace)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.scenes.calls import ACCOUNT, REGION, Operator, counting_entropy, make_call, root, run
from tests.scenes.functions import zipped
from tests.scenes.service_models import MODELS

from sekisho.config.identities import Principal
from sekisho.config.keyring import Sessions
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.edge.assembly import TABLES
from sekisho.edge.workbench import Bench
from sekisho.explain.render import as_json
from sekisho.explain.why import explain
from sekisho.functions.invocation import InvocationResult, InvokeFunction, Returned
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed
from sekisho.gateway.entry import begin
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers
from sekisho.publish.publisher import publish
from sekisho.services.operation import ServiceError
from sekisho.state.world import Overlay, World
from sekisho.wire.validate import validate

Functions = Callable[[InvokeFunction], InvocationResult]
Web = Callable[[CallHttp], HttpAnswer | HttpFailed]
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"sts:AssumeRole"}]}'


def trust(**principal: str) -> str:
    """A trust policy for one principal: ``trust(Service="lambda.amazonaws.com")``."""
    return TRUST % json.dumps(principal)


def allow(action: str, resource: str, **more: Any) -> str:
    """A document with one Allow."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Key(NamedTuple):
    """Credentials to sign with."""

    id: str
    secret: str
    token: str | None = None


class Answer(NamedTuple):
    """What came back, and the trace of it."""

    response: GatewayResponse
    trace: Trace
    invoked: list[InvokeFunction]
    called: Sequence[CallHttp] = ()
    """Web servers."""

    @property
    def status(self) -> int:
        return self.response.status


def hello(effect: InvokeFunction) -> InvocationResult:
    """A function that answers 200."""
    return Returned(b'{"statusCode": 200, "body": "ok"}', effect.request_id, 0.001)


def silent(effect: CallHttp) -> HttpFailed:
    """A web server that is not there."""
    return HttpFailed("connect", f"{effect.url} cannot be reached")


class Lab:
    """One account (others by ``account=``), one moment that stands still."""

    def __init__(self) -> None:
        import time

        self.world = World()
        self.snapshot: Snapshot = EMPTY
        self.keyring = Sessions("test", "test", ACCOUNT)
        self.entropy = counting_entropy("lab")
        # botocore signs with the real clock, so the lab stands at the moment it was made.
        self.now = time.time()
        self.functions: Functions = hello
        self.web: Web = silent
        self.operator = Operator(TABLES)

    def __call__(
        self,
        service: str,
        operation: str,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        caller: Principal | None = None,
        **params: Any,
    ) -> Any:
        """An operation as the account's root (or ``caller``), validated and committed."""
        invalid = validate(MODELS.get(service).operations[operation], params)
        if invalid is not None:
            raise ServiceError(invalid.code, invalid.message)
        overlay = Overlay(self.world)
        call = make_call(
            service,
            operation,
            params,
            store=overlay,
            caller=caller or root(account),
            snapshot=self.snapshot,
            account=account,
            region=region,
            now=self.now,
            entropy=self.entropy,
            runner=self.operator,
        )
        result = run(TABLES[service][operation], call)
        changes = overlay.changes()
        self.world.apply(changes, self.world.revision + 1)
        self.keyring.note(changes)
        self.snapshot = publish(self.world, [change.key for change in changes], self.snapshot, self.world.revision)
        return result

    # --- builders

    def function(self, name: str = "endpoint", account: str = ACCOUNT) -> str:
        """A function; returns its ARN."""
        if f"arn:aws:iam::{account}:role/function" not in self.snapshot.identities.roles:
            self(
                "iam",
                "CreateRole",
                account=account,
                RoleName="function",
                AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com"),
            )
        found = self(
            "lambda",
            "CreateFunction",
            account=account,
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=f"arn:aws:iam::{account}:role/function",
            Code={"ZipFile": zipped({"index.py": "def handler(event, context):\n    return {}\n"})},
        )
        return str(found["FunctionArn"])

    def rest_api(
        self,
        path: str = "/api/endpoint",
        verb: str = "GET",
        *,
        auth: str = "AWS_IAM",
        function: str = "",
        stage: str = "prod",
        variables: Mapping[str, str] | None = None,
        **integration: Any,
    ) -> str:
        """A deployed API with one Lambda proxy method; returns its id."""
        api: str = self("apigateway", "CreateRestApi", name="api")["id"]
        parent = self("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
        for part in path.strip("/").split("/") if path != "/" else ():
            parent = self("apigateway", "CreateResource", restApiId=api, parentId=parent, pathPart=part)["id"]
        method = {"restApiId": api, "resourceId": parent, "httpMethod": verb}
        self("apigateway", "PutMethod", **method, authorizationType=auth)
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
        self(
            "apigateway",
            "PutIntegration",
            **method,
            **{"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri, **integration},
        )
        more: dict[str, Any] = {"variables": dict(variables)} if variables else {}
        self("apigateway", "CreateDeployment", restApiId=api, stageName=stage, **more)
        return api

    def permit(self, api: str, function: str, source: str = "*/GET/api/endpoint", **params: Any) -> None:
        """AddPermission for API Gateway; ``source`` is what follows the API id in the SourceArn."""
        arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{source}"
        given = {
            "FunctionName": function,
            "StatementId": f"s{self.world.revision}",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": arn,
            **params,
        }
        account = function.split(":")[4]
        self("lambda", "AddPermission", account=account, **{k: v for k, v in given.items() if v is not None})

    def role(self, name: str = "caller", *documents: str, account: str = ACCOUNT) -> None:
        """A role that the account may assume, with inline policies."""
        self(
            "iam",
            "CreateRole",
            account=account,
            RoleName=name,
            AssumeRolePolicyDocument=trust(AWS=f"arn:aws:iam::{account}:root"),
        )
        for number, document in enumerate(documents):
            self(
                "iam", "PutRolePolicy", account=account, RoleName=name, PolicyName=f"p{number}", PolicyDocument=document
            )

    def assume(self, role: str = "caller", account: str = ACCOUNT, **params: Any) -> Key:
        """Credentials of a session of the role."""
        arn = f"arn:aws:iam::{account}:role/{role}"
        found = self("sts", "AssumeRole", account=account, RoleArn=arn, RoleSessionName="session", **params)
        credentials = found["Credentials"]
        return Key(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])

    def user_key(self, name: str, *documents: str) -> Key:
        """A user with inline policies, and an access key of it."""
        self("iam", "CreateUser", UserName=name)
        for number, document in enumerate(documents):
            self("iam", "PutUserPolicy", UserName=name, PolicyName=f"p{number}", PolicyDocument=document)
        found = self("iam", "CreateAccessKey", UserName=name)["AccessKey"]
        return Key(found["AccessKeyId"], found["SecretAccessKey"])

    # --- requests

    def request(
        self,
        api: str,
        method: str = "GET",
        target: str = "/prod/api/endpoint",
        *,
        key: Key | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        change: Callable[[list[tuple[str, str]]], None] | None = None,
        region: str = REGION,
        service: str = "execute-api",
    ) -> Answer:
        """Send a request, signed by ``key``; ``change`` may alter the header list after signing."""
        host = f"{api}.execute-api.{REGION}.amazonaws.com"
        pairs = [("Host", host), *(headers or {}).items()]
        if key is not None:
            signed = AWSRequest(method, f"https://{host}{target}", headers=dict(pairs), data=body)
            SigV4Auth(Credentials(*key), service, region).add_auth(signed)
            pairs = list(signed.headers.items())
        if change is not None:
            change(pairs)
        path, _, query = target.partition("?")
        request = GatewayRequest(method, path, path, query, Headers(pairs), body, host, api, REGION, "203.0.113.7")
        return self.play(request)

    def play(self, request: GatewayRequest) -> Answer:
        """Run the pipeline; functions answer what ``self.functions`` says, web servers what ``self.web`` says."""
        x, steps = begin(request, self.snapshot, self.keyring, self.now, lambda: 0.0, self.entropy)
        invoked: list[InvokeFunction] = []
        called: list[CallHttp] = []
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, CallHttp):
                    called.append(effect)
                    effect = steps.send(self.web(effect))
                    continue
                assert isinstance(effect, InvokeFunction)
                invoked.append(effect)
                effect = steps.send(self.functions(effect))
        except StopIteration as end:
            return Answer(end.value, x.trace, invoked, called)

    def explain(self, trace: Trace, lang: str = "en") -> dict[str, Any]:
        """The JSON form of the explanation; fails when the request was served."""
        bench = Bench(self.world, self.keyring, TABLES, MODELS, self.entropy, self.now)
        found = explain(trace, bench)
        assert found is not None
        return as_json(found, lang, region=REGION)

    def apply(self, remedy: Mapping[str, Any]) -> None:
        """Make a remedy's calls."""
        for step in remedy["patch"]:
            self(step["service"], step["operation"], **step["parameters"])
