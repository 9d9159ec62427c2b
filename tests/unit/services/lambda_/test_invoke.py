"""Invoke: what is asked of the edge, and how each result is told to the client."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.functions import Functions, arn, zipped

from sekisho.functions.invocation import Failed, GaveUp, InvokeFunction, Returned, Throttled, Unavailable
from sekisho.services.lambda_ import OPERATIONS
from sekisho.services.lambda_.invoke import _json_problem


class Edge:
    """Answers invocations and remembers them."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.asked: list[InvokeFunction] = []

    def __call__(self, effect: InvokeFunction) -> Any:
        self.asked.append(effect)
        return self.result


RETURNED = Returned(b'{"ok":true}', "r", 0.1, b"START\nEND\n")


@pytest.fixture
def cloud() -> Functions:
    out = Functions()
    out.create(Publish=True, Timeout=7, Environment={"Variables": {"AA": "1"}})
    out("CreateAlias", FunctionName="orders", Name="live", FunctionVersion="1")
    return out


def test_a_function_is_asked_for_and_its_answer_passed_on(cloud: Functions) -> None:
    cloud.answers = edge = Edge(RETURNED)
    out = cloud("Invoke", FunctionName="orders", Payload=b'{"a": 1}')
    assert out == {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": b'{"ok":true}'}
    (asked,) = edge.asked
    assert (asked.payload, asked.invoked_arn, asked.patience) == (b'{"a": 1}', arn("orders"), math.inf)
    assert asked.request_id == "00000000-0000-4000-8000-000000000000"
    assert not asked.want_log_tail
    spec = asked.function
    assert spec == cloud.snapshot.functions[arn("orders")].versions["$LATEST"]
    assert (spec.name, spec.timeout, spec.memory_mb, spec.environment) == ("orders", 7.0, 128, {"AA": "1"})


def test_no_payload_is_the_empty_object(cloud: Functions) -> None:
    cloud.answers = edge = Edge(RETURNED)
    cloud("Invoke", FunctionName="orders")
    assert edge.asked[0].payload == b"{}"


@pytest.mark.parametrize(("qualifier", "version"), [("live", "1"), ("1", "1"), ("$LATEST", "$LATEST")])
def test_qualifiers_are_followed_and_kept_in_the_arn(cloud: Functions, qualifier: str, version: str) -> None:
    cloud.answers = edge = Edge(RETURNED)
    out = cloud("Invoke", FunctionName="orders", Qualifier=qualifier)
    assert out["ExecutedVersion"] == version
    assert edge.asked[0].invoked_arn == arn("orders", qualifier)
    assert edge.asked[0].function.version == version


def test_weights_share_the_invocations(cloud: Functions) -> None:
    cloud("UpdateFunctionCode", FunctionName="orders", ZipFile=zipped({"app.py": "x = 2"}), Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    cloud("UpdateAlias", FunctionName="orders", Name="live", RoutingConfig=routing)
    cloud.answers = Edge(RETURNED)
    executed = [cloud("Invoke", FunctionName="orders:live")["ExecutedVersion"] for _ in range(400)]
    assert 50 < executed.count("2") < 150
    assert set(executed) == {"1", "2"}


def test_the_tail_of_the_log_comes_when_asked_for(cloud: Functions) -> None:
    cloud.answers = edge = Edge(RETURNED)
    out = cloud("Invoke", FunctionName="orders", LogType="Tail")
    assert base64.b64decode(out["LogResult"]) == b"START\nEND\n"
    assert edge.asked[0].want_log_tail


def test_a_failing_function_is_a_successful_invocation(cloud: Functions) -> None:
    cloud.answers = Edge(Failed(b'{"errorMessage":"no"}', "no", "raised", "r", 0.1))
    out = cloud("Invoke", FunctionName="orders")
    assert (out["StatusCode"], out["FunctionError"], out["Payload"]) == (200, "Unhandled", b'{"errorMessage":"no"}')


def test_throttling(cloud: Functions) -> None:
    cloud.answers = Edge(Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"))
    error = cloud.refused("Invoke", FunctionName="orders")
    assert (error.code, error.status, error.message) == ("TooManyRequestsException", 429, "Rate Exceeded.")
    assert error.members["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_what_lambda_cannot_run(cloud: Functions) -> None:
    cloud.answers = Edge(Unavailable("InvalidRuntimeException", "no such runtime here", 502))
    error = cloud.refused("Invoke", FunctionName="orders")
    assert (error.code, error.status, error.message) == ("InvalidRuntimeException", 502, "no such runtime here")


def test_dry_runs_ask_for_nothing(cloud: Functions) -> None:
    assert cloud("Invoke", FunctionName="orders", InvocationType="DryRun") == {"StatusCode": 204}


def test_events_are_handed_over_without_waiting(cloud: Functions) -> None:
    cloud.answers = edge = Edge(GaveUp("r", 0.0))
    out = cloud("Invoke", FunctionName="orders", InvocationType="Event", Payload=b"[]", LogType="Tail")
    assert out == {"StatusCode": 202, "Payload": b""}
    assert edge.asked[0].asynchronous
    assert not edge.asked[0].want_log_tail
    cloud.answers = Edge(Throttled("ConcurrentInvocationLimitExceeded"))
    assert cloud.refused("Invoke", FunctionName="orders", InvocationType="Event").status == 429


def test_payloads_have_limits(cloud: Functions) -> None:
    text = b'"' + b"x" * 6_291_455 + b'"'
    error = cloud.refused("Invoke", FunctionName="orders", Payload=text)
    assert (error.code, error.status) == ("RequestEntityTooLargeException", 413)
    assert error.message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    event = b'"' + b"x" * 1_048_576 + b'"'
    error = cloud.refused("Invoke", FunctionName="orders", InvocationType="Event", Payload=event)
    assert (error.code, error.status) == ("RequestEntityTooLargeException", 413)
    assert error.message == "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    cloud.answers = Edge(RETURNED)
    assert cloud("Invoke", FunctionName="orders", Payload=text[:6_291_455] + b'"')["StatusCode"] == 200


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"test data", "Unrecognized token 'test': was expecting (JSON String, Number, Array, Object or token"),
        (b'{"a": NaN}', "NaN"),
        (b"\x97", "Invalid UTF-8 start byte 0x97"),
        (b'{"a": 1', "Unexpected end-of-input"),
        (b"{} {}", "Unexpected character"),
        (b"{'a': 1}", "Unexpected character ('''"),
        (b"[" * 100_000, "nesting depth"),
    ],
)
def test_payloads_are_json(cloud: Functions, payload: bytes, text: str) -> None:
    error = cloud.refused("Invoke", FunctionName="orders", Payload=payload)
    assert (error.code, error.status) == ("InvalidRequestContentException", 400)
    assert error.message.startswith("Could not parse request body into json: Could not parse payload into json: ")
    assert text in error.message


@given(st.binary(max_size=40))
def test_reading_payloads_never_raises(noise: bytes) -> None:
    if not _json_problem(noise):
        json.loads(noise.decode("utf-8"))


def test_the_client_context_is_decoded(cloud: Functions) -> None:
    cloud.answers = edge = Edge(RETURNED)
    cloud("Invoke", FunctionName="orders", ClientContext=base64.b64encode(b'{"custom":{}}').decode())
    assert edge.asked[0].client_context == '{"custom":{}}'
    for bad in ("***", base64.b64encode(b"[]").decode(), base64.b64encode(b"x").decode(), "e30=" * 1000):
        error = cloud.refused("Invoke", FunctionName="orders", ClientContext=bad)
        assert error.message == "Client context must be a valid Base64-encoded JSON object."


@pytest.mark.parametrize("qualifier", ["", "9", "nope"])
def test_what_does_not_exist(cloud: Functions, qualifier: str) -> None:
    name = "orders" if qualifier else "missing"
    error = cloud.refused("Invoke", FunctionName=f"{name}:{qualifier}" if qualifier else name)
    assert (error.status, error.message) == (404, f"Function not found: {arn(name, qualifier)}")


def test_unsupported_members_are_refused_by_name(cloud: Functions) -> None:
    error = cloud.refused("Invoke", FunctionName="orders", DurableExecutionName="x")
    assert "DurableExecutionName is not supported" in error.message
    assert cloud.refused("Invoke", FunctionName="orders", InvocationType="Later").status == 400


def test_the_policy_of_the_invoked_qualifier_takes_part(cloud: Functions) -> None:
    grant = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "111122223333"}
    cloud("AddPermission", FunctionName="orders", Qualifier="live", **grant)
    row = OPERATIONS["Invoke"]
    assert row.resource_policy is not None
    assert row.resource_policy(cloud.call("Invoke", FunctionName="orders")) is None
    assert row.resource_policy(cloud.call("Invoke", FunctionName="missing")) is None
    found = row.resource_policy(cloud.call("Invoke", FunctionName="orders", Qualifier="live"))
    assert found is not None
    assert found.name == "resource policy of function orders:live"
    cloud("AddPermission", FunctionName="orders", **grant)
    latest = row.resource_policy(cloud.call("Invoke", FunctionName=arn("orders", "$LATEST")))
    assert latest is not None
    assert latest.name == "resource policy of function orders"
