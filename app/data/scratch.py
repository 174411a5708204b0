"""A scratch copy of a local city, to play on without touching the city itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlcipher3 import dbapi2

from app.data.city_folder import LOG
from app.data.errors import translated_files
from app.domain.errors import StorageFailure

_LINKED = ("map.gpkg", "store")


def scratch_copy(folder: Path, to: Path, key: str | None = None) -> None:
    """Copy the city in `folder` to the new folder `to`, as it stands at one moment.

    The truth is copied through SQLite (others may be writing), map and store are linked: they
    must not be written through the copy. Raises `StorageFailure` if the disk fails.
    """
    with translated_files(to):
        to.mkdir(parents=True)
        shutil.copytree(folder / "keys", to / "keys")
        for name in _LINKED:
            if (folder / name).exists():
                (to / name).symlink_to((folder / name).resolve())
    _copy_log(folder / LOG, to / LOG, key)


def _copy_log(source: Path, target: Path, key: str | None) -> None:
    connection = dbapi2.connect(f"file:{source}?mode=ro", uri=True)
    try:
        if key is not None:
            quoted = key.replace("'", "''")
            connection.execute(f"PRAGMA key = '{quoted}'")
        connection.execute("VACUUM INTO ?", (str(target),))
    except dbapi2.Error as error:
        raise StorageFailure(
            f"{source} could not be copied: {error}. It was not changed.",
            advice="Check free space; if it is encrypted, set WANGGE_KEY.",
        ) from error
    finally:
        connection.close()
