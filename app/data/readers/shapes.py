"""Bring geometries of a chunk to WGS 84 and to what the map's layers hold, or refuse them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.readers.crs import Array, SourceCrs
from app.data.readers.refusals import Refusals

Shapes = NDArray[np.object_]

_POINT, _LINE, _POLYGON, _MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON = 0, 1, 3, 4, 5, 6
_WANTED: Final = {
    "line": (_LINE, "a line"),
    "polygon": (_POLYGON, "an area"),
    "multipolygon": (_MULTI_POLYGON, "an area"),
}
_MULTI_OF: Final = {"point": _MULTI_POINT, "line": _MULTI_LINE, "polygon": _MULTI_POLYGON}
_MENDED_SHARE = 0.001
_POINT_WKB = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


@dataclass
class Mended:
    """How many geometries crossed themselves and were mended."""

    count: int = 0


def exploded(shapes: Shapes, kind: str) -> tuple[Shapes, NDArray[np.int64]]:
    """Split multi-geometries where a layer holds single ones; also the row of each piece."""
    rows = np.arange(len(shapes))
    multi = _MULTI_OF.get(kind)
    if multi is None or not np.any(shapely.get_type_id(shapes) == multi):
        return shapes, rows
    split = (shapely.get_type_id(shapes) == multi) & (shapely.get_num_geometries(shapes) > 0)
    pieces, of = shapely.get_parts(shapes[split], return_index=True)
    all_rows = np.concatenate([rows[~split], rows[split][of]])
    order = np.argsort(all_rows, kind="stable")
    return np.concatenate([shapes[~split], pieces])[order], all_rows[order]


def point_numbers(shapes: Shapes, refusals: Refusals) -> tuple[Array, Array]:
    """Return x and y of points, NaN where there is none; other geometries are refused."""
    types = shapely.get_type_id(shapes)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    refusals.refuse(empty, "geometry", shapes, "missing", "give it a point")
    wrong = ~empty & (types != _POINT)
    refusals.refuse(wrong, "geometry", _names(shapes), "no point", "one point per row")
    single = shapes.copy()
    single[empty | wrong] = None
    return shapely.get_x(single), shapely.get_y(single)


def placed(shapes: Shapes, kind: str, crs: SourceCrs, refusals: Refusals, mended: Mended) -> Shapes:
    """Return lines or polygons in WGS 84, flat, valid and of the layer's type; None if refused."""
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    refusals.refuse(empty, "geometry", _names(shapes), "missing", f"draw {_WANTED[kind][1]}")
    moved = _to_wgs84(shapely.force_2d(shapes), crs, refusals)
    if kind != "line":
        moved = _valid(moved, refusals, mended, whole=kind == "polygon")
    if kind == "multipolygon":
        single = shapely.get_type_id(moved) == _POLYGON
        moved[single] = [shapely.multipolygons([one]) for one in moved[single]]
    wanted, shown = _WANTED[kind]
    wrong = ~refusals.out & (shapely.get_type_id(moved) != wanted)
    refusals.refuse(wrong, "geometry", _names(moved), f"not {shown}", f"draw {shown}")
    moved[refusals.out] = None
    return moved


def _to_wgs84(shapes: Shapes, crs: SourceCrs, refusals: Refusals) -> Shapes:
    numbers, of = shapely.get_coordinates(shapes, return_index=True)
    lon, lat, right = crs.to_wgs84(numbers[:, 0], numbers[:, 1])
    stray = np.zeros(len(shapes), dtype=np.bool_)
    stray[of[~right]] = True
    mend = f"coordinates must be valid in {crs.shown}"
    refusals.refuse(
        stray, "geometry", _examples(numbers, of, right, len(shapes)), "out of range", mend
    )
    numbers = np.column_stack([lon, lat])
    numbers[~right] = 0.0
    moved: Shapes = shapely.set_coordinates(shapes.copy(), numbers)
    return moved


def _examples(
    numbers: NDArray[np.float64], of: NDArray[np.int64], right: NDArray[np.bool_], rows: int
) -> list[str]:
    """Return per row its first stray coordinate as text."""
    texts = [""] * rows
    for at in np.flatnonzero(~right)[::-1]:
        texts[of[at]] = f"{numbers[at, 0]:.10g}, {numbers[at, 1]:.10g}"
    return texts


def _valid(shapes: Shapes, refusals: Refusals, mended: Mended, *, whole: bool) -> Shapes:
    """Mend polygons that cross themselves slightly.

    Refused are those that change their size by it or, if they must stay `whole`, fall apart.
    """
    crossing = ~refusals.out & ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    for at in np.flatnonzero(crossing):
        made = _polygons_of(shapely.make_valid(shapes[at]))
        if made is None or (whole and made.geom_type != "Polygon"):
            continue
        before = shapely.area(shapely.buffer(shapes[at], 0))
        if abs(made.area - before) <= _MENDED_SHARE * made.area:
            shapes[at] = made
            mended.count += 1
            crossing[at] = False
    reasons = [
        shapely.is_valid_reason(one) if bad else ""
        for one, bad in zip(shapes, crossing, strict=True)
    ]
    mend = "mend it in QGIS (Fix geometries)"
    refusals.refuse(crossing, "geometry", reasons, "the outline crosses itself", mend)
    return shapes


def _polygons_of(shape: Any) -> Any:
    """Return the polygons of a mended geometry as one; None if it has none."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    pieces = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon"]
    if len(pieces) == 1:
        return pieces[0]
    return shapely.multipolygons(pieces) if pieces else None


def _names(shapes: Shapes) -> list[str]:
    return ["" if one is None else str(one.geom_type) for one in shapes]


def point_wkb(lon: Array, lat: Array) -> pa.Array:
    """Return WKB of points, little endian, as a binary column of one shape with `lon`."""
    wkb = np.empty(len(lon), dtype=_POINT_WKB)
    wkb["order"], wkb["type"], wkb["x"], wkb["y"] = 1, 1, lon, lat
    offsets = np.arange(len(lon) + 1, dtype=np.int32) * _POINT_WKB.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(wkb.tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(lon), buffers)


def point_coordinates(wkb: pa.Array) -> NDArray[np.float64] | None:
    """Return x and y, shape (n, 2), of a column of points as `point_wkb` writes them, else None."""
    if wkb.null_count or not pa.types.is_binary(wkb.type):
        return None
    ends = np.frombuffer(wkb.buffers()[1], np.int32)[wkb.offset : wkb.offset + len(wkb) + 1]
    if not len(wkb) or np.any(np.diff(ends) != _POINT_WKB.itemsize):
        return np.empty((0, 2)) if not len(wkb) else None
    raw = np.frombuffer(wkb.buffers()[2], _POINT_WKB, len(wkb), int(ends[0]))
    if np.any(raw["order"] != 1) or np.any(raw["type"] != 1):
        return None
    return np.column_stack([raw["x"], raw["y"]])


def shape_wkb(shapes: Shapes) -> pa.Array:
    """Return WKB of geometries as a binary column."""
    return pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())


def footprints_m2(shapes: Shapes) -> NDArray[np.float64]:
    """Return areas of small polygons given in degrees, in square metres (to 1 in 10⁴)."""
    lat = np.radians(shapely.get_y(shapely.centroid(shapes)))
    magic = 1 - 0.00669437999014 * np.sin(lat) ** 2
    north = 6378137.0 * (1 - 0.00669437999014) / magic**1.5
    east = 6378137.0 / np.sqrt(magic) * np.cos(lat)
    area: NDArray[np.float64] = shapely.area(shapes) * np.radians(1) ** 2 * north * east
    return np.nan_to_num(area)
