"""The server with a made-up product: the edge alone, on a real socket, in this process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Collection, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import uvloop

from sekisho.config.api import AccessLog
from sekisho.config.identities import AccessKey
from sekisho.config.snapshot import Snapshot
from sekisho.edge.logschema import Stored
from sekisho.edge.product import Product, Situation
from sekisho.edge.recorder import Document
from sekisho.edge.server import Server
from sekisho.edge.settings import Settings
from sekisho.functions.invocation import FunctionSpec, InvocationResult, InvokeFunction, Returned
from sekisho.gateway.exchange import Exchange, Keyring, Outcome
from sekisho.gateway.pipeline import Passage
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.trace import Trace
from sekisho.kit.ids import Entropy, uuid4
from sekisho.kit.outcome import PASS, Ask
from sekisho.services.effects import LogGroupRef, ReadLogs
from sekisho.state.world import Change, Key, Overlay, View
from sekisho.wire.message import WireRequest, WireResponse

ACCOUNT, REGION = "123456789012", "us-east-1"
SPEC = FunctionSpec(
    ACCOUNT, REGION, "f", "$LATEST", "python3.11", "index.handler", "0" * 64, 3, 128, {}, "", "/aws/lambda/f", "r"
)
GROUP = "api"


class Answered(NamedTuple):
    """A control-plane outcome."""

    response: WireResponse
    overlay: Overlay | None


class NoKeys:
    """A keyring without keys."""

    def find(self, access_key_id: str, snapshot: Snapshot) -> AccessKey | None:
        return None


class Fakes:
    """An API that echoes, a control plane that stores what it is sent, functions that answer after a while."""

    def __init__(self) -> None:
        self.invoked: list[InvokeFunction] = []
        self.tasks: set[asyncio.Task[InvocationResult]] = set()
        self.delay = 0.0
        self.finished = 0
        self.endpoint_url = ""
        self.log = AccessLog(ACCOUNT, REGION, GROUP, "stream", lambda trace: "")

    # functions

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None:
        task = asyncio.get_running_loop().create_task(self.invoke(effect))
        self.tasks.add(task)

        def ended(task: asyncio.Task[InvocationResult]) -> None:
            self.tasks.discard(task)
            done(task.result())

        task.add_done_callback(ended)

    async def invoke(self, effect: InvokeFunction) -> InvocationResult:
        self.invoked.append(effect)
        await asyncio.sleep(self.delay)
        self.finished += 1
        return Returned(b'"from the function"', effect.request_id, self.delay)

    async def close(self) -> None:
        pass

    def forget(self) -> None:
        self.invoked.clear()

    # the gateway

    def enter(
        self,
        request: GatewayRequest,
        snapshot: Snapshot,
        keyring: Keyring,
        now: float,
        clock: Callable[[], float],
        entropy: Entropy,
    ) -> Passage:
        trace = Trace(request, snapshot, now, uuid4(entropy), "")
        exchange = Exchange(request, snapshot, keyring, trace, now, clock, entropy)
        return Passage(exchange, (("echo", self.echo),))

    def echo(self, x: Exchange) -> Outcome:
        """A gate: what came in, or what is asked for."""
        path = x.request.path
        body: Any = {
            "method": x.request.method,
            "path": path,
            "raw_path": x.request.raw_path,
            "query": x.request.query,
            "headers": list(x.request.headers.pairs),
            "body": x.request.body[:64].decode("latin-1"),
            "length": len(x.request.body),
            "api": x.request.api_id,
            "host": x.request.host,
            "region": x.request.region,
            "ip": x.request.source_ip,
        }
        if path.endswith("/crash"):
            raise RuntimeError("nobody foresaw this")
        if path.endswith("/function"):
            patience = 0.2 if "impatient" in x.request.query else 30.0
            effect = InvokeFunction(SPEC, SPEC.arn, b"{}", "r1", patience)
            return Ask(effect, lambda x, result: self.reply(x, {"result": type(result).__name__}))
        return self.reply(x, body)

    def reply(self, x: Exchange, body: Any) -> Outcome:
        path = x.request.path
        headers = [("Content-Type", "application/json")]
        if path.endswith("/inject"):
            headers.append(("x-bad", "a\r\nx-evil: 1"))
        x.response = GatewayResponse(404 if path.endswith("/refused") else 200, headers, orjson.dumps(body))
        return PASS

    def finish(self, trace: Trace) -> tuple[AccessLog, str] | None:
        return self.log, f"{trace.request_id} {trace.request.path}"

    def describe(self, trace: Trace) -> Document:
        return {"requestId": trace.request_id, "received": trace.received, "status": trace.status}

    # the control plane

    def handle(self, request: WireRequest, source_ip: str, situation: Situation) -> Generator[Any, Any, Answered]:
        """``PUT /doc/NAME`` stores, ``GET`` reads, ``GET /logs`` lists messages; anything else is denied."""
        overlay = Overlay(situation.view)
        name = request.path.rpartition("/")[2]
        key = Key(ACCOUNT, REGION, "test", "doc", name)
        if request.path.startswith("/group/"):
            overlay.put(Key(ACCOUNT, REGION, "logs", "group", name), {"LogGroupName": name})
        elif request.path == "/logs":
            after, messages = "", []
            while True:
                events = yield ReadLogs(LogGroupRef(ACCOUNT, REGION, GROUP), None, None, None, 1000, after)
                if not events:
                    break
                messages += [event.message for event in events]
                after = events[-1].id
            return Answered(WireResponse(200, (), orjson.dumps(messages)), None)
        elif request.path.startswith("/invoke/"):
            overlay.put(key, {"before": 1})
            yield InvokeFunction(SPEC, SPEC.arn, b"{}", "r2", float("inf"))
        elif request.method == "PUT":
            overlay.put(key, {"body": request.body.decode(), "revision": len(request.body)})
        elif request.method == "GET":
            document = situation.view.get(key)
            return Answered(WireResponse(200 if document else 404, (), orjson.dumps(document)), None)
        else:
            return Answered(WireResponse(403, (), b"denied"), None)
        return Answered(WireResponse(200, (("Content-Type", "application/json"),), b"{}"), overlay)

    def keep(self, trace: Trace) -> Document:
        return {"path": trace.request.path}

    def denial(self, outcome: Answered) -> Document | None:
        if outcome.response.status != 403:
            return None
        return {"requestId": "denied-1", "received": 1.0}

    def publish(self, view: View, changed: Collection[Key] | None, previous: Snapshot, revision: int) -> Snapshot:
        return replace(previous, revision=revision)

    def product(self, entropy: Entropy) -> Product[Answered]:
        def loaded(view: View) -> None:
            pass

        def committed(changes: Collection[Change]) -> None:
            pass

        def explain(found: Trace | Stored, lang: str, view: View) -> Document | None:
            return {"lang": lang}

        return Product(
            enter=self.enter,
            finish=self.finish,
            describe=self.describe,
            keep=self.keep,
            handle=self.handle,
            denial=self.denial,
            publish=self.publish,
            keyring=NoKeys(),
            loaded=loaded,
            committed=committed,
            forget=lambda: None,
            explain=explain,
        )


@asynccontextmanager
async def served(
    folder: Path | None = None, fakes: Fakes | None = None, **settings: Any
) -> AsyncIterator[Server[Answered]]:
    """A started server on a free port."""
    found = fakes or Fakes()
    where: dict[str, Any] = {"data_dir": folder} if folder else {"ephemeral": True}
    server = Server(Settings(port=0, **where, **settings), found.product, lambda _: found)
    await server.start()
    try:
        yield server
    finally:
        for wire in _opened:
            wire.close()
        _opened.clear()
        await asyncio.sleep(0)
        await server.stop(2)


def run(work: Callable[[], Any]) -> None:
    """Run a coroutine function under uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


_opened: list[Wire] = []


class Wire:
    """A raw client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, server: Server[Answered]) -> Wire:
        reader, writer = await asyncio.open_connection(*server.address, limit=1 << 24)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = cls(reader, writer)
        _opened.append(wire)
        return wire

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, body. Status 0: the connection ended."""
        first = await asyncio.wait_for(self.reader.readline(), 20)
        if not first:
            return 0, {}, b""
        status = int(first.split()[1])
        headers: dict[str, str] = {}
        while (line := await asyncio.wait_for(self.reader.readline(), 20)) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head else int(headers.get("content-length", 0))
        return status, headers, await self.reader.readexactly(length)

    async def ended(self) -> bool:
        """Whether the server closes without a further byte."""
        return await asyncio.wait_for(self.reader.read(1), 20) == b""

    def close(self) -> None:
        self.writer.close()
