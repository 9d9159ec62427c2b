"""A log store in memory that answers log effects as their docstrings promise."""

from __future__ import annotations

from typing import Any

from sekisho.services.effects import (
    CountLogBytes,
    CreateLogStream,
    DeleteLogEvents,
    DeleteLogStream,
    ListLogStreams,
    LogEvent,
    LogGroupRef,
    LogStream,
    ReadLogs,
    WriteLogs,
)


class LogMemory:
    """Streams by group and name, events in order of (time, arrival)."""

    def __init__(self) -> None:
        self.streams: dict[tuple[LogGroupRef, str], int] = {}
        self.events: list[tuple[LogGroupRef, LogEvent]] = []
        self.reads: list[ReadLogs] = []

    def __call__(self, effect: Any) -> Any:
        if isinstance(effect, WriteLogs):
            for event in effect.events:
                id_ = f"3{event.timestamp:015d}{len(self.events):040d}"
                self.events.append((effect.group, event._replace(stream=effect.stream, id=id_)))
            return None
        if isinstance(effect, CreateLogStream):
            key = (effect.group, effect.stream)
            new = key not in self.streams
            self.streams.setdefault(key, int(effect.now * 1000))
            return new
        if isinstance(effect, DeleteLogStream):
            self.events = [(g, e) for g, e in self.events if (g, e.stream) != (effect.group, effect.stream)]
            return self.streams.pop((effect.group, effect.stream), None) is not None
        if isinstance(effect, DeleteLogEvents):
            self.events = [(g, e) for g, e in self.events if g != effect.group]
            self.streams = {key: time for key, time in self.streams.items() if key[0] != effect.group}
            return None
        if isinstance(effect, ListLogStreams):
            return self._list(effect)
        if isinstance(effect, CountLogBytes):
            return self._count()
        assert isinstance(effect, ReadLogs)
        self.reads.append(effect)
        return self._read(effect)

    def _list(self, effect: ListLogStreams) -> list[LogStream]:
        out = []
        for (group, name), created in sorted(self.streams.items()):
            if group == effect.group and name.startswith(effect.prefix):
                times = [e.timestamp for g, e in self.events if (g, e.stream) == (group, name)]
                ingested = [e.ingestion for g, e in self.events if (g, e.stream) == (group, name)]
                latest = max(ingested, default=None)
                out.append(LogStream(name, created, min(times, default=None), max(times, default=None), latest, 0))
        return out

    def _count(self) -> dict[str, int]:
        out: dict[str, int] = {}
        for group, event in self.events:
            out[group.name] = out.get(group.name, 0) + len(event.message) + 26
        return out

    def _read(self, effect: ReadLogs) -> list[LogEvent]:
        found = sorted(
            (
                event
                for group, event in self.events
                if group == effect.group
                and (effect.streams is None or event.stream in effect.streams)
                and (effect.start is None or event.timestamp >= effect.start)
                and (effect.end is None or event.timestamp < effect.end)
            ),
            key=lambda event: event.id,
        )
        if effect.after:
            found = [e for e in found if (e.id < effect.after if effect.backward else e.id > effect.after)]
        return found[-effect.limit :] if effect.backward else found[: effect.limit]
