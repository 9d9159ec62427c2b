"""botocore is the judge: what it sends must be read back as sent, what is answered must be read by it as answered.

Every operation of the seven services goes through a real client whose transport is replaced, so that serialising,
signing, parsing and botocore's own customisations all take part.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.session
import pytest
from tests.scenes.service_models import DISPATCHER, MODELS

from sekisho.kit.headers import Headers
from sekisho.wire.dispatch import Matched, Unmatched
from sekisho.wire.message import WireError, WireRequest, WireResponse
from sekisho.wire.model import API_VERSIONS
from sekisho.wire.protocol import read, serialize, serialize_error
from sekisho.wire.scope import read_scope

REQUEST_ID = "4bc1ccc9-ca04-11e5-8cdf-0bda7028ac65"
NOON = 1_700_000_000

EXCEPTIONS = {
    ("lambda", "InvokeWithResponseStream"): "answers with an event stream",
    ("logs", "GetLogObject"): "answers with an event stream",
    ("logs", "StartLiveTail"): "answers with an event stream",
}

OPERATIONS = sorted((service, name) for service in API_VERSIONS for name in MODELS.get(service).operations)


class Wire:
    """A transport that keeps the last request and answers with what ``answer`` makes of it."""

    def __init__(self) -> None:
        self.seen: Matched | Unmatched | None = None
        self.params: Any = None
        self.answer: Any = None

    def __call__(self, request: Any, **_: Any) -> Any:
        wire = wire_request(request)
        self.seen = DISPATCHER.find(wire, read_scope(wire))
        assert isinstance(self.seen, Matched), self.seen
        self.params = read(self.seen, wire)
        response: WireResponse = self.answer(self.seen)
        raw = Raw(response.body)
        headers: Any = HeaderBag(response.headers)
        return botocore.awsrequest.AWSResponse(request.url, response.status, headers, raw)


class Raw(io.BytesIO):
    """What botocore needs of urllib3's response."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class HeaderBag(dict[str, str]):
    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


def wire_request(request: Any) -> WireRequest:
    url = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    elif isinstance(body, str):
        body = body.encode()
    headers = Headers((k, v.decode("latin-1") if isinstance(v, bytes) else v) for k, v in request.headers.items())
    return WireRequest(request.method, url.path, url.query, headers, body or b"")


SESSION = botocore.session.Session()
CLIENTS: dict[str, tuple[Any, Wire]] = {}


def client(service: str) -> tuple[Any, Wire]:
    if service not in CLIENTS:
        made = SESSION.create_client(
            service,
            region_name="eu-west-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret",
            endpoint_url="http://127.0.0.1:9",
            config=botocore.config.Config(
                retries={"max_attempts": 0}, parameter_validation=True, inject_host_prefix=False
            ),
        )
        wire = Wire()
        made.meta.events.register(f"before-send.{made.meta.service_model.service_id.hyphenize()}", wire)
        CLIENTS[service] = made, wire
    return CLIENTS[service]


def sample(shape: Any, hint: str = "x", seen: tuple[str, ...] = ()) -> Any:
    """A value of a botocore shape, every member filled, awkward characters where they are legal."""
    kind = shape.type_name
    if kind == "structure":
        members: dict[str, Any] = {}
        for name, member in shape.members.items():
            if member.name not in seen and not (shape.metadata.get("union") and members):
                members[name] = sample(member, name, (*seen, shape.name))
        return members
    if kind == "list":
        count = max(2, shape.metadata.get("min", 0))
        return [sample(shape.member, f"{hint}{n}", (*seen, shape.name)) for n in range(count)]
    if kind == "map":
        return {sample(shape.key, "k.1"): sample(shape.value, "v", (*seen, shape.name))}
    if kind == "string":
        if getattr(shape, "enum", None):
            return shape.enum[0]
        return f"{hint} a+b&c=%/é<>\"'".ljust(shape.metadata.get("min", 0), "_")
    if kind in ("integer", "long"):
        return max(7, shape.metadata.get("min", 0))
    if kind in ("float", "double"):
        return max(1.5, shape.metadata.get("min", 0))
    return {"boolean": True, "timestamp": datetime.fromtimestamp(NOON, UTC), "blob": b"\x00blob\xff"}[kind]


def plain(value: Any) -> Any:
    """Times as epoch seconds, streams as bytes, so that both sides compare."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value.read() if hasattr(value, "read") else value


def header_safe(shape: Any, value: dict[str, Any]) -> dict[str, Any]:
    """Header fields hold visible ASCII."""
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header" and isinstance(value.get(name), str):
            value[name] = "text/plain" if not getattr(member, "enum", None) else value[name]
    return value


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_operation_round_trips(service: str, operation: str) -> None:
    made, wire = client(service)
    model = made.meta.service_model.operation_model(operation)
    spec = MODELS.get(service).operations[operation]
    if (service, operation) in EXCEPTIONS:
        assert spec.unsupported == "event streams"
        return
    assert not spec.unsupported
    sent = header_safe(model.input_shape, sample(model.input_shape)) if model.input_shape else {}
    answered = header_safe(model.output_shape, sample(model.output_shape)) if model.output_shape else {}
    for name, member in model.output_shape.members.items() if model.output_shape else ():
        if member.serialization.get("location") == "statusCode":
            answered[name] = 200
    wire.answer = lambda matched: serialize(matched.spec, plain(answered), REQUEST_ID)

    method = next(m for m, api in made.meta.method_to_api_mapping.items() if api == operation)
    got = getattr(made, method)(**sent)

    assert isinstance(wire.seen, Matched) and wire.seen.spec is spec
    assert wire.params == plain(sent)
    expected = plain(answered) if spec.status != 204 else {}
    assert plain(got) == expected
    assert got["ResponseMetadata"]["RequestId"] == REQUEST_ID


ERRORS = sorted(
    {
        (service, MODELS.get(service).error(name).code)  # type: ignore[union-attr]
        for service in API_VERSIONS
        for spec in MODELS.get(service).operations.values()
        for name in spec.error_names
    }
    | {
        (service, code)
        for service in API_VERSIONS
        for code in ("AccessDenied", "ValidationException", "NotImplemented")
    }
)
PROBES: dict[str, tuple[str, dict[str, Any]]] = {
    "apigateway": ("get_account", {}),
    "apigatewayv2": ("get_apis", {}),
    "cloudformation": ("list_stacks", {}),
    "iam": ("list_users", {}),
    "lambda": ("list_functions", {}),
    "logs": ("describe_log_groups", {}),
    "sts": ("get_caller_identity", {}),
}


@pytest.mark.parametrize(("service", "code"), ERRORS)
def test_every_error_is_read_as_the_same_code(service: str, code: str) -> None:
    made, wire = client(service)
    method, params = PROBES[service]
    message = 'It\'s <not> here & "quoted" é'
    wire.answer = lambda matched: serialize_error(matched.spec.model, WireError(code, message), REQUEST_ID)

    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(made, method)(**params)

    error = caught.value.response
    assert (error["Error"]["Code"], error["Error"]["Message"]) == (code, message)
    assert error["ResponseMetadata"]["RequestId"] == REQUEST_ID
    known = MODELS.get(service).error(code)
    if known is not None and known.status and service != "logs":
        assert error["ResponseMetadata"]["HTTPStatusCode"] == known.status
