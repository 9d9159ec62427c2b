"""API keys and usage plans, compiled: what a key's value stands for on each stage.

A key counts on a stage through one plan at most: the control plane refuses a key in two plans with the same stage.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sekisho.config.api import Limits


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests of one key a plan admits in a period."""

    limit: int
    offset: int
    """Requests that are subtracted from the limit in the first period.
    https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html"""
    period: str
    """``DAY``, ``WEEK`` (from Monday) or ``MONTH``, in UTC."""
    since: float = 0.0
    """Epoch seconds at which the quota came: earlier requests are not charged. vector: apikeys/quota-added-later."""


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """A plan, with the stages it covers."""

    id: str
    name: str
    limits: Limits | None
    """Of one key on all stages together."""
    quota: Quota | None
    stages: Mapping[tuple[str, str], Mapping[str, Limits]]
    """(API, stage) → ``/path/METHOD`` → how often one key may call that method."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, found by its value."""

    id: str
    name: str
    enabled: bool
    plans: tuple[UsagePlan, ...] = ()
    by_stage: Mapping[tuple[str, str], UsagePlan] = field(default_factory=dict)
    """(API, stage) → the plan by which the key counts there."""


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The keys and plans of one account and region."""

    keys: Mapping[str, ApiKey]
    """By value."""
    plans: Mapping[str, UsagePlan]
    """By id."""


NO_KEYS: Final = KeyTable({}, {})

VALUE: Final = "identity.apiKey"
ID: Final = "identity.apiKeyId"
"""Where a trace's ``fields`` keep the key that a request showed: names of ``$context``."""
