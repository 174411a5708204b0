"""Changes a city's map through a copy that takes its place in one step.

The writers' lock of the map is held from before the copy until after the swap, so nobody's change
is lost; readers go on with the old file and see the new one when they open it again. A process
that waited for the lock must look whether the file was swapped: `open_locked` does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from app.data.gpkg_rows import register_functions
from app.data.staging.notice import running_import
from app.domain.errors import Busy, StorageFailure

_WAIT_S: Final = 30.0
_SPARE: Final = 64 << 20


@contextmanager
def open_locked(path: Path) -> Iterator[Any]:
    """Yield a connection to the map in a transaction that holds the writers' lock.

    Commits at the end, rolls back on an error. Raises `Busy` if another program holds the file,
    `StorageFailure` if the disk fails; what was there before is unharmed.
    """
    db: Any = None
    try:
        db = _locked(path)
        yield db
        db.execute("COMMIT")
    except dbapi2.OperationalError as error:
        raise _translated(path, error) from error
    except dbapi2.Error as error:
        raise _failed(path, error) from error
    finally:
        if db is not None:
            if db.in_transaction:
                db.execute("ROLLBACK")
            db.close()


def _locked(path: Path) -> Any:
    while True:
        if not path.exists():
            raise StorageFailure(f"{path} is missing.", advice="Is this the folder of a city?")
        before = path.stat().st_ino
        db = dbapi2.connect(str(path), timeout=_WAIT_S, isolation_level=None)
        try:
            register_functions(db)
            db.execute("BEGIN IMMEDIATE")
        except BaseException:
            db.close()
            raise
        if path.stat().st_ino == before:
            return db
        db.close()  # an import put another file in its place meanwhile


@contextmanager
def working_copy(path: Path) -> Iterator[Path]:
    """Yield a copy of the map, which takes its place if all went well. Hold the lock around it."""
    copy = path.with_name(f"{path.stem}.importing{path.suffix}")
    try:
        _clear(copy)
        _refuse_full(path)
        shutil.copyfile(path, copy)
        yield copy
        _sync(copy)
        copy.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        _clear(copy)


def _clear(copy: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        copy.with_name(copy.name + ending).unlink(missing_ok=True)


def _refuse_full(path: Path) -> None:
    need, free = path.stat().st_size + _SPARE, shutil.disk_usage(path.parent).free
    if free < need:
        raise StorageFailure(
            f"The import needs {need >> 20:,} MiB beside {path.name}; {free >> 20:,} are free.",
            advice="Make room and run the same import again; it goes on where it was.",
        )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translated(path: Path, error: Exception) -> StorageFailure:
    if "locked" in str(error) or "busy" in str(error):
        running = running_import(path)
        if running is not None:
            return running.refusal()
        return Busy(
            f"{path} is held by another program.",
            advice="Close it there (QGIS edits a snapshot, not the map) and try again.",
        )
    return _failed(path, error)


def _failed(path: Path, error: Exception) -> StorageFailure:
    return StorageFailure(
        f"{path} could not be written: {error}.",
        advice="Check free space and rights; the map is as it was before.",
    )
