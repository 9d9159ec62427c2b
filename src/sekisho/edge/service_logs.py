"""Log lines that a service writes of its own accord (functions' logs, execution logs), and the groups they need."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Generator
from typing import Any, Final

from sekisho.edge.commits import Commits, Written
from sekisho.edge.logline import event_line, line_prefix
from sekisho.edge.outbox import Outbox
from sekisho.services.logs.records import LogGroupRecord
from sekisho.state.world import Key, Overlay, World

_EXISTING: Final = 4096


class ServiceLogs:
    """The writer of such lines."""

    __slots__ = ("_commits", "_existing", "_looked_at", "_making", "_outbox", "_tasks", "_wall", "_world")

    def __init__(self, world: World, outbox: Outbox, commits: Callable[[], Commits]) -> None:
        self._world = world
        self._outbox = outbox
        self._commits = commits
        self._wall = time.time
        self._making: set[Key] = set()
        self._existing: set[bytes] = set()
        """Line prefixes of streams whose group exists, as of the revision ``_looked_at``."""
        self._looked_at = -1
        self._tasks: set[asyncio.Task[None]] = set()

    def write(self, account: str, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append to the journal; the group is created behind it when it is not there."""
        prefix = line_prefix(account, region, group, stream)
        now = int(self._wall() * 1000)
        self._outbox.line(b"".join([event_line(prefix, stamp, now, message) for stamp, message in events]))
        revision = self._world.revision
        if revision != self._looked_at:
            self._looked_at = revision
            self._existing.clear()
        if prefix not in self._existing:
            self._look(prefix, Key(account, region, "logs", "group", group))

    def _look(self, prefix: bytes, key: Key) -> None:
        if self._world.get(key) is not None:
            if len(self._existing) < _EXISTING:
                self._existing.add(prefix)
        elif key not in self._making:
            self._making.add(key)
            task = asyncio.get_running_loop().create_task(self._make_group(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _make_group(self, key: Key) -> None:
        record: LogGroupRecord = {
            "LogGroupName": key.id,
            "CreationTime": int(self._wall() * 1000),
            "RetentionInDays": None,
            "Tags": {},
            "LogGroupClass": "STANDARD",
            "KmsKeyId": "",
            "DeletionProtection": False,
        }

        def work() -> Generator[Any, Any, Written]:
            overlay = Overlay(self._world)
            if overlay.get(key) is None:
                overlay.put(key, record)
            return Written(overlay)
            yield

        try:
            await self._commits().run(work)
        except (OSError, sqlite3.Error) as problem:
            print(f"sekisho: log group {key.id} could not be created: {problem}", file=sys.stderr, flush=True)
        finally:
            self._making.discard(key)
