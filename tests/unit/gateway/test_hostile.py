"""Whatever is sent, the pipeline answers: a status, a body, a log line, a record."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.pipeline import (
    HOST,
    IAM,
    REGION,
    Api,
    GatewayResponse,
    Played,
    allow,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    policy,
    returned,
    user,
)

from sekisho.functions.invocation import Returned
from sekisho.gateway.context.variables import VARIABLES
from sekisho.gateway.record import display, trace_document

ANN = user("ann", allow("execute-api:Invoke"))
FORMAT = " ".join(f"$context.{name}" for name in VARIABLES)
RESPONSE = GatewayResponse(
    None,
    {"gatewayresponse.header.X": "method.request.header.authorization"},
    {"application/json": '{"message":$context.error.messageString,"path":"$context.path"}'},
)


def api() -> Api:
    made = Api(
        format=FORMAT,
        functions=[function(gateway_may_invoke())],
        keys=[ANN],
        endpoint="EDGE",
        binary=("image/*",),
        gateway_responses={"DEFAULT_4XX": RESPONSE},
        resource_policy=policy(allow("execute-api:Invoke", Principal="*")),
    )
    made.route("ANY", "/{proxy+}", lambda_proxy()).route("ANY", "/i/{id}", mock('$input.params("id")'), auth=IAM)
    return made.route("ANY", "/m", mock('{"statusCode": $input.path("$.status")}', body="$input.params()"))


latin = st.text(st.characters(codec="latin-1"), max_size=12)
segments = st.lists(st.sampled_from(["prod", "i", "m", "%2F", "..", ".", "", "a b", "\xff", "{x}"]) | latin, max_size=5)
names = st.sampled_from(
    [
        "Authorization",
        "X-Amz-Date",
        "Date",
        "Content-Type",
        "Accept",
        "X-Amz-Content-Sha256",
        "X-Amzn-Trace-Id",
        "x",
        "",
    ]
)
scope = f"{ANN.id}/20260921/{REGION}/execute-api/aws4_request"
values = latin | st.sampled_from(
    [
        "AWS4-HMAC-SHA256",
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x, Signature=00",
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=\xff",
        "20260921T141320Z",
        "image/png",
        "STREAMING-AWS4",
        "Root=1",
    ]
)
queries = latin | st.just(
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%ff%2F1%2F2%2F3%2F4&X-Amz-Date=20260921T141320Z"
    "&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=%ff"
)


def check(played: Played) -> None:
    assert 200 <= played.status <= 599
    assert played.response.body.decode() is not None
    length = played.headers.get("content-length")
    assert length is None or int(length) >= len(played.response.body)
    assert played.line is None or "\n" not in played.line
    json.dumps(trace_document(played.trace))
    json.dumps(display(played.trace))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "BREW", ""]),
    segments,
    queries,
    st.lists(st.tuples(names, values), max_size=5),
    st.binary(max_size=30),
)
def test_any_request_is_answered(
    method: str, path: list[str], query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    target = "/" + "/".join(path).replace("?", "%3F") + (f"?{query}" if query else "")
    check(api().play(method, target, headers, body, answers=lambda _: returned({"statusCode": 200, "body": "x"})))


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60) | st.sampled_from([b'{"body":"\\ud800"}', b'{"headers":{"a":"\\u00e9\\u20ac"}}', b"1e999"])
)
def test_any_answer_of_a_function_is_answered(payload: bytes) -> None:
    check(api().play("GET", "/prod/x", {"Host": HOST}, answers=[Returned(payload, "", 0.0)]))
