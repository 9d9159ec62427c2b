"""HTTP APIs: stages, routes, CORS, IAM, throttling, Lambda in both formats, and what the log says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.scenes.http import HttpApi, http_lambda, http_proxy
from tests.scenes.pipeline import (
    ACCOUNT,
    API,
    FUNCTION,
    HOST,
    IAM,
    NOW,
    REGION,
    SOURCE_IP,
    Played,
    allow,
    deny,
    failed,
    function,
    gateway_may_invoke,
    returned,
    role,
    user,
)

from sekisho.config.api import ApiMapping, Cors, Limits
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import GaveUp, Throttled, Unavailable
from sekisho.gateway.effects import CallHttp, HttpAnswer, HttpFailed

OK = returned({"statusCode": 200, "body": "ok"})
SOURCE = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/$default/"
FORMAT = "$context.routeKey $context.status $context.error.responseType $context.integration.error $context.requestId"


def api(*keys: str, payload: str = "2.0", **settings: Any) -> HttpApi:
    found = HttpApi(functions=[function(gateway_may_invoke())], format=FORMAT, **settings)
    for key in keys or ("GET /a",):
        found.add(key, http_lambda(payload=payload))
    return found


def fault(played: Played) -> Fault | None:
    return played.trace.fault


class TestAdmission:
    def test_default_stage_has_no_prefix(self) -> None:
        played = api().play("GET", "/a", answers=[OK])
        assert (played.status, played.text, played.event["rawPath"]) == (200, "ok", "/a")

    def test_named_stage(self) -> None:
        found = api(stage="probe")
        played = found.play("GET", "/probe/a", answers=[OK])
        assert (played.status, played.event["rawPath"], played.event["requestContext"]["stage"]) == (
            200,
            "/probe/a",
            "probe",
        )
        assert found.play("GET", "/a").status == 404
        assert api().play("GET", "/$default/a").status == 404

    @pytest.mark.parametrize("settings", [{"deployed": False}, {"disabled": True}])
    def test_not_found(self, settings: Any) -> None:
        played = api(**settings).play("GET", "/a")
        assert (played.status, played.text, played.line) == (404, '{"message":"Not Found"}', None)
        assert played.headers.get("apigw-requestid") == played.trace.request_id
        assert "x-amzn-errortype" not in played.headers
        assert "x-amzn-requestid" not in played.headers

    def test_too_large(self) -> None:
        assert api("POST /a").play("POST", "/a", body=b"x" * 10_485_761).status == 413
        assert api().play("GET", "/a", {"X": "y" * 11_000}).status == 431

    def test_custom_domains(self) -> None:
        domains = {HOST: (ApiMapping("v1/x", API, "$default"), ApiMapping("", API, "gone"))}
        found = api(domains=domains)
        played = found.play("GET", "/v1/x/a", api="", answers=[OK])
        assert (played.status, played.event["rawPath"]) == (200, "/a")
        assert played.trace.path == "/v1/x/a"
        assert found.play("GET", "/v1/xa", api="").status == 404
        assert found.play("GET", "/v1/x", api="").status == 404
        assert api().play("GET", "/a", api="").status == 403


class TestRoutes:
    @pytest.mark.parametrize(
        ("method", "path", "key"),
        [
            ("GET", "/pets/1", "GET /pets/{id}"),
            ("GET", "/pets/dog", "GET /pets/dog"),
            ("POST", "/pets/1", "ANY /pets/{id}"),
            ("GET", "/pets/1/toys", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
        ],
    )
    def test_most_specific(self, method: str, path: str, key: str) -> None:
        keys = ("GET /pets/{id}", "GET /pets/dog", "ANY /pets/{id}", "ANY /{proxy+}", "$default")
        played = api(*keys).play(method, path, answers=[OK])
        assert played.event["routeKey"] == key
        assert str(played.line).startswith(f"{key} 200 - - ")

    def test_no_route_writes_no_line(self) -> None:
        played = api().play("GET", "/nope")
        assert (played.status, len(played.text), played.line) == (404, 23, None)
        assert fault(played) is Fault.NO_ROUTE

    def test_paths_are_decoded_once_for_route_policy_and_backend(self) -> None:
        found = api("GET /admin", "GET /{proxy+}")
        played = found.play("GET", "/%61dmin", answers=[OK])
        assert (played.event["routeKey"], played.event["rawPath"]) == ("GET /admin", "/admin")
        played = found.play("GET", "/value%20space", answers=[OK])
        assert played.event["pathParameters"] == {"proxy": "value space"}


class TestIam:
    def signed(self, *statements: Any) -> Played:
        found = HttpApi(functions=[function(gateway_may_invoke())]).add("GET /iam", http_lambda(), auth=IAM)
        key = user("caller", *statements)
        found.keys = [key]
        return found.play("GET", "/iam", signed_by=key, answers=[OK])

    def test_allowed(self) -> None:
        played = self.signed(allow("execute-api:Invoke", f"{SOURCE}GET/iam"))
        assert played.status == 200
        assert played.event["requestContext"]["authorizer"] == {
            "iam": {
                "accessKey": "AKIACALLERXXXXXXXXXX",
                "accountId": ACCOUNT,
                "callerId": "AIDACALLERXXXXXXXXXXX",
                "cognitoIdentity": None,
                "principalOrgId": "aws:PrincipalOrgID",
                "userArn": f"arn:aws:iam::{ACCOUNT}:user/caller",
                "userId": "AIDACALLERXXXXXXXXXXX",
            }
        }
        assert played.event["headers"]["authorization"].startswith("AWS4-HMAC-SHA256")
        assert "x-amz-date" in played.event["headers"]

    @pytest.mark.parametrize("statements", [[], [allow("execute-api:Invoke"), deny("execute-api:Invoke")]])
    def test_denied(self, statements: list[Any]) -> None:
        played = self.signed(*statements)
        assert (played.status, played.text) == (403, '{"message":"Forbidden"}')

    def test_unsigned(self) -> None:
        found = HttpApi(format="$context.error.responseType $context.authorizer.error")
        played = found.add("GET /iam", http_lambda(), auth=IAM).play("GET", "/iam")
        assert played.text == '{"message":"Forbidden"}'
        assert played.line == (
            "ACCESS_DENIED The request for the IAM Authorizer doesn't match the format that API Gateway expects."
        )

    def test_a_wrong_signature_is_told_to_the_log_only(self) -> None:
        found = HttpApi(format="$context.authorizer.error").add("GET /iam", http_lambda(), auth=IAM)
        key = user("caller", allow("execute-api:Invoke"))
        played = found.play("GET", "/iam", signed_by=key, answers=[OK])
        assert (played.text, played.line) == (
            '{"message":"Forbidden"}',
            "The security token included in the request is invalid.",
        )


class TestThrottle:
    def test_a_route_has_its_own_bucket(self) -> None:
        found = HttpApi(functions=[function(gateway_may_invoke())], throttle=Limits(1.0, 2))
        found.add("GET /a", http_lambda()).add("GET /b", http_lambda(), throttle=Limits(0.5, 1))

        def status(path: str, later: float = 0.0) -> int:
            return found.play("GET", path, answers=[OK], later=later).status

        assert [status("/a"), status("/a"), status("/a")] == [200, 200, 429]
        assert [status("/b"), status("/b")] == [200, 429]
        assert [status("/b", 1.0), status("/b", 2.1), status("/a", 1.0)] == [429, 200, 200]
        assert found.play("GET", "/a", later=1.0).text == '{"message":"Too Many Requests"}'


class TestLambda:
    def test_event_2(self) -> None:
        found = api("POST /v1/item/{item}", variables={"probe": "value"})
        headers = [("X-Two", "a"), ("X-Two", "b"), ("Cookie", "a=1; b=2"), ("User-Agent", "probe")]
        played = found.play(
            "POST",
            "/v1/item/value%20space?a=1&a=2&x=%2B",
            [*headers, ("Content-Type", "text/plain")],
            b"hi",
            answers=[OK],
        )
        event = played.event
        assert list(event) == [
            "version",
            "routeKey",
            "rawPath",
            "rawQueryString",
            "cookies",
            "headers",
            "queryStringParameters",
            "requestContext",
            "body",
            "pathParameters",
            "stageVariables",
            "isBase64Encoded",
        ]
        trace = event["headers"].pop("x-amzn-trace-id")
        assert trace.startswith("Root=1-")
        assert event["headers"] == {
            "content-length": "2",
            "content-type": "text/plain",
            "host": HOST,
            "user-agent": "probe",
            "x-forwarded-for": SOURCE_IP,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-two": "a,b",
        }
        assert event["cookies"] == ["a=1", "b=2"]
        assert (event["rawPath"], event["rawQueryString"]) == ("/v1/item/value space", "a=1&a=2&x=%2B")
        assert event["queryStringParameters"] == {"a": "1,2", "x": "+"}
        assert event["pathParameters"] == {"item": "value space"}
        assert event["stageVariables"] == {"probe": "value"}
        assert (event["body"], event["isBase64Encoded"]) == ("hi", False)
        assert event["requestContext"] == {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": HOST,
            "domainPrefix": API,
            "http": {
                "method": "POST",
                "path": "/v1/item/value space",
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": "probe",
            },
            "requestId": played.trace.request_id,
            "routeKey": "POST /v1/item/{item}",
            "stage": "$default",
            "time": event["requestContext"]["time"],
            "timeEpoch": int(NOW * 1000),
        }

    def test_absent_things_are_not_there(self) -> None:
        event = api().play("GET", "/a", answers=[OK]).event
        assert list(event) == [
            "version",
            "routeKey",
            "rawPath",
            "rawQueryString",
            "headers",
            "requestContext",
            "isBase64Encoded",
        ]
        assert event["headers"]["content-length"] == "0"

    @pytest.mark.parametrize(
        ("media", "encoded"),
        [
            ("application/json", False),
            ("application/problem+json; charset=utf-8", False),
            ("text/csv", False),
            ("application/x-www-form-urlencoded", True),
            ("image/png", True),
        ],
    )
    def test_bodies(self, media: str, encoded: bool) -> None:
        event = api("POST /a").play("POST", "/a", {"Content-Type": media}, b"a=b", answers=[OK]).event
        assert event["isBase64Encoded"] is encoded
        assert event["body"] == (base64.b64encode(b"a=b").decode() if encoded else "a=b")

    def test_event_1(self) -> None:
        event = api("GET /pets/{id}", payload="1.0").play("GET", "/pets/1?a=1&a=2", answers=[OK]).event
        assert list(event) == [
            "version",
            "resource",
            "path",
            "httpMethod",
            "headers",
            "multiValueHeaders",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "requestContext",
            "pathParameters",
            "stageVariables",
            "body",
            "isBase64Encoded",
        ]
        assert (event["version"], event["resource"], event["path"]) == ("1.0", "/pets/{id}", "/pets/1")
        assert event["queryStringParameters"] == {"a": "2"}
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
        assert (event["body"], event["stageVariables"]) == (None, None)
        context = event["requestContext"]
        assert (context["resourceId"], context["stage"]) == ("GET /pets/{id}", "$default")
        assert context["requestId"] == context["extendedRequestId"]
        assert context["identity"]["cognitoAmr"] is None

    def test_reply_2_is_structured_by_its_status_code(self) -> None:
        answer = {"statusCode": 201, "headers": {"X-A": "b"}, "cookies": ["a=1", "b=2"], "body": "made"}
        played = api().play("GET", "/a", answers=[returned(answer)])
        assert (played.status, played.text) == (201, "made")
        assert [value for name, value in played.response.headers if name == "set-cookie"] == ["a=1", "b=2"]
        assert ("Apigw-Requestid", played.trace.request_id) in played.response.headers

    @pytest.mark.parametrize(
        ("value", "body"),
        [({"message": "hi"}, '{"message": "hi"}'), ("Hello", "Hello"), ([1], "[1]"), (7, "7"), (None, "null")],
    )
    def test_reply_2_without_a_status_code_is_the_body(self, value: Any, body: str) -> None:
        played = api().play("GET", "/a", answers=[returned(value)])
        assert (played.status, played.text) == (200, body)
        assert played.headers.get("content-type") == "application/json"

    @pytest.mark.parametrize(
        "value",
        [
            {"statusCode": "invalid"},
            {"statusCode": None},
            {"statusCode": 99},
            {"statusCode": 200, "headers": ["a"]},
            {"statusCode": 200, "headers": {"a": {}}},
            {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
            {"statusCode": 200, "body": {}},
            {"statusCode": 200, "cookies": "a=b"},
            {"statusCode": 200, "cookies": ["a=b\r\nc: d"]},
            {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        ],
    )
    def test_malformed_replies(self, value: Any) -> None:
        played = api().play("GET", "/a", answers=[returned(value)])
        assert (played.status, played.text) == (500, '{"message":"Internal Server Error"}')
        assert played.headers.get("content-length") == "35"
        assert "INTEGRATION_FAILURE" in str(played.line)

    def test_reply_1_assumes_nothing(self) -> None:
        assert api(payload="1.0").play("GET", "/a", answers=[returned({"body": "ok"})]).status == 500
        assert api(payload="1.0").play("GET", "/a", answers=[OK]).text == "ok"

    def test_base64(self) -> None:
        answer = {"statusCode": 200, "body": base64.b64encode(b"\xff\x00").decode(), "isBase64Encoded": True}
        assert api().play("GET", "/a", answers=[returned(answer)]).response.body == b"\xff\x00"
        assert api(payload="1.0").play("GET", "/a", answers=[returned(answer)]).response.body == b"\xff\x00"

    @pytest.mark.parametrize(
        ("result", "status", "text", "error"),
        [
            (
                failed("boom"),
                500,
                "Internal Server Error",
                "INTEGRATION_FAILURE The Lambda function returned the following error: boom. "
                "Check your Lambda function code and try again.",
            ),
            (GaveUp("r", 30.0), 503, "Service Unavailable", "INTEGRATION_TIMEOUT Endpoint request timed out"),
            (Throttled("Rate"), 503, "Service Unavailable", "INTEGRATION_FAILURE Rate"),
            (Unavailable("C", "gone"), 500, "Internal Server Error", "INTEGRATION_FAILURE gone"),
        ],
    )
    def test_failures(self, result: Any, status: int, text: str, error: str) -> None:
        played = api().play("GET", "/a", answers=[result])
        assert (played.status, played.text) == (status, json.dumps({"message": text}, separators=(",", ":")))
        assert played.line == f"GET /a {status} {error} {played.trace.request_id}"
        assert ("apigw-requestid", played.trace.request_id) in played.response.headers

    @pytest.mark.parametrize(
        ("key", "source", "status"),
        [
            ("GET /pets/{id}", "$default/GET/pets/{id}", 200),
            ("GET /pets/{id}", "*/*/pets/{id}", 200),
            ("GET /pets/{id}", "*/GET/pets/1", 500),
            ("ANY /pets/{id}", "*/GET/pets/*", 200),
            ("$default", "$default/$default", 200),
            ("$default", "*/*", 200),
            ("$default", "*/*/*", 500),
        ],
    )
    def test_permission_is_by_route(self, key: str, source: str, status: int) -> None:
        statement = gateway_may_invoke(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{source}")
        found = HttpApi(functions=[function(statement)], format="$context.integrationErrorMessage")
        played = found.add(key, http_lambda()).play("GET", "/pets/1", answers=[OK])
        assert played.status == status
        if status == 500:
            assert played.line == (
                "The IAM role configured on the integration or API Gateway doesn't have permissions to call the "
                "integration. Check the permissions and try again."
            )

    def test_role(self) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:role/r"
        found = HttpApi(functions=[function()], roles=[role("r", allow("lambda:InvokeFunction"))])
        found.add("GET /a", http_lambda(arn))
        played = found.play("GET", "/a", answers=[OK])
        assert played.status == 200
        name = played.trace.checks[-1].question.subject.arn.rpartition("/")[2]
        assert len(name) == 19
        assert name.isdigit()
        found.roles = []
        assert fault(found.play("GET", "/a")) is Fault.ROLE_NOT_ASSUMABLE

    def test_missing_function(self) -> None:
        found = HttpApi().add("GET /a", http_lambda(arn=""))
        assert found.play("GET", "/a").text == '{"message":"Internal Server Error"}'
        assert HttpApi().add("GET /a", http_lambda(arn=f"{FUNCTION}x")).play("GET", "/a").status == 500


class TestCors:
    CORS = Cors(("https://a.example", "http://*"), ("GET", "POST"), ("x-a", "x-b"), ("x-c",), True, 300)
    ASK = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}

    def test_preflight(self) -> None:
        played = api("ANY /{proxy+}", cors=self.CORS).play("OPTIONS", "/whatever", self.ASK)
        assert (played.status, played.response.body, played.asked) == (204, b"", [])
        found = dict(played.response.headers)
        assert found.pop("apigw-requestid")
        assert found == {
            "access-control-allow-origin": "https://a.example",
            "access-control-allow-methods": "GET,POST",
            "access-control-allow-headers": "x-a,x-b",
            "access-control-max-age": "300",
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": "x-c",
        }

    def test_preflight_of_another_origin(self) -> None:
        played = api(cors=self.CORS).play("OPTIONS", "/a", {**self.ASK, "Origin": "https://b.example"})
        assert [name for name, _ in played.response.headers if name.startswith("access-control")] == []
        assert played.status == 204

    def test_answers_and_errors(self) -> None:
        found = api(cors=self.CORS)
        answer = returned({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
        played = found.play("GET", "/a", {"Origin": "http://c.example"}, answers=[answer])
        assert origins(played) == ["http://c.example"]
        played = found.play("GET", "/nope", {"Origin": "https://a.example"})
        assert (played.status, origins(played)) == (404, ["https://a.example"])
        assert origins(found.play("GET", "/a", {"Origin": "evil"}, answers=[answer])) == []

    def test_star(self) -> None:
        cors = Cors(("*",), (), (), (), False, None)
        played = api(cors=cors).play("GET", "/a", {"Origin": "https://x"}, answers=[OK])
        assert origins(played) == ["*"]

    def test_without_cors_options_is_a_method_like_others(self) -> None:
        assert api().play("OPTIONS", "/a", self.ASK).status == 404


def origins(played: Played) -> list[str]:
    return [value for name, value in played.response.headers if name.lower() == "access-control-allow-origin"]


class TestHttpProxy:
    def test_request_and_answer(self) -> None:
        found = HttpApi(format="$context.integration.status $context.dataProcessed")
        found.add("ANY /p/{proxy+}", http_proxy("https://backend.example/base/{proxy}"))
        answer = HttpAnswer(201, (("Content-Type", "text/html"), ("Transfer-Encoding", "chunked"), ("X-A", "b")), b"hi")
        headers = {"X-Mine": "1", "Connection": "close", "X-Forwarded-For": "10.0.0.1"}
        played = found.play("POST", "/p/a%20b/c?q=1", headers, b"body", answers=[answer])
        assert (played.status, played.text, played.line) == (201, "hi", "201 2")
        assert ("Transfer-Encoding", "chunked") not in played.response.headers
        (call,) = played.fetched
        assert isinstance(call, CallHttp)
        assert (call.method, call.url, call.body) == ("POST", "https://backend.example/base/a%20b/c?q=1", b"body")
        sent = dict(call.headers)
        assert (sent["host"], sent["x-mine"], sent["via"]) == ("backend.example", "1", "HTTP/1.1 AmazonAPIGateway")
        assert "connection" not in sent
        assert sent["forwarded"] == f"for={SOURCE_IP};host={HOST};proto=https"

    @pytest.mark.parametrize(
        ("kind", "status", "fault_"),
        [
            ("connect", 503, Fault.BACKEND_UNREACHABLE),
            ("tls", 503, Fault.BACKEND_CERTIFICATE_UNTRUSTED),
            ("tls-name", 503, Fault.BACKEND_NAME_MISMATCH),
            ("timeout", 503, Fault.INTEGRATION_TIMED_OUT),
            ("address", 500, Fault.BACKEND_ADDRESS_INVALID),
            ("size", 503, Fault.BACKEND_UNREACHABLE),
        ],
    )
    def test_failures(self, kind: str, status: int, fault_: Fault) -> None:
        found = HttpApi().add("GET /a", http_proxy())
        played = found.play("GET", "/a", answers=[HttpFailed(kind, "why")])
        assert (played.status, fault(played)) == (status, fault_)

    def test_mappings(self) -> None:
        request = {
            "append:header.x-list": "$request.querystring.q",
            "overwrite:header.x-one": "v-${context.stage}-${stageVariables.v}",
            "remove:header.x-gone": "''",
            "overwrite:querystring.q": "$request.body.a.b",
            "remove:querystring.r": "''",
            "append:header.x-none": "$request.header.absent",
            "overwrite:path": "/other/$request".replace("$request", "x y"),
        }
        response = {"200": {"overwrite:statuscode": "203", "append:header.x-a": "$response.body.t"}}
        found = HttpApi(variables={"v": "1"}).add("POST /a", http_proxy(request=request, response=response))
        body = b'{"a": {"b": "c d"}}'
        headers = {"X-List": "old", "X-Gone": "y", "X-One": "z"}
        answer = HttpAnswer(200, (("X-A", "1"),), b'{"t": "2\\r\\nX: y"}')
        played = found.play("POST", "/a?q=1&r=2", headers, body, answers=[answer])
        (call,) = played.fetched
        assert isinstance(call, CallHttp)
        assert call.url == "https://backend.example/other/x%20y?q=c+d"
        sent = dict(call.headers)
        assert (sent["x-list"], sent["x-one"]) == ("old,1", "v-$default-1")
        assert "x-gone" not in sent
        assert "x-none" not in sent
        assert played.status == 203
        assert ("x-a", "1,2  X: y") in played.response.headers


class TestLog:
    def test_ids_and_times(self) -> None:
        found = api()
        found.format = (
            "$context.requestId $context.extendedRequestId $context.requestTimeEpoch $context.path $context.protocol "
            "$context.resourcePath $context.dataProcessed $context.integrationStatus"
        )
        played = found.play("GET", "/a", answers=[OK])
        payload = json.dumps({"statusCode": 200, "body": "ok"})
        id_ = played.trace.request_id
        assert len(id_) == 16
        assert id_.endswith("=")
        assert played.line == f"{id_} {id_} {int(NOW)} /a HTTP/1.1 - {len(payload)} 200"
