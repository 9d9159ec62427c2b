"""Regular expressions from configuration that run on client input: linear time, or refused.

``selectionPattern`` and ``identityValidationExpression`` are Java expressions in AWS. RE2 has no lookaround and no
back references, so that no text can make matching slow; such patterns are refused when they are configured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2


class PatternRefused(ValueError):
    """The pattern is malformed, or needs an engine without a time bound."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches as a whole (``.`` does not match line ends, as in Java). Raises PatternRefused.

    The same pattern is the same function, so that what was compiled from it twice is equal.
    """
    fullmatch = _compile(pattern).fullmatch
    return lambda text: fullmatch(text) is not None


def compile_search(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches somewhere (JSON Schema's ``pattern``). Raises PatternRefused."""
    search = _compile(pattern).search
    return lambda text: search(text) is not None


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else ""
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternRefused(told) from problem
