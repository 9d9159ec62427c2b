"""How many copies of a function run, who waits, and who is turned away: decisions over counts and ages.

Lambda counts requests in flight. A function with reserved concurrency is throttled the moment its reserve is used up;
all others share the account's. Here a third limit exists that AWS does not have, the machine: beyond it calls wait a
while instead of failing, because on AWS they would have run.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What one machine gives to functions. Times in seconds."""

    sandboxes: int = 4
    """While fewer are at work, one more starts as soon as a call has waited ``grow_after``. Usually twice the cores."""
    burst: int = 64
    """Never more than this, idle ones included (one costs about 10 MB and saves a start). When ``sandboxes`` are
    at work, one more starts only for calls that waited ``burst_after``: a function that calls another and waits for it,
    or many that sleep, must not lock each other out."""
    queue: int = 1000
    """Calls that may wait; Lambda's default account concurrency."""
    grow_after: float = 0.010
    burst_after: float = 0.100
    idle: float = 300.0
    """A sandbox without work is stopped after this."""
    init: float = 10.0
    """Start-up and module code. docs: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""


RESERVED_EXCEEDED: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_EXCEEDED: Final = "ConcurrentInvocationLimitExceeded"


def refusal(limits: Limits, reserved: int | None, in_flight: int, queued: int) -> str:
    """Why a new call is throttled, as ``Throttled.reason``; empty when it is admitted.

    ``in_flight`` counts this function's requests (running and waiting, all versions); ``queued`` those of everybody.
    """
    if reserved is not None and in_flight >= reserved:
        return RESERVED_EXCEEDED
    return ACCOUNT_EXCEEDED if queued >= limits.queue else ""


def may_grow(limits: Limits, *, total: int, idle: int, own: int, starting: int, waiting: int, age: float) -> bool:
    """Whether a function should get one more sandbox now.

    ``total`` and ``idle`` count everybody's sandboxes; ``own`` and ``starting`` are this function's and those of them
    that do not answer yet; ``age`` is how long its oldest waiting call has waited. A function whose calls wait has no
    idle sandboxes itself, so that every idle one is another function's and may be stopped to make room.
    """
    if starting >= waiting:
        return False
    if own and age < limits.grow_after:
        return False
    if total >= limits.burst and not idle:
        return False
    return total - idle < limits.sandboxes or age >= limits.burst_after
