"""Log events: in order, paged, exactly once whatever happens."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from sekisho.edge import logschema
from sekisho.edge.journal import Journal, Position, segment_path, segments
from sekisho.edge.logline import event_line, line_prefix
from sekisho.edge.logstore import LogStore
from sekisho.edge.recorder import trace_line
from sekisho.services.effects import (
    CountLogBytes,
    CreateLogStream,
    DeleteLogEvents,
    DeleteLogStream,
    ListLogStreams,
    LogGroupRef,
    LogStream,
    ReadLogs,
)

GROUP = LogGroupRef("123456789012", "us-east-1", "group")
OTHER = GROUP._replace(name="other")


def lines(*events: tuple[int, str], stream: str = "s", group: LogGroupRef = GROUP) -> bytes:
    prefix = line_prefix(*group, stream)
    return b"".join(event_line(prefix, stamp, stamp + 1, text) for stamp, text in events)


def with_store(folder: Path, work: Callable[[Journal, LogStore], Coroutine[Any, Any, None]], **journal: Any) -> None:
    async def run() -> None:
        written = Journal(folder, **journal)
        store = LogStore(folder, written)
        store.start()
        try:
            await work(written, store)
        finally:
            store.stop()
            written.close()

    asyncio.run(run())


async def messages(store: LogStore, **question: Any) -> list[str]:
    fields = {"group": GROUP, "streams": None, "start": None, "end": None, "limit": 10_000, **question}
    return [event.message for event in await store.perform(ReadLogs(**fields))]


def test_reads_see_everything_written_before(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(lines((3, "c"), (1, "a")))
        journal.append(lines((1, "b"), stream="t"))
        journal.append(lines((1, "elsewhere"), group=OTHER))
        assert await messages(store) == ["a", "b", "c"]
        assert await messages(store, streams=("s",)) == ["a", "c"]
        assert await messages(store, streams=("none",)) == []
        assert await messages(store, start=2) == ["c"]
        assert await messages(store, end=3) == ["a", "b"]
        assert store.lag() == 0 and store.unreadable == 0

    with_store(tmp_path, work)


def test_streams_with_any_names_may_alternate(tmp_path: Path) -> None:
    names = ['a","b', "a\\", "a,b", "日本", "a"]

    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(b"".join(lines((number, str(number)), stream=names[number % 5]) for number in range(50)))
        assert await messages(store) == [str(number) for number in range(50)]
        for place, name in enumerate(names):
            assert await messages(store, streams=(name,)) == [str(number) for number in range(place, 50, 5)]
        assert store.unreadable == 0

    with_store(tmp_path, work)


def test_paging_in_both_directions(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(lines(*((i // 3, str(i)) for i in range(20))))
        seen: list[str] = []
        after = ""
        while page := await store.perform(ReadLogs(GROUP, None, None, None, 7, after)):
            seen += [event.message for event in page]
            after = page[-1].id
        assert seen == [str(i) for i in range(20)]
        newest = await store.perform(ReadLogs(GROUP, None, None, None, 5, "", True))
        assert [event.message for event in newest] == ["15", "16", "17", "18", "19"]
        before = await store.perform(ReadLogs(GROUP, None, None, None, 5, newest[0].id, True))
        assert [event.message for event in before] == ["10", "11", "12", "13", "14"]
        ids = [event.id for event in newest]
        assert ids == sorted(ids) and all(len(id_) == 56 and id_.isdigit() for id_ in ids)
        assert await messages(store, after="not an id") == []

    with_store(tmp_path, work)


def test_streams_groups_and_bytes(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        assert await store.perform(CreateLogStream(GROUP, "made", 1.5))
        assert not await store.perform(CreateLogStream(GROUP, "made", 2.5))
        journal.append(lines((5, "é"), (2, "x")))
        assert await store.perform(ListLogStreams(GROUP)) == [
            LogStream("made", 1500, None, None, None, 0),
            LogStream("s", 3, 2, 5, 6, 26 + 2 + 26 + 1),
        ]
        assert [s.name for s in await store.perform(ListLogStreams(GROUP, "m"))] == ["made"]
        assert await store.perform(CountLogBytes(GROUP.account, GROUP.region)) == {"group": 55}
        assert await store.perform(DeleteLogStream(GROUP, "s"))
        assert not await store.perform(DeleteLogStream(GROUP, "s"))
        assert await messages(store) == []
        journal.append(lines((1, "again")))
        await store.perform(DeleteLogEvents(GROUP))
        assert await store.perform(ListLogStreams(GROUP)) == []
        journal.append(lines((1, "reborn")))
        assert await messages(store) == ["reborn"]

    with_store(tmp_path, work)


@pytest.mark.parametrize("text", ["", "\x00mid\x00", "\ud800", '"\\\n\r', "é漢😀", "x" * 300_000, "null", "{}", "[1]"])
def test_any_text_survives(tmp_path: Path, text: str) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(lines((1, text), (2, "next")))
        assert await messages(store) == [text.encode("utf-8", "replace").decode(), "next"]

    with_store(tmp_path, work)


def test_damaged_lines_are_counted_and_passed_over(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(lines((1, "a")) + b"[broken\n" + b"\x00\x00\n" + b"[1,2]\n" + b"{}\n" + lines((2, "b")))
        assert await messages(store) == ["a", "b"]
        assert store.unreadable == 4

    with_store(tmp_path, work)


def test_what_was_not_ingested_is_read_once_after_a_crash(tmp_path: Path) -> None:
    """The database as it was before the newest transactions, the journal whole: as ``kill -9`` leaves them."""

    async def first(journal: Journal, store: LogStore) -> None:
        journal.append(lines((1, "a"), (2, "b")))
        assert await messages(store) == ["a", "b"]

    with_store(tmp_path, first)
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(lines((3, "c")) + lines((4, "torn"))[:-3])

    async def second(journal: Journal, store: LogStore) -> None:
        assert store.lag() == len(lines((3, "c")))
        journal.append(lines((5, "d")))
        assert await messages(store) == ["a", "b", "c", "d"]
        assert store.lag() == 0

    for _ in range(2):
        with_store(tmp_path, second if _ == 0 else noop)

    async def third(journal: Journal, store: LogStore) -> None:
        assert await messages(store) == ["a", "b", "c", "d"]

    with_store(tmp_path, third)


async def noop(journal: Journal, store: LogStore) -> None:
    pass


def test_a_failed_batch_stores_neither_events_nor_position(tmp_path: Path) -> None:
    db = logschema.open_database(tmp_path / "logs.sqlite")
    db.execute("CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.ts = 9 BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(sqlite3.IntegrityError):
        logschema.ingest(db, lines((1, "a"), (9, "b")), Position(1, 100))
    assert logschema.read_meta(db, "offset", 0) == 0
    assert db.execute("SELECT count(*) FROM events").fetchone() == (0,)
    logschema.ingest(db, lines((1, "a"), (2, "b")), Position(1, 100))
    assert db.execute("SELECT count(*) FROM events").fetchone() == (2,)
    db.close()


def test_rotated_segments_are_read_in_order_and_removed(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        for i in range(100):
            journal.append(lines((i, str(i))))
        assert await messages(store) == [str(i) for i in range(100)]
        assert len(segments(tmp_path)) <= 2

    with_store(tmp_path, work, segment_bytes=500)


def test_retention(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        journal.append(lines((1, "old"), (100, "new")))
        await store.prune([(GROUP, 50)])
        assert await messages(store) == ["new"]
        assert await store.perform(CountLogBytes(GROUP.account, GROUP.region)) == {"group": 29}

    with_store(tmp_path, work)


def test_traces_are_stored_found_and_pruned(tmp_path: Path) -> None:
    async def work(journal: Journal, store: LogStore) -> None:
        for i in range(5):
            journal.append(trace_line(f"r{i}", float(i), i, {"requestId": f"r{i}"}, {"k": i}))
        assert await store.trace("r3") == logschema.Stored({"requestId": "r3"}, {"k": 3}, 3)
        assert await store.trace("none") is None
        assert [document["requestId"] for document in await store.recent_traces(2)] == ["r4", "r3"]
        assert await store.oldest_revision() == 0
        await store.ask(lambda db: logschema.prune_traces(db, 2))
        assert await store.oldest_revision() == 3
        await store.forget()
        assert await store.oldest_revision() is None and await messages(store) == []

    with_store(tmp_path, work)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    db = logschema.open_database(tmp_path / "logs.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ValueError, match="schema version 99"):
        logschema.open_database(tmp_path / "logs.sqlite")
