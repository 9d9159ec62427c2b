"""The world on disk: commits, history, blobs, and what happens when the disk refuses."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sekisho.edge.datafolder import DataFolder, FolderInUse
from sekisho.edge.storage import Storage, retained_blobs
from sekisho.state.world import Change, Key, World

BLOB = b"PK code"
DIGEST = hashlib.sha256(BLOB).hexdigest()


def key(name: str, service: str = "iam") -> Key:
    return Key("123456789012", "", service, "role", name)


def documents(world: World) -> dict[str, object]:
    return {id_: dict(doc) for part in world.partitions() for id_, doc in world.items(part)}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with closing(Storage(tmp_path)) as found:
        yield found


def test_commit_and_load(tmp_path: Path, storage: Storage) -> None:
    storage.commit([Change(key("a"), {"n": 1}), Change(key("b"), {"big": 2**70, "t": "é\ud800"})], 1, {})
    storage.commit([Change(key("a"), None), Change(key("c"), {"n": [1.5, None]})], 2, {})
    storage.close()
    with closing(Storage(tmp_path)) as again:
        world = again.load()
    assert world.revision == 2
    assert documents(world) == {"b": {"big": 2**70, "t": "é\ud800"}, "c": {"n": [1.5, None]}}


def test_history(storage: Storage) -> None:
    for revision in range(1, 5):
        storage.commit([Change(key("a"), {"n": revision})], revision, {})
    storage.commit([Change(key("a"), None)], 5, {})
    storage.commit([Change(key("b"), {})], 6, {})
    assert documents(storage.world_at(2)) == {"a": {"n": 2}}
    assert documents(storage.world_at(0)) == {} == documents(storage.world_at(5))
    storage.prune(3)
    assert documents(storage.world_at(3)) == {"a": {"n": 3}}
    assert documents(storage.world_at(4)) == {"a": {"n": 4}}
    assert storage.count() == 4
    storage.prune(6)
    assert storage.count() == 1 and documents(storage.load()) == {"b": {}}


def test_a_failed_transaction_stores_nothing(storage: Storage) -> None:
    storage.commit([Change(key("a"), {"n": 1})], 1, {})
    with pytest.raises(TypeError):
        storage.commit([Change(key("a"), {"n": 2}), Change(key("b"), {"n": {1, 2}})], 2, {})
    page_count = storage._db.execute("PRAGMA page_count").fetchone()[0]
    storage._db.execute(f"PRAGMA max_page_count = {page_count}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        storage.commit([Change(key(f"x{i}"), {"n": "y" * 2000}) for i in range(100)], 2, {})
    assert documents(storage.load()) == {"a": {"n": 1}} and storage.load().revision == 1
    storage._db.execute("PRAGMA max_page_count = 1000000")
    storage.commit([Change(key("b"), {})], 2, {})
    assert storage.load().revision == 2


def test_blobs(tmp_path: Path, storage: Storage) -> None:
    with pytest.raises(ValueError, match="not the SHA-256"):
        storage.commit([], 1, {"0" * 64: BLOB})
    with pytest.raises(ValueError, match="not the SHA-256"):
        storage.commit([], 1, {"../../evil": BLOB})
    storage.commit([Change(key("f", "lambda"), {"CodeKey": DIGEST})], 1, {DIGEST: BLOB})
    assert storage.read_blob(DIGEST) == BLOB
    assert storage.read_blob("../world.sqlite") is None and storage.read_blob("0" * 64) is None
    assert storage.blob_path(DIGEST) == tmp_path / "blobs" / DIGEST
    storage.sweep_blobs(retained_blobs(storage.load()))
    assert storage.read_blob(DIGEST) == BLOB
    (tmp_path / "blobs" / DIGEST).write_bytes(b"damaged")
    assert storage.read_blob(DIGEST) is None
    storage.sweep_blobs(frozenset())
    assert list((tmp_path / "blobs").iterdir()) == []


def test_wipe_counts_on(storage: Storage) -> None:
    storage.commit([Change(key("a"), {})], 1, {DIGEST: BLOB})
    storage.wipe(2)
    assert documents(storage.load()) == {} and storage.load().revision == 2
    assert storage.read_blob(DIGEST) is None


def test_a_newer_folder_is_refused(tmp_path: Path, storage: Storage) -> None:
    storage._db.execute("PRAGMA user_version = 99")
    storage.close()
    with pytest.raises(ValueError, match="schema version 99"):
        Storage(tmp_path)


def test_the_folder_is_private_ignored_and_locked(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / ".gitignore").read_text() == "*\n"
    with pytest.raises(FolderInUse, match=r"in use by another sekisho \(process \d+\)"):
        DataFolder(tmp_path / "data")
    folder.close()
    DataFolder(tmp_path / "data").close()


def test_a_temporary_folder_goes_away() -> None:
    folder = DataFolder.temporary()
    (folder.path / "x").mkdir()
    folder.close()
    assert not folder.path.exists()
