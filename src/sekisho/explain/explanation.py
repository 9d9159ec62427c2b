"""What an explanation is: whose fault, why, the evidence, and advice that was tried before it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class ApiCall(NamedTuple):
    """One AWS operation a person would run, with boto3's spelling of its parameters."""

    service: str
    """``iam``, ``lambda``, ``apigateway`` …"""
    operation: str
    """``PutRolePolicy``."""
    parameters: Mapping[str, Any]
    """Policy documents are JSON text, as boto3 takes them."""


class Said(NamedTuple):
    """A message by id, with the values its template uses; rendered in the reader's language."""

    id: str
    values: Mapping[str, str]


def say(id_: str, **values: str) -> Said:
    """A message of ``messages`` with its values."""
    return Said(id_, values)


class Evidence(NamedTuple):
    """One observation, with the details a machine may want."""

    said: Said
    details: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cure that may work: calls to be tried."""

    summary: Said
    calls: tuple[ApiCall, ...]
    template: str = ""
    """A template diff, where the cause is a known habit of a template tool."""
    grants: Said | None = None
    """What else the cure opens, when it opens more than asked."""
    goal: str = "pass"
    """``pass``: the request gets past the gate that refused it; ``visible``: a browser's page may read the refusal;
    ``failure``: what failed behind the gateway is no success any more."""
    forget: str = ""
    """A function whose recorded answer the cure makes void (its decisions are forgotten): it is asked anew."""
    answer: str = ""
    """What the function that answered last should answer instead (JSON); the replay is fed with it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found out about a refused request, before its candidates are tried."""

    cause: str
    """An id of ``causes``."""
    headline: Said
    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    blame: str = ""
    """Overrides the fault's own blame when the cause points elsewhere."""
    also: tuple[str, ...] = ()
    """Other causes that take part, such as the refusal that a browser hides behind CORS."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A candidate that was applied to a copy of the configuration, under which the request was played again."""

    candidate: Candidate
    proven: bool
    proven_up_to: str
    """How far the replay got: ``explain.replay.Replayed.reached``."""
    opens: tuple[tuple[str, str, str], ...] = ()
    """What it allows beyond the request: (principal, action, resource), by comparing who can before and after."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was refused."""

    request_id: str
    fault: str
    """The row of the fault catalogue."""
    cause: str
    blame: str
    gate: str
    headline: Said
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...]
    source: str
    """Provenance of the catalogue row."""
    also: tuple[str, ...] = ()
