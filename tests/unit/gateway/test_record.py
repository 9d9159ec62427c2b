"""The three readers of a trace that ended."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.scenes.authorizers import answered, guard, lambda_authorizer, policy_answer
from tests.scenes.pipeline import (
    FUNCTION,
    IAM,
    Api,
    Played,
    allow,
    function,
    gateway_may_invoke,
    lambda_proxy,
    mock,
    returned,
    session,
)

from sekisho.config.identities import AccessKey
from sekisho.faults.fault import Fault
from sekisho.functions.invocation import InvokeFunction
from sekisho.gateway.record import MAX_BODY, display, mask_header, mask_query, trace_document


def played() -> Played:
    key = session("r", "s", allow("execute-api:Invoke"))
    api = Api(functions=[function(gateway_may_invoke())], keys=[key]).route("POST", "/f", lambda_proxy(), auth=IAM)
    headers = {"Cookie": "session=secret-cookie", "X-Api-Key": "secret-key", "X-A": "shown"}
    answer = returned({"statusCode": 200, "body": "hi", "headers": {"Set-Cookie": "secret-set"}})
    return api.play("POST", "/prod/f", headers, b"\xff" * (MAX_BODY + 1), signed_by=key, answers=[answer])


def test_the_private_record_can_be_replayed() -> None:
    found = played()
    document = json.loads(json.dumps(trace_document(found.trace)))
    request = document["request"]
    assert [tuple(pair) for pair in request["headers"]] == list(found.trace.request.headers.pairs)
    assert len(base64.b64decode(request["body"])) == MAX_BODY
    assert request["bodyTruncated"] is True
    assert (document["revision"], document["fault"], document["response"]["status"]) == (1, None, 200)
    assert [check["purpose"] for check in document["checks"]] == ["invoke-api", "invoke-function"]
    effect = document["effects"][0]
    assert (effect["function"], effect["result"]) == (FUNCTION, "Returned")
    assert json.loads(base64.b64decode(effect["payload"]))["body"] == "hi"


def test_the_shown_record_holds_no_secret() -> None:
    found = played()
    signature = (found.trace.request.headers.get("authorization") or "").rpartition("Signature=")[2]
    assert len(signature) == 64
    text = json.dumps(display(found.trace))
    for secret in ("secret-cookie", "secret-key", "token of r", signature):
        assert secret not in text
    assert "SignedHeaders=" in text
    assert '"shown"' in text


def test_refusals_are_described() -> None:
    found = Api().play("GET", "/none")
    document = display(found.trace)
    assert (document["fault"], document["gate"], document["evidence"]) == ("NO_SUCH_STAGE", "admit", {"stage": "none"})
    assert document["source"].startswith("recorded: ")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "Bearer ********"),
        ("Authorization", "abc", "********"),
        ("authorization", "AWS4-HMAC-SHA256 A=b, Signature=ff", "AWS4-HMAC-SHA256 A=b, Signature=********"),
        ("authorization", "AWS4-HMAC-SHA256 abc", "********"),
        ("Cookie", "a=b", "********"),
        ("Accept", "*/*", "*/*"),
    ],
)
def test_masked_headers(name: str, value: str, shown: str) -> None:
    assert mask_header(name, value) == shown


def test_masked_queries() -> None:
    assert mask_query("a=1&X-Amz-Signature=ff&X-Amz-Date=d") == "a=1&X-Amz-Signature=********&X-Amz-Date=d"
    assert mask_query("a=1") == "a=1"


def test_what_repeats_a_secret_is_masked_too() -> None:
    key = session("r", "s")
    api = Api(keys=[AccessKey(key.id, "another", key.principal, session_token=key.session_token)])
    found = api.route("GET", "/i", mock(), auth=IAM).play("GET", "/prod/i", signed_by=key)
    assert found.trace.fault is Fault.SIGNATURE_MISMATCH
    assert key.session_token in found.text
    assert key.session_token not in json.dumps(display(found.trace))
    echo = Api(functions=[function(gateway_may_invoke())]).route("GET", "/f", lambda_proxy())
    headers = {"Cookie": "session=secret-cookie"}
    played = echo.play("GET", "/prod/f", headers, answers=[returned({"body": "session=secret-cookie"})])
    assert "secret-cookie" not in json.dumps(display(played.trace))


@pytest.mark.parametrize(
    ("sources", "headers", "target"),
    [
        (("method.request.header.Authorization",), {"Authorization": "Bearer secret-token"}, "/prod/m"),
        (("method.request.header.X-Auth",), {"X-Auth": "secret-token"}, "/prod/m"),
        (("method.request.querystring.key",), {}, "/prod/m?key=secret%2Dtoken"),
    ],
)
def test_what_identifies_the_caller_is_never_shown(
    sources: tuple[str, ...], headers: dict[str, str], target: str
) -> None:
    kind = "TOKEN" if "header" in sources[0] else "REQUEST"
    api = Api(functions=[guard()]).route("GET", "/m", mock(), auth=lambda_authorizer(*sources, kind=kind))

    def echo(effect: InvokeFunction) -> Any:
        return answered(policy_answer(context={"event": effect.payload.decode()}))

    played = api.play("GET", target, headers, answers=echo)
    assert played.status == 200
    shown = json.dumps(display(played.trace))
    assert "secret-token" not in shown
    assert "secret%2Dtoken" not in shown
    private = trace_document(played.trace)["authorizer"]
    assert base64.b64decode(private["event"]) == played.asked[0].payload
    assert private["cachedFrom"] is None
