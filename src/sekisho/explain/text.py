"""A sentence in every language that explanations are given in."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in both languages."""

    en: str
    ja: str
