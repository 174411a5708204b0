"""Real-looking places of a built city: addresses with the areas that hold them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.data.map_target import MapTables, open_map
from app.domain.areas import Area, Tier
from app.domain.errors import NotFound
from app.services.ports import AreaIndex

_AREAS = "SELECT uid, tier, code, name, parent_uid, platform FROM area WHERE valid_to IS NULL"
_PLACES = "SELECT fid, address, grid_uid, geom FROM place WHERE fid IN ({}) ORDER BY fid"
_GRIDS = "SELECT fid, uid, geom FROM area WHERE tier = 'grid' AND valid_to IS NULL ORDER BY fid"
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


def read_spots(place: Path | str, count: int, chance: random.Random) -> list[Spot]:
    """Return up to `count` places of the city in a folder or at an address, drawn by `chance`.

    Takes address points; in a city without any, the middles of grids. Raises `NotFound` if it
    has neither.
    """
    with open_map(place) as tables:
        index = tables.index()
        try:
            areas = _read_areas(tables)
            spots = _spots(_places(tables, count, chance), areas, index, tables)
            if not spots:
                spots = _spots(_grids(tables, count, chance), areas, index, tables)
        finally:
            index.close()
    if not spots:
        raise NotFound("The city has neither addresses nor grids yet.", advice="Import some.")
    chance.shuffle(spots)
    return spots


def read_areas(place: Path | str) -> list[Area]:
    """Return all areas above the grids, without their shapes."""
    from datetime import UTC, datetime

    with open_map(place) as tables:
        areas = _read_areas(tables)
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return [
        Area(uid, Tier(tier), code, name, parent, start, platform=platform)
        for uid, (tier, code, name, parent, platform) in areas.by_uid.items()
        if tier in (Tier.CITY, Tier.DISTRICT, Tier.STREET)
    ]


def _read_areas(tables: MapTables) -> _Areas:
    return _Areas(
        {
            UUID(bytes=bytes(uid)): (
                tier,
                code or "",
                name or "",
                UUID(bytes=bytes(parent)) if parent else None,
                bool(platform),
            )
            for uid, tier, code, name, parent, platform in tables.ask(_AREAS)
        }
    )


def _places(tables: MapTables, count: int, chance: random.Random) -> list[tuple[Any, ...]]:
    most = tables.ask("SELECT max(fid) FROM place")[0][0] or 0
    wanted = sorted(chance.sample(range(1, most + 1), min(count, most)))
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        rows += tables.ask(_PLACES.format(",".join(map(str, part))))
    return rows


def _grids(tables: MapTables, count: int, chance: random.Random) -> list[tuple[Any, ...]]:
    rows = tables.ask(_GRIDS)
    drawn = chance.sample(rows, min(count, len(rows)))
    return [(fid, "", uid, geom) for fid, uid, geom in drawn]


def _spots(
    rows: Sequence[tuple[Any, ...]], areas: _Areas, index: AreaIndex, tables: MapTables
) -> list[Spot]:
    return [spot for row in rows if (spot := _spot(row, areas, index, tables)) is not None]


def _spot(row: tuple[Any, ...], areas: _Areas, index: AreaIndex, tables: MapTables) -> Spot | None:
    _, address, grid_bytes, blob = row
    point = tables.shape(blob).representative_point()
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


def _grid_at(index: AreaIndex, lon: float, lat: float) -> UUID | None:
    grid = index.at(lon, lat).grid
    return grid.uid if grid else None
