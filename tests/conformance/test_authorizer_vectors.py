"""Recorded outcomes of Lambda authorizers, on REST and HTTP APIs, played on the pure pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.conformance.tally import tally
from tests.conformance.vectors import Case, load
from tests.scenes.authorizers import AUTHORIZER, answered, guard, lambda_authorizer, policy_answer
from tests.scenes.http import HttpApi, http_lambda
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    HOST,
    REGION,
    Api,
    GatewayResponse,
    Played,
    allow,
    deny,
    failed,
    function,
    gateway_may_invoke,
    lambda_proxy,
    returned,
    role,
)

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.config.identities import Role
from sekisho.functions.invocation import Failed, GaveUp, InvocationResult, InvokeFunction, Returned

INVOKE = "lambda:InvokeFunction"
BACKEND = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/*/*"
SCALARS = {"n": 123, "f": 1.5, "b": True, "z": 0}
TYPED = {"stringValue": "probe-value", "numberValue": 7, "booleanValue": True, "emptyValue": ""}

Functions = Callable[[InvokeFunction], InvocationResult]


def backed(decide: Callable[[dict[str, Any]], InvocationResult]) -> Functions:
    """The authorizer's function does what ``decide`` says; the backend answers 200."""

    def run(effect: InvokeFunction) -> InvocationResult:
        if effect.function.arn == AUTHORIZER:
            return decide(json.loads(effect.payload))
        return returned({"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"})

    return run


def rest(
    authorizer: LambdaAuthorizer, *, granted: bool = True, path: str = "/token0", stage: str = "dev", **more: Any
) -> Api:
    found = Api(stage=stage, functions=[guard(granted), function(gateway_may_invoke(BACKEND))], **more)
    return found.route("GET", path, lambda_proxy(), auth=authorizer)


def http(authorizer: LambdaAuthorizer, *keys: str, granted: bool = True, **more: Any) -> HttpApi:
    found = HttpApi(functions=[guard(granted), function(gateway_may_invoke(BACKEND))], **more)
    for key in keys:
        found.add(key, http_lambda(), auth=authorizer)
    return found


def invoked(played: Played) -> bool:
    return any(effect.function.arn == AUTHORIZER for effect in played.asked)


def backend_event(played: Played) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(played.asked[-1].payload)
    assert played.asked[-1].function.arn != AUTHORIZER
    return found


# --- authz/*

RECORDED = "authorization-recorded"


def rest_case(case: Case) -> Played:
    given, when = case["given"], case["when"]
    spoken = given["authorizer"]
    sources = tuple((spoken.get("identitySource") or "").split(",")) if spoken.get("identitySource") else ()
    authorizer = lambda_authorizer(*sources, kind=spoken.get("type", "TOKEN"))
    query = "&".join(f"{name}={value}" for name, value in when.get("query", {}).items())
    found = rest(authorizer, granted="lambda_policy" not in given)

    def decide(event: dict[str, Any]) -> InvocationResult:
        if "authorizer_raises" in when:
            return failed(when["authorizer_raises"])
        answer = when.get("authorizer_returns", {})
        if isinstance(answer, str):
            return answered(policy_answer(context=SCALARS))
        return answered(answer or policy_answer())

    headers = when.get("headers", {"Authorization": "token"})
    if spoken.get("authorizerResultTtlInSeconds") == "0 and 300":
        cached = rest(replace(authorizer, ttl=300.0))
        assert cached.play("GET", f"/dev/token0?{query}", headers, answers=backed(decide)).status == 401
    return found.play("GET", f"/dev/token0?{query}", headers, answers=backed(decide))


def http_case(case: Case) -> Played:
    given, when = case["given"], case["when"]
    spoken = given["authorizer"]
    sources = tuple(spoken["identitySource"])
    authorizer = lambda_authorizer(
        *sources, kind="REQUEST", payload=spoken["payloadFormatVersion"], simple=True, ttl=float(spoken["ttl"])
    )
    keys = ("GET /a", "GET /cachedroute/a", "GET /cachedsimple/a", "GET /cachedsimple/b")
    found = http(authorizer, *keys)
    name = case["id"].removeprefix("authz/http-")

    def allowing_a(event: dict[str, Any]) -> InvocationResult:
        return answered({"isAuthorized": event["routeKey"].endswith("/a")})

    def play(target: str, decide: Callable[[dict[str, Any]], InvocationResult], token: str = "one") -> Played:
        return found.play("GET", target, {"Authorization": token}, answers=backed(decide))

    if name == "simple-cache-shared-across-routes":
        assert play("/cachedsimple/a", allowing_a).status == 200
        return play("/cachedsimple/b", allowing_a)
    if name == "simple-new-identity":
        assert play("/cachedsimple/a", allowing_a).status == 200
        return play("/cachedsimple/b", allowing_a, "two")
    if name == "deny-cached":
        assert play("/a", lambda _: answered({"isAuthorized": False})).status == 403
        return play("/a", lambda _: answered({"isAuthorized": True}))
    answer = when.get("authorizer_returns") or {"isAuthorized": True}
    headers = when.get("headers", {"Authorization": "token"})
    return found.play("GET", when.get("url", "/a"), headers, answers=backed(lambda _: answered(answer)))


def compare(case: Case, played: Played) -> list[str]:
    then = case["then"]
    problems = []
    if played.status != then.get("status", 200):
        problems.append(f"status {played.status}")
    if "body_text" in then and played.text != then["body_text"]:
        problems.append(f"body {played.text}")
    if "content_length" in then and played.headers.get("content-length") != str(then["content_length"]):
        problems.append("length")
    for name, value in then.get("headers", {}).items():
        found = [each for key, each in played.response.headers if key == name]
        if len(found) != 1 or not (found[0] if value.startswith("<") else found[0] == value):
            problems.append(f"header {name}: {found}")
    if "authorizer_invoked" in then and invoked(played) != then["authorizer_invoked"]:
        problems.append(f"authorizer invoked: {invoked(played)}")
    if "backend_invoked" in then and bool(played.asked) != then["backend_invoked"]:
        problems.append("the backend was called")
    if "authorizer_event.identitySource_set" in then:
        values = json.loads(played.asked[0].payload)["identitySource"]
        if sorted(values) != sorted(then["authorizer_event.identitySource_set"]):
            problems.append(f"identity {values}")
    seen = then.get("backend_event.requestContext.authorizer")
    if seen:
        problems += masked(seen, backend_event(played)["requestContext"]["authorizer"], "authorizer")
    seen = then.get("backend_event.requestContext.authorizer.lambda")
    if seen and backend_event(played)["requestContext"]["authorizer"]["lambda"] != seen:
        problems.append("context")
    if "success_header" in then:
        names = [name for name, _ in played.response.headers]
        if then["success_header"] not in names or then["error_header"] in names:
            problems.append(f"names {names}")
    return problems


def masked(expected: Mapping[str, Any], found: Mapping[str, Any], place: str) -> list[str]:
    """Where ``found`` differs; ``<…>`` stands for any value."""
    problems = [f"{place}: {found.keys() ^ expected.keys()}"] if found.keys() != expected.keys() else []
    for name, value in expected.items():
        there = found.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            problems += masked(value, there, f"{place}.{name}")
        elif not (isinstance(value, str) and value.startswith("<")) and there != placed(value):
            problems.append(f"{place}.{name}: {there!r}")
    return problems


def placed(value: Any) -> Any:
    """A recorded value with the names of this scene."""
    if isinstance(value, str):
        value = value.replace("API.execute-api.REGION.amazonaws.com", HOST).replace("REGION", REGION)
        return re.sub(r"\bACCT\b", ACCOUNT, re.sub(r"\bAPI\b", API, value))
    return value


@pytest.mark.parametrize(
    "case",
    [each for each in load(RECORDED) if each["id"].startswith(("authz/rest", "authz/http"))],
    ids=lambda c: c["id"],
)
def test_recorded(case: Case) -> None:
    problems = compare(case, (rest_case if case["id"].startswith("authz/rest") else http_case)(case))
    tally(RECORDED, case["id"], not problems)
    assert not problems, problems


# --- authzrole/*, assumerole/*: under which authority authorizers are called

ROLES_FILE = "stackd-authorizer-roles"
NULLS = {"Null": {"aws:SourceArn": "true", "aws:SourceAccount": "true"}}


def trusting(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


LAMBDA_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLES: dict[str, Role] = {
    "ROLE_allow": role("r", allow(INVOKE)),
    "ROLE_null": role("r", allow(INVOKE), trust=trusting(NULLS)),
    "ROLE_missing": role("r"),
    "ROLE_deny": role("r", allow(INVOKE), deny(INVOKE)),
    "ROLE_wrongtrust": role("r", allow(INVOKE), trust=LAMBDA_TRUST),
}


def authz_function(event: dict[str, Any]) -> InvocationResult:
    """The recorded project's authorizer functions, as far as the cases use them."""
    context: dict[str, Any]
    if "routeArn" in event:
        context = {"invocationUUID": "u", "lambdaRequestId": "r", "eventJSON": json.dumps(event), **TYPED}
        if event["headers"]["x-mode"] == "simple-allow":
            return answered({"isAuthorized": True, "context": context})
        return answered(
            {**policy_answer(resource=event["routeArn"], context=context), "principalId": "probe-principal"}
        )
    context = {
        "invocation": "u",
        "event": json.dumps(event),
        "stringValue": "scalar-text",
        "integerValue": 123,
        "floatValue": 1.5,
        "trueValue": True,
        "falseValue": False,
        "zeroValue": 0,
    }
    resource = f"{event['methodArn'].split('/')[0]}/dev/*/*"
    return answered({**policy_answer(resource=resource, context=context), "principalId": "probe-user"})


def role_case(case: Case, roles: Mapping[str, Role] = ROLES) -> Played:
    given, when = case["given"], case["when"]
    setup: dict[str, dict[str, Any]] = dict(given["setup"])
    rest_kind = "apigateway.create_authorizer" in setup
    params = setup["apigateway.create_authorizer" if rest_kind else "apigatewayv2.create_authorizer"]
    named = params.get("authorizerCredentials" if rest_kind else "AuthorizerCredentialsArn")
    given_roles = [roles[named]] if named else []
    arn = given_roles[0].arn if given_roles else ""
    request: dict[str, Any] = when if "url" in when else {"url": "/dev/token", "headers": {"X-Auth": "allow-x"}}
    if rest_kind:
        authorizer = lambda_authorizer(params["identitySource"], kind=params["type"], role=arn)
        api: Api = rest(authorizer, granted=False, path=f"/{request['url'].split('/')[2]}", roles=given_roles)
    else:
        if "url" not in when:
            request = {"url": "/x/policy", "headers": {"Authorization": "probe", "X-Mode": "policy-allow"}}
        simple = params["EnableSimpleResponses"]
        authorizer = lambda_authorizer(
            *params["IdentitySource"], kind="REQUEST", payload="2.0", simple=simple, role=arn
        )
        api = http(authorizer, f"GET {request['url']}", granted=False, roles=given_roles)
    return api.play("GET", request["url"], request["headers"], answers=backed(authz_function))


def compare_role(case: Case, played: Played) -> list[str]:
    problems = compare(case, played)
    wanted = case["then"].get("authorizer_event")
    if wanted:
        event = json.loads(played.asked[0].payload)
        problems += masked(wanted, event, "event")
    return problems


def assume_case(case: Case) -> Played:
    key, operator, value = re.fullmatch(r"(\S+) (\S+) (\S+)", case["given"]["role_trust"]["Condition"]).groups()  # type: ignore[union-attr]
    trusted = role("r", allow(INVOKE), trust=trusting({operator: {key: value}}))
    source = "method.request.header.X-Auth"
    if case["id"].startswith("assumerole/rest"):
        found: Api = rest(lambda_authorizer(source, role=trusted.arn), granted=False, roles=[trusted])
        return found.play("GET", "/dev/token0", {"X-Auth": "t"}, answers=backed(authz_function))
    authorizer = lambda_authorizer("$request.header.X-Auth", kind="REQUEST", payload="2.0", role=trusted.arn)
    found = http(authorizer, "GET /a", granted=False, roles=[trusted])
    return found.play("GET", "/a", {"X-Auth": "t", "X-Mode": "policy-allow"}, answers=backed(authz_function))


ELSEWHERE = frozenset(("authzrole/rest-credentials-change-needs-deployment",))
"""Replayed on the control plane, in ``test_redeployment_vectors``."""


@pytest.mark.parametrize(
    "case",
    [each for each in load(ROLES_FILE) if not each["given"].get("control_plane") and each["id"] not in ELSEWHERE],
    ids=lambda case: case["id"],
)
def test_roles(case: Case) -> None:
    if "session-name" in case["id"]:
        found = assume_session(case["id"].startswith("assumerole/rest"))
        wanted = "BackplaneAssumeRoleSession" if "rest" in case["id"] else r"\d{19}"
        passed = re.fullmatch(wanted, found) is not None
        tally(ROLES_FILE, case["id"], passed)
        assert passed, found
        return
    if case["id"] == "authzrole/http-permission-repair-without-deploy":
        repaired = {**ROLES, "ROLE_missing": ROLES["ROLE_allow"]}
        statuses = [role_case(case).status, None, role_case(case, repaired).status]
        tally(ROLES_FILE, case["id"], statuses == case["then"]["statuses"])
        assert statuses == case["then"]["statuses"]
        return
    problems = (
        compare(case, assume_case(case)) if case["id"].startswith("assumerole") else compare_role(case, role_case(case))
    )
    tally(ROLES_FILE, case["id"], not problems)
    assert not problems, problems


def assume_session(rest_kind: bool) -> str:
    """The name of the session in which an authorizer's function is called."""
    case = {
        "id": f"assumerole/{'rest' if rest_kind else 'http'}",
        "given": {"role_trust": {"Condition": "aws:PrincipalType StringEquals AssumedRole"}},
    }
    check = next(each for each in assume_case(case).trace.checks if each.purpose == "invoke-authorizer")
    return check.question.subject.arn.rpartition("/")[2]


# --- seed and other recordings

OTHER = "other-recordings"


def raising(result: Failed | GaveUp | Returned) -> Played:
    found = rest(lambda_authorizer("method.request.header.Authorization", kind="REQUEST"))
    return found.play("GET", "/dev/token0", {"Authorization": "t"}, answers=[result])


def test_a_response_type_can_be_remapped() -> None:
    case = next(each for each in load(OTHER) if each["id"] == "other/authorizer-deny-remapped")
    custom = {
        name: GatewayResponse(
            int(each["statusCode"]) if "statusCode" in each else None, each.get("responseParameters", {}), {}
        )
        for name, each in case["given"]["gateway_responses"].items()
    }
    found = rest(lambda_authorizer("method.request.header.Authorization"), gateway_responses=custom)
    played = found.play("GET", "/dev/token0", {"Authorization": "t"}, answers=[answered(policy_answer("Deny"))])
    then = case["then"]
    passed = (
        played.status == then["status"]
        and json.loads(played.text) == then["body"]
        and played.headers.get("access-control-allow-origin") == "*"
    )
    tally(OTHER, case["id"], passed)
    assert passed, played


@pytest.mark.parametrize(
    ("id_", "result"),
    [
        ("other/rest-authorizer-function-timeout", GaveUp("r", 30.0)),
        ("other/rest-authorizer-other-exception", failed("anything")),
    ],
)
def test_authorizers_that_fail(id_: str, result: Failed | GaveUp) -> None:
    played = raising(result)
    passed = (played.status, played.text, played.trace.error_type) == (
        500,
        '{"message":null}',
        "AUTHORIZER_CONFIGURATION_ERROR",
    )
    tally(OTHER, id_, passed)
    assert passed


SEED_FORMAT = (
    '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" '
    "$context.status $context.responseLength $context.requestId - $context.error.message $context.error.responseType,"
    "$context.authorizer.error"
)


def seed(granted: bool) -> Played:
    authorizer = lambda_authorizer("$request.header.Authorization", kind="REQUEST", payload="2.0", simple=True)
    found = http(authorizer, "ANY /", granted=granted, format=SEED_FORMAT)
    return found.play("GET", "/", {"Authorization": "t"}, answers=[answered({"authorized": "yes"})])


@pytest.mark.parametrize(
    ("granted", "error"),
    [
        (
            True,
            "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects. "
            "Simple response did not include 'isAuthorized'",
        ),
        (
            False,
            "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. "
            "Check the permissions and try again.",
        ),
    ],
)
def test_the_post_about_http_apis(granted: bool, error: str) -> None:
    played = seed(granted)
    assert (played.status, played.text, len(played.text)) == (500, '{"message":"Internal Server Error"}', 35)
    assert played.line is not None
    line = re.sub(r"\[[^]]+\]", "[time]", played.line)
    wanted = f'203.0.113.10 - - [time] "GET ANY / HTTP/1.1" 500 35 {played.trace.request_id} - '
    passed = line == f"{wanted}Internal Server Error AUTHORIZER_CONFIGURATION_ERROR,{error}"
    if granted:
        tally(RECORDED, "seed/2-http-simple-missing-isauthorized", passed)
    assert passed, line
    assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", played.trace.request_id)
