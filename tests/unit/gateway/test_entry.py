"""Ids and the choice of gates."""

from __future__ import annotations

import re
import uuid

import pytest
from tests.scenes.pipeline import API, HOST, REGION, Api, Keys, mock

from sekisho.faults.fault import Fault, Kind
from sekisho.gateway.entry import NOWHERE, begin, gates_of
from sekisho.gateway.kinds import rest
from sekisho.gateway.request import GatewayRequest
from sekisho.kit.headers import NO_HEADERS


@pytest.mark.parametrize("byte", [0x00, 0x5A, 0xFF])
def test_ids_are_shaped_like_those_of_aws(byte: int) -> None:
    request = GatewayRequest("GET", "/", "/", "", NO_HEADERS, b"", HOST, API, REGION, "127.0.0.1")
    x, _ = begin(request, Api().snapshot(), Keys(()), 0.0, lambda: 0.0, lambda count: bytes([byte]) * count)
    assert uuid.UUID(x.trace.request_id).version == 4
    assert uuid.UUID(x.trace.request_id).variant == uuid.RFC_4122
    assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", x.trace.extended_id)


def test_marks_surround_every_gate() -> None:
    trace = Api().route("GET", "/m", mock()).play("GET", "/prod/m").trace
    assert len(trace.marks) == len(rest.GATES) + 1
    assert trace.marks == sorted(trace.marks)
    assert trace.ended >= trace.marks[-1]


def test_kinds_without_gates_are_refused() -> None:
    assert gates_of(Kind.REST) == rest.GATES
    assert gates_of(Kind.WEBSOCKET) == NOWHERE
    assert Api().play("GET", "/", api="other").trace.fault is Fault.NO_SUCH_API
