"""Who plays the machine's roles on a city: one process, by a lock that ends with it.

On a local city it is a lock on `roles.lock`, which the kernel drops when its holder ends, however
it ends; for a remote one see `postgis_roles`. Another process takes over at its next try.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

from app.data.errors import translated_files

ROLES = ("dispatch", "deadlines", "intake")


class RoleLock(Protocol):
    """The roles of one city, as far as this process holds them."""

    @property
    def held(self) -> bool:
        """Whether we hold all of them now."""
        ...

    def holds(self, role: str) -> bool:
        """Whether we hold that one of `ROLES` now."""
        ...

    def try_take(self) -> bool:
        """Take what nobody else holds; return `held`. Never waits for another holder."""
        ...

    def holder(self) -> int | None:
        """Return the process (of the server: its session) that holds one, if any is known."""
        ...

    def release(self) -> None:
        """Let go of them; harmless when not held."""
        ...


class FolderRoleLock:
    """The lock of one city folder: all roles at once. Fulfils `RoleLock`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "roles.lock"
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._handle is not None

    def holds(self, role: str) -> bool:
        """Whether we hold `role`."""
        return role in ROLES and self.held

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


class NoRoles:
    """What a process holds that never plays: a window on a remote city. Fulfils `RoleLock`."""

    held = False

    def holds(self, role: str) -> bool:
        """Hold nothing."""
        return False

    def try_take(self) -> bool:
        """Take nothing."""
        return False

    def holder(self) -> int | None:
        """Know of nobody."""
        return None

    def release(self) -> None:
        """Have nothing to let go."""
