"""Who plays the machine's roles on a local city: one process, by a lock on `roles.lock`.

The kernel drops the lock when its holder ends, however it ends, so another takes over at its
next try.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from app.data.errors import translated_files


class RoleLock:
    """The lock of one city folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "roles.lock"
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._handle is not None

    def try_take(self) -> bool:
        """Take it if nobody else holds it; return whether we hold it now. Never waits."""
        if self._handle is not None:
            return True
        with translated_files(self._path):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle
        return True

    def holder(self) -> int | None:
        """Return the process that holds it, as far as the file says."""
        try:
            text = self._path.read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return int(text) if text.isdigit() else None

    def release(self) -> None:
        """Let go of it; harmless when not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
