"""Lambda's Runtime API as a state table, without sockets.

Theory of operation
-------------------
A runtime (the process that runs a function) *asks*; Lambda answers. Four questions exist, and which of them may be
asked depends on what was said before:

====================== ========== ===================================================================
question               state      meaning
====================== ========== ===================================================================
``next``               INIT       "my module code has run; give me work" (the answer comes with work)
``init error``         INIT       "my module code failed"
``response``, ``error``  BUSY     the outcome of the invocation whose request id the path names
``next``               ANSWERED   "that is done, more please"
====================== ========== ===================================================================

``TRANSITIONS`` is that table; whatever it does not contain is refused with 403 and leaves the state alone. The one
transition that no question causes, READY → BUSY, is ``begin``: Lambda hands work to a runtime that waits.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

MAX_RESPONSE: Final = 6_291_556
"""6 MiB and 100 bytes. docs: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

TOO_LARGE_TYPE: Final = "Function.ResponseSizeTooLarge"
TOO_LARGE_MESSAGE: Final = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."


class State(Enum):
    """Where a runtime stands."""

    INIT = "Init"
    READY = "Ready"
    BUSY = "Busy"
    ANSWERED = "Answered"
    FAILED = "Failed"

    __hash__ = object.__hash__
    # Members are compared by identity; the hash that ``Enum`` has is computed in Python from the name, every time.


_READY, _BUSY, _ANSWERED = State.READY, State.BUSY, State.ANSWERED


class Said(Enum):
    """What a runtime can say."""

    NEXT = "Next"
    RESPONSE = "InvocationResponse"
    ERROR = "InvocationErrorResponse"
    INIT_ERROR = "InitError"

    __hash__ = object.__hash__


TRANSITIONS: Final[Mapping[tuple[State, Said], State]] = {
    (State.INIT, Said.NEXT): State.READY,
    (State.INIT, Said.INIT_ERROR): State.FAILED,
    # A connection that broke while it waited asks again.
    (State.READY, Said.NEXT): State.READY,
    (State.BUSY, Said.RESPONSE): State.ANSWERED,
    (State.BUSY, Said.ERROR): State.ANSWERED,
    (State.ANSWERED, Said.NEXT): State.READY,
}


class Question(NamedTuple):
    """One request of a runtime, understood. ``request_id`` is empty where the path has none."""

    said: Said
    request_id: str = ""


class Answer(NamedTuple):
    """An immediate HTTP answer."""

    status: int
    body: bytes


ACCEPTED: Final = Answer(202, b'{"status":"OK"}\n')
NOT_FOUND: Final = Answer(404, b'{"errorMessage":"Not found","errorType":"NotFound"}')
WRONG_REQUEST: Final = Answer(400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}')
ENTITY_TOO_LARGE: Final = Answer(
    413,
    f'{{"errorMessage":"Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).",'
    '"errorType":"RequestEntityTooLarge"}'.encode(),
)

_PREFIX: Final = b"/2018-06-01/runtime/"
_NEXT: Final = Question(Said.NEXT)
_RESPONSE: Final = Said.RESPONSE
_FIXED: Final = {
    (b"GET", b"/2018-06-01/runtime/invocation/next"): _NEXT,
    (b"POST", b"/2018-06-01/runtime/init/error"): Question(Said.INIT_ERROR),
}


def understand(method: bytes, path: bytes) -> Question | None:
    """The question that an HTTP request line asks, or None (404)."""
    fixed = _FIXED.get((method, path))
    if fixed is not None:
        return fixed
    if method != b"POST" or not path.startswith(b"/2018-06-01/runtime/invocation/"):
        return None
    request_id, _, verb = path[len(_PREFIX) + 11 :].partition(b"/")
    if verb == b"response":
        return Question(_RESPONSE, request_id.decode("latin-1"))
    if verb == b"error":
        return Question(Said.ERROR, request_id.decode("latin-1"))
    return None


class Runtime:
    """One runtime's side of the conversation."""

    __slots__ = ("request_id", "state")

    def __init__(self) -> None:
        self.state = State.INIT
        self.request_id = ""

    def hear(self, question: Question) -> Answer | None:
        """Take a question: None when it is in order (the state has moved), or the refusal to send."""
        after = TRANSITIONS.get((self.state, question.said))
        if after is None:
            return Answer(
                403,
                f'{{"errorMessage":"State transition from {self.state.value} to {question.said.value} failed for '
                'runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}'.encode(),
            )
        if after is _ANSWERED and question.request_id != self.request_id:
            return WRONG_REQUEST
        self.state = after
        return None

    def begin(self, request_id: str) -> None:
        """Hand work to a runtime that waits: READY → BUSY."""
        assert self.state is _READY, self.state
        self.request_id = request_id
        self.state = _BUSY


def invocation_head(
    request_id: str, deadline_ms: int, invoked_arn: str, length: int, trace_id: str, client_context: str
) -> bytes:
    """The head of the answer to ``next``, as HTTP/1.1 bytes; the event follows it.

    Line breaks cannot come from values: Lambda's front end takes them from header fields or makes them itself, but a
    client context is any text, so it is checked here.
    """
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invoked_arn}\r\n"
        f"Content-Length: {length}\r\n"
    )
    if trace_id:
        head += f"Lambda-Runtime-Trace-Id: {_one_line(trace_id)}\r\n"
    if client_context:
        head += f"Lambda-Runtime-Client-Context: {_one_line(client_context)}\r\n"
    return (head + "\r\n").encode()


def trace_header(request_id: str, now: float) -> str:
    """A trace id for an invocation that came without one: Lambda always gives functions one, then not sampled.

    Its digits are the request id's, so that no entropy is needed.
    Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    digits = request_id.replace("-", "").ljust(32, "0")
    return f"Root=1-{int(now):08x}-{digits[:24]};Parent={digits[16:32]};Sampled=0"


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def timed_out_message(request_id: str, timeout: float) -> str:
    """``RequestId: … Error: Task timed out after 3.00 seconds``.

    Observed in gateways' ``integration.error`` and in Invoke's answers; the older wording began with the time instead.
    """
    return f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"


def exit_reason(returncode: int) -> str:
    """How Lambda words the end of a runtime process; negative codes are signals, as in ``subprocess``."""
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode < 0:
        return f"Runtime exited with error: signal: {_SIGNALS.get(-returncode, str(-returncode))}"
    return f"Runtime exited with error: exit status {returncode}"


_SIGNALS: Final = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    11: "segmentation fault",
    13: "broken pipe",
    15: "terminated",
}
"""Go's names of signals, because Lambda's supervisor is written in Go."""
