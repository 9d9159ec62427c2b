"""How a request enters the data plane: its trace, the gates of its API's kind, and the generator that runs them."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Generator
from typing import Any, Final

from sekisho.config.api import ApiSnapshot
from sekisho.config.snapshot import Snapshot
from sekisho.faults.fault import Kind
from sekisho.gateway.effects import Effect
from sekisho.gateway.exchange import Exchange, Keyring
from sekisho.gateway.gates import admit
from sekisho.gateway.kinds import http, rest
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.pipeline import Gates, Passage, steps
from sekisho.gateway.request import GatewayRequest, GatewayResponse
from sekisho.gateway.trace import Trace
from sekisho.kit.ids import Entropy, uuid_text

GATES: Final[dict[Kind, Gates]] = {Kind.REST: rest.GATES, Kind.HTTP: http.GATES}
"""The gates of each kind of API that is served."""

NOWHERE: Final[Gates] = (("admit", admit.no_such_api),)
"""What requests pass that name no API."""

_REST: Final = Kind.REST
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def gates_of(kind: Kind) -> Gates:
    """The gates of a kind, in order; a kind that is not served has one, which refuses."""
    return GATES.get(kind, NOWHERE)


class Entrance:
    """Where requests come in. ``ledger`` is the server's memory; without it every request is the first."""

    __slots__ = ("_ledger",)

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger

    def enter(
        self,
        request: GatewayRequest,
        snapshot: Snapshot,
        keyring: Keyring,
        now: float,
        clock: Callable[[], float],
        entropy: Entropy,
    ) -> Passage:
        """One request at the first of its gates. ``now`` in epoch seconds, ``clock`` in monotonic ones."""
        drawn = entropy(27)
        request_id = uuid_text(drawn[:16])
        extended_id = b2a_base64(drawn[16:], newline=False).translate(_URL_SAFE).decode()
        trace = Trace(request, snapshot, now, request_id, extended_id)
        x = Exchange(request, snapshot, keyring, trace, now, clock, entropy, self._ledger)
        api = snapshot.apis.get(request.api_id)
        if api is None:
            api = _by_domain(trace)
            if api is None:
                return Passage(x, NOWHERE)
        trace.api = api
        kind = api.kind
        if kind is _REST:
            return Passage(x, rest.GATES)
        trace.kind = kind
        # The others have one id, which looks like a REST API's extended one.
        trace.request_id = extended_id
        return Passage(x, GATES.get(kind, NOWHERE))


def begin(
    request: GatewayRequest,
    snapshot: Snapshot,
    keyring: Keyring,
    now: float,
    clock: Callable[[], float],
    entropy: Entropy,
    ledger: Ledger | None = None,
) -> tuple[Exchange, Generator[Effect, Any, GatewayResponse]]:
    """``enter`` for those who drive a generator (``send(None)``, then results; it returns the response)."""
    passage = Entrance(ledger).enter(request, snapshot, keyring, now, clock, entropy)
    return passage.x, steps(passage)


def _by_domain(trace: Trace) -> ApiSnapshot | None:
    """The API that a custom domain name leads to, by the longest mapping that the path begins with."""
    path = trace.request.path
    for mapping in trace.snapshot.domains.get(trace.request.host.lower(), ()):
        key = mapping.key
        if not key or path == f"/{key}" or path.startswith(f"/{key}/"):
            trace.mapping = mapping
            if key:
                trace.fields["customDomain.basePathMatched"] = key
            return trace.snapshot.apis.get(mapping.api_id)
    return None
