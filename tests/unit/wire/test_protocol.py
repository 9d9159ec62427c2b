"""Requests that cannot be read, and errors before a service is known."""

from __future__ import annotations

import orjson
import pytest
from tests.scenes.service_models import MODELS

from sekisho.kit.headers import Headers
from sekisho.wire.dispatch import Matched
from sekisho.wire.message import WireError, WireRequest
from sekisho.wire.protocol import parse, serialize_error, settle


def parsed(service: str, operation: str, body: bytes = b"", form: dict[str, str] | None = None) -> object:
    matched = Matched(MODELS.get(service).operations[operation], {}, [], form or {})
    return parse(matched, WireRequest("POST", "/", "", Headers(), body))


@pytest.mark.parametrize(
    ("service", "operation", "body", "code"),
    [
        ("logs", "CreateLogGroup", b"{", "SerializationException"),
        ("logs", "CreateLogGroup", b'{"logGroupName":1}', "SerializationException"),
        ("lambda", "CreateFunction", b"{", "InvalidRequestContentException"),
        ("lambda", "CreateFunction", b'{"FunctionName":1}', "SerializationException"),
        ("apigateway", "CreateRestApi", b"{", "BadRequestException"),
        ("apigatewayv2", "CreateApi", b'{"name":1}', "BadRequestException"),
    ],
)
def test_unreadable_bodies(service: str, operation: str, body: bytes, code: str) -> None:
    error = parsed(service, operation, body)
    assert isinstance(error, WireError)
    assert (error.code, error.status) == (code, 400)


def test_lambda_says_what_it_could_not_parse() -> None:
    error = parsed("lambda", "CreateFunction", b"{")
    assert isinstance(error, WireError)
    assert error.message.startswith("Could not parse request body into json: ")


def test_unreadable_fields() -> None:
    error = parsed("iam", "ListRoles", form={"MaxItems": "x"})
    assert isinstance(error, WireError) and error.code == "MalformedInput" and "MaxItems" in error.message


def test_constraints_are_checked_after_reading() -> None:
    error = parsed("logs", "CreateLogGroup", b"{}")
    assert isinstance(error, WireError) and error.code == "InvalidParameterException"
    assert parsed("logs", "CreateLogGroup", b'{"logGroupName":"g"}') == {"logGroupName": "g"}


def test_without_a_service_errors_are_json_or_xml() -> None:
    error = WireError("NotImplemented", "sekisho does not implement sqs", 501)
    plain = serialize_error(None, error, "rid")
    assert (plain.status, orjson.loads(plain.body)["__type"]) == (501, "NotImplemented")
    assert ("x-amzn-ErrorType", "NotImplemented") in plain.headers
    form = serialize_error(None, error, "rid", form=True)
    assert b"<Code>NotImplemented</Code>" in form.body


@pytest.mark.parametrize(
    ("service", "error", "settled"),
    [
        ("iam", WireError("NoSuchEntityException", "", 400), ("NoSuchEntity", 404)),
        ("iam", WireError("NoSuchEntity", ""), ("NoSuchEntity", 404)),
        ("iam", WireError("AccessDenied", "", 403), ("AccessDenied", 403)),
        ("iam", WireError("AccessDenied", ""), ("AccessDenied", 403)),
        ("logs", WireError("ResourceNotFoundException", ""), ("ResourceNotFoundException", 400)),
        ("logs", WireError("ServiceUnavailableException", "", 503), ("ServiceUnavailableException", 503)),
        ("lambda", WireError("ResourceConflictException", "", 400), ("ResourceConflictException", 409)),
        ("lambda", WireError("Anything", ""), ("Anything", 400)),
    ],
)
def test_the_model_settles_code_and_status(service: str, error: WireError, settled: tuple[str, int]) -> None:
    assert settle(MODELS.get(service), error) == settled
