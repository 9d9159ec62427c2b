"""The server: settings → everything wired, listening, and stopped again.

Start: lock the folder, load the world, publish once, listen. Stop: no new connections, requests in hand are answered
(at most ``DRAIN_SECONDS``), functions end, the journal is read to its end, the folder is unlocked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Generic, cast

from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.edge import backends, organization
from sekisho.edge.asynchronous import Asynchronous
from sekisho.edge.commits import Commits
from sekisho.edge.control import ControlPlane, Ended
from sekisho.edge.crosssite import CrossSite
from sekisho.edge.datafolder import DataFolder
from sekisho.edge.dataplane import DataPlane
from sekisho.edge.driver import Driver
from sekisho.edge.entropy import EntropyPool
from sekisho.edge.front import Front
from sekisho.edge.http1 import Connection, DateLine, Ticker
from sekisho.edge.inspector import Inspector
from sekisho.edge.issuer import LocalIssuer
from sekisho.edge.journal import Journal
from sekisho.edge.keys import IssuerKeys
from sekisho.edge.logschema import Stored
from sekisho.edge.logstore import LogStore
from sekisho.edge.outbox import Outbox
from sekisho.edge.product import Product, Sandboxes
from sekisho.edge.recorder import Document, Recorder
from sekisho.edge.service_logs import ServiceLogs
from sekisho.edge.settings import Settings, version
from sekisho.edge.storage import Storage
from sekisho.gateway.trace import Trace
from sekisho.kit.instants import iso
from sekisho.publish.isolation import left_out
from sekisho.services.effects import LogGroupRef
from sekisho.state.world import Change, View, World
from sekisho.wire.message import WireRequest

DRAIN_SECONDS = 10.0
TIDY_SECONDS = 3600.0
_PR_SET_DUMPABLE = 4
_DAY_MS = 86_400_000


def keep_private() -> None:
    """Files for the owner only; no other process of the same user may read this one's memory or environment."""
    os.umask(0o077)
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        pass  # Not Linux.


class Server(Generic[Ended]):
    """One running server. Create it inside the event loop that will run it."""

    def __init__(
        self,
        settings: Settings,
        product: Callable[[EntropyPool], Product[Ended]],
        sandboxes: Callable[[Server[Ended]], Sandboxes],
    ) -> None:
        """Raises FolderInUse, ValueError (newer data), OSError and sqlite3.Error when the folder cannot be used."""
        loop = asyncio.get_running_loop()
        wanted = None if settings.organization is None else organization.read(settings.organization)
        self.settings = settings
        self.ticker = Ticker(loop.time())
        self.started = time.time()
        self.entropy = EntropyPool()
        self.product = product(self.entropy)
        self.folder = DataFolder.temporary() if settings.ephemeral else DataFolder(settings.data_dir)
        with contextlib.ExitStack() as undo:
            undo.callback(self.folder.close)
            self.storage = Storage(self.folder.path)
            undo.callback(self.storage.close)
            self.world: World = self.storage.load()
            self.journal = Journal(self.folder.path)
            undo.callback(self.journal.close)
            self.logs = LogStore(self.folder.path, self.journal)
            undo.pop_all()
        self.outbox = Outbox(loop, self.journal, self.logs.wake, self.logs.lag)
        self.recorder = Recorder(loop, self.product.describe, self.product.keep, self.outbox.line)
        self.snapshot: Snapshot = EMPTY
        self.address: tuple[str, int] = (settings.host, settings.port)
        self._listener: asyncio.Server | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._tidying: asyncio.Task[None] | None = None
        self._date = DateLine(time.time)
        self._organization = wanted
        self._wire(sandboxes)

    def _wire(self, sandboxes: Callable[[Server[Ended]], Sandboxes]) -> None:
        settings = self.settings
        self.service_logs = ServiceLogs(self.world, self.outbox, lambda: self.commits)
        self.sandboxes = sandboxes(self)
        self.issuer = LocalIssuer(self.folder.path, lambda: self.endpoint_url)
        keys = IssuerKeys(self.issuer, lambda: self.address[1])
        self.driver = Driver(
            self.sandboxes,
            self.logs,
            self.outbox,
            self.read_code,
            time.time,
            keys.fetch,
            lambda effect: backends.call(effect, self.address[1]),
            lambda effect: self.events.accept(effect),
        )
        self.commits = Commits(self.world, self.storage, self.driver, self._prepare)
        self.events = Asynchronous(self.world, self.commits, self.sandboxes, lambda: self.snapshot, time.time)
        self.data = DataPlane(
            enter=self.product.enter,
            finish=self.product.finish,
            snapshot=EMPTY,
            keyring=self.product.keyring,
            driver=self.driver,
            outbox=self.outbox,
            recorder=self.recorder,
            group_exists=lambda key: self.world.get(key) is not None,
            write_log=self.service_logs.write,
            entropy=self.entropy,
            date=self._date,
        )
        self.control = ControlPlane(
            handle=self._handle,
            note=self._note,
            commits=self.commits,
            inspector=Inspector(
                health=self.health,
                reset=self.reset,
                recorder=self.recorder,
                logs=self.logs,
                explain=self._explain,
                issuer=self.issuer,
                strict=settings.enforce_iam,
                policy=self._ask_policy,
            ),
            guard=CrossSite((settings.host,), settings.allow_origins),
            outbox=self.outbox,
            entropy=self.entropy,
            date=self._date,
            wall=time.time,
        )
        self.front = Front(self.ticker, self.data, self.control)

    # --- what the product is lent (product.Situation)

    @property
    def view(self) -> View:
        return self.world

    async def read_code(self, sha256: str) -> bytes | None:
        """A function's archive."""
        return await self.commits.in_storage(self.storage.read_blob, sha256)

    def _handle(self, asked: WireRequest, source_ip: str) -> Generator[Any, Any, Ended]:
        return self.product.handle(asked, source_ip, self)

    def _note(self, outcome: Ended) -> None:
        if outcome.response.status >= 400:
            document = self.product.denial(outcome)
            if document is not None:
                document["revision"] = self.snapshot.revision
                self.recorder.note_call(document, self.snapshot.revision)

    async def _explain(self, found: Trace | Stored, language: str) -> Document | None:
        if isinstance(found, Trace):
            revision = found.snapshot.revision
        else:
            revision = found.document.get("revision", found.revision)
        view = self.world if revision == self.world.revision else await self.world_at(revision)
        return self.product.explain(found, language, view)

    def _ask_policy(self, question: str, query: Mapping[str, list[str]], language: str) -> tuple[int, Document] | None:
        from sekisho.edge.permissions import answer

        return answer(question, query, language, self.snapshot, self.settings.account, time.time())

    async def world_at(self, revision: int) -> World:
        """The world of an earlier revision."""
        return await self.commits.in_storage(self.storage.world_at, revision)

    def _prepare(self, view: View, changes: Sequence[Change], revision: int) -> Callable[[], None]:
        snapshot = self.product.publish(view, [change.key for change in changes], self.snapshot, revision)

        def put_in_force() -> None:
            self.product.committed(changes)
            self.snapshot = snapshot
            self.data.configuration_changed(snapshot)

        return put_in_force

    @property
    def endpoint_url(self) -> str:
        """Where functions and people on this machine reach the server."""
        host, port = self.address
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self.ticker.now = now = loop.time()
        for connection in [one for one in self.front.connections if one.deadline <= now]:
            connection.expire()
        self.journal.retry()
        self._timers[:1] = [loop.call_later(1.0, self._sweep)]

    # --- life

    async def start(self) -> None:
        """Publish the loaded world and listen. Raises OSError when the address is taken."""
        loop = asyncio.get_running_loop()
        self.logs.start()
        self.product.loaded(self.world)
        self.snapshot = self.product.publish(self.world, None, EMPTY, self.world.revision)
        self.data.configuration_changed(self.snapshot)
        for sentence in left_out(self.world, self.snapshot):
            print(f"sekisho: {sentence}", file=sys.stderr, flush=True)
        await self._organize()
        self._listener = await loop.create_server(self._connect, self.settings.host, self.settings.port, backlog=1024)
        name = self._listener.sockets[0].getsockname()
        self.address = (name[0], name[1])
        self.sandboxes.endpoint_url = self.endpoint_url
        self.events.resume()
        self._timers = [loop.call_later(1.0, self._sweep), loop.call_later(TIDY_SECONDS, self._tidy_later)]

    def _connect(self) -> asyncio.Protocol:
        # It has every method of a protocol (see ``Connection``).
        return cast(asyncio.Protocol, Connection(self.front))

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Answer what is in hand, then end."""
        self.data.draining = self.control.draining = True
        if self._listener is not None:
            self._listener.close()
        for timer in self._timers:
            timer.cancel()
        deadline = time.monotonic() + drain_seconds
        while self.data.in_flight + self.control.in_flight and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self.recorder.flush()
        self.outbox.flush()
        await asyncio.sleep(0)
        for connection in list(self.front.connections):
            connection.transport.close()
        await self.events.close()
        await self.sandboxes.close()
        self.outbox.flush()
        await asyncio.get_running_loop().run_in_executor(None, self.logs.stop)
        self.journal.close()
        self.commits.close()
        self.storage.close()
        self.folder.close()

    def _tidy_later(self) -> None:
        self._tidying = asyncio.get_running_loop().create_task(self.tidy())
        self._timers[1:] = [asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidy_later)]

    async def tidy(self) -> None:
        """Drop expired log events, old traces, superseded history and unnamed blobs."""
        try:
            await self.logs.prune(retention_horizons(self.world, time.time()))
            oldest = await self.logs.oldest_revision()
            await self.commits.tidy(self.world.revision if oldest is None else min(oldest, self.world.revision))
        except Exception as problem:
            print(f"sekisho: tidying failed and will be tried again: {problem}", file=sys.stderr, flush=True)

    # --- about itself

    def health(self) -> Document:
        return {
            "status": "ok" if not self.journal.lost_sight else "degraded",
            "version": version(),
            "account": self.settings.account,
            "region": self.settings.region,
            "enforceIam": self.settings.enforce_iam,
            "started": iso(self.started),
            "revision": self.snapshot.revision,
            "apis": len(self.snapshot.apis),
            "functions": len(self.snapshot.functions),
            "logs": self.journal.lost_sight or "ok",
        }

    async def _organize(self) -> None:
        """Store the organization the server was started with, when it differs from what is stored."""
        if self._organization is not None:
            documents = self._organization
            await self.commits.run(lambda: organization.store(self.world, documents))

    async def reset(self) -> None:
        """Forget every resource, log, trace and sandbox."""

        async def forget() -> None:
            self.events.forget()
            self.sandboxes.forget()
            self.recorder.forget()
            self.product.forget()
            self.issuer.forget()
            await self.logs.forget()

        await self.commits.wipe(forget)
        await self._organize()


def retention_horizons(world: World, now: float) -> list[tuple[LogGroupRef, int]]:
    """Log groups with a retention, and the time (milliseconds) before which their events have expired."""
    found = []
    for partition in world.partitions():
        if partition.service == "logs" and partition.kind == "group":
            for name, document in world.items(partition):
                days = document.get("RetentionInDays")
                if days:
                    horizon = int(now * 1000) - int(days) * _DAY_MS
                    found.append((LogGroupRef(partition.account, partition.region, name), horizon))
    return found
