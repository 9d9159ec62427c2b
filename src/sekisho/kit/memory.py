"""Answers that are asked for again and again: a dictionary that is emptied when it is full.

Compiled code looks into a dictionary in a third of the time that ``functools.lru_cache`` takes, and emptying needs no
bookkeeping on the way of those that are found.
"""

from __future__ import annotations

from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 4096


def remember(memory: dict[K, V], key: K, value: V) -> V:
    """Keep an answer and give it back."""
    if len(memory) >= MOST:
        memory.clear()
    memory[key] = value
    return value
