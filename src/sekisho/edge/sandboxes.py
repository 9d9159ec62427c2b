"""Lambda execution: pools of sandboxes, one pool per function version and revision.

Theory of operation
-------------------
``start`` is the whole hot path: find the pool, take the sandbox that was used last (its caches are warm, and the others
grow old and are stopped), hand it the call. Only when none is idle does anything else happen: the call queues, and a
timer looks after queues every few milliseconds: it starts further sandboxes as ``functions.concurrency`` decides, stops
other functions' idle ones to make room, and answers askers whose patience is over.

Everything runs on one event loop; starting a sandbox is the only thing that awaits.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from sekisho.edge import archives
from sekisho.edge.function_log import FunctionLog, LogWriter
from sekisho.edge.runtimes import environment
from sekisho.edge.runtimes.launch import NotRunnable, Runtimes
from sekisho.edge.sandbox import Call, Done, Sandbox
from sekisho.functions.concurrency import Limits, may_grow, refusal
from sekisho.functions.invocation import (
    FunctionSpec,
    InvocationResult,
    InvokeFunction,
    Throttled,
    Unavailable,
)

Credentials = environment.Credentials
CodeReader = Callable[[str], bytes | None]
"""Hex SHA-256 → the zip archive, or None when it is lost. Called in a thread."""
CredentialsProvider = Callable[[str, FunctionSpec], Credentials]
"""(role ARN, function) → credentials of a session of its execution role. Called on the event loop."""

MAX_PAYLOAD = 6_291_456
"""Bytes of an event, whoever sends it. docs: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_LOOK_EVERY = 0.010
_REAP_EVERY = 5.0
_RENEW_BEFORE = 300.0


_Key = tuple[str, str, str, str, str]


class _Function:
    """What all versions of one function share: its concurrency."""

    __slots__ = ("in_flight",)

    def __init__(self) -> None:
        self.in_flight = 0


class _Pool:
    """The sandboxes and the queue of one version at one revision."""

    __slots__ = ("current", "function", "idle", "key", "members", "owner", "spec", "waiting")

    def __init__(self, key: _Key, spec: FunctionSpec, function: _Function, owner: Sandboxes) -> None:
        self.key = key
        self.spec = spec
        self.current = True
        """Whether no later revision has been seen."""
        self.function = function
        self.owner = owner
        self.idle: list[Sandbox] = []
        self.waiting: deque[Call] = deque()
        self.members: set[Sandbox] = set()

    def ready(self, sandbox: Sandbox) -> None:
        waiting = self.waiting
        while waiting and sandbox.usable:
            call = waiting.popleft()
            self.owner.queued -= 1
            if call.done is not None:
                sandbox.run(call)
                return
            self.function.in_flight -= 1
        self.owner.rest(self, sandbox)

    def answered(self, sandbox: Sandbox) -> None:
        self.function.in_flight -= 1

    def failed_start(self, sandbox: Sandbox) -> Call | None:
        while self.waiting:
            call = self.waiting.popleft()
            self.owner.queued -= 1
            self.function.in_flight -= 1
            if call.done is not None:
                return call
        return None

    def gone(self, sandbox: Sandbox) -> None:
        self.members.discard(sandbox)
        if sandbox in self.idle:
            self.idle.remove(sandbox)
        self.owner.left(self, sandbox)

    def fail_waiting(self, failure: NotRunnable) -> None:
        """Nothing can be started: everybody who waits is told."""
        calls, self.waiting = self.waiting, deque()
        self.owner.queued -= len(calls)
        self.function.in_flight -= len(calls)
        for call in calls:
            call.conclude(Unavailable(failure.code, failure.message, failure.status, call.effect.request_id))


class Sandboxes:
    """Runs functions. Use from one event loop."""

    def __init__(
        self,
        *,
        read_code: CodeReader,
        credentials: CredentialsProvider,
        write_log: LogWriter,
        endpoint_url: str,
        data_dir: Path,
        upstreams: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        warn: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
        may_log: Callable[[FunctionSpec, str], bool] = lambda spec, stream: True,
    ) -> None:
        """``may_log`` says whether a function's role lets it write to a log stream.

        ``upstreams`` maps service ids (``DYNAMODB``) to URLs; code and scratch folders go below ``data_dir``."""
        self.queued = 0
        self.endpoint_url = endpoint_url
        self._read_code = read_code
        self._credentials = credentials
        self._write_log = write_log
        self._may_log = may_log
        self._upstreams = dict(upstreams or {})
        self._limits = limits or Limits()
        self._clock = clock
        self._warn = warn
        self._folders = environment.Folders(data_dir)
        self._runtimes = Runtimes(self._folders, warn)
        self._pools: dict[_Key, _Pool] = {}
        self._functions: dict[tuple[str, str, str], _Function] = {}
        self._total = 0
        self._starts: set[asyncio.Task[None]] = set()
        self._unpacking: dict[str, asyncio.Future[Path]] = {}
        self._look_alarm: asyncio.TimerHandle | None = None
        self._reap_alarm: asyncio.TimerHandle | None = None
        self._closed = False

    # -- asking

    def start(self, effect: InvokeFunction, done: Done) -> None:
        """Invoke; ``done`` gets the result, perhaps before this returns. Never raises."""
        spec = effect.function
        key = (spec.account, spec.region, spec.name, spec.version, spec.revision)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._open_pool(key, spec)
        if len(effect.payload) > MAX_PAYLOAD:
            message = f"Request must be smaller than {MAX_PAYLOAD} bytes for the InvokeFunction operation"
            done(Unavailable("RequestTooLargeException", message, 413, effect.request_id))
            return
        function = pool.function
        reason = refusal(self._limits, spec.reserved_concurrency, function.in_flight, self.queued)
        if reason or self._closed:
            done(Throttled(reason or "CallerRateLimitExceeded", effect.request_id))
            return
        call = Call(effect, done, time.monotonic())
        function.in_flight += 1
        idle = pool.idle
        while idle:
            sandbox = idle.pop()
            if sandbox.usable:
                sandbox.run(call)
                return
            sandbox.stop()
        pool.waiting.append(call)
        self.queued += 1
        self._attend(pool, call.arrived)
        if self._look_alarm is None:
            self._look_alarm = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    async def invoke(self, effect: InvokeFunction) -> InvocationResult:
        """``start`` for coroutines. Cancelling it leaves the function running."""
        future: asyncio.Future[InvocationResult] = asyncio.get_running_loop().create_future()

        def done(result: InvocationResult) -> None:
            if not future.done():
                future.set_result(result)

        self.start(effect, done)
        return await future

    # -- pools

    def _open_pool(self, key: _Key, spec: FunctionSpec) -> _Pool:
        for other, pool in list(self._pools.items()):
            if other[:4] == key[:4]:  # an earlier revision: calls at hand finish, nothing new is expected
                pool.current = False
                for sandbox in list(pool.idle):
                    sandbox.stop()
        function = self._functions.setdefault(key[:3], _Function())
        pool = _Pool(key, spec, function, self)
        self._pools[key] = pool
        return pool

    def rest(self, pool: _Pool, sandbox: Sandbox) -> None:
        """A sandbox has nothing to do: keep it, unless it is worn out or its place is needed."""
        if self._expired(sandbox) or not pool.current or not sandbox.usable:
            sandbox.stop()
            return
        sandbox.idle_since = time.monotonic()
        pool.idle.append(sandbox)
        if self._reap_alarm is None:
            every = min(_REAP_EVERY, self._limits.idle)
            self._reap_alarm = asyncio.get_running_loop().call_later(every, self._reap)

    def _expired(self, sandbox: Sandbox) -> bool:
        return self._clock() + _RENEW_BEFORE + sandbox.spec.timeout >= sandbox.expires

    def left(self, pool: _Pool, sandbox: Sandbox) -> None:
        """A sandbox has been stopped."""
        self._total -= 1
        task = asyncio.get_running_loop().create_task(self._see_off(sandbox))
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)
        if pool.waiting:
            self._attend(pool, time.monotonic())
        elif not pool.current and not pool.members:
            self._pools.pop(pool.key, None)

    async def _see_off(self, sandbox: Sandbox) -> None:
        await sandbox.ended()
        self._folders.discard_scratch(sandbox)

    # -- growing and shrinking

    def _look(self) -> None:
        """Look after everybody who waits."""
        self._look_alarm = None
        now = time.monotonic()
        for pool in list(self._pools.values()):
            waiting = pool.waiting
            for call in waiting:
                if now - call.arrived >= call.effect.patience:
                    call.give_up(now)
            while waiting and waiting[0].done is None:
                waiting.popleft()
                self.queued -= 1
                pool.function.in_flight -= 1
            if waiting:
                self._attend(pool, now)
        if self.queued:
            self._look_alarm = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    def _attend(self, pool: _Pool, now: float) -> None:
        """Start one more sandbox for a pool with a queue, if it deserves one."""
        own = len(pool.members)
        age = now - pool.waiting[0].arrived
        if own and age < self._limits.grow_after:
            return  # What ``may_grow`` would say as well, without counting.
        starting = sum(1 for member in pool.members if member.starting) if own else 0
        idle = [sandbox for other in self._pools.values() for sandbox in other.idle]
        if self._closed or not may_grow(
            self._limits,
            total=self._total,
            idle=len(idle),
            own=own,
            starting=starting,
            waiting=len(pool.waiting),
            age=age,
        ):
            return
        if self._total >= self._limits.burst:
            min(idle, key=lambda sandbox: sandbox.idle_since).stop()
        log = FunctionLog(pool.spec, self._log_writer(pool.spec), self._clock)
        sandbox = Sandbox(pool.spec, pool, log, self._clock)
        pool.members.add(sandbox)
        self._total += 1
        task = asyncio.get_running_loop().create_task(self._boot(pool, sandbox))
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    def _log_writer(self, spec: FunctionSpec) -> LogWriter:
        """Writes what the role of ``spec`` may write; the rest is lost, as on AWS."""

        def write(account: str, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
            if self._may_log(spec, stream):
                self._write_log(account, region, group, stream, events)

        return write

    def _reap(self) -> None:
        """Stop what has been idle for long."""
        self._reap_alarm = None
        oldest = time.monotonic() - self._limits.idle
        left = 0
        for key, pool in list(self._pools.items()):
            for sandbox in [each for each in pool.idle if each.idle_since <= oldest or self._expired(each)]:
                sandbox.stop()
            left += len(pool.idle)
            if not pool.members and not pool.waiting:
                del self._pools[key]
        if left:
            every = min(_REAP_EVERY, self._limits.idle)
            self._reap_alarm = asyncio.get_running_loop().call_later(every, self._reap)

    # -- starting one

    async def _boot(self, pool: _Pool, sandbox: Sandbox) -> None:
        try:
            await self._try_boot(sandbox)
        except NotRunnable as failure:
            pool.fail_waiting(failure)
            sandbox.stop()
        except OSError as problem:
            self._warn(f"sekisho: cannot start a sandbox for {pool.spec.arn}: {problem}")
            pool.fail_waiting(NotRunnable("ServiceException", "The function's sandbox could not be started.", 500))
            sandbox.stop()

    async def _try_boot(self, sandbox: Sandbox) -> None:
        spec = sandbox.spec
        launch = await self._runtimes.launch(spec)
        folder = await self._code(spec.code_sha256)
        if sandbox.dead:
            return
        session = self._credentials(spec.role_arn, spec)
        sandbox.expires = session.expires
        scratch = self._folders.scratch(sandbox)
        variables = environment.build(
            spec,
            session,
            log_stream=sandbox.log.stream,
            endpoint_url=self.endpoint_url,
            upstreams=self._upstreams,
            task_root=folder,
            runtime_dir=launch.runtime_dir,
            scratch=scratch,
            interpreter_dir=launch.interpreter_dir,
        )
        sandbox.log.say(f"INIT_START Runtime Version: {launch.version}\n")
        # Lambda repeats a start that took too long inside the function's timeout; here the longer of both is given.
        await sandbox.start(launch.command, variables, folder, max(self._limits.init, spec.timeout))

    async def _code(self, sha256: str) -> Path:
        """The folder of a package; unpacked once, however many sandboxes ask."""
        running = self._unpacking.get(sha256)
        if running is None:
            loop = asyncio.get_running_loop()
            running = self._unpacking[sha256] = loop.run_in_executor(None, self._unpack, sha256)
        try:
            folder = await asyncio.shield(running)
        except archives.BadArchive as problem:
            message = f"Lambda could not unzip the deployment package: {problem}."
            raise NotRunnable("InvalidZipFileException", message, 502) from problem
        finally:
            if running.done():
                self._unpacking.pop(sha256, None)
        return folder

    def _unpack(self, sha256: str) -> Path:
        existing = self._folders.code / sha256.lower()
        if existing.is_dir():
            return existing
        data = self._read_code(sha256)
        if data is None:
            raise NotRunnable("ServiceException", "The function's deployment package is lost.", 500)
        return archives.unpack(data, self._folders.code, sha256)

    # -- ending

    def forget(self) -> None:
        """Stop everything and forget every function; whoever waits is told."""
        for pool in list(self._pools.values()):
            self._empty(pool)
        self._pools.clear()
        self._functions.clear()
        self.queued = 0

    def _empty(self, pool: _Pool) -> None:
        failure = NotRunnable("ServiceException", "Lambda was reset while the function ran.", 500)
        pool.fail_waiting(failure)
        for sandbox in list(pool.members):
            call, sandbox.call = sandbox.call, None
            sandbox.stop()
            if call is not None:
                pool.function.in_flight -= 1
                call.conclude(Unavailable(failure.code, failure.message, failure.status, call.effect.request_id))

    async def close(self) -> None:
        """Stop everything and wait until no process is left."""
        self._closed = True
        for alarm in (self._look_alarm, self._reap_alarm):
            if alarm is not None:
                alarm.cancel()
        self.forget()
        while self._starts:
            await asyncio.gather(*self._starts, return_exceptions=True)


__all__ = ["CodeReader", "Credentials", "CredentialsProvider", "Limits", "LogWriter", "Sandboxes"]
