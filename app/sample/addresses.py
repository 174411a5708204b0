"""Places: doors on streets, gates of compounds, houses behind them, staircases, rooms, stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import shapely

from app.domain.geodesy import CityFrame
from app.sample.areas import Areas
from app.sample.buildings import Buildings
from app.sample.compounds import Compounds, house_numbers
from app.sample.doors import WANTED_HOUSES, Doors
from app.sample.part_rows import grid_of
from app.sample.shapes import points
from app.sample.stations import Station
from app.sample.tables import batch, fixed_bytes, maybe_uids, point_wkb, uids

_ROOMED = 0.03  # share of houses in compounds of which a room is listed
_PUBLIC = {"school": "小学", "hospital": "社区医院", "mall": "购物中心", "public": "服务中心"}


@dataclass
class _Rows:
    """Columns of places under way, in local metres."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, x: float, y: float, name: str, address: str, parts: dict[str, str]) -> None:
        """Add one place; `parts` are road, lane, number, building, unit, room and kind."""
        self.x.append(x)
        self.y.append(y)
        self.cells.append((name, address, *(parts.get(key, "") for key in _KEYS)))


_KEYS = ("road", "lane", "number", "building", "unit", "room", "kind")


def place_batch(
    areas: Areas,
    frame: CityFrame,
    doors: Doors,
    buildings: Buildings,
    compounds: Compounds,
    houses: int,
    stations: Sequence[Station],
    rng: np.random.Generator,
) -> pa.RecordBatch:
    """Return all places sorted by grid; those outside the city are left out.

    Of each compound the first `houses` houses are listed.
    """
    rows = _Rows()
    _add_doors(rows, doors, compounds)
    _add_houses(rows, doors, buildings, compounds, houses, rng)
    _add_public(rows, doors, buildings)
    for one in stations:
        parts = {"road": one.road, "kind": "metro"}
        rows.add(one.x, one.y, one.name, f"{one.line}{one.name}", parts)
    lon, lat = frame.to_lonlat(np.array(rows.x), np.array(rows.y))
    grid = grid_of(areas, lon, lat)
    order = np.argsort(grid, kind="stable")
    order = order[grid[order] >= 0]
    columns = list(zip(*(rows.cells[i] for i in order.tolist()), strict=True))
    named = dict(zip(("name", "address", *_KEYS), columns, strict=True))
    return batch(
        "place",
        {
            "uid": fixed_bytes(uids(rng, len(order))),
            **{key: [value or None for value in column] for key, column in named.items()},
            "grid_uid": maybe_uids(areas.uid, grid[order]), "source": ["sample"] * len(order),
            "geom": point_wkb(lon[order], lat[order]),
        },
    )  # fmt: skip


def _add_doors(rows: _Rows, doors: Doors, compounds: Compounds) -> None:
    behind = dict(zip(compounds.gate.tolist(), compounds.name.tolist(), strict=True))
    for i, (x, y, road, number, lane) in enumerate(
        zip(doors.x.tolist(), doors.y.tolist(), doors.road.tolist(), doors.number.tolist(),
            doors.lane.tolist(), strict=True)
    ):  # fmt: skip
        if lane:
            text = f"{road}{number}弄"
            parts = {"road": road, "lane": f"{number}弄", "kind": "gate"}
            rows.add(x, y, behind.get(i, text), text, parts)
        else:
            text = f"{road}{number}号"
            rows.add(x, y, text, text, {"road": road, "number": f"{number}号", "kind": "door"})


def _add_houses(
    rows: _Rows,
    doors: Doors,
    buildings: Buildings,
    compounds: Compounds,
    most: int,
    rng: np.random.Generator,
) -> None:
    compound, number = house_numbers(buildings, compounds)
    inside = np.flatnonzero((compound >= 0) & (compounds.gate[compound] >= 0))
    middle = shapely.get_coordinates(shapely.centroid(buildings.shape[inside]))
    roomed = rng.random(len(inside)) < _ROOMED
    for b, (x, y), with_room in zip(inside.tolist(), middle.tolist(), roomed.tolist(), strict=True):
        gate = int(compounds.gate[compound[b]])
        road, lane, k = str(doors.road[gate]), int(doors.number[gate]), int(number[b])
        if k > most and not with_room and (road, lane) not in WANTED_HOUSES:
            continue
        tall = buildings.storeys[b] >= 8
        house = f"{k}幢" if tall else f"{k}号"
        text = f"{road}{lane}弄{house}"
        parts = {"road": road, "lane": f"{lane}弄", "building" if tall else "number": house,
                 "kind": "house"}  # fmt: skip
        rows.add(x, y, text, text, parts)
        if with_room:
            floor = int(rng.integers(1, buildings.storeys[b] + 1))
            unit, room = f"{int(rng.integers(1, 4))}单元", f"{floor}{int(rng.integers(1, 5)):02d}室"
            rows.add(x, y, f"{text}{unit}{room}", f"{text}{unit}{room}",
                     parts | {"unit": unit, "room": room, "kind": "room"})  # fmt: skip


def _add_public(rows: _Rows, doors: Doors, buildings: Buildings) -> None:
    """Name one house a block of schools, hospitals, malls and services, with its street door."""
    if not len(doors):
        return
    seen: set[int] = set()
    tree = shapely.STRtree(points(doors.x, doors.y))
    for b in np.flatnonzero(np.isin(buildings.kind, list(_PUBLIC))).tolist():
        block = int(buildings.block[b])
        if block in seen:
            continue
        seen.add(block)
        near = tree.query_nearest(buildings.shape[b], max_distance=150.0, all_matches=False)
        if not len(near):
            continue
        road, number = str(doors.road[near[0]]), int(doors.number[near[0]])
        kind = str(buildings.kind[b])
        middle = buildings.shape[b].centroid
        name = f"{road.removesuffix('路')}{_PUBLIC[kind]}"
        parts = {"road": road, "number": f"{number}号", "kind": kind}
        rows.add(middle.x, middle.y, name, f"{road}{number}号", parts)
