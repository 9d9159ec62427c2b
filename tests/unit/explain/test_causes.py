"""The same log line, many causes: each is told apart, and what is offered works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.lab import Key, Lab, allow, trust

from sekisho.functions.invocation import Failed, InvocationResult, InvokeFunction, Returned, Throttled
from sekisho.gateway.trace import Trace

OTHER = "210987654321"
LOG_LINE = "Execution failed due to configuration error: Invalid permissions on Lambda function"
INVOKE = "execute-api:Invoke"
ANYTHING = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*"


class Scene(NamedTuple):
    """A lab with an API that fails, and the request that shows it."""

    lab: Lab
    api: str
    key: Key | None
    target: str = "/prod/api/endpoint"


def caller_credentials() -> Scene:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function, credentials="arn:aws:iam::*:user/*")
    lab.permit(api, function)
    lab.role("caller", allow(INVOKE, ANYTHING))
    return Scene(lab, api, lab.assume())


def caller_credentials_without_permission() -> Scene:
    lab = Lab()
    api = lab.rest_api(function=lab.function(), credentials="arn:aws:iam::*:user/*")
    lab.role("caller", allow(INVOKE, ANYTHING))
    return Scene(lab, api, lab.assume())


def caller_is_a_user() -> Scene:
    lab = Lab()
    api = lab.rest_api(function=lab.function(), credentials="arn:aws:iam::*:user/*")
    return Scene(lab, api, lab.user_key("alice", allow(INVOKE, ANYTHING)))


def _service(**integration: Any) -> tuple[Lab, str, str]:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(auth="NONE", function=function, **integration)
    return lab, api, function


def permission_missing() -> Scene:
    lab, api, _ = _service()
    return Scene(lab, api, None)


def permission_for_another_method() -> Scene:
    lab, api, function = _service()
    lab.permit(api, function, "*/POST/api/endpoint")
    return Scene(lab, api, None)


def permission_for_another_path() -> Scene:
    lab, api, function = _service()
    lab.permit(api, function, "*/GET/endpoint")
    return Scene(lab, api, None)


def permission_for_another_api() -> Scene:
    lab, api, function = _service()
    lab.permit("Api", function, "*/GET/api/endpoint")
    return Scene(lab, api, None)


def permission_for_another_stage() -> Scene:
    lab, api, function = _service()
    lab.permit(api, function, "test-invoke-stage/GET/api/endpoint")
    return Scene(lab, api, None)


def permission_for_another_source_account() -> Scene:
    lab, api, function = _service()
    lab.permit(api, function, SourceAccount=OTHER)
    return Scene(lab, api, None)


def permission_for_another_service() -> Scene:
    lab, api, function = _service()
    lab.permit(api, function, Principal="events.amazonaws.com", SourceArn=None)
    return Scene(lab, api, None)


def permission_on_the_bare_function() -> Scene:
    lab = Lab()
    function = lab.function()
    lab("lambda", "PublishVersion", FunctionName="endpoint")
    lab("lambda", "CreateAlias", FunctionName="endpoint", Name="live", FunctionVersion="1")
    api = lab.rest_api(auth="NONE", function=f"{function}:live")
    lab.permit(api, function)
    return Scene(lab, api, None)


def function_named_by_a_stage_variable() -> Scene:
    lab = Lab()
    lab.function("blue")
    template = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:${{stageVariables.fn}}"
    api = lab.rest_api(auth="NONE", function=template, variables={"fn": "blue"})
    return Scene(lab, api, None)


def function_of_another_account() -> Scene:
    lab = Lab()
    function = lab.function(account=OTHER)
    api = lab.rest_api(auth="NONE", function=function)
    return Scene(lab, api, None)


def role_without_invoke() -> Scene:
    lab = Lab()
    function = lab.function()
    lab("iam", "CreateRole", RoleName="gateway", AssumeRolePolicyDocument=trust(Service="apigateway.amazonaws.com"))
    api = lab.rest_api(auth="NONE", function=function, credentials=f"arn:aws:iam::{ACCOUNT}:role/gateway")
    return Scene(lab, api, None)


SAME_LINE: dict[str, tuple[Callable[[], Scene], str]] = {
    "caller credentials, permission is there": (caller_credentials, "LINV_CALLER_CREDENTIALS"),
    "caller credentials, no permission": (caller_credentials_without_permission, "LINV_CALLER_CREDENTIALS"),
    "caller credentials, user": (caller_is_a_user, "LINV_CALLER_CREDENTIALS"),
    "no permission": (permission_missing, "LPERM_MISSING"),
    "another method": (permission_for_another_method, "LPERM_SOURCE_ARN"),
    "another path": (permission_for_another_path, "LPERM_SOURCE_ARN"),
    "another api": (permission_for_another_api, "LPERM_LITERAL_API_ID"),
    "another stage": (permission_for_another_stage, "LPERM_STAGE_SCOPED"),
    "another source account": (permission_for_another_source_account, "LPERM_CONDITION"),
    "another principal": (permission_for_another_service, "LPERM_CONDITION"),
    "bare function, alias called": (permission_on_the_bare_function, "LPERM_QUALIFIER"),
    "stage variable": (function_named_by_a_stage_variable, "LPERM_STAGE_VARIABLE"),
    "another account": (function_of_another_account, "LPERM_CROSS_ACCOUNT"),
    "role without invoke": (role_without_invoke, "LINV_ROLE_NO_INVOKE"),
}


def ask(scene: Scene) -> Trace:
    return scene.lab.request(scene.api, target=scene.target, key=scene.key).trace


@pytest.mark.parametrize("name", SAME_LINE)
def test_one_log_line_told_apart_and_cured(name: str) -> None:
    build, cause = SAME_LINE[name]
    scene = build()
    trace = ask(scene)
    assert (trace.status, trace.integration_error) == (500, LOG_LINE)
    why = scene.lab.explain(trace)
    assert why["cause"] == cause
    assert why["fault"] == "FUNCTION_NOT_INVOCABLE"
    assert scene.lab.explain(trace, "ja")["headline"] != why["headline"]
    if cause == "LPERM_CROSS_ACCOUNT":
        # The permission is to be given in the other account, where these calls cannot be tried as this account's root.
        return
    assert why["remedies"], why
    for number, remedy in enumerate(why["remedies"]):
        assert remedy["proven"] and remedy["proven_up_to"] == "function-call"
        fresh = build()
        again = ask(fresh)
        fresh.lab.apply(fresh.lab.explain(again)["remedies"][number])
        assert ask(fresh).status == 200, remedy["summary"]


def test_role_that_does_not_trust_the_gateway() -> None:
    lab = Lab()
    function = lab.function()
    lab("iam", "CreateRole", RoleName="gateway", AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com"))
    lab("iam", "PutRolePolicy", RoleName="gateway", PolicyName="p", PolicyDocument=allow("lambda:InvokeFunction", "*"))
    api = lab.rest_api(auth="NONE", function=function, credentials=f"arn:aws:iam::{ACCOUNT}:role/gateway")
    why = lab.explain(lab.request(api).trace)
    assert (why["fault"], why["cause"]) == ("ROLE_NOT_ASSUMABLE", "LINV_ROLE_NOT_ASSUMABLE")
    lab.apply(why["remedies"][0])
    assert lab.request(api).status == 200


def _iam_api(lab: Lab, **params: Any) -> str:
    function = lab.function()
    api = lab.rest_api(function=function, **params)
    lab.permit(api, function)
    return api


def denied_no_allow(lab: Lab, api: str) -> Key:
    lab.role("caller")
    return lab.assume()


def denied_other_arn(lab: Lab, api: str) -> Key:
    lab.role("caller", allow(INVOKE, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/dev/GET/*"))
    return lab.assume()


def denied_explicitly(lab: Lab, api: str) -> Key:
    deny = allow(INVOKE, ANYTHING).replace('"Allow"', '"Deny"')
    lab.role("caller", allow(INVOKE, ANYTHING), deny)
    return lab.assume()


def denied_by_boundary(lab: Lab, api: str) -> Key:
    lab.role("caller", allow(INVOKE, ANYTHING))
    lab("iam", "CreatePolicy", PolicyName="limit", PolicyDocument=allow("s3:*", "*"))
    lab(
        "iam",
        "PutRolePermissionsBoundary",
        RoleName="caller",
        PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/limit",
    )
    return lab.assume()


def denied_by_session_policy(lab: Lab, api: str) -> Key:
    lab.role("caller", allow(INVOKE, ANYTHING))
    return lab.assume(Policy=allow("s3:*", "*"))


def denied_across_accounts(lab: Lab, api: str) -> Key:
    lab.role("caller", allow(INVOKE, ANYTHING), account=OTHER)
    return lab.assume(account=OTHER)


DENIED: dict[str, tuple[Callable[[Lab, str], Key], str, bool]] = {
    "no allow": (denied_no_allow, "IAM_NO_ALLOW", True),
    "another arn": (denied_other_arn, "IAM_ARN_MISMATCH", True),
    "explicit deny": (denied_explicitly, "IAM_EXPLICIT_DENY", True),
    "boundary": (denied_by_boundary, "IAM_SCP_OR_BOUNDARY", True),
    "session policy": (denied_by_session_policy, "IAM_SCP_OR_BOUNDARY", False),
    "another account": (denied_across_accounts, "IAM_CROSS_ACCOUNT_ONE_SIDED", True),
}


@pytest.mark.parametrize("name", DENIED)
def test_denied_callers(name: str) -> None:
    build, cause, curable = DENIED[name]
    lab = Lab()
    api = _iam_api(lab)
    key = build(lab, api)
    answer = lab.request(api, key=key)
    assert answer.status == 403
    why = lab.explain(answer.trace)
    assert why["cause"] == cause
    assert bool(why["remedies"]) == curable
    if curable:
        lab.apply(why["remedies"][0])
        assert lab.request(api, key=key).status == 200


def _with_policy(lab: Lab, statement: str, auth: str = "NONE", *, deployed: bool = True) -> str:
    api = _iam_api(lab, auth=auth)
    document = f'{{"Version":"2012-10-17","Statement":[{statement}]}}'
    lab(
        "apigateway",
        "UpdateRestApi",
        restApiId=api,
        patchOperations=[{"op": "replace", "path": "/policy", "value": document}],
    )
    if deployed:
        lab("apigateway", "CreateDeployment", restApiId=api, stageName="prod")
    return api


RESOURCE_POLICIES: dict[str, str] = {
    "RP_IMPLICIT_DENY": (
        '{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",'
        '"Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}}'
    ),
    "RP_EXPLICIT_DENY": (
        '{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"},'
        '{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",'
        '"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}'
    ),
    "RP_PRINCIPAL_NEEDS_IAM_AUTH": (
        f'{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"execute-api:Invoke",'
        '"Resource":"execute-api:/*"}'
    ),
    "RP_RESOURCE_TOO_NARROW": (
        '{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/POST/*"}'
    ),
    "RP_VPCE_MISMATCH": (
        '{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",'
        '"Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}}'
    ),
}


@pytest.mark.parametrize("cause", RESOURCE_POLICIES)
def test_resource_policies(cause: str) -> None:
    statement = RESOURCE_POLICIES[cause]
    lab = Lab()
    api = _with_policy(lab, statement)
    answer = lab.request(api)
    assert answer.status == 403
    why = lab.explain(answer.trace)
    assert why["cause"] == cause
    assert why["remedies"], why
    lab.apply(why["remedies"][0])
    assert lab.request(api).status == 200


def test_resource_policy_that_was_not_deployed() -> None:
    lab = Lab()
    deny = '{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}'
    permit = '{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}'
    api = _with_policy(lab, deny)
    document = f'{{"Version":"2012-10-17","Statement":[{permit}]}}'
    lab(
        "apigateway",
        "UpdateRestApi",
        restApiId=api,
        patchOperations=[{"op": "replace", "path": "/policy", "value": document}],
    )
    why = lab.explain(lab.request(api).trace)
    assert why["cause"] == "RP_NOT_REDEPLOYED"
    lab.apply(why["remedies"][0])
    assert lab.request(api).status == 200


@pytest.fixture
def signed() -> Iterator[tuple[Lab, str, Key]]:
    lab = Lab()
    api = _iam_api(lab)
    yield lab, api, lab.user_key("alice", allow(INVOKE, ANYTHING))


def _drop(name: str) -> Callable[[list[tuple[str, str]]], None]:
    def change(pairs: list[tuple[str, str]]) -> None:
        pairs[:] = [pair for pair in pairs if pair[0].lower() != name]

    return change


def _set(name: str, value: str) -> Callable[[list[tuple[str, str]]], None]:
    def change(pairs: list[tuple[str, str]]) -> None:
        pairs[:] = [(n, value if n.lower() == name else v) for n, v in pairs]

    return change


def test_served_when_signed(signed: tuple[Lab, str, Key]) -> None:
    lab, api, key = signed
    assert lab.request(api, key=key).status == 200


def test_signature_causes(signed: tuple[Lab, str, Key]) -> None:
    lab, api, key = signed

    def cause(**params: Any) -> str:
        answer = lab.request(api, **params)
        assert answer.status == 403
        return str(lab.explain(answer.trace)["cause"])

    assert cause() == "SIGV4_UNSIGNED"
    assert cause(headers={"Authorization": "Bearer abc"}) == "SIGV4_NON_SIGV4_HEADER"
    assert cause(headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"}) == "SIGV4_MALFORMED_HEADER"
    assert cause(key=key, service="lambda") == "SIGV4_WRONG_SERVICE"
    assert cause(key=key, region="eu-west-1") == "SIGV4_WRONG_REGION"
    assert cause(key=Key("AKIAUNKNOWNUNKNOWNUN", "x")) == "SIGV4_UNKNOWN_KEY"
    assert cause(key=key._replace(secret=key.secret + " ")) == "SIGV4_WRONG_SECRET"
    assert cause(key=key._replace(secret="another")) == "SIGV4_WRONG_SECRET"
    lab.role("caller", allow(INVOKE, ANYTHING))
    session = lab.assume()
    assert cause(key=session._replace(token=None)) == "SIGV4_SESSION_TOKEN_MISSING"
    content = {"Content-Type": "text/plain"}
    assert cause(key=key, headers=content, change=_set("content-type", "application/json")) == (
        "SIGV4_MISMATCH_HEADERS_OR_BODY"
    )
    assert cause(key=key, headers={"X-Extra": "1"}, change=_drop("x-extra")) == "SIGV4_MISMATCH_HEADERS_OR_BODY"
    assert cause(key=key, change=_set("host", f"{api}.execute-api.{REGION}.amazonaws.com:443")) == "SIGV4_MISMATCH_HOST"
    lab.now += 901
    lab_key = key
    lab.now -= 1802
    assert cause(key=lab_key) == "SIGV4_EXPIRED_SIGNATURE"


def test_routes() -> None:
    lab = Lab()
    api = _iam_api(lab, auth="NONE")
    assert lab.explain(lab.request(api, target="/prod/nowhere").trace)["cause"] == "ROUTE_NO_SUCH_METHOD"
    assert lab.explain(lab.request(api, target="/dev/api/endpoint").trace)["cause"] == "ROUTE_NO_SUCH_METHOD"
    bearer = lab.request(api, target="/prod/nowhere", headers={"Authorization": "Bearer abc"})
    assert lab.explain(bearer.trace)["cause"] == "ROUTE_NO_SUCH_METHOD_WITH_AUTH_HEADER"
    root = next(r for r in lab("apigateway", "GetResources", restApiId=api)["items"] if r["path"] == "/")["id"]
    late = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    lab("apigateway", "PutMethod", **late, authorizationType="NONE")
    lab(
        "apigateway",
        "PutIntegration",
        **late,
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
    )
    lab("apigateway", "PutMethodResponse", **late, statusCode="200")
    lab("apigateway", "PutIntegrationResponse", **late, statusCode="200")
    why = lab.explain(lab.request(api, target="/prod/").trace)
    assert why["cause"] == "ROUTE_NOT_DEPLOYED"
    lab.apply(why["remedies"][0])
    assert lab.request(api, target="/prod/").status == 200


ANSWERS: dict[str, tuple[str, str]] = {
    "LRESP_BODY_NOT_STRING": ('{"statusCode": 200, "body": {"a": 1}}', "FUNCTION_BAD_REPLY"),
    "LRESP_UNKNOWN_KEYS": ('{"message": "hi"}', "FUNCTION_BAD_REPLY"),
    "LRESP_NOT_OBJECT": ('"hi"', "FUNCTION_BAD_REPLY"),
    "LRESP_BAD_STATUS_CODE": ('{"statusCode": "ok"}', "FUNCTION_BAD_REPLY"),
    "LRESP_MULTIVALUE_HEADERS": ('{"statusCode": 200, "multiValueHeaders": {"a": "b"}}', "FUNCTION_BAD_REPLY"),
}


@pytest.mark.parametrize("cause", ANSWERS)
def test_answers_of_functions(cause: str) -> None:
    payload, fault = ANSWERS[cause]
    lab = Lab()
    api = _iam_api(lab, auth="NONE")
    lab.functions = lambda effect: Returned(payload.encode(), effect.request_id, 0.01)
    answer = lab.request(api)
    assert answer.status == 502
    why = lab.explain(answer.trace)
    assert (why["cause"], why["fault"], why["blame"]) == (cause, fault, "function")


def _failed(kind: str) -> Callable[[InvokeFunction], InvocationResult]:
    return lambda effect: Failed(b'{"errorMessage": "boom"}', "boom", kind, effect.request_id, 0.01)


def test_failures_of_functions() -> None:
    lab = Lab()
    api = _iam_api(lab, auth="NONE")

    def cause(functions: Callable[[InvokeFunction], InvocationResult]) -> str:
        lab.functions = functions
        return str(lab.explain(lab.request(api).trace)["cause"])

    assert cause(_failed("raised")) == "LFN_UNHANDLED_ERROR"
    assert cause(_failed("timeout")) == "LFN_TIMEOUT"
    assert cause(_failed("response-size")) == "LFN_RESPONSE_TOO_LARGE"
    assert cause(lambda effect: Throttled("ConcurrentInvocationLimitExceeded")) == "LFN_THROTTLED"


def test_method_that_is_not_post() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(auth="NONE", function=function, integrationHttpMethod="GET")
    lab.permit(api, function)
    why = lab.explain(lab.request(api).trace)
    assert why["cause"] == "LINT_HTTP_METHOD"
    lab.apply(why["remedies"][0])
    assert lab.request(api).status == 200
