"""A city on real data: an empty one to import into, and made-up grids and people 示意 for it.

Real street polygons come without grids and rolls (neither is published). `complete_city` cuts
square grids of about 0.16 km² into every street that has none and draws up the rolls, so that
reports can go the whole way; what it makes is marked as sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from app.data.bulk import empty_tables
from app.data.city import SqlCity
from app.data.city_folder import create_city
from app.data.map_schema import LAYERS
from app.data.map_target import MapTables, map_target, write_tables
from app.domain.geodesy import CityFrame
from app.runtime.jobs import wall_ms
from app.sample.chance import uid_of
from app.sample.create import Progress
from app.sample.ground import Ground, read_ground
from app.sample.records import make_rolls
from app.sample.spots import read_areas
from app.services.views import CityFacts

SIDE_M = 400.0  # 0.16 km², Shanghai's average
_SLIVER = 0.3  # of a whole cell: smaller pieces join a neighbour
_A_COMMUNITY = 900  # grids under one three-digit number
_STREETS = (
    "SELECT uid, code, geom FROM area s WHERE tier = 'street' AND valid_to IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM area g WHERE g.tier = 'grid' AND g.parent_uid = s.uid) ORDER BY code, uid"
)


def create_empty_city(out: Path | str, code: str, seed: int, progress: Progress) -> dict[str, Any]:
    """Make a city that holds nothing but its own real outline, to import into.

    Raises `InvalidInput` if `out` is there already or no Chinese city has the `code`.
    """
    ground = read_ground(code, np.random.default_rng(seed))
    facts = CityFacts(
        uid=uid_of(seed, "city", code, "real"),
        name=ground.name,
        code=code,
        lon0=ground.frame.lon0,
        lat0=ground.frame.lat0,
        sample=False,
        created_at=datetime.fromtimestamp(wall_ms() / 1000, UTC).isoformat(),
    )
    city = create_city(out, facts)
    try:
        tables = empty_tables() | {"area": [_outline(ground, facts)]}
        write_tables(city, tables, progress)
    finally:
        city.close()
    return {"city": city.place, "name": ground.name, "sample": False}


def complete_city(
    city: SqlCity, place: Path | str, seed: int, progress: Progress
) -> dict[str, Any]:
    """Make grids and rolls where there are none; a second call adds nothing.

    Signs for it with one `import` action. Returns how many of each were added.
    """
    progress("grids", 0.0)
    tables = map_target(city)
    batches = list(_grid_batches(tables, CityFrame(city.facts.lon0, city.facts.lat0), seed))
    added = tables.append("area", batches, lambda _rows: None).added if batches else 0
    progress("grids", 1.0)
    with city.begin(write=True) as uow:
        rolls = make_rolls(read_areas(place), seed)
        known = {unit.uid for unit in uow.directory.units()}
        fresh = [unit for unit in rolls.units if unit.uid not in known]
        if fresh:
            uow.directory.put_shifts(rolls.shifts)
            uow.directory.put_units(rolls.units)
            uow.directory.put_persons(rolls.persons)
            uow.directory.put_duties(rolls.duties)
        if added or fresh:
            body = {"kind": "completed", "source": "sample", "grids": added, "units": len(fresh)}
            city.take(uow, "import", body)
        uow.commit()
    progress("people", 1.0)
    return {"grids": added, "units": len(fresh), "sample": True}


@dataclass(frozen=True)
class _Street:
    uid: bytes
    code: str
    shape: BaseGeometry  # local metres


def cut_squares(shape: BaseGeometry, side: float = SIDE_M) -> list[BaseGeometry]:
    """Cut a street (local metres) into squares without gap or overlap, W to E, then N to S.

    Pieces smaller than `_SLIVER` of a square join the neighbour with the longest common side.
    """
    x0, y0, x1, y1 = shape.bounds
    left = np.arange(np.floor(x0 / side) * side, x1, side)
    low = np.arange(np.floor(y0 / side) * side, y1, side)
    gx, gy = (one.ravel() for one in np.meshgrid(left, low))
    cells = shapely.intersection(shapely.box(gx, gy, gx + side, gy + side), shape)
    pieces = [cell for cell in cells if cell.area > 0]
    pieces.sort(key=lambda cell: cell.area)
    while len(pieces) > 1 and pieces[0].area < _SLIVER * side * side:
        _join_smallest(pieces)
    return sorted(pieces, key=lambda cell: (-round(cell.centroid.y / side), cell.centroid.x))


def _join_smallest(pieces: list[BaseGeometry]) -> None:
    small = pieces.pop(0)
    others = np.array(pieces, dtype=object)
    common = shapely.length(shapely.intersection(shapely.boundary(small), others))
    best = int(np.argmax(common)) if common.max() > 0 else int(np.argmin(small.distance(others)))
    joined = shapely.union(small, pieces.pop(best))
    position = int(np.searchsorted([one.area for one in pieces], joined.area))
    pieces.insert(position, joined)


def _grid_batches(tables: MapTables, frame: CityFrame, seed: int) -> Iterator[pa.RecordBatch]:
    for street in _streets(tables, frame):
        rows = [
            _grid_row(street, number, cell, frame, seed)
            for number, cell in enumerate(cut_squares(street.shape))
        ]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=LAYERS["area"].schema)


def _streets(tables: MapTables, frame: CityFrame) -> list[_Street]:
    return [
        _Street(bytes(uid), code or "", shapely.make_valid(_moved(tables.shape(geom), frame.to_xy)))
        for uid, code, geom in tables.ask(_STREETS)
    ]


def _grid_row(
    street: _Street, number: int, cell: BaseGeometry, frame: CityFrame, seed: int
) -> dict[str, Any]:
    community, sequence = divmod(number, _A_COMMUNITY)
    base = street.code.ljust(9, "0")[:9] if street.code else "000000000"
    return {
        "uid": uid_of(seed, "grid", str(UUID(bytes=street.uid)), str(number)).bytes,
        "tier": "grid",
        "code": f"{base}{community + 1:03d}{sequence + 1:03d}",
        "name": "",
        "name_en": "",
        "parent_uid": street.uid,
        "valid_from": "2026-01-01T00:00:00+00:00",
        "valid_to": None,
        "platform": 0,
        "sample": 1,
        "geom": _multi(_moved(cell, frame.to_lonlat)).wkb,
    }


def _outline(ground: Ground, facts: CityFacts) -> pa.RecordBatch:
    whole = shapely.union_all([one.shape for one in ground.districts], grid_size=0.01)
    row = {
        "uid": facts.uid.bytes,
        "tier": "city",
        "code": f"{facts.code}00",
        "name": facts.name,
        "name_en": "",
        "parent_uid": None,
        "valid_from": "2000-01-01T00:00:00+00:00",
        "valid_to": None,
        "platform": 1,
        "sample": 0,
        "geom": _multi(_moved(whole, ground.frame.to_lonlat)).wkb,
    }
    return pa.RecordBatch.from_pylist([row], schema=LAYERS["area"].schema)


def _moved(shape: BaseGeometry, by: Any) -> BaseGeometry:
    moved: BaseGeometry = shapely.transform(shape, by, interleaved=False)
    return moved


def _multi(shape: BaseGeometry) -> shapely.MultiPolygon:
    """Return the polygons of a shape; lines and points at its edges are dropped."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([one for one in parts if one.geom_type == "Polygon"])
