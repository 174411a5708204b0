"""Small files of a person's own, written whole or not at all and readable by that person alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write `path` (mode 0600), making its folder; a reader sees the old text or the new one.

    Raises `OSError`, and leaves nothing behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def locked_private(path: Path) -> Iterator[None]:
    """Hold `path` against every other program that asks so, by a `.lock` beside it (mode 0600).

    Waits for the other one, so never on the window's thread. Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
