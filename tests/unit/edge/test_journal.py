"""The journal: one write per batch, torn tails, rotation, a disk that refuses."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from sekisho.edge import journal as module
from sekisho.edge.journal import Journal, Position, segment_path, segments


def test_positions_and_rotation(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=10)
    assert journal.append(b"[1]\n[2]\n") and journal.position == Position(1, 8)
    assert journal.append(b"[3]\n") and journal.position == Position(1, 12)
    assert journal.append(b"[4]\n") and journal.position == Position(2, 4)
    assert segments(tmp_path) == [1, 2] and journal.written == 16
    journal.close()
    again = Journal(tmp_path, segment_bytes=10)
    assert again.position == Position(2, 4)
    again.close()
    assert segment_path(tmp_path, 1).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b"", b"[2", b"x" * 200_000])
def test_a_torn_tail_is_cut(tmp_path: Path, torn: bytes) -> None:
    segment_path(tmp_path, 1).write_bytes(b"[1]\n" + torn)
    journal = Journal(tmp_path)
    assert journal.position == Position(1, 4)
    journal.append(b"[3]\n")
    journal.close()
    assert segment_path(tmp_path, 1).read_bytes() == b"[1]\n[3]\n"


def test_a_full_disk_holds_lines_and_leaves_no_half_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path)
    journal.append(b"[1]\n")
    real = os.write
    full = True

    def write(fd: int, data: Any) -> int:
        if not full:
            return real(fd, data)
        if 2 < len(data) < 100:
            return real(fd, bytes(data[:2]))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.write", write)
    assert not journal.append(b"[2]\n")
    assert not journal.append(b"[3]\n")
    assert "No space" in journal.lost_sight and not journal.overloaded
    assert segment_path(tmp_path, 1).read_bytes() == b"[1]\n"
    journal.append(b"x" * module.HELD_BYTES + b"\n")
    assert journal.overloaded
    full = False
    journal.retry()
    assert not journal.lost_sight and not journal.overloaded
    assert segment_path(tmp_path, 1).read_bytes().startswith(b"[1]\n[2]\n[3]\nxxx")
    journal.close()
    assert "held in memory" in capsys.readouterr().err
