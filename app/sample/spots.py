"""Real-looking places of a built city: addresses with the areas that hold them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlcipher3 import dbapi2

from app.data.gpkg_rows import decode_geometry
from app.data.map_index import MapIndex
from app.domain.areas import Area, Tier
from app.domain.errors import NotFound

_AREAS = "SELECT uid, tier, code, name, parent_uid, platform FROM area WHERE valid_to IS NULL"
_PLACES = "SELECT fid, address, grid_uid, geom FROM place WHERE fid IN ({})"
_GRIDS = "SELECT fid, uid, geom FROM area WHERE tier = 'grid' AND valid_to IS NULL"
_BATCH = 900


@dataclass(frozen=True)
class Spot:
    """A place (degrees WGS 84) with its address and the areas that hold it."""

    lon: float
    lat: float
    address: str
    grid: UUID
    grid_code: str
    street: UUID
    district: UUID
    district_code: str
    platform: bool


@dataclass(frozen=True)
class _Areas:
    by_uid: Mapping[UUID, tuple[str, str, str, UUID | None, bool]]

    def above(self, uid: UUID, tier: Tier) -> UUID | None:
        at: UUID | None = uid
        while at is not None and at in self.by_uid:
            if self.by_uid[at][0] == tier:
                return at
            at = self.by_uid[at][3]
        return None


def read_spots(folder: Path, count: int, chance: random.Random) -> list[Spot]:
    """Return up to `count` places of the city in `folder`, drawn by `chance`.

    Takes address points; in a city without any, the middles of grids. Raises `NotFound` if it
    has neither.
    """
    connection = dbapi2.connect(f"file:{folder / 'map.gpkg'}?mode=ro", uri=True)
    index = MapIndex(folder)
    try:
        areas = _read_areas(connection)
        spots = _spots(_places(connection, count, chance), areas, index)
        if not spots:
            spots = _spots(_grids(connection, count, chance), areas, index)
    finally:
        index.close()
        connection.close()
    if not spots:
        raise NotFound("The city has neither addresses nor grids yet.", advice="Import some.")
    chance.shuffle(spots)
    return spots


def read_areas(folder: Path) -> list[Area]:
    """Return all areas above the grids, without their shapes."""
    from datetime import UTC, datetime

    connection = dbapi2.connect(f"file:{folder / 'map.gpkg'}?mode=ro", uri=True)
    try:
        areas = _read_areas(connection)
    finally:
        connection.close()
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return [
        Area(uid, Tier(tier), code, name, parent, start, platform=platform)
        for uid, (tier, code, name, parent, platform) in areas.by_uid.items()
        if tier in (Tier.CITY, Tier.DISTRICT, Tier.STREET)
    ]


def _read_areas(connection: Any) -> _Areas:
    return _Areas(
        {
            UUID(bytes=bytes(uid)): (
                tier,
                code or "",
                name or "",
                UUID(bytes=bytes(parent)) if parent else None,
                bool(platform),
            )
            for uid, tier, code, name, parent, platform in connection.execute(_AREAS)
        }
    )


def _places(connection: Any, count: int, chance: random.Random) -> list[tuple[Any, ...]]:
    most = connection.execute("SELECT max(fid) FROM place").fetchone()[0] or 0
    wanted = sorted(chance.sample(range(1, most + 1), min(count, most)))
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        marks = ",".join("?" * len(part))
        rows += connection.execute(_PLACES.format(marks), part).fetchall()
    return rows


def _grids(connection: Any, count: int, chance: random.Random) -> list[tuple[Any, ...]]:
    rows: Sequence[tuple[Any, ...]] = connection.execute(_GRIDS).fetchall()
    drawn = chance.sample(list(rows), min(count, len(rows)))
    return [(fid, "", uid, geom) for fid, uid, geom in drawn]


def _spots(rows: Sequence[tuple[Any, ...]], areas: _Areas, index: MapIndex) -> list[Spot]:
    return [spot for row in rows if (spot := _spot(row, areas, index)) is not None]


def _spot(row: tuple[Any, ...], areas: _Areas, index: MapIndex) -> Spot | None:
    _, address, grid_bytes, blob = row
    point = decode_geometry(bytes(blob)).representative_point()
    grid = UUID(bytes=bytes(grid_bytes)) if grid_bytes else _grid_at(index, point.x, point.y)
    if grid is None:
        return None
    street, district = areas.above(grid, Tier.STREET), areas.above(grid, Tier.DISTRICT)
    if street is None or district is None:
        return None
    named = areas.by_uid[street]
    return Spot(
        point.x,
        point.y,
        address or named[2],
        grid,
        areas.by_uid[grid][1],
        street,
        district,
        areas.by_uid[district][1],
        named[4],
    )


def _grid_at(index: MapIndex, lon: float, lat: float) -> UUID | None:
    grid = index.at(lon, lat).grid
    return grid.uid if grid else None
