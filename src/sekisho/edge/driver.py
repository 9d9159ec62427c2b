"""Runs generators that ask for effects: performs each, sends the result back, until there is an answer.

Three deadlines, kept apart: the asker's patience (``InvokeFunction.patience``) ends the waiting and not the function,
the function's own timeout is the sandboxes' business, and a client that leaves cancels nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from sekisho.edge.journal import JournalFull
from sekisho.edge.logline import event_line, line_prefix
from sekisho.edge.logstore import LogStore
from sekisho.edge.outbox import Outbox
from sekisho.functions.invocation import GaveUp, InvocationResult, InvokeFunction
from sekisho.gateway.effects import CallHttp, FetchKeys, HttpAnswer, HttpFailed, Keys, KeysUnavailable
from sekisho.services.effects import ReadCode, WriteLogs

R = TypeVar("R")


class Functions(Protocol):
    """Whoever runs functions."""

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None:
        """Invoke; ``done`` gets the result, perhaps before this returns. Never raises."""
        ...

    async def invoke(self, effect: InvokeFunction) -> InvocationResult: ...


class _Call:
    """A function that somebody waits for."""

    __slots__ = ("conclude", "driver", "due", "effect")

    def __init__(self, driver: Driver, effect: InvokeFunction, conclude: Callable[[InvocationResult], None]) -> None:
        self.driver = driver
        self.effect = effect
        self.conclude: Callable[[InvocationResult], None] | None = conclude
        self.due = math.inf

    def done(self, result: InvocationResult) -> None:
        self.driver.ended(self)
        conclude, self.conclude = self.conclude, None
        if conclude is not None:
            conclude(result)

    def give_up(self) -> None:
        conclude, self.conclude = self.conclude, None
        if conclude is not None:
            conclude(GaveUp(self.effect.request_id, self.effect.patience))


class Driver:
    """Performs effects."""

    def __init__(
        self,
        functions: Functions,
        logs: LogStore,
        outbox: Outbox,
        read_code: Callable[[str], Awaitable[bytes | None]],
        wall: Callable[[], float],
        fetch_keys: Callable[[FetchKeys], Awaitable[Keys | KeysUnavailable]],
        call_http: Callable[[CallHttp], Awaitable[HttpAnswer | HttpFailed]],
        accept: Callable[[InvokeFunction], Awaitable[GaveUp]],
    ) -> None:
        """``accept`` takes asynchronous invocations over."""
        self._functions = functions
        self._logs = logs
        self._outbox = outbox
        self._read_code = read_code
        self._wall = wall
        self._fetch_keys = fetch_keys
        self._call_http = call_http
        self._accept = accept
        self._running: set[asyncio.Task[InvocationResult]] = set()
        self._calls = 0
        """Functions started by ``call`` that have not ended."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._patient: set[_Call] = set()
        """Calls whose askers wait, but not for ever."""
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf

    def call(self, effect: InvokeFunction, conclude: Callable[[InvocationResult], None]) -> None:
        """Run a function; ``conclude`` gets its result, or GaveUp when the patience ends first. Once, never both."""
        self._calls += 1
        call = _Call(self, effect, conclude)
        if effect.patience != math.inf:
            loop = self._loop
            if loop is None:
                loop = self._loop = asyncio.get_running_loop()
            call.due = loop.time() + effect.patience
            self._patient.add(call)
            if call.due < self._alarm_at:
                self._set_alarm(loop, call.due)
        self._functions.start(effect, call.done)

    def ended(self, call: _Call) -> None:
        """The function of a call has ended, whoever still waits for it."""
        self._calls -= 1
        self._patient.discard(call)

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """One timer for all calls. It is not moved when its call ends: it looks again then (``_look``)."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = loop.call_at(due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Whose patience is over?"""
        self._alarm = None
        self._alarm_at = math.inf
        now = loop.time()
        for call in [each for each in self._patient if each.due <= now]:
            self._patient.discard(call)
            call.give_up()
        if self._patient:
            due = min(call.due for call in self._patient)
            if due < self._alarm_at:
                self._set_alarm(loop, due)

    async def run(self, work: Generator[Any, Any, R], effect: Any) -> R:
        """Continue ``work``, which has asked for ``effect``, to its end."""
        while True:
            try:
                result = await self.perform(effect)
            except Exception as problem:
                # The asker may know what to do; most do not, and it comes back out of throw().
                try:
                    effect = work.throw(problem)
                except StopIteration as stop:
                    late: R = stop.value
                    return late
                continue
            try:
                effect = work.send(result)
            except StopIteration as stop:
                ended: R = stop.value
                return ended

    async def perform(self, effect: Any) -> Any:
        """The result of one effect."""
        if isinstance(effect, InvokeFunction):
            return await self._invoke(effect)
        if isinstance(effect, WriteLogs):
            return self.write_logs(effect)
        if isinstance(effect, ReadCode):
            return await self._read_code(effect.sha256)
        if isinstance(effect, FetchKeys):
            return await self._fetch_keys(effect)
        if isinstance(effect, CallHttp):
            return await self._call_http(effect)
        return await self._logs.perform(effect)

    async def _invoke(self, effect: InvokeFunction) -> InvocationResult:
        if effect.asynchronous:
            return await self._accept(effect)
        task = asyncio.get_running_loop().create_task(self._functions.invoke(effect))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if math.isinf(effect.patience):
            return await asyncio.shield(task)
        done, _ = await asyncio.wait((task,), timeout=effect.patience)
        return task.result() if done else GaveUp(effect.request_id, effect.patience)

    def write_logs(self, effect: WriteLogs) -> None:
        """Append events; they are in the kernel when this returns. Raises JournalFull."""
        group = effect.group
        prefix = line_prefix(group.account, group.region, group.name, effect.stream)
        now = int(self._wall() * 1000)
        lines = [event_line(prefix, event.timestamp, event.ingestion or now, event.message) for event in effect.events]
        if lines:
            self._outbox.write_now(b"".join(lines))
            if self._outbox.journal.lost_sight:
                raise JournalFull(self._outbox.journal.lost_sight)

    async def drain(self, seconds: float) -> None:
        """Wait for functions that are still running, at most ``seconds``."""
        end = self._wall() + seconds
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        while self._calls and self._wall() < end:
            await asyncio.sleep(0.02)
