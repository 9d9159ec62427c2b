from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.edge.archives import BadArchive, remove, unpack


def archive(*entries: tuple[str, bytes, int]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return buffer.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_files_folders_and_executable_bits(tmp_path: Path) -> None:
    data = archive(
        ("app.py", b"x = 1\n", 0o100600), ("pkg/", b"", 0o40755), ("pkg/tool", b"#!", 0o104755), ("a/b/c.txt", b"c", 0)
    )
    folder = unpack(data, tmp_path, sha(data))
    assert folder == tmp_path / sha(data)
    assert (folder / "app.py").read_bytes() == b"x = 1\n"
    assert (folder / "a/b/c.txt").read_bytes() == b"c"
    assert stat.S_IMODE((folder / "app.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((folder / "pkg/tool").stat().st_mode) == 0o555
    assert stat.S_IMODE((folder / "pkg").stat().st_mode) == 0o555
    assert [entry.name for entry in tmp_path.iterdir()] == [sha(data)]
    assert unpack(b"not looked at", tmp_path, sha(data)) == folder
    remove(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../evil", 0o100644),
        ("a/../../evil", 0o100644),
        ("/etc/evil", 0o100644),
        ("..\\evil", 0o100644),
        ("C:evil", 0o100644),
        ("link", stat.S_IFLNK | 0o777),
        ("device", stat.S_IFBLK | 0o644),
        ("x" * 300, 0o100644),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    data = archive(("good.py", b"", 0o100644), (name, b"/etc/passwd", mode))
    with pytest.raises(BadArchive):
        unpack(data, tmp_path / "code", sha(data))
    assert list((tmp_path / "code").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_a_bomb_is_refused_before_and_while_unpacking(tmp_path: Path) -> None:
    data = archive(("big", bytes(1_000_000), 0o100644))
    with pytest.raises(BadArchive, match="Unzipped size must be smaller"):
        unpack(data, tmp_path, sha(data), max_bytes=999_999)
    # The directory lies about the size: the header's 1,000,000 becomes 1.
    lying = data.replace((1_000_000).to_bytes(4, "little"), (1).to_bytes(4, "little"))
    with pytest.raises(BadArchive):
        unpack(lying, tmp_path, sha(lying), max_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_a_folder_too(tmp_path: Path) -> None:
    data = archive(("a", b"1", 0o100644), ("a/b", b"2", 0o100644))
    with pytest.raises(BadArchive):
        unpack(data, tmp_path, sha(data))


def test_a_name_that_comes_twice(tmp_path: Path) -> None:
    buffer = io.BytesIO(archive(("a", b"1", 0o100644)))
    with zipfile.ZipFile(buffer, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("a", b"2")
    data = buffer.getvalue()
    assert (unpack(data, tmp_path, sha(data)) / "a").read_bytes() == b"2"


def test_the_key_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        unpack(archive(), tmp_path, "../x")


@given(st.binary(max_size=300))
def test_garbage(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with pytest.raises(BadArchive):
        unpack(data, tmp_path_factory.getbasetemp() / "garbage", sha(data))
