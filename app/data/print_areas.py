"""Which areas a printed atlas or a kept base map covers: names, rows and boxes of a local map."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.areas import Tier
from app.domain.camera import Bounds
from app.domain.errors import NotFound, StorageFailure
from app.domain.geodesy import CityFrame

_ONE = """
SELECT a.fid, a.code, coalesce(a.name, ''), a.tier, r.minx, r.miny, r.maxx, r.maxy
FROM area a JOIN rtree_area_geom r ON r.id = a.fid WHERE a.valid_to IS NULL
"""
_BELOW = f"""
WITH RECURSIVE below(uid) AS (
  SELECT uid FROM area WHERE code = :code AND valid_to IS NULL
  UNION SELECT area.uid FROM area JOIN below ON area.parent_uid = below.uid
  WHERE area.tier <> 'grid')
{_ONE} AND a.tier = :tier AND (a.parent_uid IN (SELECT uid FROM below) OR a.code = :code)
ORDER BY a.code
"""


@dataclass(frozen=True)
class PrintArea:
    """One area: its row in the map, code, name, tier, and its box in local metres."""

    fid: int
    code: str
    name: str
    tier: str
    box: Bounds


def area_named(folder: Path, frame: CityFrame, code: str) -> PrintArea:
    """Return the area of a code; raises `NotFound`, `StorageFailure`."""
    found = _read(folder, frame, f"{_ONE} AND a.code = :code ORDER BY a.fid", {"code": code})
    if not found:
        raise NotFound(f"There is no area with code {code}.", field="area")
    return found[0]


def area_of_city(folder: Path, frame: CityFrame) -> PrintArea:
    """Return the area that is the whole city; raises `NotFound`, `StorageFailure`."""
    found = _read(folder, frame, f"{_ONE} AND a.tier = 'city' ORDER BY a.fid", {})
    if not found:
        raise NotFound("This map has no area that is the whole city.", field="area")
    return found[0]


def areas_below(folder: Path, frame: CityFrame, code: str, tier: Tier) -> list[PrintArea]:
    """Return the areas of a tier in the area of a code (itself, if it is of that tier), by code.

    Raises `NotFound` where there are none, `StorageFailure`.
    """
    area_named(folder, frame, code)
    found = _read(folder, frame, _BELOW, {"code": code, "tier": tier.value})
    if not found:
        raise NotFound(f"Area {code} has no areas of tier {tier.value}.", field="atlas")
    return found


def _read(folder: Path, frame: CityFrame, query: str, given: dict[str, str]) -> list[PrintArea]:
    path = folder / "map.gpkg"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            rows = opened.execute(query, given).fetchall()
    except sqlite3.Error as error:
        raise StorageFailure(
            f"{path} cannot be read: {error}", advice="Restore it from a copy."
        ) from error
    return [
        PrintArea(fid, code, name, tier, _box(frame, *corners))
        for fid, code, name, tier, *corners in rows
    ]


def _box(frame: CityFrame, west: float, south: float, east: float, north: float) -> Bounds:
    """Return the box in local metres that holds a box of degrees."""
    lon = np.array([west, east, east, west, (west + east) / 2, (west + east) / 2])
    lat = np.array([south, south, north, north, south, north])
    x, y = frame.to_xy(lon, lat)
    return Bounds(float(x.min()), float(y.min()), float(x.max()), float(y.max()))
