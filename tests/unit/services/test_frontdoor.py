"""The control plane's pipeline over small tables: who is calling, may they, what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from tests.scenes.calls import ACCOUNT, ENTROPY, REGION, root, user
from tests.scenes.service_models import DISPATCHER

from sekisho.config.identities import AccessKey, Principal
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.functions.invocation import InvokeFunction
from sekisho.kit.headers import Headers
from sekisho.kit.outcome import Ask
from sekisho.policy.combine import PolicyStack, Verdict, decide
from sekisho.policy.compile import compile_policy
from sekisho.services.effects import ReadCode
from sekisho.services.frontdoor import Env, Outcome, handle
from sekisho.services.operation import Call, Operations, Result, ServiceError
from sekisho.sigv4.claim import instant_of
from sekisho.state.world import Key, World
from sekisho.wire.message import WireRequest

NOW = 1_700_000_000.0
STAMP = "20231114T221320Z"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

iam = Operations("iam")
sts = Operations("sts")
logs = Operations("logs")
lambda_ = Operations("lambda")
apigateway = Operations("apigateway")
cloudformation = Operations("cloudformation")


@iam("CreateRole", resource="arn:aws:iam::{account}:role/{RoleName}")
def create_role(call: Call) -> Result:
    name = call.params["RoleName"]
    if name in call.global_table("role"):
        raise ServiceError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    call.global_table("role").put(name, {"RoleName": name})
    if name == "bug":
        raise RuntimeError("a bug")
    return {"Role": {"RoleName": name, "CreateDate": call.now}}


@iam("GetRole", resource="arn:aws:iam::{account}:role/{RoleName}")
def get_role(call: Call) -> Result:
    raise ServiceError("NoSuchEntityException", "The role cannot be found.")


@sts("GetCallerIdentity", authorized=False)
def get_caller_identity(call: Call) -> Result:
    subject = call.caller.subject
    return {"Account": call.account, "Arn": subject.arn, "UserId": subject.unique_id}


@sts("AssumeRoleWithWebIdentity", authorized=False)
def web_identity(call: Call) -> Result:
    return {"SubjectFromWebIdentityToken": call.caller.subject.unique_id}


@logs("CreateLogGroup", resource="arn:aws:logs:{region}:{account}:log-group:{logGroupName}")
def create_log_group(call: Call) -> Result:
    call.table("group").put(call.params["logGroupName"], {"LogGroupName": call.params["logGroupName"]})
    return {}


@lambda_(
    "GetFunction", resource=lambda call: f"arn:aws:lambda:{call.region}:{call.account}:function:{call.params['x']}"
)
def get_function(call: Call) -> Result:
    def then(call: Call, code: bytes | None) -> Result:
        if code is None:
            raise ServiceError("ResourceNotFoundException", "Function not found", Type="User")
        return {"Configuration": {"CodeSize": len(code)}}

    return Ask(ReadCode("abc"), then)


@apigateway("CreateResource", resource="arn:aws:apigateway:{region}::/restapis/{restApiId}/resources/{parentId}")
def create_resource(call: Call) -> Result:
    return {"id": "res", "pathPart": call.params["pathPart"]}


@cloudformation("CreateStack", resource="*")
def create_stack(call: Call) -> Result:
    call.invoke("iam", "CreateRole", {"RoleName": "made", "AssumeRolePolicyDocument": "{}"})
    return {"StackId": "stack"}


TABLES = {one.service: one.table for one in (iam, sts, logs, lambda_, apigateway, cloudformation)}


def allowing(*statements: Mapping[str, Any]) -> PolicyStack:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return PolicyStack(identity=(compile_policy(document, name="test"),))


class Keys:
    """A keyring of given keys."""

    def __init__(self, *keys: AccessKey) -> None:
        self.keys = {key.id: key for key in keys}

    def find(self, access_key_id: str, snapshot: Snapshot, /) -> AccessKey | None:
        return self.keys.get(access_key_id)


ROOT_KEY = AccessKey("AKIAROOT", "root-secret", root())


def key_of(principal: Principal, **more: Any) -> AccessKey:
    return AccessKey("AKIAUSER", "user-secret", principal, **more)


def env(*keys: AccessKey, enforce: bool = False, world: World | None = None) -> Env:
    return Env(
        tables=TABLES,
        dispatcher=DISPATCHER,
        snapshot=EMPTY,
        view=world or World(),
        keyring=Keys(ROOT_KEY, *keys),
        now=NOW,
        entropy=ENTROPY,
        request_id="rid",
        source_ip="203.0.113.7",
        enforce_iam=enforce,
        account=ACCOUNT,
        region=REGION,
    )


def request(
    service: str,
    *,
    method: str = "POST",
    path: str = "/",
    body: bytes = b"",
    key: AccessKey | None = ROOT_KEY,
    region: str = REGION,
    stamp: str = STAMP,
    **headers: str,
) -> WireRequest:
    """A request signed by botocore at ``stamp``; unsigned when ``key`` is None."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    aws = botocore.awsrequest.AWSRequest(method, f"http://127.0.0.1:4566{path}", headers=fields, data=body)
    if key is not None:
        credentials = botocore.credentials.Credentials(key.id, key.secret, key.session_token or None)
        signer = botocore.auth.SigV4Auth(credentials, service, region)
        aws.context["timestamp"] = stamp
        aws.headers["X-Amz-Date"] = stamp
        aws.headers["Host"] = "127.0.0.1:4566"
        if key.session_token:
            aws.headers["X-Amz-Security-Token"] = key.session_token
        canonical = signer.canonical_request(aws)
        signature = signer.signature(signer.string_to_sign(aws, canonical), aws)
        signed = signer.signed_headers(signer.headers_to_sign(aws))
        aws.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={signer.scope(aws)}, SignedHeaders={signed}, Signature={signature}"
        )
    plain, _, query = path.partition("?")
    return WireRequest(method, plain, query, Headers((str(k), str(v)) for k, v in aws.headers.items()), body)


def form(service: str, action: str, key: AccessKey | None = ROOT_KEY, stamp: str = STAMP, **params: str) -> WireRequest:
    version = {"iam": "2010-05-08", "sts": "2011-06-15", "cloudformation": "2010-05-15"}[service]
    fields = {"Action": action, "Version": version, **params}
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return request(service, body=body, key=key, stamp=stamp, Content_Type=FORM)


def log_group(key: AccessKey | None = ROOT_KEY, body: bytes = b'{"logGroupName":"g"}') -> WireRequest:
    return request("logs", body=body, key=key, X_Amz_Target="Logs_20140328.CreateLogGroup")


def serve(asked: WireRequest, environment: Env, *results: Any) -> Outcome:
    """Run the pipeline to its end; its effects get ``results`` in order. An exception is thrown in."""
    work = handle(asked, environment)
    answers = iter(results)
    try:
        work.send(None)
        while True:
            answer = next(answers)
            if isinstance(answer, Exception):
                work.throw(answer)
            else:
                work.send(answer)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


CREATE: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": "%7B%7D"}


# --- what becomes of a call


def test_a_call_that_succeeds_hands_over_its_changes() -> None:
    outcome = serve(form("iam", "CreateRole", **CREATE), env())
    assert outcome.response.status == 200
    assert b"<CreateDate>2023-11-14T22:13:20Z</CreateDate>" in outcome.response.body
    assert outcome.overlay is not None
    assert [change.key for change in outcome.overlay.changes()] == [Key(ACCOUNT, "", "iam", "role", "r")]
    record = outcome.record
    assert (record.service, record.operation, record.status, record.error_code) == ("iam", "CreateRole", 200, "")
    assert record.params == {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}
    assert record.caller == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_call_that_fails_leaves_no_trace() -> None:
    outcome = serve(form("iam", "GetRole", RoleName="r"), env())
    assert outcome.overlay is None
    # The status of the model, and the code in place of the name of its shape.
    assert outcome.response.status == 404
    assert b"<Code>NoSuchEntity</Code>" in outcome.response.body
    assert outcome.record.error_code == "NoSuchEntity"


def test_an_unexpected_exception_is_answered_and_kept() -> None:
    outcome = serve(form("iam", "CreateRole", **{**CREATE, "RoleName": "bug"}), env())
    assert outcome.response.status == 500
    assert b"a bug" not in outcome.response.body
    assert outcome.overlay is None
    assert "RuntimeError: a bug" in outcome.record.problem


def test_effects_are_asked_for_and_answered() -> None:
    asked = request("lambda", method="GET", path="/2015-03-31/functions/f")
    work = handle(asked, env())
    assert work.send(None) == ReadCode("abc")
    outcome = serve(asked, env(), b"12345")
    assert json.loads(outcome.response.body) == {"Configuration": {"CodeSize": 5}}
    gone = serve(asked, env(), None)
    assert (gone.response.status, gone.record.error_code) == (404, "ResourceNotFoundException")
    assert json.loads(gone.response.body) == {"Type": "User", "Message": "Function not found"}
    broken = serve(asked, env(), OSError("disk"))
    assert (broken.response.status, broken.record.error_code) == (500, "ServiceException")


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (form("iam", "CreateRole", RoleName="r"), "ValidationError", 400),
        (form("iam", "DeleteRole", RoleName="r"), "NotImplemented", 501),
        (form("iam", "MakeTea"), "InvalidAction", 400),
        (log_group(body=b"{"), "SerializationException", 400),
        (log_group(body=b"{}"), "InvalidParameterException", 400),
        (request("lambda", path="/2015-03-31/functions", body=b"x"), "NotImplementedException", 501),
        (request("lambda", path="/nowhere"), "UnknownOperationException", 404),
        (request("dynamodb", X_Amz_Target="DynamoDB_20120810.PutItem"), "NotImplemented", 501),
        (
            request("apigateway", path="/restapis/a/resources/b", body=b"{nonsense"),
            "BadRequestException",
            400,
        ),
    ],
)
def test_bad_calls_have_aws_codes(asked: WireRequest, code: str, status: int) -> None:
    outcome = serve(asked, env())
    assert (outcome.record.error_code, outcome.response.status) == (code, status)
    assert outcome.overlay is None
    assert code.encode() in outcome.response.body + repr(outcome.response.headers).encode()


def test_what_is_not_implemented_is_named() -> None:
    assert (
        b"sekisho does not implement iam:DeleteRole"
        in serve(form("iam", "DeleteRole", RoleName="r"), env()).response.body
    )
    assert (
        b"sekisho does not implement sqs"
        in serve(request("sqs", Content_Type=FORM, body=b"Action=X"), env()).response.body
    )


# --- without enforcement


@pytest.mark.parametrize(
    ("key", "account", "arn"),
    [
        (None, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"),
        (AccessKey("test", "test", root()), ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"),
        (AccessKey("999988887777", "x", root()), "999988887777", "arn:aws:iam::999988887777:root"),
        (AccessKey("AKIAUSER", "wrong", root()), ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ana"),
    ],
)
def test_without_enforcement_anybody_is_who_they_say(key: AccessKey | None, account: str, arn: str) -> None:
    body = serve(form("sts", "GetCallerIdentity", key), env(key_of(user("ana")))).response.body.decode()
    assert f"<Account>{account}</Account>" in body
    assert f"<Arn>{arn}</Arn>" in body


def test_without_enforcement_nothing_is_refused() -> None:
    outcome = serve(form("iam", "CreateRole", key_of(user("ana")), **CREATE), env(key_of(user("ana"))))
    assert outcome.response.status == 200


def test_the_region_is_the_scopes() -> None:
    outcome = serve(
        request("logs", body=b'{"logGroupName":"g"}', region="eu-north-1", X_Amz_Target="Logs_20140328.CreateLogGroup"),
        env(),
    )
    assert outcome.overlay is not None
    assert outcome.overlay.changes()[0].key.region == "eu-north-1"
    assert outcome.record.region == "eu-north-1"


# --- with enforcement: who


def test_the_root_may_do_everything() -> None:
    assert serve(form("iam", "CreateRole", **CREATE), env(enforce=True)).response.status == 200


FAILURES = {
    "unsigned": (None, STAMP, "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    "unknown key": (AccessKey("AKIANOBODY", "x", root()), STAMP, "InvalidClientTokenId", "UnrecognizedClientException"),
    "digits": (AccessKey("123456789012", "x", root()), STAMP, "InvalidClientTokenId", "UnrecognizedClientException"),
    "wrong secret": (AccessKey("AKIAROOT", "x", root()), STAMP, "SignatureDoesNotMatch", "InvalidSignatureException"),
    "old": (ROOT_KEY, "20231114T200000Z", "SignatureDoesNotMatch", "InvalidSignatureException"),
    "inactive": (key_of(user("a"), active=False), STAMP, "InvalidClientTokenId", "UnrecognizedClientException"),
    "no token": (key_of(user("a")), STAMP, "InvalidClientTokenId", "UnrecognizedClientException"),
    "expired": (key_of(user("a"), session_token="t", expires_at=NOW), STAMP, "ExpiredToken", "ExpiredTokenException"),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("protocol", ["query", "json", "rest-json"])
def test_credentials_that_fail(name: str, protocol: str) -> None:
    key, stamp, query_code, json_code = FAILURES[name]
    held = key_of(user("a"), session_token="t") if name == "no token" else key
    environment = env(*([held] if held and name in ("inactive", "no token", "expired") else []), enforce=True)
    if protocol == "query":
        asked = form("sts", "GetCallerIdentity", key, stamp)
    elif protocol == "json":
        asked = request("logs", body=b"{}", key=key, stamp=stamp, X_Amz_Target="Logs_20140328.CreateLogGroup")
    else:
        asked = request("lambda", method="GET", path="/2015-03-31/functions/f", key=key, stamp=stamp)
    outcome = serve(asked, environment)
    assert outcome.record.error_code == (query_code if protocol == "query" else json_code)
    assert outcome.response.status == (400 if protocol == "json" else 403)
    assert outcome.record.caller == ""


def test_incomplete_signatures() -> None:
    headers = Headers([("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAROOT/20231114/us-east-1/sts/aws4_request")])
    outcome = serve(
        WireRequest("POST", "/?Action=GetCallerIdentity", "Action=GetCallerIdentity", headers), env(enforce=True)
    )
    assert (outcome.record.error_code, outcome.response.status) == ("IncompleteSignature", 400)


def test_web_identities_need_no_signature() -> None:
    params = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "ses", "WebIdentityToken": "token"}
    outcome = serve(form("sts", "AssumeRoleWithWebIdentity", None, **params), env(enforce=True))
    assert outcome.response.status == 200
    assert b"anonymous" in outcome.response.body


def test_the_clock_is_given() -> None:
    assert instant_of(STAMP) == NOW


# --- with enforcement: may they

ALLOW_R = {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/r"}


def test_a_user_may_what_its_policy_allows() -> None:
    key = key_of(user("ana", allowing(ALLOW_R)))
    assert serve(form("iam", "CreateRole", key, **CREATE), env(key, enforce=True)).response.status == 200
    other = serve(form("iam", "CreateRole", key, **{**CREATE, "RoleName": "s"}), env(key, enforce=True))
    assert (other.response.status, other.record.error_code) == (403, "AccessDenied")
    assert other.overlay is None
    assert (
        f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: iam:CreateRole on resource: "
        "role s because no identity-based policy allows the iam:CreateRole action"
    ) == other.record.error_message


def test_a_refusal_can_be_asked_again() -> None:
    key = key_of(user("ana"))
    denied = serve(log_group(key), env(key, enforce=True)).record.denied
    assert denied is not None
    assert denied.decision.verdict is Verdict.IMPLICITLY_DENIED
    assert denied.question.resource == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    assert denied.question.context.get("aws:sourceip") == "203.0.113.7"
    assert decide(denied.question, denied.stack, denied.resource_policy) == denied.decision


def test_logs_refuses_with_400() -> None:
    key = key_of(user("ana"))
    outcome = serve(log_group(key), env(key, enforce=True))
    assert (outcome.response.status, outcome.record.error_code) == (400, "AccessDeniedException")


def test_api_gateways_actions_are_verbs() -> None:
    arn = f"arn:aws:apigateway:{REGION}::/restapis/a/resources/*"
    key = key_of(user("ana", allowing({"Effect": "Allow", "Action": "apigateway:POST", "Resource": arn})))
    asked = request("apigateway", path="/restapis/a/resources/b", body=b'{"pathPart":"p"}', key=key)
    assert serve(asked, env(key, enforce=True)).response.status == 201
    stranger = key_of(user("ben", allowing({"Effect": "Allow", "Action": "apigateway:GET", "Resource": arn})))
    asked = request("apigateway", path="/restapis/a/resources/b", body=b'{"pathPart":"p"}', key=stranger)
    outcome = serve(asked, env(stranger, enforce=True))
    assert (outcome.response.status, outcome.record.error_code) == (403, "AccessDeniedException")
    assert "perform: apigateway:POST on resource: arn:aws:apigateway" in outcome.record.error_message


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "blue"}}, True),
        ({"StringEquals": {"aws:RequestTag/Team": "red"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["Team", "env"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/b"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringLike": {"aws:UserAgent": "boto3/*"}}, True),
    ],
)
def test_conditions_see_the_request(condition: Mapping[str, Any], allowed: bool) -> None:
    key = key_of(user("ana", allowing({**ALLOW_R, "Condition": condition})))
    fields = {
        **CREATE,
        "PermissionsBoundary": f"arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Apolicy%2Fb",
        "Tags.member.1.Key": "Team",
        "Tags.member.1.Value": "blue",
    }
    body = "&".join(f"{k}={v}" for k, v in {"Action": "CreateRole", "Version": "2010-05-08", **fields}.items()).encode()
    asked = request("iam", body=body, key=key, Content_Type=FORM, User_Agent="boto3/1.40")
    assert serve(asked, env(key, enforce=True)).response.status == (200 if allowed else 403)


def test_permission_is_asked_before_parameters_are_judged() -> None:
    key = key_of(user("ana"))
    assert serve(form("iam", "CreateRole", key), env(key, enforce=True)).record.error_code == "AccessDenied"
    broken = request("lambda", method="GET", path="/2015-03-31/functions/f", key=key)
    denied = serve(broken, env(key, enforce=True)).record.denied
    assert denied is not None and denied.question.resource == "*"


def test_cloudformation_acts_with_the_callers_rights() -> None:
    stack = {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}
    role = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    key = key_of(user("ana", allowing(stack, role)))
    made = serve(form("cloudformation", "CreateStack", key, StackName="s"), env(key, enforce=True))
    assert made.response.status == 200
    assert made.overlay is not None
    assert [change.key.id for change in made.overlay.changes()] == ["made"]
    key = key_of(user("ben", allowing(stack)))
    refused = serve(form("cloudformation", "CreateStack", key, StackName="s"), env(key, enforce=True))
    assert refused.overlay is None
    assert "iam:CreateRole" in refused.record.error_message


def test_secrets_and_bytes_are_not_recorded() -> None:
    key = key_of(user("ana"))
    token = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "ses", "WebIdentityToken": "topsecret"}
    record = serve(form("sts", "AssumeRoleWithWebIdentity", None, **token), env(key)).record
    assert record.params["WebIdentityToken"] == "***"
    assert record.params["RoleSessionName"] == "ses"


def test_no_effect_is_performed_for_those_who_may_not() -> None:
    key = key_of(user("ana"))
    asked = request("lambda", method="GET", path="/2015-03-31/functions/f", key=key)
    effects: list[InvokeFunction | Any] = []
    work = handle(asked, env(key, enforce=True))
    try:
        effects.append(work.send(None))
    except StopIteration as stop:
        assert stop.value.response.status == 403
    assert effects == []


def test_an_explicit_deny_names_the_managed_policy() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/no"
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
    key = key_of(user("ana", PolicyStack(identity=(compile_policy(deny, name="no", arn=arn),))))
    message = serve(form("iam", "CreateRole", key, **CREATE), env(key, enforce=True)).record.error_message
    assert message.endswith(f"with an explicit deny in an identity-based policy: {arn}")


def test_clocks_of_query_services_may_differ_by_fifteen_minutes() -> None:
    assert serve(form("sts", "GetCallerIdentity", stamp="20231114T220000Z"), env(enforce=True)).response.status == 200
    late = serve(form("sts", "GetCallerIdentity", stamp="20231114T215819Z"), env(enforce=True)).record
    assert late.error_message == (
        "Signature expired: 20231114T215819Z is now earlier than 20231114T215820Z (20231114T221320Z - 15 min.)"
    )
    early = serve(form("sts", "GetCallerIdentity", stamp="20231114T222821Z"), env(enforce=True)).record
    assert early.error_message == (
        "Signature not yet current: 20231114T222821Z is still later than 20231114T222820Z (20231114T221320Z + 15 min.)"
    )
    logs = serve(
        request("logs", stamp="20231114T220800Z", body=b"{}", X_Amz_Target="Logs_20140328.CreateLogGroup"),
        env(enforce=True),
    ).record
    assert logs.error_message.endswith("(20231114T221320Z - 5 min.)")


def test_star_is_named_as_a_resource() -> None:
    key = key_of(user("ana"))
    record = serve(form("cloudformation", "CreateStack", key, StackName="s"), env(key, enforce=True)).record
    assert "perform: cloudformation:CreateStack on resource: * because no identity-based policy" in record.error_message
