"""Asynchronous invocations (``InvocationType=Event``): accepted durably, run later, tried again.

Theory of operation
-------------------
An event is a document of the world before its sender is told 202: it survives the server's sudden end. Whoever runs
it deletes the document when the function returned; a failure writes the next attempt's number and time instead. After
a start, every document that is there is due again: an event is handed over at least once, as on AWS.

A function that fails gets the event twice more, after one minute and after two. What is nobody's fault (throttles, a
sandbox that could not be started) is tried again after 1 s, 2 s, 4 s … 5 minutes until the event is six hours old.
There are no destinations or dead-letter queues: an event that failed for good is dropped, and its function's log tells.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import base64
import math
import sqlite3
import sys
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, Protocol, cast

from sekisho.config.snapshot import Snapshot
from sekisho.edge.commits import Commits, Written
from sekisho.functions.invocation import (
    Failed,
    FunctionSpec,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
    Unavailable,
)
from sekisho.services.lambda_.records import AsyncInvocationRecord
from sekisho.state.world import Key, Overlay, World

SERVICE, KIND = "lambda", "asyncinvoke"
RETRY_AFTER: Final = (60.0, 120.0)
"""Seconds before the second and the third attempt of a function that fails."""
LONGEST_PAUSE: Final = 300.0
OLDEST: Final = 6 * 3600.0
"""Seconds; ``MaximumEventAgeInSeconds`` by default."""


class Runner(Protocol):
    """Whoever runs functions."""

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None: ...


class Asynchronous:
    """Accepts and runs events. Use from one event loop."""

    def __init__(
        self,
        world: World,
        commits: Commits,
        runner: Runner,
        snapshot: Callable[[], Snapshot],
        wall: Callable[[], float],
        retry_after: Sequence[float] = RETRY_AFTER,
    ) -> None:
        self._world = world
        self._commits = commits
        self._runner = runner
        self._snapshot = snapshot
        self._wall = wall
        self._retry_after = tuple(retry_after)
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def accept(self, effect: InvokeFunction) -> GaveUp:
        """Take an event over; it is on disk when this returns. Raises what storage raises."""
        spec = effect.function
        key = Key(spec.account, spec.region, SERVICE, KIND, effect.request_id)
        now = self._wall()
        record: AsyncInvocationRecord = {
            "FunctionArn": spec.arn,
            "Version": spec.version,
            "InvokedArn": effect.invoked_arn,
            "Payload": base64.b64encode(effect.payload).decode("ascii"),
            "ClientContext": effect.client_context,
            "TraceId": effect.trace_id,
            "Received": now,
            "Failures": 0,
            "Refusals": 0,
            "NotBefore": now,
        }
        await self._write(key, record)
        self._schedule(key, record)
        return GaveUp(effect.request_id, 0.0)

    def resume(self) -> None:
        """Take up what an earlier run of the server left."""
        for partition in self._world.partitions():
            if (partition.service, partition.kind) == (SERVICE, KIND):
                for id_, record in self._world.items(partition):
                    self._schedule(Key(*partition, id_), cast(AsyncInvocationRecord, record))

    async def close(self) -> None:
        """Start nothing more; what runs counts as not having happened."""
        self._closed = True
        self.forget()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def forget(self) -> None:
        """No attempt is due any more: the documents are gone (a reset), or wait for the next start."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _schedule(self, key: Key, record: AsyncInvocationRecord) -> None:
        if not self._closed:
            pause = max(0.0, record["NotBefore"] - self._wall())
            self._timers[key] = asyncio.get_running_loop().call_later(pause, self._attempt, key)

    def _attempt(self, key: Key) -> None:
        self._timers.pop(key, None)
        record = cast("AsyncInvocationRecord | None", self._world.get(key))
        if record is None:
            return
        spec = self._function(record)
        if spec is None:
            self._drop(key, record, "its function is gone")
            return
        effect = InvokeFunction(
            function=spec,
            invoked_arn=record["InvokedArn"],
            payload=base64.b64decode(record["Payload"]),
            request_id=key.id,
            patience=math.inf,
            client_context=record["ClientContext"],
            trace_id=record["TraceId"],
        )
        self._runner.start(effect, lambda result: self._ended(key, result))

    def _function(self, record: AsyncInvocationRecord) -> FunctionSpec | None:
        function = self._snapshot().functions.get(record["FunctionArn"])
        return None if function is None else function.versions.get(record["Version"])

    def _ended(self, key: Key, result: InvocationResult) -> None:
        record = cast("AsyncInvocationRecord | None", self._world.get(key))
        if self._closed or record is None:
            return
        if isinstance(result, Returned):
            self._later(key, None)
            return
        now = self._wall()
        following = record.copy()
        if isinstance(result, Failed) or (isinstance(result, Unavailable) and result.code != "ServiceException"):
            failures = following["Failures"] = record["Failures"] + 1
            if failures > len(self._retry_after):
                self._drop(key, record, f"its function failed {failures} times")
                return
            following["NotBefore"] = now + self._retry_after[failures - 1]
        else:
            following["NotBefore"] = now + min(LONGEST_PAUSE, 2.0 ** min(record["Refusals"], 9))
            following["Refusals"] = record["Refusals"] + 1
        if following["NotBefore"] - record["Received"] > OLDEST:
            self._drop(key, record, "it is too old")
            return
        self._later(key, following)

    def _drop(self, key: Key, record: AsyncInvocationRecord, reason: str) -> None:
        print(f"sekisho: event {key.id} for {record['InvokedArn']} is dropped: {reason}", file=sys.stderr, flush=True)
        self._later(key, None)

    def _later(self, key: Key, record: AsyncInvocationRecord | None) -> None:
        """Write what became of an event, and set the time of the next attempt."""
        task = asyncio.get_running_loop().create_task(self._follow(key, record))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, key: Key, record: AsyncInvocationRecord | None) -> None:
        try:
            await self._write(key, record, only_if_there=True)
        except (OSError, sqlite3.Error) as problem:
            # The document says what it said before: after the next start the event is handed over once more.
            print(f"sekisho: the end of event {key.id} could not be kept: {problem}", file=sys.stderr, flush=True)
        if record is not None and self._world.get(key) is not None:
            self._schedule(key, record)

    async def _write(self, key: Key, record: AsyncInvocationRecord | None, *, only_if_there: bool = False) -> None:
        def work() -> Generator[Any, Any, Written]:
            overlay = Overlay(self._world)
            if not only_if_there or overlay.get(key) is not None:
                if record is None:
                    overlay.delete(key)
                else:
                    overlay.put(key, record)
            return Written(overlay)
            yield

        await self._commits.run(work)
