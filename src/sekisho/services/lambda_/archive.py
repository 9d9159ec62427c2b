"""What may be uploaded as a function's code: a zip archive, judged from its bytes alone.

Theory of operation. The directory is judged first, since it is cheap: how many entries, which names, what they claim
to unpack to. Then every entry is read to the end in small pieces and counted, because a header can lie: an archive is
only accepted when all of it has been seen and its checksums hold. Nothing is written anywhere.

Limits are Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import io
import posixpath
import stat
import zipfile
import zlib
from typing import NamedTuple

MAX_ZIPPED = 50 * 1024 * 1024
"""Bytes of an archive that is part of the request."""
MAX_UNZIPPED = 262_144_000
MAX_ENTRIES = 65_535
"""What fits a zip directory without its 64-bit extension, and more files than a function needs."""
MAX_LINK = 4096
"""Bytes of a symbolic link's target."""
_PIECE = 1 << 20

BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
TOO_BIG = f"Unzipped size must be smaller than {MAX_UNZIPPED} bytes"


class Problem(NamedTuple):
    """Why an archive is refused: AWS's message, and what in the archive is the reason."""

    message: str
    detail: str


def problem(archive: bytes, *, limit: int = MAX_UNZIPPED) -> Problem | None:
    """Why ``archive`` cannot be a function's code, or None. Total: never raises, memory is bounded."""
    if not archive:
        return Problem(EMPTY, "no bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            return _directory_problem(entries, limit) or _content_problem(opened, entries, limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        return Problem(BROKEN, str(error))
    except (AssertionError, IndexError, KeyError, OverflowError, MemoryError, SyntaxError) as error:
        # The reader was written for well-meant archives; whatever a hostile one provokes is a broken archive.
        return Problem(BROKEN, type(error).__name__)


def _directory_problem(entries: list[zipfile.ZipInfo], limit: int) -> Problem | None:
    if not any(not entry.is_dir() for entry in entries):
        return Problem(EMPTY, "no files")
    if len(entries) > MAX_ENTRIES:
        return Problem(BROKEN, f"more than {MAX_ENTRIES} entries")
    total = 0
    for entry in entries:
        if entry.flag_bits & 0x1:
            return Problem(BROKEN, f"{entry.filename} is encrypted")
        if _escapes(entry.filename):
            return Problem(BROKEN, f"{entry.filename} would be unpacked outside of the function's directory")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            return Problem(BROKEN, f"{entry.filename} is neither a file, a directory nor a link")
        total += entry.file_size
        if total > limit:
            return Problem(TOO_BIG, "declared sizes")
    return _nesting_problem(entries)


def _nesting_problem(entries: list[zipfile.ZipInfo]) -> Problem | None:
    """An entry below a link, or of the same name, would be written wherever the link points."""
    links = {entry.filename.rstrip("/") for entry in entries if _is_link(entry)}
    if not links:
        return None
    for entry in entries:
        if entry.filename.rstrip("/") in links and not _is_link(entry):
            return Problem(BROKEN, f"{entry.filename} has the name of a link")
        parent = posixpath.dirname(entry.filename.rstrip("/"))
        while parent:
            if parent in links:
                return Problem(BROKEN, f"{entry.filename} lies below a link")
            parent = posixpath.dirname(parent)
    return None


def _content_problem(opened: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limit: int) -> Problem | None:
    total = 0
    for entry in entries:
        if entry.is_dir():
            continue
        link = _is_link(entry)
        head = b""
        with opened.open(entry) as content:
            while piece := content.read(_PIECE):
                total += len(piece)
                if total > limit:
                    return Problem(TOO_BIG, entry.filename)
                if link:
                    head += piece
                    if len(head) > MAX_LINK:
                        return Problem(BROKEN, f"{entry.filename} is a link with an endless target")
        if link and _link_escapes(entry.filename, head):
            return Problem(BROKEN, f"{entry.filename} is a link that leaves the function's directory")
    return None


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _escapes(name: str) -> bool:
    """Whether ``name`` is anything but a plain relative path. Backslashes separate where Windows wrote the archive."""
    path = name.replace("\\", "/")
    if not path or path.startswith("/") or "\0" in path or path[1:2] == ":":
        return True
    return ".." in path.split("/")


def _link_escapes(name: str, content: bytes) -> bool:
    destination = content.decode("utf-8", "replace")
    if not destination or destination.startswith("/") or "\0" in destination or "\\" in destination:
        return True
    parts = destination.split("/")
    ups = 0
    while ups < len(parts) and parts[ups] == "..":
        ups += 1
    # Steps up come first only: after a step through another link they would start from somewhere else than it reads.
    if ".." in parts[ups:]:
        return True
    return ups > len([part for part in posixpath.dirname(name).split("/") if part not in ("", ".")])
