"""HTTP APIs and authorizers: whatever is sent and whatever functions answer, there is an answer and a record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.authorizers import AUTHORIZER, guard, lambda_authorizer
from tests.scenes.http import HttpApi, http_lambda, http_proxy
from tests.scenes.pipeline import Api, Played, function, gateway_may_invoke, lambda_proxy

from sekisho.config.api import Cors
from sekisho.faults.fault import Kind
from sekisho.functions.invocation import InvokeFunction, Returned
from sekisho.gateway.authorizers.answer import Answer, Malformed, read_answer
from sekisho.gateway.context.variables import VARIABLES, variable_of
from sekisho.gateway.effects import HttpAnswer
from sekisho.gateway.record import display, trace_document

FORMAT = " ".join(f"$context.{name}" for name in VARIABLES if variable_of(Kind.HTTP, name))
SIMPLE = lambda_authorizer("$request.header.Authorization", kind="REQUEST", payload="2.0", simple=True)
SHAPES = (SIMPLE, replace(SIMPLE, simple=False), replace(SIMPLE, payload="1.0", simple=False))
REST_GUARD = lambda_authorizer("method.request.header.Authorization", kind="REQUEST")
MAPPINGS = {
    "append:header.x-q": "$request.querystring.q",
    "overwrite:header.x-b": "a ${request.body.a} b",
    "overwrite:querystring.p": "$request.path.proxy",
    "overwrite:path": "/$request.path",
}
BACK = {"200": {"append:header.x-r": "$response.body.r", "overwrite:statuscode": "$response.header.x-status"}}

latin = st.text(st.characters(codec="latin-1"), max_size=12)
segments = st.lists(st.sampled_from(["l", "p", "g", "%2F", "%00", "%FF", "..", "", "a b"]) | latin, max_size=5)
names = st.sampled_from(
    ["Authorization", "Cookie", "Origin", "Content-Type", "X-Forwarded-For", "X-Q", "X-Amzn-Trace-Id"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
members = st.sampled_from(
    [
        "statusCode",
        "headers",
        "cookies",
        "body",
        "isBase64Encoded",
        "isAuthorized",
        "context",
        "policyDocument",
        "principalId",
    ]
)
replies = values | st.dictionaries(members, values, max_size=6)
payloads = replies.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)


def api(shape: int) -> HttpApi:
    made = HttpApi(format=FORMAT, functions=[guard(), function(gateway_may_invoke())])
    made.cors = Cors(("https://*",), ("*",), ("*",), (), False, 1)
    made.add("ANY /l/{proxy+}", http_lambda(payload="2.0", request=MAPPINGS, response=BACK))
    made.add("ANY /o/{id}", http_lambda(payload="1.0"))
    made.add("ANY /p/{proxy+}", http_proxy("https://backend.example/{proxy}", request=MAPPINGS, response=BACK))
    return made.add("$default", http_lambda(), auth=SHAPES[shape])


def check(played: Played) -> None:
    assert 100 <= played.status <= 599
    for name, value in played.response.headers:
        assert not {"\r", "\n", "\0"} & {*name, *value}
    assert played.line is None or "\n" not in played.line
    json.dumps([display(played.trace), trace_document(played.trace)])


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2),
    st.sampled_from(["GET", "OPTIONS", "POST", "HEAD"]),
    segments,
    latin,
    st.lists(st.tuples(names, latin), max_size=5),
    st.binary(max_size=40) | replies.map(lambda value: json.dumps(value).encode()),
    payloads,
    payloads,
)
def test_requests(
    shape: int,
    method: str,
    path: list[str],
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    said: bytes,
    reply: bytes,
) -> None:
    def answer(effect: Any) -> Any:
        if not isinstance(effect, InvokeFunction):
            return HttpAnswer(200, (("X-Status", query.replace("\r", "").replace("\n", "").replace("\0", "")),), reply)
        return Returned(said if effect.function.arn == AUTHORIZER else reply, effect.request_id, 0.0)

    target = "/" + "/".join(path).replace("?", "") + "?" + query
    check(api(shape).play(method, target, headers, body, answers=answer))


@settings(max_examples=300, deadline=None)
@given(payloads, st.sampled_from(["REST", "1.0", "2.0"]), st.booleans())
def test_answers_of_authorizers(payload: bytes, shape: str, simple: bool) -> None:
    """Reading is total, and only what says so lets somebody pass."""
    found = read_answer(payload, shape, simple)
    if isinstance(found, Malformed):
        return
    if simple:
        assert found.authorized is (json.loads(payload)["isAuthorized"] is True)
    else:
        assert found.policy is not None
        assert not found.authorized


@pytest.mark.parametrize("shape", ["REST", "1.0", "2.0"])
def test_depth(shape: str) -> None:
    deep = "[" * 300 + "]" * 300
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    found = read_answer(f'{{"policyDocument":{policy},"context":{{"a":{deep}}}}}'.encode(), shape, False)
    assert isinstance(found, Malformed)
    assert isinstance(read_answer(f'{{"policyDocument":{deep}}}'.encode(), shape, False), Malformed)
    assert isinstance(read_answer(f'{{"isAuthorized":true,"context":{{"a":{deep}}}}}'.encode(), "2.0", True), Malformed)
    assert isinstance(read_answer(b'{"isAuthorized":true}', "2.0", True), Answer)


def test_deep_bodies_map_to_nothing() -> None:
    made = HttpApi(functions=[function(gateway_may_invoke())])
    made.add("POST /a", http_lambda(request={"append:header.x": "$request.body.a"}))
    body = b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"
    check(made.play("POST", "/a", {}, body, answers=[Returned(b'{"statusCode":200}', "r", 0.0)]))


@settings(max_examples=60, deadline=None)
@given(payloads, st.lists(st.tuples(names, latin), max_size=4))
def test_rest(said: bytes, headers: list[tuple[str, str]]) -> None:
    made = Api(functions=[guard(), function(gateway_may_invoke())]).route("GET", "/a", lambda_proxy(), auth=REST_GUARD)

    def answer(effect: InvokeFunction) -> Returned:
        return Returned(said if effect.function.arn == AUTHORIZER else b"{}", effect.request_id, 0.0)

    played = made.play("GET", "/prod/a", headers, answers=answer)
    check(played)
    assert played.status in (200, 401, 403, 500)
