"""The pure parts of the product as the server uses them: one record, so that tests can put others in their place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from sekisho.config.snapshot import Snapshot
from sekisho.edge.control import Ended
from sekisho.edge.dataplane import Enter, Finish
from sekisho.edge.logschema import Stored
from sekisho.edge.recorder import Document
from sekisho.functions.invocation import InvocationResult, InvokeFunction
from sekisho.gateway.exchange import Keyring
from sekisho.gateway.trace import Trace
from sekisho.state.world import Change, Key, View
from sekisho.wire.message import WireRequest


class Sandboxes(Protocol):
    """Whoever runs functions."""

    endpoint_url: str
    """Where functions find this server; set when it listens."""

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None:
        """Invoke; ``done`` gets the result, perhaps before this returns. Never raises."""
        ...

    async def invoke(self, effect: InvokeFunction) -> InvocationResult: ...

    async def close(self) -> None: ...

    def forget(self) -> None:
        """Throw every sandbox away: what they were made from is gone."""
        ...


class Situation(Protocol):
    """What the server lends to calls while they are judged."""

    @property
    def snapshot(self) -> Snapshot: ...

    @property
    def view(self) -> View: ...


@dataclass(frozen=True, slots=True)
class Product(Generic[Ended]):
    """What is served."""

    enter: Enter
    """A request to an API, at the first of its gates."""
    finish: Finish
    describe: Callable[[Trace], Document]
    """The display form of a trace."""
    keep: Callable[[Trace], Document]
    """What is stored of a refused request, so that it can be explained later. Not for display."""
    handle: Callable[[WireRequest, str, Situation], Generator[Any, Any, Ended]]
    """A control-plane call: request, source address, and the configuration in force."""
    denial: Callable[[Ended], Document | None]
    """The record of a control-plane call that was refused, or None."""
    publish: Callable[[View, Collection[Key] | None, Snapshot, int], Snapshot]
    keyring: Keyring
    loaded: Callable[[View], None]
    """Told of the world at the start."""
    committed: Callable[[Collection[Change]], None]
    """Told of each commit, just before the next snapshot is in force."""
    forget: Callable[[], None]
    """Told of a reset."""
    explain: Callable[[Trace | Stored, str, View], Document | None]
    """A trace or a stored one, the reader's language, and the world it was judged by → why; None: it was served."""
