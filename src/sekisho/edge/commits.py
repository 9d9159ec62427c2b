"""How a change becomes true: compiled, then on disk, then in memory, then in force, then answered.

Compiling comes first because it is pure: what cannot be compiled is refused before anything has changed.

One unit of work at a time runs from its first read to its commit, so none reads what another is about to replace. A
unit that waits for a function or a web server lets others run meanwhile; its reads after that see their commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from sekisho.edge.driver import Driver
from sekisho.edge.storage import Storage, retained_blobs
from sekisho.functions.invocation import InvokeFunction
from sekisho.gateway.effects import CallHttp, FetchKeys
from sekisho.state.world import Change, Key, Overlay, View, World

T = TypeVar("T")
Prepare = Callable[[View, Sequence[Change], int], Callable[[], None]]
"""Compiles the configuration of a view with these changes, at this revision; calling the result puts it in force."""


class Finished(Protocol):
    """What a unit of work ends with."""

    @property
    def overlay(self) -> Overlay | None: ...


class Written(NamedTuple):
    """The end of a unit of work that nobody waits for an answer to."""

    overlay: Overlay | None


F = TypeVar("F", bound=Finished)


class Commits:
    """Runs units of work and commits them."""

    def __init__(self, world: World, storage: Storage, driver: Driver, prepare: Prepare) -> None:
        self.world = world
        self._storage = storage
        self._driver = driver
        self._prepare = prepare
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sekisho-storage")

    async def in_storage(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run ``work`` in the thread that owns the database."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def run(self, begin: Callable[[], Generator[Any, Any, F]]) -> F:
        """Run a unit of work, begun when its turn has come, and commit what it wrote.

        Raises what storage raises: then nothing has changed.
        """
        async with self._lock:
            finished = await self._drive(begin())
            if finished.overlay is not None:
                await self._commit(finished.overlay)
            return finished

    async def _drive(self, work: Generator[Any, Any, F]) -> F:
        result: Any = None
        problem: Exception | None = None
        while True:
            try:
                effect = work.send(result) if problem is None else work.throw(problem)
            except StopIteration as stop:
                ended: F = stop.value
                return ended
            result, problem = None, None
            try:
                result = await self._perform(effect)
            except Exception as caught:
                problem = caught

    async def _perform(self, effect: Any) -> Any:
        if not isinstance(effect, InvokeFunction | CallHttp | FetchKeys):
            return await self._driver.perform(effect)
        self._lock.release()
        try:
            return await self._driver.perform(effect)
        finally:
            await self._lock.acquire()

    async def _commit(self, overlay: Overlay) -> None:
        changes = overlay.changes()
        if not changes and not overlay.blobs:
            return
        revision = self.world.revision + 1
        put_in_force = self._prepare(overlay, changes, revision)
        await self.in_storage(self._storage.commit, changes, revision, overlay.blobs)
        self.world.apply(changes, revision)
        put_in_force()

    async def wipe(self, forget: Callable[[], Awaitable[None]]) -> None:
        """Forget everything that was committed, then ``forget()`` what else there is."""
        async with self._lock:
            changes = everything(self.world)
            revision = self.world.revision + 1
            put_in_force = self._prepare(World(), changes, revision)
            await self.in_storage(self._storage.wipe, revision)
            self.world.apply(changes, revision)
            self.world.clear()
            put_in_force()
            await forget()

    async def tidy(self, oldest: int) -> None:
        """Forget history before revision ``oldest``, and blobs that no document names."""
        async with self._lock:
            await self.in_storage(self._storage.prune, oldest)
            await self.in_storage(self._storage.sweep_blobs, retained_blobs(self.world))

    def close(self) -> None:
        self._thread.shutdown(wait=True)


def everything(world: World) -> tuple[Change, ...]:
    """The changes that would delete every document."""
    return tuple(
        Change(Key(*partition, id_), None) for partition in world.partitions() for id_, _ in world.items(partition)
    )
