"""Archives are judged from bytes: what Lambda accepts, and what a hostile uploader tries."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scenes.functions import zipped

from sekisho.services.lambda_.archive import BROKEN, EMPTY, TOO_BIG, problem


def linked(name: str, destination: str, *files: str) -> bytes:
    """An archive with a symbolic link and some files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo(name)
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, destination)
        for file in files:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name given twice is the point of one test
                archive.writestr(file, "x")
    return out.getvalue()


def test_an_ordinary_archive_is_accepted() -> None:
    assert problem(zipped({"app.py": "x = 1", "lib/": "", "lib/deep/module.py": "y", "größe.txt": "z"})) is None


@pytest.mark.parametrize("archive", [b"", zipped({"only/": ""})])
def test_archives_without_files_are_empty(archive: bytes) -> None:
    found = problem(archive)
    assert found is not None
    assert found.message == EMPTY


@pytest.mark.parametrize("archive", [b"no zip at all", zipped()[:-10], zipped()[20:]])
def test_damaged_archives_cannot_be_unzipped(archive: bytes) -> None:
    found = problem(archive)
    assert found is not None
    assert found.message == BROKEN


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\\..\\..\\x", "C:/x", "a/.."])
def test_paths_that_leave_the_directory_are_refused(name: str) -> None:
    found = problem(zipped({"app.py": "x", name: "evil"}))
    assert found is not None
    assert found.message == BROKEN
    assert "outside" in found.detail


@pytest.mark.parametrize(
    ("name", "destination"),
    [("a", "/etc/passwd"), ("a", "../x"), ("d/a", "../../x"), ("a", "b/../../x"), ("a", ""), ("d/a", "..\\..\\x")],
)
def test_links_that_leave_the_directory_are_refused(name: str, destination: str) -> None:
    assert problem(linked(name, destination, "app.py")) is not None


def test_links_inside_are_accepted() -> None:
    assert problem(linked("d/a", "../app.py", "app.py")) is None
    assert problem(linked("a", "d/x", "d/x")) is None


def test_nothing_is_unpacked_below_a_link() -> None:
    found = problem(linked("a", "d", "a/evil.py"))
    assert found is not None
    assert "below a link" in found.detail


def test_nothing_is_written_through_a_link() -> None:
    found = problem(linked("a", "d", "a"))
    assert found is not None
    assert "name of a link" in found.detail


def test_names_may_come_twice_as_with_unzip() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", "old")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("app.py", "new")
    assert problem(out.getvalue()) is None


def test_special_files_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        device = zipfile.ZipInfo("null")
        device.external_attr = (stat.S_IFCHR | 0o666) << 16
        archive.writestr(device, "")
    assert problem(out.getvalue()) is not None


def test_declared_sizes_are_summed_before_anything_is_unpacked() -> None:
    found = problem(zipped({"a": b"\0" * 600, "b": b"\0" * 600}), limit=1000)
    assert found is not None
    assert (found.message, found.detail) == (TOO_BIG, "declared sizes")


def test_a_size_that_lies_is_noticed_while_reading() -> None:
    content = zipped({"a": b"\0" * 100_000})
    size = struct.pack("<L", 100_000)
    assert content.count(size) == 2  # the entry's own header and the directory
    assert problem(content.replace(size, struct.pack("<L", 10))) is not None


def test_the_limit_itself_fits() -> None:
    assert problem(zipped({"a": b"\0" * 1000}), limit=1000) is None
    assert problem(zipped({"a": b"\0" * 1001}), limit=1000) is not None


def test_encrypted_entries_are_refused() -> None:
    content = bytearray(zipped({"a": "x"}))
    directory = content.find(b"PK\x01\x02")
    content[directory + 8] |= 1
    found = problem(bytes(content))
    assert found is not None
    assert "encrypted" in found.detail


def test_checksums_are_verified() -> None:
    content = bytearray(zipped({"a": "some text that is long enough"}))
    crc = struct.unpack_from("<L", content, 14)[0]
    broken = bytes(content).replace(struct.pack("<L", crc), struct.pack("<L", crc ^ 1))
    assert problem(broken) is not None


@settings(max_examples=200)
@given(st.binary(max_size=200), st.data())
def test_no_bytes_raise(noise: bytes, data: st.DataObject) -> None:
    good = bytearray(zipped({"app.py": "x = 1", "b": "y" * 50}))
    for _ in range(data.draw(st.integers(0, 5))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    problem(bytes(good))
    problem(bytes(good) + noise)
    problem(noise)
