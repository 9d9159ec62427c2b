"""Random bytes in small pieces, without a system call for each."""

from __future__ import annotations

import os
from typing import Final

_BLOCK: Final = 8192


class EntropyPool:
    """``pool(n)`` gives ``n`` bytes of ``os.urandom``, each given once. Belongs to one thread."""

    __slots__ = ("_block", "_used")

    def __init__(self) -> None:
        self._block = b""
        self._used = 0

    def __call__(self, count: int) -> bytes:
        start = self._used
        end = start + count
        block = self._block
        if end > len(block):
            if count > _BLOCK:
                return os.urandom(count)
            block = self._block = os.urandom(_BLOCK)
            start, end = 0, count
        self._used = end
        return block[start:end]
