"""The world on disk: every revision of every document, in SQLite; function code as files named by their hash.

A commit is one transaction with ``synchronous = FULL``: when it returns, the disk has it. The table is append-only;
the world at any retained revision can be read back, which is how a request of last week is explained under the
configuration that judged it. A transaction that fails changes nothing, so a full disk refuses changes and loses none.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from sekisho.state.world import Change, Document, Key, World

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    account TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    revision INTEGER NOT NULL, document TEXT,
    PRIMARY KEY (account, region, service, kind, id, revision)) WITHOUT ROWID;
"""

_AT = """
SELECT account, region, service, kind, id, document FROM records AS r
WHERE document IS NOT NULL AND revision = (
    SELECT max(revision) FROM records AS n
    WHERE n.account = r.account AND n.region = r.region AND n.service = r.service AND n.kind = r.kind AND n.id = r.id
      AND n.revision <= ?)
"""

_PRUNE = """
DELETE FROM records WHERE EXISTS (
    SELECT 1 FROM records AS n
    WHERE n.account = records.account AND n.region = records.region AND n.service = records.service
      AND n.kind = records.kind AND n.id = records.id AND n.revision > records.revision AND n.revision <= ?)
"""

_PRUNE_TOMBSTONES = """
DELETE FROM records WHERE document IS NULL AND revision <= ? AND revision = (
    SELECT min(revision) FROM records AS n
    WHERE n.account = records.account AND n.region = records.region AND n.service = records.service
      AND n.kind = records.kind AND n.id = records.id)
"""


def encode_document(document: Document) -> str:
    """JSON text. The standard library takes over where orjson is stricter (large integers)."""
    try:
        return orjson.dumps(document).decode()
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(document, ensure_ascii=True)


def decode_document(text: str) -> dict[str, Any]:
    """The inverse of ``encode_document``."""
    document: dict[str, Any]
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = json.loads(text)
    return document


class Storage:
    """The database of records and the folder of blobs. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._blobs.mkdir(mode=0o700, exist_ok=True)
        path = folder / "world.sqlite"
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA cache_size = -4000")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._db.close()
            raise ValueError(f"{path} has schema version {version}; this Sekisho knows {SCHEMA_VERSION}")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for leftover in self._blobs.glob("*.new"):
            leftover.unlink(missing_ok=True)

    def close(self) -> None:
        self._db.close()

    # --- documents

    def load(self) -> World:
        """The committed world, at its newest revision."""
        row = self._db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        return self.world_at(int(row[0]) if row else 0)

    def world_at(self, revision: int) -> World:
        """The world as it was when ``revision`` was the newest."""
        world = World()
        rows = self._db.execute(_AT, (revision,))
        world.apply((Change(Key(*row[:5]), decode_document(row[5])) for row in rows), revision)
        return world

    def commit(self, changes: Iterable[Change], revision: int, blobs: Mapping[str, bytes]) -> None:
        """Store all of it or nothing. Raises OSError or sqlite3.Error when it is not stored."""
        for digest, content in blobs.items():
            self._write_blob(digest, content)
        rows = [
            (*change.key, revision, None if change.document is None else encode_document(change.document))
            for change in changes
        ]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._set_revision(revision)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _set_revision(self, revision: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('revision', ?)", (str(revision),))

    def wipe(self, revision: int) -> None:
        """Forget every document, its history, and every blob; ``revision`` goes on counting."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM records")
            self._set_revision(revision)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        for path in self._blobs.iterdir():
            path.unlink(missing_ok=True)

    def prune(self, oldest: int) -> None:
        """Forget what was superseded at or before revision ``oldest``, the oldest that may be asked for."""
        self._db.execute(_PRUNE, (oldest,))
        self._db.execute(_PRUNE_TOMBSTONES, (oldest,))

    def count(self) -> int:
        """Rows, history included."""
        return int(self._db.execute("SELECT count(*) FROM records").fetchone()[0])

    # --- blobs

    def _blob_path(self, digest: str) -> Path | None:
        if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
            return None
        return self._blobs / digest

    def _write_blob(self, digest: str, content: bytes) -> None:
        path = self._blob_path(digest)
        if path is None or hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{digest!r} is not the SHA-256 of the blob")
        if path.exists():
            return
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        folder = os.open(self._blobs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read_blob(self, digest: str) -> bytes | None:
        """The blob's bytes, or None when it is lost (or is not what its name says)."""
        path = self._blob_path(digest)
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def blob_path(self, digest: str) -> Path | None:
        """Where the blob is, or None when it is lost."""
        path = self._blob_path(digest)
        return path if path is not None and path.exists() else None

    def sweep_blobs(self, named: frozenset[str]) -> None:
        """Delete blobs that no document names."""
        for path in self._blobs.iterdir():
            if path.name not in named:
                path.unlink(missing_ok=True)


def retained_blobs(world: World) -> frozenset[str]:
    """The blobs that documents of Lambda name."""
    found: set[str] = set()
    for partition in world.partitions():
        if partition.service == "lambda":
            for _, document in world.items(partition):
                digest: Any = document.get("CodeKey")
                if isinstance(digest, str):
                    found.add(digest)
    return frozenset(found)
