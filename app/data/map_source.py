"""Reads a map in columns for the derived store; its sources fulfil `map_columns.MapSource`.

`ArrowSource` is common to local and remote maps, so that both give the same for the same rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.layer_rows import layer_rows
from app.data.map_print import fingerprint
from app.domain.geodesy import CityFrame
from app.domain.map_columns import (
    PIPE_KINDS,
    SHAPE_KINDS,
    SHAPE_TEXTS,
    SITE_KINDS,
    STATION_KINDS,
    PartColumns,
    PipeColumns,
    PointColumns,
    ShapeColumns,
    Texts,
    no_points,
    no_shapes,
)

_AT_ONCE = 500_000
_POINT_BYTES = 21  # WKB: order, type, x, y
_PIECE_BYTES = 41  # WKB of a line of two vertices: order, type, number, x, y, x, y
_POINTS: dict[str, tuple[str, Sequence[str], str | None]] = {
    "site": ("site", SITE_KINDS, None),
    "station": ("place", STATION_KINDS, "kind IN ('station', 'metro')"),
}
_WITH_UID = ("area",)
_CURRENT = {"area": "valid_to IS NULL"}


class ArrowSource(ABC):
    """A map that is read as Arrow batches with geometry as WKB."""

    def parts(self) -> Iterator[PartColumns]:
        """Yield all parts in blocks, in the order of the file."""
        for batch, geometry in self._batches("part", ["class", "state"], None):
            lonlat = _points(batch.column(geometry))
            yield PartColumns(
                lonlat[:, 0].copy(),
                lonlat[:, 1].copy(),
                _small(batch.column("class")),
                _small(batch.column("state")),
                _fids(batch),
            )

    def shapes(self, layer: str) -> ShapeColumns:
        """Return a whole layer; features without a shape are left out."""
        kind_name, kinds = SHAPE_KINDS[layer]
        columns = [kind_name, *SHAPE_TEXTS[layer]]
        columns += ["width"] * (layer == "road") + ["uid"] * (layer in _WITH_UID)
        found = list(self._batches(layer, columns, _CURRENT.get(layer)))
        if not sum(batch.num_rows for batch, _ in found):
            return no_shapes()
        table = pa.Table.from_batches([batch for batch, _ in found])
        shapes = shapely.from_wkb(np.array(table.column(found[0][1]).to_pylist(), dtype=object))
        keep = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        if not keep.any():
            return no_shapes()
        coords, rings, features, hole = _ragged(shapes[keep])
        number = {name: i for i, name in enumerate(kinds)}
        named = table.column(kind_name).to_pylist()
        kind = np.array([number.get(one, 0) for one in named], np.uint8)
        return ShapeColumns(
            coords,
            rings,
            features,
            hole,
            kind[keep],
            _fids(table)[keep],
            _width(table, layer)[keep],
            {name: _texts(table.column(name))[keep] for name in SHAPE_TEXTS[layer]},
            _uids(table, layer, keep),
        )

    def pipes(self) -> Iterator[PipeColumns]:
        """Yield all pipes in blocks, in the order of the file."""
        for batch, geometry in self._batches("pipe", ["kind", "diameter"], None):
            coords, line_off = _lines(batch.column(geometry))
            size = batch.column("diameter").fill_null(0.0).to_numpy(zero_copy_only=False)
            kind = _small(batch.column("kind"))
            kind[kind >= len(PIPE_KINDS)] = 0
            yield PipeColumns(coords, line_off, kind, np.asarray(size, np.float32), _fids(batch))

    def points(self, layer: str) -> PointColumns:
        """Return a whole layer of points; those without a place are left out."""
        table_name, kinds, where = _POINTS[layer]
        found = list(self._batches(table_name, ["name", "kind"], where))
        if not sum(batch.num_rows for batch, _ in found):
            return no_points()
        lonlat = np.concatenate([_points(batch.column(geometry)) for batch, geometry in found])
        table = pa.Table.from_batches([batch for batch, _ in found])
        number = {name: i for i, name in enumerate(kinds)}
        named = [number.get(one, len(kinds)) for one in table.column("kind").to_pylist()]
        keep = np.isfinite(lonlat).all(axis=1)
        return PointColumns(
            lonlat[keep, 0],
            lonlat[keep, 1],
            np.array(named, np.uint8)[keep],
            _fids(table)[keep],
            _texts(table.column("name"))[keep],
        )

    @abstractmethod
    def _batches(
        self, layer: str, columns: Sequence[str], where: str | None
    ) -> Iterator[tuple[pa.RecordBatch, str]]:
        """Yield a layer's rows with `fid`, `columns` and the geometry; and the geometry's name.

        `where` is a condition that OGR's SQL and PostgreSQL both understand.
        """


class GeoPackageSource(ArrowSource):
    """The map of the city in `folder`; `frame` is its metric frame."""

    def __init__(self, folder: Path, frame: CityFrame, *, sample: bool) -> None:
        self._path = folder / "map.gpkg"
        self.frame = frame
        self.sample = sample
        self.fingerprint = fingerprint(folder)

    def _batches(
        self, layer: str, columns: Sequence[str], where: str | None
    ) -> Iterator[tuple[pa.RecordBatch, str]]:
        return layer_rows(self._path, layer, columns, where=where, at_once=_AT_ONCE)


def _points(column: Any) -> NDArray[np.float64]:
    offsets = np.frombuffer(column.buffers()[1], np.int32)[
        column.offset : column.offset + len(column) + 1
    ]
    if column.null_count or not np.all(np.diff(offsets) == _POINT_BYTES):
        points = shapely.from_wkb(np.array(column.to_pylist(), dtype=object))
        return np.stack([shapely.get_x(points), shapely.get_y(points)], axis=1)
    data = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    raw = data.reshape(-1, _POINT_BYTES)[:, 5:]
    return np.ascontiguousarray(raw).view("<f8")


def _lines(column: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return vertices and where each line begins; a line without a shape has no vertex."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[
        column.offset : column.offset + len(column) + 1
    ]
    if not column.null_count and np.all(np.diff(offsets) == _PIECE_BYTES):
        data = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        raw = np.ascontiguousarray(data.reshape(-1, _PIECE_BYTES)[:, 9:])
        return raw.view("<f8").reshape(-1, 2), np.arange(len(column) + 1, dtype=np.int64) * 2
    shapes = shapely.from_wkb(np.array(column.to_pylist(), dtype=object))
    coords, owner = shapely.get_coordinates(shapes, return_index=True)
    counts = np.bincount(owner, minlength=len(shapes))
    return coords, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ragged(
    shapes: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return coords, ring offsets, feature offsets (in rings) and which rings are holes."""
    kind, coords, offsets = shapely.to_ragged_array(shapes, include_z=False)
    rings = np.asarray(offsets[0], np.int64)
    hole = np.zeros(len(rings) - 1, np.bool_)
    if kind == shapely.GeometryType.LINESTRING:
        features = np.arange(len(rings), dtype=np.int64)
    elif kind == shapely.GeometryType.MULTILINESTRING:
        features = np.asarray(offsets[1], np.int64)
    else:
        polygons = np.asarray(offsets[1], np.int64)
        hole[:] = True
        hole[polygons[:-1]] = False
        outer = kind == shapely.GeometryType.MULTIPOLYGON
        features = polygons[np.asarray(offsets[2], np.int64)] if outer else polygons
    return np.asarray(coords, np.float64), rings, features, hole


def _fids(table: Any) -> NDArray[np.uint32]:
    return np.asarray(table.column("fid").to_numpy(zero_copy_only=False), np.uint32)


def _small(column: Any) -> NDArray[np.uint8]:
    return np.array(column.fill_null(0).to_numpy(zero_copy_only=False), np.uint8)


def _texts(column: Any) -> Texts:
    return np.array([one or "" for one in column.to_pylist()], dtype=object)


def _width(table: pa.Table, layer: str) -> NDArray[np.float32]:
    if layer != "road":
        return np.zeros(table.num_rows, np.float32)
    width = table.column("width").fill_null(0.0).to_numpy()
    return np.asarray(width, np.float32)


def _uids(table: pa.Table, layer: str, keep: NDArray[np.bool_]) -> NDArray[np.uint8]:
    if layer not in _WITH_UID:
        return np.empty((0, 16), np.uint8)
    joined = b"".join(bytes(one) for one in table.column("uid").to_pylist())
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)[keep]
