"""Columns for the gazetteer from a city's map, local or remote; fulfils `GazetteerSource`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from app.data.map_schema import GEOMETRY
from app.data.map_target import MapTables
from app.domain.addresses.columns import AreaColumns, Coded, PlaceColumns
from app.domain.addresses.rules import AddressRules, parse_rules
from app.domain.map_columns import ShapeColumns, no_shapes

RULES = Path(__file__).resolve().parents[2] / "resources" / "addresses.toml"
_CODED = ("road", "lane", "number", "building", "unit", "room", "kind")
_STATE = (
    "SELECT (SELECT max(fid) FROM place), (SELECT count(*) FROM place), "
    "(SELECT max(fid) FROM road), (SELECT count(*) FROM road), "
    "(SELECT max(fid) FROM area), (SELECT count(*) FROM area WHERE valid_to IS NULL), "
    "(SELECT max(valid_from) FROM area), (SELECT max(valid_to) FROM area), "
    "(SELECT sum(length(name)) FROM area)"
)
_METRES = 111_320.0


@lru_cache(maxsize=1)
def address_rules() -> AddressRules:
    """Return the rules of `resources/addresses.toml`."""
    return parse_rules(tomllib.loads(RULES.read_text("utf-8")))


class MapGazetteerSource:
    """Areas, roads and places of a map."""

    def __init__(self, tables: MapTables) -> None:
        self._tables = tables

    @cached_property
    def fingerprint(self) -> str:
        """A text that is the same exactly while areas, roads, places and the rules are."""
        state = repr(self._tables.ask(_STATE)) + RULES.read_text("utf-8")
        return hashlib.sha256(state.encode()).hexdigest()[:32]

    @cached_property
    def _areas(self) -> tuple[AreaColumns, NDArray[np.object_]]:
        names = ["uid", "tier", "code", "name", "parent_uid", "valid_to"]
        table = _table(self._tables, "area", names)
        table = table.filter(pc.is_null(table.column("valid_to")))
        uids: list[bytes] = table.column("uid").to_pylist()
        row = {uid: i for i, uid in enumerate(uids)}
        shapes = shapely.from_wkb(np.array(table.column(GEOMETRY).to_pylist(), dtype=object))
        bounds = shapely.bounds(shapes) if len(uids) else np.empty((0, 4))
        lon, lat = bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)
        wide = (bounds[:, 2] - bounds[:, 0]) * np.cos(np.radians(lat))
        columns = AreaColumns(
            uid=_uids(uids),
            tier=table.column("tier").to_pylist(),
            code=_texts(table, "code"),
            name=_texts(table, "name"),
            parent=np.array([row.get(uid, -1) for uid in table.column("parent_uid").to_pylist()],
                            np.int32),
            lon=lon,
            lat=lat,
            size=np.hypot(wide, bounds[:, 3] - bounds[:, 1]) * _METRES / 2,
        )  # fmt: skip
        return columns, shapes

    def areas(self) -> AreaColumns:
        """Return all areas in force."""
        return self._areas[0]

    def roads(self) -> ShapeColumns:
        """Return all roads with their names, cut where they leave a street or town.

        `fid` holds the row among `areas()` of the street or town, else the district, of each
        piece, and the number of areas where none holds it.
        """
        table = _table(self._tables, "road", ["name"])
        if not table.num_rows:
            return no_shapes()
        shapes = shapely.from_wkb(np.array(table.column(GEOMETRY).to_pylist(), dtype=object))
        lines, of = shapely.get_parts(shapes, return_index=True)
        coords, at = shapely.get_coordinates(lines, return_index=True)
        coords, off, area, line = self._cut(coords, at)
        name = np.array(_texts(table, "name"), dtype=object)[of[line]]
        few = np.zeros(len(line), np.uint8)
        return ShapeColumns(
            coords, off, np.arange(len(line) + 1), np.zeros(len(line), np.bool_),
            few, area, few.astype(np.float32), {"name": name},
        )  # fmt: skip

    def _cut(
        self, coords: NDArray[np.float64], line: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.uint32], NDArray[np.int64]]:
        """Cut lines at the borders of areas: coordinates, offsets, area and line of each piece."""
        start = np.flatnonzero(line[1:] == line[:-1])
        if not len(start):
            none = np.empty(0, np.int64)
            return np.empty((0, 2)), np.zeros(1, np.int64), none.astype(np.uint32), none
        middles = (coords[start] + coords[start + 1]) / 2
        area = self._holding(np.asarray(shapely.points(middles), dtype=object))
        first = np.ones(len(start), np.bool_)
        first[1:] = (np.diff(start) != 1) | (area[1:] != area[:-1])
        at = np.flatnonzero(first)
        order = np.sort(np.concatenate([2 * start[at], 2 * start + 1]), kind="stable")
        where = np.where(order % 2, order // 2 + 1, order // 2)
        off = np.append(at + np.arange(len(at)), len(where)).astype(np.int64)
        return coords[where], off, area[at].astype(np.uint32), line[start[at]]

    def _holding(self, points: NDArray[np.object_]) -> NDArray[np.int64]:
        """Return the row of the street or town, else the district, that holds each point."""
        areas, shapes = self._areas
        found = np.full(len(points), len(areas), np.int64)
        for tier in ("street", "district"):
            rows = np.flatnonzero(np.array([one == tier for one in areas.tier], np.bool_))
            open_ = np.flatnonzero(found == len(areas))
            if len(rows) and len(open_):
                at, holder = shapely.STRtree(shapes[rows]).query(
                    points[open_], predicate="intersects"
                )
                found[open_[at[::-1]]] = rows[holder[::-1]]
        return found

    def places(self) -> PlaceColumns:
        """Return all places; where no grid is known, the district that holds the point."""
        names = ["uid", "name", "address", *_CODED, "grid_uid"]
        table = _table(self._tables, "place", names)
        points = shapely.from_wkb(np.array(table.column(GEOMETRY).to_pylist(), dtype=object))
        return PlaceColumns(
            uid=_uids(table.column("uid").to_pylist()),
            name=_texts(table, "name"),
            address=_texts(table, "address"),
            other=(),
            **{name: _coded(table.column(name)) for name in _CODED},
            lon=shapely.get_x(points),
            lat=shapely.get_y(points),
            area=self._inside(table.column("grid_uid").to_pylist(), points),
        )

    def _inside(
        self, grids: Sequence[bytes | None], points: NDArray[np.object_]
    ) -> NDArray[np.int32]:
        areas, shapes = self._areas
        row = {bytes(uid): i for i, uid in enumerate(areas.uid)}
        found = np.array([row.get(uid, -1) if uid else -1 for uid in grids], np.int32)
        open_ = np.flatnonzero(found < 0)
        districts = np.flatnonzero(np.array([one == "district" for one in areas.tier], np.bool_))
        if len(open_) and len(districts):
            tree = shapely.STRtree(shapes[districts])
            at, holder = tree.query(points[open_], predicate="intersects")
            found[open_[at[::-1]]] = districts[holder[::-1]]
        return found


def _table(tables: MapTables, layer: str, names: list[str]) -> pa.Table:
    batches = list(tables.rows(layer, names))
    if batches:
        return pa.Table.from_batches(batches)
    return pa.table({name: pa.array([], pa.binary()) for name in [*names, GEOMETRY]})


def _texts(table: pa.Table, name: str) -> list[str]:
    return [one or "" for one in table.column(name).to_pylist()]


def _uids(uids: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(uids), np.uint8).reshape(-1, 16)


def _coded(column: Any) -> Coded:
    packed = column.combine_chunks().dictionary_encode()
    if isinstance(packed, pa.ChunkedArray):
        packed = packed.combine_chunks()
    codes = packed.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Coded(codes, tuple(str(one) for one in packed.dictionary.to_pylist()))
