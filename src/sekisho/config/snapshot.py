"""The whole compiled configuration. Immutable; replaced by reference when configuration changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sekisho.config.api import ApiMapping, ApiSnapshot
from sekisho.config.api_keys import KeyTable
from sekisho.config.functions import Function
from sekisho.config.identities import NO_IDENTITIES, Identities


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the data plane reads. A trace keeps the snapshot it was judged by."""

    revision: int
    """The world's revision this was compiled from; with the stored history it can be compiled again."""
    apis: Mapping[str, ApiSnapshot]
    """By API id (unique across accounts and regions)."""
    functions: Mapping[str, Function]
    """By unqualified ARN."""
    identities: Identities
    domains: Mapping[str, tuple[ApiMapping, ...]] = field(default_factory=dict)
    """Custom domain name (lower case) → its mappings, longest key first."""
    api_keys: Mapping[tuple[str, str], KeyTable] = field(default_factory=dict)
    """(account, region) → API keys and usage plans of REST APIs. They count at once, without deployment."""


EMPTY: Final = Snapshot(0, {}, {}, NO_IDENTITIES)
