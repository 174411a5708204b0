"""Writes selected parts out: by their rows in the map, as a person chose them on the screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.data.city import SqlCity
from app.data.exporting import EVERYTHING, export_city
from app.data.map_target import map_target
from app.data.readers.keys import Uids
from app.data.selection import UidSet
from app.data.staging.meter import Progress
from app.domain.errors import InvalidInput

_CHUNK = 200_000


def export_parts(city: SqlCity, fids: NDArray[np.uint32], out: Path, progress: Progress) -> int:
    """Write the parts in rows `fids` of the map to `out`; returns how many.

    The ending of `out` chooses the form. Raises as `exporting.export_city`, and `InvalidInput` if
    there are none or the map has changed so that some are gone.
    """
    ids = UidSet(_uids(city, fids))
    if not len(ids) or len(ids) != len(np.unique(fids)):
        raise InvalidInput(
            f"Of {len(fids)} selected parts the map has {len(ids)}.",
            advice="Select them again.",
            field="selection",
        )
    summary = export_city(city, "parts", out, progress, replace(EVERYTHING, ids=ids))
    return int(summary["rows"])


def _uids(city: SqlCity, fids: NDArray[np.uint32]) -> Uids:
    """Return the uids of rows, shape (rows, 16), read piece by piece."""
    if not len(fids):
        return np.zeros((0, 16), np.uint8)
    target = map_target(city)
    last = int(fids.max())
    wanted = np.zeros(last + 1, np.bool_)
    wanted[fids] = True
    found = bytearray()
    for first in range(0, last + 1, _CHUNK):
        stop = min(first + _CHUNK, last + 1)
        if not wanted[first:stop].any():
            continue
        rows = target.ask(f"SELECT fid, uid FROM part WHERE fid >= {first} AND fid < {stop}")
        found += b"".join(_bytes(uid) for fid, uid in rows if wanted[fid])
    return np.frombuffer(found, np.uint8).reshape(-1, 16)


def _bytes(value: object) -> bytes:
    return value.bytes if isinstance(value, UUID) else bytes(value)  # type: ignore[call-overload]
