"""Tells whether a local map has changed, without the weight of what reads maps."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.domain.errors import StorageFailure


def fingerprint(folder: Path) -> str:
    """Return a text that changes whenever `map.gpkg` does: from its size and time of change."""
    try:
        stat = (folder / "map.gpkg").stat()
    except OSError as error:
        raise StorageFailure(
            f"{folder / 'map.gpkg'} is missing.", advice="Restore it from a copy."
        ) from error
    return hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:32]
