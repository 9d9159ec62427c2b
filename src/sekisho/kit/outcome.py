"""How pure code says "go on" and "fetch this for me".

A step of a pipeline returns ``PASS`` to continue, or ``Ask(effect, then)`` to stop until the edge has performed
``effect``; the edge's result is handed to ``then`` together with the subject the step was working on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

E = TypeVar("E")
S = TypeVar("S")


class Pass:
    """The type of ``PASS``; there is one value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PASS"


PASS: Final = Pass()


class Ask(NamedTuple, Generic[E, S]):
    """Have the edge perform ``effect``, then call ``then(subject, result)`` for the next outcome."""

    effect: E
    then: Callable[[S, Any], Any]
