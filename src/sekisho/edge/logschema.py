"""The log database: tables, how a batch of journal lines enters them, and the queries over them.

Lines enter stream by stream, by set-wise SQL over SQLite's JSON functions, because that runs without Python's
interpreter lock: the event loop goes on answering meanwhile. A chunk of the journal and the position it reaches are one
transaction. Events of one millisecond in several streams of a group keep the order of arrival within each stream.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sekisho.edge.journal import Position
from sekisho.services.effects import LogEvent, LogGroupRef, LogStream, ReadLogs

SCHEMA_VERSION = 1
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs counts for an event beside its message.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (account, region, name));
CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    first INTEGER, last INTEGER, ingested INTEGER, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, name));
CREATE TABLE IF NOT EXISTS events (
    group_id INTEGER NOT NULL, ts INTEGER NOT NULL, seq INTEGER NOT NULL, stream_id INTEGER NOT NULL,
    ingestion INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (group_id, ts, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_of_stream ON events (stream_id, ts, seq);
CREATE TABLE IF NOT EXISTS traces (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, received REAL NOT NULL, revision INTEGER NOT NULL,
    document TEXT NOT NULL, kept TEXT NOT NULL);
CREATE TEMP TABLE batch (n INTEGER, ts INTEGER, ing INTEGER, m TEXT);
"""

_FILL = "INSERT INTO batch SELECT key + ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"
_ENTER = """INSERT INTO events (group_id, ts, seq, stream_id, ingestion, message)
            SELECT ?, ts, n, ?, ing, m FROM batch WHERE ts IS NOT NULL AND ing IS NOT NULL AND m IS NOT NULL"""
_COUNT = f"""
    UPDATE streams SET
        first = min(coalesce(streams.first, x.first), x.first),
        last = max(coalesce(streams.last, x.last), x.last),
        ingested = max(coalesce(streams.ingested, x.ing), x.ing),
        bytes = streams.bytes + x.size
    FROM (SELECT min(ts) AS first, max(ts) AS last, max(ing) AS ing,
                 sum(length(CAST(m AS BLOB)) + {EVENT_OVERHEAD}) AS size FROM batch) AS x
    WHERE streams.id = ?"""
_STREAM = re.compile(rb'\[(?:"(?:[^"\\]|\\.)*",){4}').match
"""What a line begins with: account, region, group, stream."""


class Stored(NamedTuple):
    """A trace as it was stored."""

    document: dict[str, Any]
    """For display."""
    kept: dict[str, Any]
    """What judging the request again needs; empty for calls of the control plane."""
    revision: int


_EVENT_ID = re.compile(r"3(\d{15})(\d{40})")


def event_id(ts: int, seq: int) -> str:
    """56 digits that sort by time, then by arrival."""
    return f"3{max(ts, 0):015d}{seq:040d}"


def open_database(path: Path) -> sqlite3.Connection:
    """The log database, created when it is not there. Raises ValueError for one of a newer version."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA cache_size = -8000")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        db.close()
        raise ValueError(f"{path} has schema version {version}; this Sekisho knows {SCHEMA_VERSION}")
    db.executescript(_SCHEMA)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return db


def read_meta(db: sqlite3.Connection, name: str, default: int) -> int:
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return default if row is None else int(row[0])


def write_meta(db: sqlite3.Connection, name: str, value: int) -> None:
    db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def ingest(db: sqlite3.Connection, chunk: bytes, reached: Position) -> int:
    """Store whole journal lines and the position behind them, in one transaction. Returns how many were unreadable."""
    lines = chunk.split(b"\n")
    traces = [line for line in lines if line[:1] == b"{"]
    streams = _by_stream(lines)
    bad = sum(1 for line in lines if line) - len(traces) - sum(map(len, streams.values()))
    db.execute("BEGIN IMMEDIATE")
    try:
        seq = read_meta(db, "seq", 1)
        for stream, events in streams.items():
            bad += _enter(db, stream, events, seq)
            seq += len(events)
        if streams:
            write_meta(db, "seq", seq)
        for line in traces:
            bad += not _store_trace(db, line)
        write_meta(db, "segment", reached.segment)
        write_meta(db, "offset", reached.offset)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return bad


def _by_stream(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    """What log events begin with (account, region, group, stream) → the rest of each, in order."""
    found: dict[bytes, list[bytes]] = {}
    begins, skip, rests = b"\n", 0, []
    for line in lines:
        if not line.startswith(begins):
            match = _STREAM(line)
            if match is None:
                continue
            begins, skip = match.group(), match.end()
            rests = found.setdefault(begins, [])
        rests.append(line[skip:])
    return found


def _enter(db: sqlite3.Connection, stream: bytes, events: list[bytes], seq: int) -> int:
    """Events of one stream, of which both are created when they are not there. Returns how many were unreadable."""
    try:
        account, region, group, name = orjson.loads(stream[:-1] + b"]")
    except (orjson.JSONDecodeError, ValueError):
        return len(events)
    bad = _fill_batch(db, events, seq)
    if bad < len(events):
        db.execute("INSERT OR IGNORE INTO groups (account, region, name) VALUES (?, ?, ?)", (account, region, group))
        group_id = _group_id(db, LogGroupRef(account, region, group))
        db.execute(
            "INSERT OR IGNORE INTO streams (group_id, name, created) SELECT ?, ?, coalesce(min(ing), 0) FROM batch",
            (group_id, name),
        )
        [stream_id] = list_ids(db, group_id, [name])
        db.execute(_ENTER, (group_id, stream_id))
        db.execute(_COUNT, (stream_id,))
        db.execute("DELETE FROM batch")
    return bad


def _fill_batch(db: sqlite3.Connection, events: list[bytes], seq: int) -> int:
    joined = b"[[" + b",[".join(events) + b"]"
    # SQLite's JSON functions end a text at an escaped NUL; such batches, and damaged ones, go through Python.
    if b"\\u0000" not in joined:
        try:
            db.execute(_FILL, (seq, joined.decode("utf-8")))
            return 0
        except (sqlite3.OperationalError, UnicodeDecodeError) as problem:
            if isinstance(problem, sqlite3.OperationalError) and "JSON" not in str(problem):
                raise
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(events):
        try:
            timestamp, ingestion, message = orjson.loads(b"[" + line)
        except ValueError:
            continue
        rows.append((seq + number, timestamp, ingestion, message))
    db.executemany("INSERT INTO batch VALUES (?, ?, ?, ?)", rows)
    return len(events) - len(rows)


def _store_trace(db: sqlite3.Connection, line: bytes) -> bool:
    try:
        found = orjson.loads(line)
        texts = (orjson.dumps(found["document"]).decode(), orjson.dumps(found["kept"]).decode())
        row = (found["trace"], found["received"], found["revision"], *texts)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return False
    db.execute("INSERT OR REPLACE INTO traces (id, received, revision, document, kept) VALUES (?, ?, ?, ?, ?)", row)
    return True


def read_trace(db: sqlite3.Connection, id_: str) -> Stored | None:
    row = db.execute("SELECT document, kept, revision FROM traces WHERE id = ?", (id_,)).fetchone()
    return None if row is None else Stored(orjson.loads(row[0]), orjson.loads(row[1]), int(row[2]))


def prune_traces(db: sqlite3.Connection, keep: int) -> None:
    db.execute("DELETE FROM traces WHERE seq <= (SELECT max(seq) FROM traces) - ?", (keep,))


def _group_id(db: sqlite3.Connection, group: LogGroupRef) -> int | None:
    row = db.execute("SELECT id FROM groups WHERE account = ? AND region = ? AND name = ?", group).fetchone()
    return None if row is None else int(row[0])


def create_stream(db: sqlite3.Connection, group: LogGroupRef, name: str, now: float) -> bool:
    """False when it exists."""
    db.execute("INSERT OR IGNORE INTO groups (account, region, name) VALUES (?, ?, ?)", group)
    done = db.execute(
        "INSERT OR IGNORE INTO streams (group_id, name, created) VALUES (?, ?, ?)",
        (_group_id(db, group), name, int(now * 1000)),
    )
    return done.rowcount == 1


def delete_stream(db: sqlite3.Connection, group: LogGroupRef, name: str) -> bool:
    """False when it does not exist."""
    found = db.execute(
        "SELECT id FROM streams WHERE group_id = ? AND name = ?", (_group_id(db, group), name)
    ).fetchone()
    if found is None:
        return False
    db.execute("DELETE FROM events WHERE stream_id = ?", found)
    db.execute("DELETE FROM streams WHERE id = ?", found)
    return True


def delete_group(db: sqlite3.Connection, group: LogGroupRef) -> None:
    id_ = _group_id(db, group)
    for statement in (
        "DELETE FROM events WHERE group_id = ?",
        "DELETE FROM streams WHERE group_id = ?",
        "DELETE FROM groups WHERE id = ?",
    ):
        db.execute(statement, (id_,))


def delete_everything(db: sqlite3.Connection) -> None:
    for table in ("events", "streams", "groups", "traces"):
        db.execute(f"DELETE FROM {table}")


def list_streams(db: sqlite3.Connection, group: LogGroupRef, prefix: str) -> list[LogStream]:
    rows = db.execute(
        """SELECT name, created, first, last, ingested, bytes FROM streams
           WHERE group_id = ? AND substr(name, 1, ?) = ? ORDER BY name""",
        (_group_id(db, group), len(prefix), prefix),
    )
    return [LogStream(*row) for row in rows]


def count_bytes(db: sqlite3.Connection, account: str, region: str) -> dict[str, int]:
    rows = db.execute(
        """SELECT groups.name, coalesce(sum(bytes), 0) FROM groups LEFT JOIN streams ON group_id = groups.id
           WHERE account = ? AND region = ? GROUP BY groups.id""",
        (account, region),
    )
    return dict(rows.fetchall())


def read_events(db: sqlite3.Connection, question: ReadLogs) -> list[LogEvent]:
    """Events in ascending order of (timestamp, arrival)."""
    where = ["events.group_id = ?"]
    values: list[Any] = [_group_id(db, question.group)]
    if question.streams is not None:
        found = list_ids(db, values[0], question.streams)
        if not found:
            return []
        where.append(f"stream_id IN ({','.join('?' * len(found))})")
        values += found
    if question.start is not None:
        where.append("ts >= ?")
        values.append(question.start)
    if question.end is not None:
        where.append("ts < ?")
        values.append(question.end)
    if question.after:
        place = _EVENT_ID.fullmatch(question.after)
        if place is None:
            return []
        where.append("(ts, seq) < (?, ?)" if question.backward else "(ts, seq) > (?, ?)")
        values += [int(place[1]), min(int(place[2]), 2**63 - 1)]
    order = "DESC" if question.backward else "ASC"
    rows = db.execute(
        f"""SELECT ts, message, ingestion, streams.name, seq FROM events JOIN streams ON streams.id = stream_id
            WHERE {" AND ".join(where)} ORDER BY ts {order}, seq {order} LIMIT ?""",
        [*values, question.limit],
    ).fetchall()
    if question.backward:
        rows.reverse()
    return [LogEvent(ts, message, ingestion, stream, event_id(ts, seq)) for ts, message, ingestion, stream, seq in rows]


def list_ids(db: sqlite3.Connection, group_id: int | None, names: Iterable[str]) -> list[int]:
    """Ids of the streams of these names that exist."""
    found = []
    for name in names:
        row = db.execute("SELECT id FROM streams WHERE group_id = ? AND name = ?", (group_id, name)).fetchone()
        if row:
            found.append(int(row[0]))
    return found


def prune_events(db: sqlite3.Connection, group: LogGroupRef, before: int) -> int:
    """Delete events older than ``before`` (milliseconds); returns how many."""
    id_ = _group_id(db, group)
    done = db.execute("DELETE FROM events WHERE group_id = ? AND ts < ?", (id_, before)).rowcount
    if done:
        db.execute(
            f"""UPDATE streams SET
                    first = (SELECT min(ts) FROM events WHERE stream_id = streams.id),
                    bytes = (SELECT coalesce(sum(length(CAST(message AS BLOB)) + {EVENT_OVERHEAD}), 0)
                             FROM events WHERE stream_id = streams.id)
                WHERE group_id = ?""",
            (id_,),
        )
    return done
