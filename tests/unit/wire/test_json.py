"""json-1.1 and rest-json."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.service_models import MODELS

from sekisho.kit.headers import Headers
from sekisho.wire import json
from sekisho.wire.message import Unparsable, WireRequest

LOGS = MODELS.get("logs")
LAMBDA = MODELS.get("lambda")
APIGATEWAY = MODELS.get("apigateway")


def rest(service: str, operation: str, body: Any = b"", labels: Any = None, query: Any = (), **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    request = WireRequest("POST", "/", "", Headers((k.replace("_", "-"), v) for k, v in headers.items()), raw)
    return json.parse_rest(MODELS.get(service).operations[operation], request, labels or {}, list(query))


def test_unknown_and_null_members_are_left_out() -> None:
    assert json.parse(LOGS.operations["CreateLogGroup"], b'{"logGroupName":"g","kmsKeyId":null,"x":1}') == {
        "logGroupName": "g"
    }


def test_an_empty_body_is_an_empty_object() -> None:
    assert json.parse(LOGS.operations["DescribeLogGroups"], b"") == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"logGroupName":5}', "NUMBER_VALUE cannot be converted to String"),
        (b'{"logGroupName":1.5}', "DECIMAL_VALUE cannot be converted to String"),
        (b'{"logGroupName":true}', "TRUE_VALUE cannot be converted to String"),
        (b'{"logGroupName":{}}', "Start of structure or map found where not expected."),
        (b'{"logGroupName":[]}', "Start of list found where not expected"),
        (b'{"tags":[]}', "Expected map or null"),
    ],
)
def test_types_are_strict(body: bytes, reason: str) -> None:
    with pytest.raises(Unparsable) as caught:
        json.parse(LOGS.operations["CreateLogGroup"], body)
    assert caught.value.reason == reason


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"nonsense", b"\xff\xfe", b'{"logGroupName":"\\ud800"}'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unparsable):
        json.parse(LOGS.operations["CreateLogGroup"], body)


@pytest.mark.parametrize(
    ("value", "fits"), [(5, True), (5.0, True), (5.5, False), ("5", False), (True, False), (2**31, False)]
)
def test_integers(value: Any, fits: bool) -> None:
    body = orjson.dumps({"logGroupName": "g", "retentionInDays": value})
    if fits:
        assert json.parse(LOGS.operations["PutRetentionPolicy"], body)["retentionInDays"] == 5
    else:
        with pytest.raises(Unparsable):
            json.parse(LOGS.operations["PutRetentionPolicy"], body)


@given(st.binary(max_size=40))
def test_reading_a_body_is_total_but_for_unparsable(body: bytes) -> None:
    try:
        assert isinstance(json.parse(LOGS.operations["CreateLogGroup"], body), dict)
    except Unparsable as problem:
        assert problem.reason


def test_a_payload_is_the_body_as_it_came() -> None:
    params = rest("lambda", "Invoke", b"not json", {"FunctionName": "f"}, x_amz_invocation_type="Event")
    assert params == {"Payload": b"not json", "FunctionName": "f", "InvocationType": "Event"}


def test_query_parameters_are_read_by_type() -> None:
    params = rest("apigateway", "GetApiKeys", query=[("limit", "5"), ("includeValues", "true"), ("position", "p")])
    assert params == {"limit": 5, "includeValues": True, "position": "p"}
    with pytest.raises(Unparsable):
        rest("apigateway", "GetApiKeys", query=[("limit", "five")])


def test_a_map_among_query_parameters_takes_the_rest() -> None:
    query = [("mode", "import"), ("failonwarnings", "true"), ("endpointConfigurationTypes", "REGIONAL")]
    params = rest("apigateway", "ImportRestApi", b"{}", query=query)
    assert params["parameters"] == {"endpointConfigurationTypes": "REGIONAL"}
    assert params["failOnWarnings"] is True


def test_null_in_a_map_is_kept_for_templates() -> None:
    params = rest("apigateway", "PutIntegration", {"type": "MOCK", "requestTemplates": {"application/json": None}})
    assert params["requestTemplates"] == {"application/json": None}


def test_results_of_rest_operations_have_the_models_status_and_names() -> None:
    response = json.serialize_rest(
        APIGATEWAY.operations["CreateRestApi"], {"id": "abc", "createdDate": 1_700_000_000.0, "stray": 1}, "rid"
    )
    assert response.status == 201
    assert orjson.loads(response.body) == {"id": "abc", "createdDate": 1_700_000_000}
    assert ("x-amzn-RequestId", "rid") in response.headers


def test_lists_of_api_gateway_are_called_item() -> None:
    body = json.serialize_rest(APIGATEWAY.operations["GetRestApis"], {"items": [{"id": "a"}]}, "rid").body
    assert orjson.loads(body) == {"item": [{"id": "a"}]}


def test_invoke_answers_with_status_headers_and_raw_payload() -> None:
    output = {"StatusCode": 202, "FunctionError": "Unhandled", "ExecutedVersion": "1", "Payload": b"\x00raw"}
    response = json.serialize_rest(LAMBDA.operations["Invoke"], output, "rid")
    assert (response.status, response.body) == (202, b"\x00raw")
    assert ("X-Amz-Function-Error", "Unhandled") in response.headers


def test_nothing_is_sent_with_204() -> None:
    assert json.serialize_rest(LAMBDA.operations["RemovePermission"], {}, "rid")[::2] == (204, b"")


def test_header_fields_cannot_be_split() -> None:
    response = json.serialize_rest(LAMBDA.operations["Invoke"], {"FunctionError": "a\r\nSet-Cookie: b"}, "rid")
    assert ("X-Amz-Function-Error", "a  Set-Cookie: b") in response.headers


def test_errors_in_each_dialect() -> None:
    logs = json.serialize_error(LOGS, "ResourceNotFoundException", "gone", 400, {}, "rid")
    assert orjson.loads(logs.body) == {"__type": "ResourceNotFoundException", "message": "gone"}
    function = json.serialize_error(LAMBDA, "ResourceNotFoundException", "gone", 404, {}, "rid")
    assert orjson.loads(function.body) == {"Type": "User", "Message": "gone"}
    assert ("x-amzn-ErrorType", "ResourceNotFoundException") in function.headers
    invalid = json.serialize_error(LAMBDA, "InvalidParameterValueException", "bad", 400, {}, "rid")
    assert orjson.loads(invalid.body) == {"Type": "User", "message": "bad"}
    gateway = json.serialize_error(APIGATEWAY, "NotFoundException", "gone", 404, {}, "rid")
    assert orjson.loads(gateway.body) == {"message": "gone"}


def test_members_of_an_error_travel_where_its_shape_says() -> None:
    response = json.serialize_error(
        LAMBDA,
        "TooManyRequestsException",
        "Rate exceeded",
        429,
        {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "retryAfterSeconds": "1"},
        "rid",
    )
    assert orjson.loads(response.body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate exceeded",
    }
    assert ("Retry-After", "1") in response.headers


def test_text_that_is_not_unicode_is_escaped() -> None:
    assert json.dump({"a": "\ud800"}) == b'{"a":"\\ud800"}'
