"""ast → CompiledPolicy: statements indexed by service prefix, matchers prebuilt, variables located."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy document ready to be asked; see ``evaluate``."""

    name: str
    """What explanations call it: the policy's name or ARN, ``inline policy X of role Y`` …"""
    arn: str
    """The managed policy's ARN; empty for inline and resource policies."""
    document: Mapping[str, Any]
    """The source text, parsed; witnesses point into it."""


def compile_policy(document: Mapping[str, Any] | str, *, name: str = "", arn: str = "") -> CompiledPolicy:
    """Compile a document. Total: what cannot be parsed never matches."""
    raise NotImplementedError
