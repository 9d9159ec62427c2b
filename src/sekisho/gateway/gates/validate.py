"""Is the request well formed? Request validators are compiled into ``route.extras``."""

from __future__ import annotations

from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.kit.outcome import PASS


def model(x: Exchange) -> Outcome:
    """REST: nothing is validated."""
    return PASS
