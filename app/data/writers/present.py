"""How rows look outside a city: uids and times as text, part classes by code, places as WGS 84.

The same for every format, so that one shipped mapping (`wangge_…`) reads each of them back, with
the same uids.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from app.data.readers.classes import class_codes
from app.data.readers.schemas import SHAPES, Kind
from app.data.readers.shapes import point_wkb

GEOMETRY: Final = "geom"
OGR_GEOMETRY: Final = {
    "point": "Point",
    "lonlat": "Point",
    "line": "LineString",
    "polygon": "Polygon",
    "multipolygon": "MultiPolygon",
    "none": None,
}


def presented(kind: Kind, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch of `kind` (in the readers' columns) as it is exported, geometry last.

    Cases and complaints keep `lon` and `lat` and gain a point, null where there is no place.
    """
    names: list[str] = []
    columns: list[pa.Array] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name != GEOMETRY:
            names.append(name)
            columns.append(_shown(name, column))
    if SHAPES[kind].geometry != "none":
        names.append(GEOMETRY)
        columns.append(_geometry(kind, batch))
    return pa.RecordBatch.from_arrays(columns, names=names)


def tabular(kind: Kind, batch: pa.RecordBatch, *, outlines: bool) -> pa.RecordBatch:
    """Return a batch for a table: places as `lon` and `lat`, other geometry as `wkt`.

    Without `outlines` lines and areas are only told by a point on them.
    """
    shown = presented(kind, batch)
    if GEOMETRY not in shown.schema.names:
        return shown
    shapes = shapely.from_wkb(np.array(shown.column(GEOMETRY).to_pylist(), dtype=object))
    plain = shown.drop_columns([GEOMETRY])
    if "lon" in plain.schema.names:
        return plain
    if SHAPES[kind].geometry != "point" and outlines:
        return plain.append_column("wkt", pa.array(shapely.to_wkt(shapes, -1), pa.string()))
    points = shapely.point_on_surface(shapes)
    for name, numbers in (("lon", shapely.get_x(points)), ("lat", shapely.get_y(points))):
        plain = plain.append_column(name, pa.array(numbers, mask=np.isnan(numbers)))
    return plain


def _shown(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return pa.array([_uid_text(uid) for uid in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    if name == "class":
        codes = class_codes()
        return pa.array([codes.get(index, "") for index in column.to_pylist()], pa.string())
    return column.cast(pa.int32()) if pa.types.is_integer(column.type) else column


def _uid_text(uid: bytes | None) -> str | None:
    if uid is None:
        return None
    digits = uid.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _geometry(kind: Kind, batch: pa.RecordBatch) -> pa.Array:
    if SHAPES[kind].geometry != "lonlat":
        return batch.column(GEOMETRY)
    lon, lat = (
        batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in ("lon", "lat")
    )
    known = pa.array(~(np.isnan(lon) | np.isnan(lat)))
    return pc.if_else(known, point_wkb(lon, lat), None)
