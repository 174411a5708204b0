"""The one place where faults of databases and disks become errors of ours.

sqlcipher3 has exception classes of its own, beside those of `sqlite3`, so SQLite's faults are
told by their words, PostgreSQL's by their SQLSTATE.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, TimeoutError
from sqlcipher3 import dbapi2 as sqlcipher

from app.domain.errors import AppError, Busy, InvalidInput, StorageFailure

DISK_FULL, FOLDER_READ_ONLY = "disk_full", "folder_read_only"
_ALMOST_FULL = 1 << 20
_SAFE = "What was saved before is safe; this step was not saved."
_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SQLITE: tuple[tuple[str, str], ...] = (
    ("is locked", "locked"),
    ("disk is full", "full"),
    ("malformed", "broken"),
    ("Could not decode to UTF-8", "broken"),
    ("file is not a database", "unreadable"),
    ("disk I/O error", "io"),
    ("readonly database", "readonly"),
    ("unable to open", "unopenable"),
    ("no such table", "broken"),
)
_GONE = ("connection failed", "closed the connection", "connection is lost", "connection is closed")
_POSTGRES: tuple[tuple[str, str], ...] = (
    ("55P03", "locked"),
    ("40", "locked"),
    ("53100", "full"),
    ("57P", "gone"),
    ("08", "gone"),
    ("53300", "gone"),
    ("28", "denied"),
    ("3D000", "unopenable"),
    ("25006", "readonly"),
    ("42501", "denied"),
    ("XX00", "broken"),
    ("58", "io"),
    ("22", "value"),
)


@contextmanager
def translated(place: str) -> Generator[None]:
    """Raise faults of the database inside the block as errors of ours, naming `place`."""
    try:
        yield
    except AppError:
        raise
    except (SQLAlchemyError, sqlcipher.Error) as error:
        raise storage_error(error, place) from error
    except UnicodeDecodeError as error:  # stored text is always UTF-8, and so are SQLite's words
        raise _broken(place, "text that is no text") from error


@contextmanager
def readable(what: str) -> Generator[None]:
    """Raise what reading a stored value raises as `StorageFailure`: the value was altered."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, KeyError, InvalidInput) as error:
        raise altered(what) from error


def altered(what: str) -> StorageFailure:
    """Return the error for a stored value that cannot be read."""
    return StorageFailure(
        f"The stored {what} was altered or is broken and cannot be used.",
        advice="Copy the city away as it is, then restore the last backup.",
    )


@contextmanager
def translated_files(place: Path) -> Generator[None]:
    """Raise `OSError` inside the block as an error of ours, naming `place`."""
    try:
        yield
    except OSError as error:
        raise file_error(error, place) from error


def storage_error(error: Exception, place: str) -> AppError:
    """Return the error of ours that says what `error` means for the city at `place`."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(error, TimeoutError):
        return Busy(f"All connections to {place} are in use. {_SAFE}", advice="Try again.")
    state = getattr(cause, "sqlstate", None) or ""
    kind = _kind_of_state(state) if state else _kind_of_words(str(cause))
    if kind == "io" and _nearly_full(place):
        kind = "full"
    return _ERRORS.get(kind, _other)(place, str(cause).strip().splitlines()[0])


def file_error(error: OSError, place: Path) -> StorageFailure:
    """Return the error of ours for a fault of the file system at `place`."""
    if error.errno in _FULL_ERRNOS:
        return _full(str(place), "")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _readonly(str(place), "")
    return StorageFailure(
        f"The file {place} could not be read or written ({error.strerror or error}). {_SAFE}",
        advice="Check the disk and the rights of the folder.",
    )


def _kind_of_state(state: str) -> str:
    return next((kind for start, kind in _POSTGRES if state.startswith(start)), "other")


def _kind_of_words(words: str) -> str:
    if any(part in words for part in _GONE):
        return "gone"
    return next((kind for part, kind in _SQLITE if part in words), "other")


def _nearly_full(place: str) -> bool:
    try:
        return shutil.disk_usage(place).free < _ALMOST_FULL
    except OSError:
        return False


def _locked(place: str, _words: str) -> AppError:
    return Busy(
        f"Somebody else is writing to {place} and did not finish in time. {_SAFE}",
        advice="Try again; if it stays, look for a program that holds the file.",
    )


def _full(place: str, _words: str) -> StorageFailure:
    return StorageFailure(
        f"The disk of {place} is full. {_SAFE}",
        advice="Free some space, then do the step again.",
        code=DISK_FULL,
    )


def _broken(place: str, words: str) -> AppError:
    return StorageFailure(
        f"The database of {place} is broken or cannot be read ({words}). It was not changed.",
        advice="Copy the folder away as it is, then restore the last backup.",
    )


def _unreadable(place: str, _words: str) -> AppError:
    return StorageFailure(
        f"The database of {place} cannot be read: it is broken, or encrypted with another key. "
        "It was not changed.",
        advice="Check the key; if it is right, restore the last backup.",
    )


def _io(place: str, words: str) -> AppError:
    return StorageFailure(
        f"The disk of {place} failed ({words}). {_SAFE}", advice="Check the disk."
    )


def _readonly(place: str, _words: str) -> StorageFailure:
    return StorageFailure(
        f"{place} may not be written to. {_SAFE}",
        advice="Check the rights of the folder.",
        code=FOLDER_READ_ONLY,
    )


def _unopenable(place: str, _words: str) -> AppError:
    return StorageFailure(
        f"The database of {place} cannot be opened. Nothing was changed.",
        advice="Check that it is there and that you may read and write it.",
    )


def _gone(place: str, words: str) -> AppError:
    return StorageFailure(
        f"The database server of {place} does not answer ({words}). {_SAFE}",
        advice="Check the network and the server; work goes on when it is back.",
    )


def _denied(place: str, words: str) -> AppError:
    return StorageFailure(
        f"The database server of {place} refused this login or step ({words}). {_SAFE}",
        advice="Check name, password and rights.",
    )


def _value(place: str, words: str) -> AppError:
    return InvalidInput(f"The database of {place} cannot hold a value ({words}). {_SAFE}")


def _other(place: str, words: str) -> AppError:
    return StorageFailure(
        f"The database of {place} refused a step ({words}). {_SAFE}",
        advice="Report this with the log; it is a fault of the program.",
    )


_ERRORS = {
    "locked": _locked,
    "full": _full,
    "broken": _broken,
    "unreadable": _unreadable,
    "io": _io,
    "readonly": _readonly,
    "unopenable": _unopenable,
    "gone": _gone,
    "denied": _denied,
    "value": _value,
}
