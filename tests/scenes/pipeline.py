"""A deployed REST API in a few lines, and requests to it played on the pure pipeline.

api = Api()
api.route("GET", "/pets/{id}", lambda_proxy(FUNCTION), auth=IAM)
played = api.play("GET", "/prod/pets/1", signed_by=USER, answers=[returned({"statusCode": 200})])
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sekisho.config.api import IAM, OPEN, AccessLog, ApiMapping, ApiSnapshot, Authorizer, GatewayResponse, Route, Stage
from sekisho.config.functions import Function
from sekisho.config.identities import AccessKey, Identities, Principal, Role
from sekisho.config.integrations import Authority, Integration, IntegrationResponse, LambdaProxy, Mock
from sekisho.config.router import Router
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import Failed, FunctionSpec, InvokeFunction, Returned
from sekisho.gateway.context.variables import compile_format
from sekisho.gateway.entry import begin
from sekisho.gateway.exchange import Exchange
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.record import finish
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.request import GatewayResponse as Answer
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.request import Subject, SubjectKind
from sekisho.vtl import compile_template

ACCOUNT = "111122223333"
OTHER = "444455556666"
REGION = "eu-west-1"
API = "a1b2c3d4e5"
HOST = f"{API}.execute-api.{REGION}.amazonaws.com"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pets"
NOW = 1_790_000_000.0
SOURCE_IP = "203.0.113.10"

Document = Mapping[str, Any]


def policy(*statements: Document, name: str = "policy") -> CompiledPolicy:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)}, name=name)


def allow(action: str, resource: str = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str, resource: str = "*", **more: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def stack(*statements: Document) -> PolicyStack:
    return PolicyStack(identity=(policy(*statements, name="identity"),)) if statements else PolicyStack()


def user(name: str, *statements: Document, account: str = ACCOUNT) -> AccessKey:
    """A user with an inline policy, and its access key."""
    subject = Subject(
        SubjectKind.USER, account, f"arn:aws:iam::{account}:user/{name}", unique_id=f"AIDA{name.upper():X<17}"
    )
    key_id = f"AKIA{name.upper():X<16}"
    return AccessKey(key_id, f"secret of {name}", Principal(subject, stack(*statements), name))


def session(role: str, name: str, *statements: Document, account: str = ACCOUNT, expires_at: float = 0.0) -> AccessKey:
    """A session of a role, and its credentials."""
    subject = Subject(
        SubjectKind.ROLE_SESSION,
        account,
        f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        f"arn:aws:iam::{account}:role/{role}",
        f"AROA{role.upper():X<17}:{name}",
    )
    principal = Principal(subject, stack(*statements), name, issued_at=NOW - 60)
    return AccessKey(f"ASIA{role.upper():X<16}", f"secret of {role}", principal, True, f"token of {role}", expires_at)


def role(name: str, *statements: Document, trust: Document | None = None) -> Role:
    """A role that API Gateway may assume, unless ``trust`` says otherwise."""
    trusted = trust or {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return Role(
        f"arn:aws:iam::{ACCOUNT}:role/{name}",
        f"AROA{name.upper():X<17}",
        ACCOUNT,
        name,
        policy(trusted, name="trust"),
        stack(*statements),
    )


def function(
    *permissions: Document, qualifier: str = "", arn: str = FUNCTION, alias: str = "", versions: Sequence[str] = ()
) -> Function:
    """A function whose resource policy (of ``qualifier``) has these statements."""
    _, _, _, region, account, _, name = arn.split(":")

    def spec(version: str) -> FunctionSpec:
        return FunctionSpec(
            account,
            region,
            name,
            version,
            "python3.11",
            "app.handler",
            "0" * 64,
            3.0,
            128,
            {},
            "",
            f"/aws/lambda/{name}",
            "1",
        )

    return Function(
        arn,
        account,
        region,
        name,
        {version: spec(version) for version in ("$LATEST", *versions)},
        {alias: (versions[0],)} if alias else {},
        {qualifier: policy(*permissions, name=f"policy of {name}")} if permissions else {},
    )


def gateway_may_invoke(
    source: str = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*", arn: str = FUNCTION
) -> Document:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }


def lambda_proxy(
    credentials: str = "",
    *,
    arn: str = FUNCTION,
    qualifier: str = "",
    method: str = "POST",
    timeout: float = 29.0,
    illegal: str = "",
) -> LambdaProxy:
    """``AWS_PROXY``; ``credentials`` as in PutIntegration."""
    authority = Authority.SERVICE
    if credentials:
        authority = Authority.CALLER if credentials == "arn:aws:iam::*:user/*" else Authority.ROLE
    prefix = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/"
    return LambdaProxy(arn, qualifier, authority, credentials, prefix, timeout, method, illegal_header=illegal)


def mock(
    template: str | None = '{"statusCode": 200}',
    *,
    passthrough: str = "WHEN_NO_MATCH",
    body: str = "",
    status: str = "200",
    parameters: Mapping[str, str] | None = None,
    responses: tuple[IntegrationResponse, ...] | None = None,
    declared: Iterable[str] | None = None,
) -> Mock:
    """``MOCK`` with one default response, or with ``responses``."""
    rows = responses
    if rows is None:
        templates = {"application/json": compile_template(body)} if body else {}
        rows = (IntegrationResponse(status, None, parameters or {}, templates),)
    return Mock(
        {"application/json": compile_template(template)} if template is not None else {},
        passthrough,
        rows,
        {each: {} for each in (declared if declared is not None else [row.status for row in rows])},
    )


def returned(value: Any, *, request_id: str = "11111111-2222-4333-8444-555555555555") -> Returned:
    return Returned(json.dumps(value).encode(), request_id, 0.01)


def failed(message: str, *, kind: str = "raised", error: str = "RuntimeError") -> Failed:
    payload = json.dumps({"errorMessage": message, "errorType": error}).encode()
    return Failed(payload, message, kind, "11111111-2222-4333-8444-555555555555", 0.01)


@dataclass
class Played:
    """One request, played to its end."""

    response: Answer
    trace: Trace
    asked: list[InvokeFunction]
    line: str | None
    fetched: list[object] = field(default_factory=list)
    """Effects that are no invocations."""
    exchange: Exchange | None = None

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def text(self) -> str:
        return self.response.body.decode()

    @property
    def headers(self) -> Headers:
        return Headers(self.response.headers)

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.asked[0].payload)
        return found


class Keys:
    """A keyring of the given keys."""

    def __init__(self, keys: Iterable[AccessKey]) -> None:
        self.keys = {key.id: key for key in keys}

    def find(self, access_key_id: str, snapshot: Snapshot) -> AccessKey | None:
        return self.keys.get(access_key_id)


Answers = Sequence[Any] | Callable[[Any], Any]


@dataclass
class Api:
    """A REST API with one stage."""

    stage: str = "prod"
    resource_policy: CompiledPolicy | None = None
    format: str = ""
    endpoint: str = "REGIONAL"
    variables: Mapping[str, str] = field(default_factory=dict)
    binary: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    keys: list[AccessKey] = field(default_factory=list)
    disabled: bool = False
    deployed: bool = True
    router: Router[Route] = field(default_factory=Router)
    ledger: Ledger = field(default_factory=Ledger)
    domains: Mapping[str, tuple[ApiMapping, ...]] = field(default_factory=dict)

    def route(
        self, method: str, path: str, integration: Integration, *, auth: Authorizer = OPEN, key: bool = False
    ) -> Api:
        prefix = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{self.stage}/"
        if isinstance(integration, LambdaProxy):
            integration = replace(integration, source_arn=prefix)
        self.router.add(path, method, Route(f"res{len(path)}", path, method, prefix, auth, integration, key))
        return self

    def snapshot(self) -> Snapshot:
        log = None
        if self.format:
            log = AccessLog(ACCOUNT, REGION, "access", "stream", compile_format(self.format, Kind.REST))
        stage = Stage(
            self.stage,
            "dep123",
            self.variables,
            self.router,
            log,
            self.resource_policy,
            self.binary,
            self.gateway_responses,
        )
        stages = {self.stage: stage} if self.deployed else {}
        api = ApiSnapshot(Kind.REST, API, ACCOUNT, REGION, "api", stages, self.disabled, endpoint_type=self.endpoint)
        identities = Identities({}, {role.arn: role for role in self.roles}, {}, {})
        functions = {each.arn: each for each in self.functions}
        return Snapshot(1, {API: api}, functions, identities, self.domains)

    def play(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: bytes = b"",
        *,
        signed_by: AccessKey | None = None,
        answers: Answers = (),
        api: str = API,
        now: float = NOW,
        later: float = 0.0,
        region: str = REGION,
        service: str = "execute-api",
    ) -> Played:
        """Send a request; ``later`` are seconds between its signature and its arrival."""
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers or ())
        pairs = [("Host", HOST), *pairs]
        if signed_by is not None:
            pairs = sign(method, target, pairs, body, signed_by, now, region, service)
        path, _, query = target.partition("?")
        request = GatewayRequest(method, path, path, query, Headers(pairs), body, HOST, api, REGION, SOURCE_IP)
        ticks = itertools.count()
        drawn = itertools.count(1)

        def entropy(count: int) -> bytes:
            return bytes((next(drawn) * 37) % 256 for _ in range(count))

        clock, keys = (lambda: next(ticks) / 1000), Keys(self.keys)
        x, steps = begin(request, self.snapshot(), keys, now + later, clock, entropy, self.ledger)
        asked: list[InvokeFunction] = []
        left = iter(()) if callable(answers) else iter(answers)
        fetched: list[object] = []
        result: Any = None
        while True:
            try:
                effect = steps.send(result)
            except StopIteration as stop:
                found = finish(x.trace)
                return Played(stop.value, x.trace, asked, found[1] if found else None, fetched, x)
            if isinstance(effect, InvokeFunction):
                asked.append(effect)
            else:
                fetched.append(effect)
            result = answers(effect) if callable(answers) else next(left)


def sign(
    method: str,
    target: str,
    pairs: list[tuple[str, str]],
    body: bytes,
    key: AccessKey,
    now: float,
    region: str = REGION,
    service: str = "execute-api",
) -> list[tuple[str, str]]:
    """The headers of a request signed with botocore at ``now``."""
    from datetime import UTC, datetime
    from unittest import mock as patching

    request = AWSRequest(method, f"https://{HOST}{target}", headers=dict(pairs), data=body)
    signer = SigV4Auth(Credentials(key.id, key.secret, key.session_token or None), service, region)
    moment = datetime.fromtimestamp(now, UTC)
    with patching.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: moment.replace(tzinfo=None)):
        signer.add_auth(request)
    return list(request.headers.items())


__all__ = [
    "ACCOUNT",
    "API",
    "FUNCTION",
    "HOST",
    "IAM",
    "NOW",
    "OPEN",
    "OTHER",
    "REGION",
    "SOURCE_IP",
    "Api",
    "Authority",
    "GatewayResponse",
    "Played",
    "allow",
    "deny",
    "failed",
    "function",
    "gateway_may_invoke",
    "lambda_proxy",
    "mock",
    "policy",
    "returned",
    "role",
    "session",
    "sign",
    "user",
]
