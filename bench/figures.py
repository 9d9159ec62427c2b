"""A measured figure beside its budget, and how a table of them is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Figure(NamedTuple):
    """One measurement. ``budget`` is what must hold, ``goal`` what we want; ``at_least`` says in which direction."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def cpu_microseconds(call: Callable[[], object], *, seconds: float = 0.4, rounds: int = 5) -> float:
    """CPU time of one call in microseconds: the best of some rounds, each long enough to be measured."""
    call()
    count = 1
    while True:
        begin = time.process_time()
        for _ in range(count):
            call()
        spent = time.process_time() - begin
        if spent >= seconds / rounds:
            break
        count *= 2
    best = spent / count
    for _ in range(rounds - 1):
        begin = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - begin) / count)
    return best * 1e6


def median(values: list[float]) -> float:
    """The median of some rounds."""
    return statistics.median(values)


def table(figures: list[Figure]) -> str:
    """The figures as aligned text."""
    rows = [("figure", "measured", "budget", "goal", "")]
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        rows.append(
            (
                figure.name,
                f"{figure.value:.4g} {figure.unit}".strip(),
                "" if figure.budget is None else f"{sign} {figure.budget:g}",
                "" if figure.goal is None else f"{sign} {figure.goal:g}",
                ("ok" if figure.holds else "MISSED") + (f"  ({figure.note})" if figure.note else ""),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]]).rstrip()
        for row in rows
    )
