"""Request validators by the recorded cases."""

from __future__ import annotations

import pytest

from sekisho.config.validation import compile_validator
from sekisho.kit.headers import Headers

BOTH = {"validateRequestBody": True, "validateRequestParameters": True}
PARAMETERS = {
    "method.request.querystring.qs1": True,
    "method.request.path.issuer": True,
    "method.request.header.x-header-param": True,
    "method.request.header.optional": False,
}
SCHEMA = '{"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}'
MODELS = {"application/json": "m"}


def test_missing_parameters_in_the_recorded_order() -> None:
    """vector validation/missing-all"""
    validator = compile_validator(BOTH, PARAMETERS, MODELS, {"m": SCHEMA})
    assert validator is not None
    assert validator.missing(Headers(), {}, {}) == ["x-header-param", "issuer", "qs1"]
    headers = Headers([("X-Header-Param", "x")])
    assert validator.missing(headers, {"qs1": ["", "y"]}, {"issuer": "z"}) == []
    assert validator.missing(headers, {"qs1": [" "]}, {"issuer": "z"}) == ["qs1"]


@pytest.mark.parametrize(
    ("media", "body", "valid"),
    [
        ("application/json", b'{"a": 1, "b": 2}', True),
        ("Application/JSON; charset=utf-8", b'{"a": 1, "b": 2}', True),
        (None, b'{"a": 1, "b": 2}', True),
        (None, b"", False),
        ("application/json", b'{"test": "test"}', False),
        ("application/json", b"{", False),
        ("application/json", b'{"a": NaN, "b": 2}', False),
        ("application/json", b"\xff", False),
        ("application/json", b"[" * 100_000, False),
        ("text/plain", b"anything", True),
    ],
)
def test_bodies(media: str | None, body: bytes, valid: bool) -> None:
    """vectors validation/valid-post, get-without-body, ref-model-no-body"""
    validator = compile_validator(BOTH, {}, MODELS, {"m": SCHEMA})
    assert validator is not None
    assert (validator.body_problem(media, body) is None) is valid


def test_one_of_with_reference() -> None:
    """vectors validation/oneof-*"""
    status = '{"type": "object", "properties": {"Order": {"type": "integer"}}, "required": ["Status", "Order"]}'
    model = (
        '{"type": "object", "required": ["status"], "properties": {"status": {"oneOf": [{"type": "null"}, '
        '{"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Status"}]}}}'
    )
    validator = compile_validator(BOTH, {}, MODELS, {"m": model, "Status": status})
    assert validator is not None
    assert validator.body_problem(None, b'{"status": null}') is None
    assert validator.body_problem(None, b'{"status": {"Status": "works", "Order": 1}}') is None
    assert validator.body_problem(None, b'{"badFormat": "bla"}') is not None


def test_nothing_to_check() -> None:
    assert compile_validator({}, PARAMETERS, MODELS, {"m": SCHEMA}) is None
    assert compile_validator(BOTH, {}, {}, {}) is None


def test_a_schema_that_cannot_be_read_fits_nothing() -> None:
    for schemas in ({"m": "{"}, {}):
        validator = compile_validator(BOTH, {}, MODELS, schemas)
        assert validator is not None
        assert validator.body_problem(None, b"{}") is not None
