"""What a function invocation is: the effect that the gateway and Lambda's Invoke share, and everything it can end in.

No processes here: the edge performs ``InvokeFunction`` and answers with one of the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One published version (or ``$LATEST``) of a function, as much as is needed to run it."""

    account: str
    region: str
    name: str
    version: str
    """``$LATEST`` or a number as text."""
    runtime: str
    handler: str
    code_sha256: str
    """Hex SHA-256 of the zip archive: the key of the blob."""
    timeout: float
    """Seconds."""
    memory_mb: int
    environment: Mapping[str, str]
    role_arn: str
    log_group: str
    revision: str
    """Changes whenever code or configuration do: sandboxes of another revision are not reused."""
    reserved_concurrency: int | None = None

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


class InvokeFunction(NamedTuple):
    """Run a function once and wait for its answer."""

    function: FunctionSpec
    invoked_arn: str
    """What ``context.invoked_function_arn`` shows: with the qualifier when one was used."""
    payload: bytes
    """The event, JSON."""
    request_id: str
    """Lambda's request id (UUID)."""
    patience: float
    """Seconds after which the asker no longer waits (the function runs on). Infinity: as long as it may run."""
    client_context: str = ""
    trace_id: str = ""
    want_log_tail: bool = False
    asynchronous: bool = False
    """Nobody waits for the result: the driver answers ``GaveUp`` once the event is on disk, and it is run later."""


class Returned(NamedTuple):
    """The handler returned; ``payload`` is its JSON."""

    payload: bytes
    request_id: str
    duration: float
    """Seconds."""
    log_tail: bytes = b""
    """Up to 4 KiB of the end of this invocation's log, when asked for."""


class Failed(NamedTuple):
    """The function failed: it raised, could not be initialised, exited, ran out of its own time, or answered too much.

    Lambda answers such invocations with status 200 and ``X-Amz-Function-Error: Unhandled``; ``payload`` is the JSON
    object with ``errorMessage``, ``errorType`` and so on, ``message`` its ``errorMessage``.
    """

    payload: bytes
    message: str
    kind: str
    """``raised``, ``init``, ``exit``, ``timeout``, ``response-size``."""
    request_id: str
    duration: float
    log_tail: bytes = b""


class Throttled(NamedTuple):
    """No capacity: Lambda answers 429 TooManyRequestsException with this reason."""

    reason: str
    """``ReservedFunctionConcurrentInvocationLimitExceeded``, ``ConcurrentInvocationLimitExceeded`` …"""
    request_id: str = ""


class Unavailable(NamedTuple):
    """Lambda itself cannot run the function (runtime that does not exist here, code lost): 5xx or 4xx from Lambda."""

    code: str
    """Lambda's error code, such as ``InvalidRuntimeException``, ``ServiceException``."""
    message: str
    status: int = 500
    request_id: str = ""


class GaveUp(NamedTuple):
    """The asker's patience ran out first; the function runs on."""

    request_id: str
    duration: float


InvocationResult = Returned | Failed | Throttled | Unavailable | GaveUp
