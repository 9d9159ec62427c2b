"""What each gate lets pass, what it refuses and with which fault."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    HOST,
    IAM,
    NOW,
    OTHER,
    REGION,
    Api,
    GatewayResponse,
    Played,
    allow,
    deny,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    policy,
    returned,
    session,
    user,
)

from sekisho.config.api import ApiMapping, UnsupportedAuthorizer
from sekisho.config.identities import AccessKey
from sekisho.config.integrations import Unsupported
from sekisho.config.validation import compile_validator
from sekisho.faults.fault import Fault
from sekisho.policy.combine import Layer

INVOKE = allow("execute-api:Invoke")


def fault(played: Played) -> Fault:
    found = played.trace.fault
    assert found is not None
    return found


def open_api() -> Api:
    return Api().route("GET", "/m", mock()).route("GET", "/i", mock(), auth=IAM)


def signed(key: AccessKey, **how: object) -> Played:
    api = open_api()
    api.keys = [key]
    return api.play("GET", "/prod/i", signed_by=key, **how)  # type: ignore[arg-type]


class TestAdmit:
    def test_unknown_api(self) -> None:
        played = open_api().play("GET", "/prod/m", api="nope")
        assert (played.status, played.text, fault(played)) == (403, '{"message":"Forbidden"}', Fault.NO_SUCH_API)
        assert played.line is None

    def test_custom_domain(self) -> None:
        found = Api(functions=[function(gateway_may_invoke())], format="$context.customDomain.basePathMatched")
        found.domains = {HOST: (ApiMapping("v1", API, "prod"), ApiMapping("old", API, "gone"))}
        found.disabled = True
        found.route("GET", "/pets/{id}", lambda_proxy())
        played = found.play("GET", "/v1/pets/1", api="", answers=[returned({})])
        assert (played.status, played.line) == (200, "v1")
        assert (played.event["path"], played.event["resource"]) == ("/v1/pets/1", "/pets/{id}")
        assert played.event["requestContext"]["stage"] == "prod"
        assert found.play("GET", "/v2/pets/1", api="").trace.fault is Fault.NO_SUCH_API
        assert found.play("GET", "/old/pets/1", api="").trace.fault is Fault.NO_SUCH_STAGE

    @pytest.mark.parametrize("target", ["/", "", "/dev/m", "//"])
    def test_unknown_stage(self, target: str) -> None:
        assert fault(open_api().play("GET", target)) is Fault.NO_SUCH_STAGE

    def test_disabled_endpoint(self) -> None:
        api = open_api()
        api.disabled = True
        assert fault(api.play("GET", "/prod/m")) is Fault.ENDPOINT_DISABLED

    def test_sizes(self) -> None:
        played = open_api().play("GET", "/prod/m", body=bytes(10_485_761))
        assert (played.status, played.text) == (413, "HTTP content length exceeded 10485760 bytes.")
        assert played.headers.get("content-type") == "text/plain"
        assert "x-amzn-errortype" not in played.headers
        assert fault(open_api().play("GET", "/prod/m", {"X": "y" * 10_240})) is Fault.HEADERS_TOO_LARGE


class TestRoute:
    @pytest.mark.parametrize("target", ["/prod", "/prod/", "/prod/other", "/prod/m/x"])
    def test_what_does_not_exist_asks_for_a_token(self, target: str) -> None:
        played = open_api().play("GET", target)
        assert (played.status, fault(played)) == (403, Fault.NO_ROUTE)
        assert played.headers.get("x-amzn-errortype") == "MissingAuthenticationTokenException"

    def test_another_verb(self) -> None:
        assert fault(open_api().play("POST", "/prod/m")) is Fault.NO_ROUTE

    def test_an_authorization_header_is_read_as_a_signature(self) -> None:
        played = open_api().play("GET", "/prod/other", {"Authorization": "Bearer x.y.z"})
        assert fault(played) is Fault.NO_ROUTE_WITH_AUTHORIZATION
        assert played.text.startswith('{"message":"Invalid key=value pair (missing equal-sign)')
        assert played.headers.get("x-amzn-errortype") == "IncompleteSignatureException"
        assert played.trace.authenticate.status is None

    def test_a_good_signature_does_not_help(self) -> None:
        api = open_api()
        key = user("ann", INVOKE)
        api.keys = [key]
        assert fault(api.play("GET", "/prod/other", signed_by=key)) is Fault.NO_ROUTE


class TestAuthenticate:
    def test_unsigned(self) -> None:
        played = open_api().play("GET", "/prod/i")
        assert fault(played) is Fault.SIGNATURE_MISSING
        assert (played.trace.authenticate.status, played.trace.authorize.status) == (None, None)

    def test_bearer(self) -> None:
        played = open_api().play("GET", "/prod/i", {"Authorization": "Bearer x"})
        assert fault(played) is Fault.SIGNATURE_NOT_KEY_VALUE
        assert played.trace.error_type == "DEFAULT_4XX"
        assert played.trace.authenticate.status == "403"

    def test_nothing_but_the_algorithm(self) -> None:
        played = open_api().play("GET", "/prod/i", {"Authorization": "AWS4-HMAC-SHA256"})
        assert fault(played) is Fault.SIGNATURE_INCOMPLETE
        assert played.text.endswith('Authorization=AWS4-HMAC-SHA256"}')

    def test_scope_before_key(self) -> None:
        played = signed(user("ann"), region="us-east-1")
        assert fault(played) is Fault.SIGNATURE_SCOPE_WRONG
        assert played.text == ('{"message":"Credential should be scoped to a valid region, not \'us-east-1\'. "}')
        assert fault(signed(user("ann"), service="lambda")) is Fault.SIGNATURE_SCOPE_WRONG

    def test_unknown_and_inactive_keys(self) -> None:
        api = open_api()
        played = api.play("GET", "/prod/i", signed_by=user("ann"))
        assert fault(played) is Fault.ACCESS_KEY_UNKNOWN
        assert played.headers.get("x-amzn-errortype") == "UnrecognizedClientException"
        key = user("ann", INVOKE)
        api.keys = [AccessKey(key.id, key.secret, key.principal, active=False)]
        assert fault(api.play("GET", "/prod/i", signed_by=key)) is Fault.ACCESS_KEY_UNKNOWN

    def test_clock(self) -> None:
        assert signed(user("ann", INVOKE), later=300).status == 200
        late = signed(user("ann", INVOKE), later=301)
        assert fault(late) is Fault.SIGNATURE_EXPIRED
        assert late.trace.authenticate.error == late.trace.error_message
        assert fault(signed(user("ann", INVOKE), later=-301)) is Fault.SIGNATURE_NOT_YET_CURRENT

    def test_another_secret(self) -> None:
        api = open_api()
        key = user("ann", INVOKE)
        api.keys = [AccessKey(key.id, "another", key.principal)]
        played = api.play("GET", "/prod/i", signed_by=key)
        assert fault(played) is Fault.SIGNATURE_MISMATCH
        assert "The Canonical String for this request should have been\\n'GET\\n/prod/i\\n" in played.text
        assert played.trace.signature.canonical_request.startswith("GET\n/prod/i\n")
        assert played.trace.signature.string_to_sign.startswith("AWS4-HMAC-SHA256\n")

    def test_session_tokens(self) -> None:
        key = session("r", "s", INVOKE)
        assert signed(key).status == 200
        api = open_api()
        api.keys = [key]
        without = AccessKey(key.id, key.secret, key.principal)
        assert fault(api.play("GET", "/prod/i", signed_by=without)) is Fault.SESSION_TOKEN_INVALID
        long_term = user("ann", INVOKE)
        api.keys = [long_term]
        with_token = AccessKey(long_term.id, long_term.secret, long_term.principal, session_token="x")
        assert fault(api.play("GET", "/prod/i", signed_by=with_token)) is Fault.SESSION_TOKEN_INVALID

    def test_expired_sessions(self) -> None:
        played = signed(session("r", "s", INVOKE, expires_at=NOW))
        assert fault(played) is Fault.SESSION_EXPIRED
        assert played.trace.error_type == "EXPIRED_TOKEN"
        assert signed(session("r", "s", INVOKE, expires_at=NOW + 1)).status == 200


class TestAuthorize:
    def test_nobody_allows(self) -> None:
        played = signed(user("ann"))
        assert fault(played) is Fault.CALLER_DENIED
        assert played.text == (
            f'{{"Message":"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: execute-api:Invoke on '
            f"resource: arn:aws:execute-api:{REGION}:********3333:{API}/prod/GET/i because no identity-based policy "
            'allows the execute-api:Invoke action"}'
        )
        assert (played.trace.authenticate.status, played.trace.authorize.status) == ("200", "403")

    def test_explicit_deny(self) -> None:
        played = signed(user("ann", INVOKE, deny("execute-api:*")))
        assert fault(played) is Fault.CALLER_EXPLICITLY_DENIED
        assert played.text.endswith(' with an explicit deny in an identity-based policy"}')

    def test_policies_see_the_concrete_path(self) -> None:
        resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET/i"
        assert signed(user("ann", allow("execute-api:Invoke", resource))).status == 200
        assert signed(user("ann", allow("execute-api:Invoke", f"{resource}/*"))).status == 403

    @pytest.mark.parametrize("target", ["/prod/i", "/prod/i/", "/prod//i", "//prod/i"])
    def test_slashes_do_not_get_around_a_deny(self, target: str) -> None:
        resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET/i"
        key = user("ann", INVOKE, deny("execute-api:Invoke", resource))
        api = open_api()
        api.keys = [key]
        assert fault(api.play("GET", target, signed_by=key)) is Fault.CALLER_EXPLICITLY_DENIED

    @pytest.mark.parametrize(
        ("account", "own", "api_side", "served"),
        [
            (ACCOUNT, True, False, True),
            (ACCOUNT, False, True, True),
            (ACCOUNT, False, False, False),
            (OTHER, True, True, True),
            (OTHER, True, False, False),
            (OTHER, False, True, False),
        ],
    )
    def test_both_sides(self, account: str, own: bool, api_side: bool, served: bool) -> None:
        caller = user("bob", *([INVOKE] if own else []), account=account)
        elsewhere = allow("execute-api:Invoke", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"})
        named = allow("execute-api:Invoke", Principal={"AWS": caller.principal.subject.arn})
        api = open_api()
        api.keys = [caller]
        api.resource_policy = policy(named if api_side else elsewhere)
        played = api.play("GET", "/prod/i", signed_by=caller)
        assert (played.status == 200) is served
        if account == OTHER and own and not api_side:
            assert fault(played) is Fault.RESOURCE_POLICY_DENIED
            assert played.text.endswith('because no resource-based policy allows the execute-api:Invoke action"}')

    def test_open_routes_need_an_allow_when_there_is_a_policy(self) -> None:
        api = open_api()
        api.resource_policy = policy(allow("execute-api:Invoke", Principal="*"))
        assert api.play("GET", "/prod/m").status == 200
        api.resource_policy = policy(allow("execute-api:Invoke", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
        played = api.play("GET", "/prod/m")
        assert fault(played) is Fault.RESOURCE_POLICY_DENIED
        assert "User: anonymous is not authorized" in played.text
        assert played.trace.checks[0].decision.layer is Layer.RESOURCE

    def test_source_address(self) -> None:
        api = open_api()
        outside = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
        api.resource_policy = policy(
            allow("execute-api:Invoke", Principal="*"), deny("execute-api:Invoke", Principal="*", Condition=outside)
        )
        assert fault(api.play("GET", "/prod/m")) is Fault.RESOURCE_POLICY_EXPLICITLY_DENIED

    def test_authorizers_that_do_not_run_let_nobody_pass(self) -> None:
        api = Api().route("GET", "/t", mock(), auth=UnsupportedAuthorizer("TOKEN"))
        played = api.play("GET", "/prod/t", {"Authorization": "x"})
        assert (played.status, played.text) == (500, '{"message":null}')
        assert fault(played) is Fault.AUTHORIZER_FAILED


class TestIntegrate:
    def test_what_does_not_run_says_so(self) -> None:
        api = Api().route("GET", "/h", Unsupported("HTTP_PROXY", "no outgoing calls"))
        played = api.play("GET", "/prod/h")
        assert played.status == 501
        assert "HTTP_PROXY is not implemented here: no outgoing calls" in played.text

    def test_api_keys_are_required_where_configured(self) -> None:
        api = Api().route("GET", "/k", mock(), key=True)
        assert fault(api.play("GET", "/prod/k", {"x-api-key": "k"})) is Fault.API_KEY_INVALID

    def test_addresses_and_verbs(self) -> None:
        api = Api(functions=[function(gateway_may_invoke())])
        api.route("GET", "/a", lambda_proxy(arn="")).route("GET", "/b", lambda_proxy(method="GET"))
        address, verb = api.play("GET", "/prod/a"), api.play("GET", "/prod/b")
        assert fault(address) is Fault.FUNCTION_ADDRESS_INVALID
        assert fault(verb) is Fault.FUNCTION_METHOD_NOT_POST
        assert (verb.status, verb.trace.error_type) == (500, "INTEGRATION_FAILURE")


class TestGatewayResponses:
    def play(self, **responses: GatewayResponse) -> Played:
        api = open_api()
        api.gateway_responses = responses
        api.variables = {"v": "stage variable"}
        return api.play("GET", "/prod/nothing?q=1", {"Origin": "https://example.com"})

    def test_own_response(self) -> None:
        parameters = {
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.X-Origin": "method.request.header.origin",
            "gatewayresponse.header.X-Query": "method.request.querystring.q",
            "gatewayresponse.header.X-Id": "context.requestId",
            "gatewayresponse.header.X-Absent": "method.request.header.absent",
        }
        template = '{"m":$context.error.messageString,"t":"$context.error.responseType","v":"${stageVariables.v}."}'
        played = self.play(
            MISSING_AUTHENTICATION_TOKEN=GatewayResponse(404, parameters, {"application/json": template})
        )
        assert played.status == played.trace.status == 404
        assert played.text == (
            '{"m":"Missing Authentication Token","t":"MISSING_AUTHENTICATION_TOKEN","v":"stage variable."}'
        )
        assert played.headers.get("access-control-allow-origin") == "*"
        assert played.headers.get("x-origin") == "https://example.com"
        assert played.headers.get("x-query") == "1"
        assert played.headers.get("x-id") == played.trace.request_id
        assert "x-absent" not in played.headers
        assert played.headers.get("x-amzn-errortype") == "MissingAuthenticationTokenException"

    def test_default_response(self) -> None:
        played = self.play(
            DEFAULT_4XX=GatewayResponse(None, {"gatewayresponse.header.X": "'y'"}, {}),
            DEFAULT_5XX=GatewayResponse(599, {}, {}),
        )
        assert (played.status, played.headers.get("x")) == (403, "y")
        assert played.text == '{"message":"Missing Authentication Token"}'

    def test_stages_that_do_not_exist_cannot_be_customised(self) -> None:
        api = open_api()
        api.gateway_responses = {"DEFAULT_4XX": GatewayResponse(404, {}, {})}
        assert api.play("GET", "/other/m").status == 403


def test_head_has_the_length_and_no_body() -> None:
    api = Api().route("HEAD", "/m", mock(body='{"a":1}'))
    played = api.play("HEAD", "/prod/m")
    assert (played.response.body, played.headers.get("content-length")) == (b"", "7")
    refused = api.play("HEAD", "/prod/other")
    assert (refused.response.body, refused.headers.get("content-length")) == (b"", "42")


class TestValidate:
    VALIDATOR = {"validateRequestParameters": True, "validateRequestBody": True}
    PARAMETERS = {
        "method.request.querystring.qs1": True,
        "method.request.path.issuer": True,
        "method.request.header.x-header-param": True,
        "method.request.header.optional": False,
    }

    def play(self, target: str, headers: dict[str, str], body: bytes = b"{}", **changed: bool) -> Played:
        api = Api().route("POST", "/{issuer}", mock())
        match = api.router.match("/x", "POST")
        assert match is not None
        models = {"application/json": "any"}
        compiled = compile_validator(self.VALIDATOR | changed, self.PARAMETERS, models, {"any": "{}"})
        api.router.add("/{issuer}", "POST", replace(match.route, extras={"compiled": compiled}))
        return api.play("POST", target, headers, body)

    def test_everything_is_there(self) -> None:
        assert self.play("/prod/a?qs1=1", {"X-Header-Param": "v"}).status == 200

    def test_missing_parameters_are_named_by_place(self) -> None:
        played = self.play("/prod/%20?qs1=", {"X-Header-Param": " "})
        assert played.status == 400
        assert played.text == '{"message": "Missing required request parameters: [x-header-param, qs1]"}'
        assert played.headers.get("x-amzn-errortype") == "BadRequestException"
        assert self.play("/prod/a", {}, validateRequestParameters=False).status == 200

    @pytest.mark.parametrize("body", [b"", b"{", b"text"])
    def test_bodies_must_be_json(self, body: bytes) -> None:
        played = self.play("/prod/a?qs1=1", {"X-Header-Param": "v"}, body)
        assert (played.status, played.text) == (400, '{"message": "Invalid request body"}')
        assert played.trace.error_type == "BAD_REQUEST_BODY"
        other = {"X-Header-Param": "v", "Content-Type": "text/plain"}
        assert self.play("/prod/a?qs1=1", other, body).trace.fault is Fault.TEMPLATE_FAILED
