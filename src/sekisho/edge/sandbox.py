"""One sandbox: a process that runs one version of a function, its Runtime API port and its log stream.

Theory of operation
-------------------
The process talks, the sandbox listens. ``wants_work`` (the runtime's ``next``) makes it available to its pool, which
answers with ``run`` now or later; ``has_answer`` ends the call. Everything else that may happen to a call (the process
exits, time runs out, the asker loses patience, module code fails) ends in ``_finish`` or ``_die``, and each call is
concluded exactly once.

Three times are kept apart: the function's timeout (the whole process group is killed), the asker's patience (the asker
is told; the function runs on), and the limit of the start. One timer per sandbox serves the first two and is armed
anew only when it fires, so that a warm invocation touches no timer at all.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import orjson

from sekisho.edge.function_log import FunctionLog, peak_memory_mb
from sekisho.edge.runtime_server import RuntimeConnection, belongs_to, listen, protocol_for
from sekisho.functions.invocation import (
    Failed,
    FunctionSpec,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
)
from sekisho.functions.runtime_api import (
    TOO_LARGE_MESSAGE,
    TOO_LARGE_TYPE,
    Runtime,
    State,
    exit_reason,
    invocation_head,
    timed_out_message,
    trace_header,
)

Done = Callable[[InvocationResult], None]
_pending = array.array("i", [0])
_MEMORY_EVERY = 1.0  # reading /proc costs as much as the rest of a warm invocation


class Call:
    """One asked invocation. ``done`` is None once the asker has been answered. Times are ``time.monotonic``."""

    __slots__ = ("arrived", "began", "done", "effect")

    def __init__(self, effect: InvokeFunction, done: Done, arrived: float) -> None:
        self.effect = effect
        self.done: Done | None = done
        self.arrived = arrived
        self.began = 0.0

    def conclude(self, result: InvocationResult) -> None:
        """Tell the asker, once."""
        done, self.done = self.done, None
        if done is not None:
            done(result)

    def give_up(self, now: float) -> None:
        """The asker's patience is over."""
        self.conclude(GaveUp(self.effect.request_id, now - self.arrived))


class Owner(Protocol):
    """The pool that a sandbox belongs to."""

    def ready(self, sandbox: Sandbox) -> None:
        """The sandbox can take a call."""

    def answered(self, sandbox: Sandbox) -> None:
        """The sandbox's call is over (the sandbox may be gone, too)."""

    def failed_start(self, sandbox: Sandbox) -> Call | None:
        """Module code failed or exited: the call that suffers for it, if any."""

    def gone(self, sandbox: Sandbox) -> None:
        """The sandbox takes no more calls."""


class Sandbox:
    """See the module's text."""

    __slots__ = (
        "_alarm",
        "_alarm_at",
        "_clock",
        "_connection",
        "_exit_handle",
        "_held",
        "_init_alarm",
        "_init_duration",
        "_loop",
        "_memory",
        "_memory_at",
        "_owner",
        "_pid",
        "_pipe",
        "_process",
        "_server",
        "_started",
        "call",
        "dead",
        "expires",
        "idle_since",
        "log",
        "runtime",
        "spec",
    )

    def __init__(self, spec: FunctionSpec, owner: Owner, log: FunctionLog, clock: Callable[[], float]) -> None:
        self.spec = spec
        self.log = log
        self.runtime = Runtime()
        self.call: Call | None = None
        self.dead = False
        self.expires = float("inf")
        """Epoch seconds after which its credentials are of no use."""
        self.idle_since = 0.0
        self._owner = owner
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._pipe = -1
        self._exit_handle = -1
        self._connection: RuntimeConnection | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._init_alarm: asyncio.TimerHandle | None = None
        self._init_duration: float | None = None
        self._started = 0.0
        self._memory = 0
        self._memory_at = 0.0
        self._held: tuple[Call, InvocationResult] | None = None
        """A call that has ended, and its result, which is about to be passed on (``settle``)."""

    @property
    def starting(self) -> bool:
        """Whether module code still runs (or the process is not there yet)."""
        return self.runtime.state is State.INIT and not self.dead

    # -- start

    async def start(self, command: list[str], environment: Mapping[str, str], folder: Path, init_limit: float) -> None:
        """Open the port and start the process. Raises OSError."""
        sock = listen()
        port = sock.getsockname()[1]
        try:
            self._server = await self._loop.create_server(lambda: protocol_for(self), sock=sock)
        except BaseException:
            sock.close()
            raise
        if self.dead:  # stopped while it started
            self._server.close()
            return
        read_end, write_end = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
                cwd=folder,
                start_new_session=True,
                close_fds=True,
            )
        except BaseException:
            os.close(read_end)
            self._server.close()
            raise
        finally:
            os.close(write_end)
        self._pid = self._process.pid
        self._pipe = read_end
        os.set_blocking(read_end, False)
        self._loop.add_reader(read_end, self._readable)
        self._watch_exit()
        self._started = time.monotonic()
        self._init_alarm = self._loop.call_later(init_limit, self._start_takes_too_long)

    def _watch_exit(self) -> None:
        if sys.platform == "linux":
            self._exit_handle = os.pidfd_open(self._pid)
            self._loop.add_reader(self._exit_handle, self._exited)
        else:
            process, loop = self._process, self._loop

            def wait() -> None:
                assert process is not None
                process.wait()
                try:
                    loop.call_soon_threadsafe(self._exited)
                except RuntimeError:
                    pass  # the loop is closed: the server ends

            threading.Thread(target=wait, daemon=True).start()

    # -- the runtime's side (runtime_server.Speaker)

    def may_connect(self, peer_port: int, own_port: int) -> bool:
        return not self.dead and belongs_to(self._pid, peer_port, own_port)

    def wants_work(self, connection: RuntimeConnection) -> None:
        self._connection = connection
        if self._init_alarm is not None:
            self._init_alarm.cancel()
            self._init_alarm = None
            self._init_duration = time.monotonic() - self._started
        if not self.dead:
            self._owner.ready(self)

    def has_answer(self, body: bytes, failed: bool) -> None:
        call = self.call
        if call is None:
            return
        now = time.monotonic()
        duration = now - call.began
        if failed:
            fields = _fields(body)
            tail = self._close_log(call, now, "error", fields[1])
            self._hold(call, Failed(body, fields[0], "raised", call.effect.request_id, duration, tail))
        else:
            tail = self._close_log(call, now)
            self._hold(call, Returned(body, call.effect.request_id, duration, tail))

    def settle(self) -> None:
        held = self._held
        if held is not None:
            self._held = None
            held[0].conclude(held[1])

    def answered_too_much(self) -> None:
        self._fail_call(TOO_LARGE_TYPE, TOO_LARGE_MESSAGE, "response-size")

    def failed_to_start(self, body: bytes) -> None:
        self._fail_start(body, "init")

    # -- the pool's side

    @property
    def usable(self) -> bool:
        """Whether a call can be handed over now."""
        return self._connection is not None and self._connection.waits and not self.dead

    def run(self, call: Call) -> None:
        """Hand a call to the waiting runtime."""
        effect, connection = call.effect, self._connection
        assert connection is not None
        now = time.monotonic()
        call.began = now
        self.call = call
        self.runtime.begin(effect.request_id)
        self.log.begin(effect.request_id, effect.want_log_tail)
        timeout = self.spec.timeout
        wall = self._clock()
        deadline_ms = int((wall + timeout) * 1000)
        payload = effect.payload
        connection.deliver(
            invocation_head(
                effect.request_id,
                deadline_ms,
                effect.invoked_arn,
                len(payload),
                effect.trace_id or trace_header(effect.request_id, wall),
                effect.client_context,
            ),
            payload,
        )
        due = min(now + timeout, call.arrived + effect.patience)
        alarm = self._alarm
        # A timer that is already set for an earlier moment looks again then; see _look.
        if alarm is None or due < self._alarm_at:
            if alarm is not None:
                alarm.cancel()
            self._set_alarm(due, now)

    def stop(self) -> None:
        """End the process and whatever it started; a call at hand is left to the caller of this method."""
        if self.dead:
            return
        self.dead = True
        for alarm in (self._alarm, self._init_alarm):
            if alarm is not None:
                alarm.cancel()
        self._alarm = self._init_alarm = None
        if self._connection is not None:
            self._connection.abort()
        if self._server is not None:
            self._server.close()
        self._kill()
        if self._pipe >= 0:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1
        self.log.flush()
        self._owner.gone(self)

    async def ended(self) -> None:
        """Wait until the stopped process has been reaped."""
        while self._process is not None and self._process.returncode is None:
            await asyncio.sleep(0.005)

    # -- time

    def _look(self) -> None:
        """The timer: is the call at hand out of time?"""
        self._alarm = None
        call = self.call
        if call is None:
            return
        now = time.monotonic()
        deadline = call.began + self.spec.timeout
        if now >= deadline:
            self._time_out(call, now)
            return
        impatient = call.arrived + call.effect.patience
        if call.done is not None and now >= impatient:
            call.give_up(now)
        due = min(deadline, impatient) if call.done is not None else deadline
        self._set_alarm(due, now)

    def _set_alarm(self, due: float, now: float) -> None:
        self._alarm_at = due
        self._alarm = self._loop.call_later(due - now, self._look)

    def _time_out(self, call: Call, now: float) -> None:
        request_id = call.effect.request_id
        message = timed_out_message(request_id, self.spec.timeout)
        self._drain()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._clock()))
        millis = int(self._clock() * 1000) % 1000
        self.log.say(f"{stamp}.{millis:03d}Z {request_id} Task timed out after {self.spec.timeout:.2f} seconds\n\n")
        tail = self._close_log(call, call.began + self.spec.timeout, "timeout")
        body = _error("Sandbox.Timedout", message)
        self._kill()
        self._finish(call, Failed(body, message, "timeout", request_id, now - call.began, tail))
        self.stop()

    def _start_takes_too_long(self) -> None:
        self._init_alarm = None
        call = self._owner.failed_start(self)
        if call is not None:
            now = time.monotonic()
            call.began = self._started
            message = timed_out_message(call.effect.request_id, self.spec.timeout)
            self.log.begin(call.effect.request_id, call.effect.want_log_tail)
            tail = self._close_log(call, now, "timeout")
            body = _error("Sandbox.Timedout", message)
            call.conclude(Failed(body, message, "timeout", call.effect.request_id, now - self._started, tail))
        self.stop()

    # -- ends

    def _hold(self, call: Call, result: InvocationResult) -> None:
        """The call has ended. A result that is held already goes first: nobody may be left waiting."""
        self.settle()
        self.call = None
        self._owner.answered(self)
        self._held = (call, result)

    def _finish(self, call: Call, result: InvocationResult) -> None:
        self._hold(call, result)
        self.settle()

    def _fail_call(self, error_type: str, message: str, kind: str) -> None:
        call = self.call
        if call is None:
            return
        now = time.monotonic()
        tail = self._close_log(call, now, "error", error_type)
        body = _error(error_type, message)
        self._finish(call, Failed(body, message, kind, call.effect.request_id, now - call.began, tail))

    def _fail_start(self, body: bytes | None, kind: str, reason: str = "") -> None:
        """Module code ended badly: one waiting call gets the blame (each would have started its own on AWS)."""
        call = self._owner.failed_start(self)
        if call is not None:
            now = time.monotonic()
            call.began = now
            request_id = call.effect.request_id
            if body is None:
                message, error_type = f"RequestId: {request_id} Error: {reason}", "Runtime.ExitError"
                body = _error(error_type, message)
            else:
                message, error_type = _fields(body)
            if self._init_duration is None:
                self._init_duration = now - self._started
            self.log.begin(request_id, call.effect.want_log_tail)
            tail = self._close_log(call, now, "error", error_type)
            call.conclude(Failed(body, message, kind, request_id, now - self._started, tail))
        self.stop()

    def _exited(self) -> None:
        """The process has ended; reap it, and tell whoever waits for it."""
        if self._exit_handle >= 0:
            self._loop.remove_reader(self._exit_handle)
            os.close(self._exit_handle)
            self._exit_handle = -1
        assert self._process is not None
        self._kill_group()  # children that it left behind; before its id is given back
        returncode = self._process.wait()
        if self.dead:
            return
        self._drain()
        reason = exit_reason(returncode)
        if self.call is not None:
            message = f"RequestId: {self.call.effect.request_id} Error: {reason}"
            self.log.say(message + "\nRuntime.ExitError\n")
            self._fail_call("Runtime.ExitError", message, "exit")
            self.stop()
        elif self.runtime.state is State.INIT:
            self._fail_start(None, "exit", reason)
        else:
            self.stop()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._kill_group()

    def _kill_group(self) -> None:
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    # -- output

    def _close_log(self, call: Call, now: float, status: str = "", error_type: str = "") -> bytes:
        self._drain()
        if now - self._memory_at > _MEMORY_EVERY:
            self._memory = peak_memory_mb(self._pid) or self._memory
            self._memory_at = now
        init, self._init_duration = self._init_duration, None
        return self.log.end(call.effect.request_id, now - call.began, self.spec, self._memory, init, status, error_type)

    def _readable(self) -> None:
        try:
            data = os.read(self._pipe, 1 << 16)
        except BlockingIOError:
            return
        if data:
            self.log.output(data)
        else:
            self._loop.remove_reader(self._pipe)

    def _drain(self) -> None:
        """Take what the process has written so far (answers and output travel on different roads)."""
        if self._pipe < 0:
            return
        fcntl.ioctl(self._pipe, termios.FIONREAD, _pending)
        left = _pending[0]
        while left > 0:
            data = os.read(self._pipe, min(left, 1 << 16))
            if not data:
                return
            self.log.output(data)
            left -= len(data)


def _error(error_type: str, message: str) -> bytes:
    return orjson.dumps({"errorType": error_type, "errorMessage": message})


def _fields(body: bytes) -> tuple[str, str]:
    """``errorMessage`` and ``errorType`` of an error object; whatever else was sent has neither."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    message, error_type = found.get("errorMessage"), found.get("errorType")
    return message if isinstance(message, str) else "", error_type if isinstance(error_type, str) else ""
