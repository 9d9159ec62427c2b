from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.functions.runtime_api import (
    MAX_RESPONSE,
    TOO_LARGE_MESSAGE,
    TRANSITIONS,
    WRONG_REQUEST,
    Question,
    Runtime,
    Said,
    State,
    exit_reason,
    invocation_head,
    timed_out_message,
    trace_header,
    understand,
)

PREFIX = b"/2018-06-01/runtime/"


@pytest.mark.parametrize(
    ("method", "path", "question"),
    [
        (b"GET", b"invocation/next", Question(Said.NEXT)),
        (b"POST", b"invocation/abc-1/response", Question(Said.RESPONSE, "abc-1")),
        (b"POST", b"invocation/abc-1/error", Question(Said.ERROR, "abc-1")),
        (b"POST", b"init/error", Question(Said.INIT_ERROR)),
        (b"POST", b"invocation/next", None),
        (b"GET", b"invocation/abc-1/response", None),
        (b"POST", b"invocation/abc-1/other", None),
        (b"POST", b"invocation/a/b/response", None),
        (b"GET", b"restore/next", None),
        (b"GET", b"", None),
    ],
)
def test_understand(method: bytes, path: bytes, question: Question | None) -> None:
    assert understand(method, PREFIX + path) == question


@given(st.binary(), st.binary())
def test_understand_is_total(method: bytes, path: bytes) -> None:
    assert understand(method, path) is None or path.startswith(PREFIX)


def test_a_life() -> None:
    runtime = Runtime()
    seen = []
    for request_id, said in (("r1", Said.RESPONSE), ("r2", Said.ERROR)):
        assert runtime.hear(Question(Said.NEXT)) is None
        seen.append(runtime.state)
        runtime.begin(request_id)
        seen.append(runtime.state)
        assert runtime.hear(Question(said, request_id)) is None
        seen.append(runtime.state)
    assert seen == [State.READY, State.BUSY, State.ANSWERED] * 2


def test_another_invocations_answer_is_refused_and_changes_nothing() -> None:
    runtime = Runtime()
    runtime.hear(Question(Said.NEXT))
    runtime.begin("r1")
    assert runtime.hear(Question(Said.RESPONSE, "r0")) is WRONG_REQUEST
    assert runtime.state is State.BUSY


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("said", list(Said))
def test_what_the_table_lacks_is_403(state: State, said: Said) -> None:
    runtime = Runtime()
    runtime.state = state
    answer = runtime.hear(Question(said))
    if (state, said) in TRANSITIONS:
        assert answer is None
        assert runtime.state is TRANSITIONS[state, said]
    else:
        assert answer is not None
        assert answer.status == 403
        assert json.loads(answer.body)["errorType"] == "InvalidStateTransition"
        assert runtime.state is state


def test_begin_needs_a_waiting_runtime() -> None:
    with pytest.raises(AssertionError):
        Runtime().begin("r1")


def test_invocation_head() -> None:
    head = invocation_head("r1", 1700000000000, "arn:f", 2, "Root=1", '{"custom":\n{}}').decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert head.endswith("\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
    assert fields == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "r1",
        "Lambda-Runtime-Deadline-Ms": "1700000000000",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:f",
        "Content-Length": "2",
        "Lambda-Runtime-Trace-Id": "Root=1",
        "Lambda-Runtime-Client-Context": '{"custom": {}}',
    }


def test_trace_header() -> None:
    header = trace_header("0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d", 1_700_000_000.5)
    assert header == "Root=1-6553f100-0a1b2c3d4e5f6a7b8c9d0e1f;Parent=8c9d0e1f2a3b4c5d;Sampled=0"
    assert len(trace_header("r1", 0)) == len(header)


def test_sentences() -> None:
    assert MAX_RESPONSE == 6 * 1024 * 1024 + 100
    assert TOO_LARGE_MESSAGE == "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    assert timed_out_message("r1", 3) == "RequestId: r1 Error: Task timed out after 3.00 seconds"
    assert exit_reason(0) == "Runtime exited without providing a reason"
    assert exit_reason(7) == "Runtime exited with error: exit status 7"
    assert exit_reason(-9) == "Runtime exited with error: signal: killed"
    assert exit_reason(-64) == "Runtime exited with error: signal: 64"
