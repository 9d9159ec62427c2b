"""The data folder: private, invisible to git, and used by one server at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path


class FolderInUse(Exception):
    """Another server holds the data folder. ``str()`` says which."""


class DataFolder:
    """A locked data folder. Raises FolderInUse, or OSError when it cannot be made."""

    def __init__(self, path: Path, *, ephemeral: bool = False) -> None:
        self.path = path
        self._ephemeral = ephemeral
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._lock)
            raise FolderInUse(
                f"{path} is in use by another sekisho (process {holder}). Stop it, or choose another --data-dir."
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        ignore = path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="ascii")

    @classmethod
    def temporary(cls) -> DataFolder:
        """A folder that is removed when it is closed."""
        return cls(Path(tempfile.mkdtemp(prefix="sekisho-")), ephemeral=True)

    def close(self) -> None:
        os.close(self._lock)
        if self._ephemeral:
            shutil.rmtree(self.path, ignore_errors=True)
