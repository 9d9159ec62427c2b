"""Requests to APIs: HTTP → gateway → HTTP, and the record of each.

The hot path. A request whose gates ask for no effect is served without a task, in the turn of the event loop that
read it; answers and log lines leave together at the end of the turn (``outbox``).
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

from sekisho.config.api import AccessLog
from sekisho.config.snapshot import Snapshot
from sekisho.edge.driver import Driver
from sekisho.edge.function_log import LogWriter
from sekisho.edge.http1 import Connection, DateLine, Request, encode
from sekisho.edge.logline import event_line, line_prefix
from sekisho.edge.outbox import Outbox
from sekisho.edge.recorder import Recorder
from sekisho.faults.fault import Fault, Reject
from sekisho.functions.invocation import InvocationResult, InvokeFunction
from sekisho.gateway.context.execution_log import tell
from sekisho.gateway.exchange import Exchange, Keyring
from sekisho.gateway.pipeline import Passage
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.respond import refuse, respond
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers
from sekisho.kit.ids import Entropy
from sekisho.state.world import Key

Enter = Callable[[GatewayRequest, Snapshot, Keyring, float, Callable[[], float], Entropy], Passage]
Finish = Callable[[Trace], tuple[AccessLog, str] | None]

SOURCE_IP: Final = "x-sekisho-source-ip"
SOURCE_VPCE: Final = "x-sekisho-source-vpce"
"""Let a test choose what ``aws:SourceIp`` and ``aws:SourceVpce`` see. Only loopback clients may, and they never reach
the gateway."""
_INTERNAL_HEADERS: Final = (("Content-Type", "application/json"),)
_INTERNAL_BODY: Final = b'{"message": "Internal server error"}'
_FORGET_TARGETS: Final = 4096


def is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def chosen_source(request: Request) -> None:
    """Undo the test headers: set the source address and VPC endpoint they name, and drop them from the headers."""
    headers = request.headers
    if SOURCE_IP in headers or SOURCE_VPCE in headers:
        if is_loopback(request.source_ip):
            request.source_ip = headers.get(SOURCE_IP) or request.source_ip
            request.source_vpce = headers.get(SOURCE_VPCE) or ""
        request.headers = Headers(pair for pair in headers.pairs if pair[0].lower() not in (SOURCE_IP, SOURCE_VPCE))


def _arrived(request: Request) -> GatewayRequest:
    """What the gateway is given of a request; kept with it."""
    chosen_source(request)
    styled = request.api_path
    arrived = request.arrived = GatewayRequest(
        request.method,
        request.path if styled is None else styled.path,
        request.path,
        request.query,
        request.headers,
        request.body,
        request.host,
        request.api_id,
        request.region,
        request.source_ip,
        "HTTP/1.1" if request.version == "1.1" else "HTTP/1.0",
        request.source_vpce,
    )
    return arrived


class DataPlane:
    """Serves requests to APIs under the current snapshot."""

    def __init__(
        self,
        *,
        enter: Enter,
        finish: Finish,
        snapshot: Snapshot,
        keyring: Keyring,
        driver: Driver,
        outbox: Outbox,
        recorder: Recorder,
        group_exists: Callable[[Key], bool],
        write_log: LogWriter,
        entropy: Entropy,
        date: DateLine,
    ) -> None:
        self._enter = enter
        self._finish = finish
        self.snapshot = snapshot
        self.keyring = keyring
        self._driver = driver
        self._outbox = outbox
        self._recorder = recorder
        self._group_exists = group_exists
        self._write_log = write_log
        self._entropy = entropy
        self._date = date
        self._wall = time.time
        self._monotonic = time.monotonic
        self._targets: dict[int, tuple[AccessLog, bytes]] = {}
        self._last_target: AccessLog | None = None
        self._last_prefix = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = 0
        """Calls of functions that are being waited for."""
        self.draining = False

    @property
    def in_flight(self) -> int:
        return len(self._tasks) + self._calls

    def configuration_changed(self, snapshot: Snapshot) -> None:
        """Requests that begin from now on see ``snapshot``; log groups may have come or gone."""
        self.snapshot = snapshot
        self._targets.clear()
        self._last_target = None

    def serve(self, connection: Connection, request: Request) -> None:
        """Answer, at once or when the effects it asks for have been performed."""
        now = self._wall()
        arrived = request.arrived
        if arrived is None:
            arrived = _arrived(request)
        passage: Passage | None = None
        try:
            if self._outbox.journal.overloaded:
                raise OSError("the disk takes no more log lines")
            passage = self._enter(arrived, self.snapshot, self.keyring, now, self._monotonic, self._entropy)
            effect = passage.advance(None)
        except Exception:
            self._fail(connection, request, passage, now)
        else:
            if effect is None:
                self._answer(connection, request, passage.x, now)
            else:
                self._perform(connection, request, passage, effect, now)

    def _perform(self, connection: Connection, request: Request, passage: Passage, effect: Any, now: float) -> None:
        """Have an effect performed. Calls of functions, by far the most frequent, go on in a callback."""
        if isinstance(effect, InvokeFunction) and not effect.asynchronous:
            self._calls += 1

            def conclude(result: InvocationResult) -> None:
                self._calls -= 1
                try:
                    following = passage.advance(result)
                except Exception:
                    self._fail(connection, request, passage, now)
                else:
                    if following is None:
                        self._answer(connection, request, passage.x, now)
                    else:
                        self._perform(connection, request, passage, following, now)

            self._driver.call(effect, conclude)
            return
        task = asyncio.get_running_loop().create_task(self._continue(connection, request, passage, effect, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _continue(
        self, connection: Connection, request: Request, passage: Passage, effect: Any, now: float
    ) -> None:
        try:
            following: Any = effect
            while following is not None:
                following = passage.advance(await self._driver.perform(following))
        except Exception:
            self._fail(connection, request, passage, now)
        else:
            self._answer(connection, request, passage.x, now)

    def _answer(self, connection: Connection, request: Request, x: Exchange, now: float) -> None:
        try:
            self._record(x.trace)
            if x.trace.route.extras:
                self._tell(x)
        except Exception:
            traceback.print_exc(file=sys.stderr)
        self._send(connection, request, x.response, now)

    def _send(self, connection: Connection, request: Request, response: GatewayResponse, now: float) -> None:
        keep_alive = request.keep_alive and not self.draining
        data = encode(request, response.status, response.headers, response.body, self._date.at(now), keep_alive)
        connection.finish()
        self._outbox.put(connection, data, keep_alive)

    def _fail(self, connection: Connection, request: Request, passage: Passage | None, now: float) -> None:
        """An exception nobody foresaw: 500, a record, and a stack trace in the server's own log."""
        traceback.print_exc(file=sys.stderr)
        if passage is not None:
            x = passage.x
            try:
                refuse(x, "server", Reject(Fault.INTERNAL, {}))
                respond(x)
                x.trace.ended = self._monotonic()
            except Exception:
                traceback.print_exc(file=sys.stderr)
            else:
                self._answer(connection, request, x, now)
                return
        self._send(connection, request, GatewayResponse(500, list(_INTERNAL_HEADERS), _INTERNAL_BODY), now)

    def _record(self, trace: Trace) -> None:
        logged = self._finish(trace)
        if logged is not None:
            target, text = logged
            if target is not self._last_target:
                self._last_target = target
                self._last_prefix = self._prefix(target)
            prefix = self._last_prefix
            if prefix:
                stamp = int(trace.received * 1000)
                self._outbox.line(event_line(prefix, stamp, stamp, text))
        self._recorder.note(trace)

    def _tell(self, exchange: Exchange) -> None:
        """The execution log, whose group is created with its first line."""
        told = tell(exchange)
        # What an API says that was deleted meanwhile (or by a reset) must not bring its log group back.
        if told is not None and exchange.trace.api.id in self.snapshot.apis:
            stamp = int(exchange.trace.received * 1000)
            events = [(stamp, line) for line in told.lines]
            self._write_log(told.account, told.region, told.group, told.stream, events)

    def _prefix(self, target: AccessLog) -> bytes:
        """What journal lines of a log target begin with; empty when its group does not exist.

        Gateway drops such lines: it does not create the log group.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        found = self._targets.get(id(target))
        if found is not None:
            return found[1]
        if len(self._targets) > _FORGET_TARGETS:
            self._targets.clear()
        prefix = b""
        if self._group_exists(Key(target.account, target.region, "logs", "group", target.group)):
            prefix = line_prefix(target.account, target.region, target.group, target.stream)
        # The target is kept beside its prefix, so that its id() stays its own.
        self._targets[id(target)] = (target, prefix)
        return prefix
