"""How AWS shows a fault: status, body, headers, log variables, and where we know it from.

Theory of operation. A ``Face`` is a row of data; the only code is the rendering of its templates over the evidence that
the gate gave. Bodies differ in one letter and one blank: the stages that authenticate and authorize write
``{"message":"…"}``, a denial writes ``{"Message":"…"}``, everything behind them ``{"message": "…"}``. A body whose text
needs no evidence is rendered once, when the row is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Provenance(Enum):
    """Where a row is known from, strongest first."""

    RECORDED = "recorded"
    """A capture of real AWS."""
    DOCUMENTED = "documented"
    """AWS's documentation."""
    OBSERVED = "observed"
    """A public report."""
    INFERRED = "inferred"
    """Concluded from neighbouring rows."""


class Source(NamedTuple):
    """Provenance with the capture, page or reason."""

    provenance: Provenance
    where: str

    def __str__(self) -> str:
        return f"{self.provenance.value}: {self.where}"


class Spelling(Enum):
    """How a message becomes a body; ``%s`` is the message as a JSON string, or null."""

    TIGHT = '{"message":%s}'
    SPACED = '{"message": %s}'
    CAPITAL = '{"Message":%s}'
    PLAIN = "%s"


@dataclass(frozen=True, slots=True)
class Face:
    """One fault as one kind of API shows it."""

    status: int
    spelling: Spelling
    text: str | None
    """Template of the message over the evidence (``{name}``); None: the message is null."""
    response_type: str
    """``error.responseType`` and the key of customised gateway responses; empty: neither logged nor customisable."""
    error_type: str
    """``x-amzn-ErrorType``; empty where the header is absent."""
    source: Source
    log: Mapping[str, str] = field(default_factory=dict)
    """Variables of the ``$context`` phases that this fault sets: ``integration.error`` → template."""
    execution: str = ""
    """The sentence of the execution log, a template."""
    content_type: str = "application/json"
    customisable: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further header fields, templates; one that comes out empty is left out."""

    def message(self, evidence: Mapping[str, str]) -> str | None:
        """``error.message``; None where AWS sends null."""
        return None if self.text is None else fill(self.text, evidence)

    def body(self, message: str | None) -> str:
        """The body that AWS sends when nothing is customised."""
        if self.spelling is Spelling.PLAIN:
            return message or ""
        template: str = self.spelling.value
        return template % json_string(message)


class _Words(dict[str, str]):
    """Evidence, and the two spellings of it that AWS's sentences use."""

    def __missing__(self, name: str) -> str:
        if name == "masked_resource":
            return mask_account(self.get("resource", ""))
        if name == "a_layer":
            return with_article(self.get("layer", ""))
        return ""


def fill(template: str, evidence: Mapping[str, str]) -> str:
    """``template`` with its ``{names}`` replaced. Evidence is never read as a template."""
    return template.format_map(_Words(evidence)) if "{" in template else template


def json_string(message: str | None) -> str:
    """A message as JSON text: quoted and escaped, or ``null``."""
    return "null" if message is None else json.dumps(message, ensure_ascii=False)


def mask_account(arn: str) -> str:
    """An ARN as denials show it: all but the last four digits of its account are asterisks.

    vectors: respolicy/s3.2-role-b-signed, respolicy/s3.4-anonymous-denied-ip.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or len(parts[4]) != 12:
        return arn
    parts[4] = f"********{parts[4][-4:]}"
    return ":".join(parts)


def with_article(layer: str) -> str:
    """``identity-based policy`` → ``an identity-based policy``."""
    return f"an {layer}" if layer[:1] in "aeiou" and layer else f"a {layer}"
