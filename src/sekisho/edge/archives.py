"""Deployment packages: zip bytes become a folder that sandboxes share, safely and at once.

Theory of operation
-------------------
An archive is hostile: names that climb out, absolute names, links, devices, a few kilobytes that unpack to terabytes.
Everything is judged from the directory before a byte is written; sizes are then enforced again while unpacking,
because a directory may lie. The folder is built under another name and renamed into place, so that a folder of that
name is always complete. Its name is the archive's SHA-256: unpacking twice is harmless.

Limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (250 MB unzipped).
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

MAX_BYTES = 262_144_000
MAX_ENTRIES = 100_000
_CHUNK = 1 << 16
_SHA = re.compile(r"[0-9a-fA-F]{64}")


class BadArchive(Exception):
    """The archive cannot be used; the text says why, for the function's developer."""


def unpack(data: bytes, folder: Path, sha256: str, *, max_bytes: int = MAX_BYTES) -> Path:
    """Unpack ``data`` below ``folder`` and return the folder made; existing ones are taken as they are.

    Blocking; call it from a thread. Raises BadArchive for archives and OSError for disks.
    """
    if not _SHA.fullmatch(sha256):
        raise BadArchive("not a SHA-256 in hexadecimal")
    target = folder / sha256.lower()
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".{sha256.lower()}.{os.getpid()}.{os.urandom(4).hex()}"
    scratch.mkdir()
    try:
        _fill(data, scratch, max_bytes)
        _seal(scratch)
        _publish(scratch, target)
    finally:
        remove(scratch)
    return target


def remove(folder: Path) -> None:
    """Delete an unpacked folder, sealed or not."""
    if not folder.exists():
        return
    for base, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(base).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _publish(scratch: Path, target: Path) -> None:
    scratch.chmod(0o700)  # renaming a folder that one may not write is refused on some systems
    try:
        scratch.rename(target)
    except OSError:
        if not target.is_dir():  # somebody else made it meanwhile: theirs is as good
            raise
        return
    target.chmod(0o555)


def _fill(data: bytes, scratch: Path, max_bytes: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _judge(entries, max_bytes)
            left = max_bytes
            for entry in entries:
                left -= _write(archive, entry, scratch, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as problem:
        raise BadArchive(f"could not unzip: {problem}") from problem
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as problem:
        raise BadArchive("an entry is both a file and a folder") from problem
    except OSError as problem:
        if problem.errno != errno.ENAMETOOLONG:
            raise
        raise BadArchive("an entry's name is too long") from problem


def _judge(entries: list[zipfile.ZipInfo], max_bytes: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise BadArchive(f"more than {MAX_ENTRIES} entries")
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise BadArchive(f"Unzipped size must be smaller than {max_bytes} bytes")
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "\0" in name or re.match(r"[A-Za-z]:", name):
            raise BadArchive(f"entry {name!r} leaves the package")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadArchive(f"entry {name!r} is neither a file nor a folder")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, scratch: Path, left: int) -> int:
    """Write one entry and return its size."""
    path = scratch / entry.filename
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # names may come twice; the last wins, as with unzip
    size = 0
    with archive.open(entry) as source, path.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise BadArchive("unpacks to more than its directory says")
            sink.write(chunk)
    # Everybody may read what Lambda would run as another user; only the executable bit is the archive's to give.
    executable = (entry.external_attr >> 16) & 0o111
    path.chmod(0o555 if executable else 0o444)
    return size


def _seal(scratch: Path) -> None:
    for base, folders, _ in os.walk(scratch):
        for name in folders:
            (Path(base) / name).chmod(0o555)
