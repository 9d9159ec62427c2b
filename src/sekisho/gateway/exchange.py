"""The state of one request, which every gate receives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from sekisho.config.identities import AccessKey
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Reject
from sekisho.gateway.effects import Effect
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.trace import Trace
from sekisho.kit.ids import Entropy
from sekisho.kit.outcome import Ask, Pass


class Keyring(Protocol):
    """Access keys of every kind: the root's, users', sessions'. Reads the snapshot and the sessions beside it."""

    def find(self, access_key_id: str, snapshot: Snapshot) -> AccessKey | None:
        """The credential, active or not, expired or not; None when it is unknown."""
        ...


class Exchange:
    """What came in, the configuration it is judged by, what was found so far, and the answer being made."""

    __slots__ = ("clock", "entropy", "keyring", "ledger", "now", "request", "response", "snapshot", "trace")

    def __init__(
        self,
        request: GatewayRequest,
        snapshot: Snapshot,
        keyring: Keyring,
        trace: Trace,
        now: float,
        clock: Callable[[], float],
        entropy: Entropy,
        ledger: Ledger | None = None,
    ) -> None:
        self.request = request
        self.snapshot = snapshot
        self.keyring = keyring
        self.trace = trace
        self.now = now
        """Epoch seconds at which the request arrived."""
        self.clock = clock
        """Monotonic seconds; only for latencies."""
        self.entropy = entropy
        self.ledger = Ledger() if ledger is None else ledger
        """What earlier requests found out; without one, nothing."""
        self.response: GatewayResponse = NOTHING_YET


NOTHING_YET: Final = GatewayResponse(0, [], b"")

Outcome = Pass | Reject | Ask[Effect, Exchange]
Gate = Callable[[Exchange], Outcome]
