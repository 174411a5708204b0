"""Refuses archives that unpack to more than any honest one of their kind."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Final

from app.domain.errors import InvalidInput

LARGEST: Final = 2 << 30
_BOMB_FROM: Final = 256 << 20
_BOMB_RATIO: Final = 200


def refuse_bomb(path: Path, file: IO[bytes] | None = None) -> None:
    """Raise InvalidInput (field `source`) if a zip unpacks to too much; raises BadZipFile."""
    with zipfile.ZipFile(file or path) as archive:
        entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if size > LARGEST or (size > _BOMB_FROM and size > _BOMB_RATIO * packed):
        raise InvalidInput(
            f"{path.name} unpacks to {size >> 20:,} MiB from {packed >> 10:,} KiB.",
            advice="Nothing was imported. Unpack it and name the file that is meant, or use CSV.",
            field="source",
        )
