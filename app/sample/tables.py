"""The tables of a sample city: Arrow batches in the columns of the map, and how they are made.

Geometry leaves here as WKB in degrees WGS 84; everything before is local metres.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.map_schema import LAYERS
from app.domain.geodesy import CityFrame
from app.sample.chance import FIRST_MS
from app.sample.shapes import moved

MADE_ON: Final = "2025-10-09"
"""Date of the sample city's totals and of its areas' `valid_from`."""


@dataclass(frozen=True)
class Total:
    """A figure counted while the city was built, and what was asked for.

    `wanted` is None where nothing was promised; `unit` is a count, km, or m².
    """

    value: float
    wanted: float | None
    unit: str
    date: str = MADE_ON

    @property
    def kept(self) -> bool:
        """Whether it is as promised: counts exactly, lengths and areas within 0.5 %."""
        if self.wanted is None:
            return True
        if self.unit == "count":
            return self.value == self.wanted
        return abs(self.value / self.wanted - 1) <= 0.005


@dataclass(frozen=True)
class CityTables:
    """A whole sample city 示意 as tables.

    Attributes:
        tables: layer name to Arrow batches in the columns of `map_schema`; each may be read once.
        frame: the city's metric frame.
        name, code: the city's name and four-digit code.
        totals: figures by name; those of streamed layers are promised and checked at the end.
    """

    tables: Mapping[str, Iterable[pa.RecordBatch]]
    frame: CityFrame
    name: str
    code: str
    totals: Mapping[str, Total]


def uids(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Return `count` UUIDv7 of one fixed time as bytes, shape (count, 16)."""
    raw = np.frombuffer(rng.bytes(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    raw[:, :6] = np.frombuffer(FIRST_MS.to_bytes(6), dtype=np.uint8)
    raw[:, 6] = 0x70 | (raw[:, 6] & 0x0F)
    raw[:, 8] = 0x80 | (raw[:, 8] & 0x3F)
    return raw


def fixed_bytes(rows: NDArray[np.uint8]) -> pa.Array:
    """Return rows of bytes, shape (n, width), as a binary column."""
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.Array.from_buffers(
        pa.binary(), len(rows),
        [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows))],
    )  # fmt: skip


def fixed_text(rows: NDArray[np.uint8]) -> pa.Array:
    """Return rows of ASCII, shape (n, width), as a text column."""
    return fixed_bytes(rows).cast(pa.string())


def maybe_uids(table: NDArray[np.uint8], index: NDArray[np.int64]) -> pa.Array:
    """Return `table[index]` as a binary column, null where `index` is negative."""
    column = fixed_bytes(table[np.maximum(index, 0)]) if len(table) else None
    if column is None:
        return pa.nulls(len(index), pa.binary())
    missing = pa.array(index < 0)
    return pa.compute.if_else(missing, pa.scalar(None, pa.binary()), column)


def digits(number: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Return numbers as ASCII digits with leading zeros, shape (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return ((number[:, None] // powers) % 10 + ord("0")).astype(np.uint8)


def to_degrees(frame: CityFrame, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes of the local frame in degrees WGS 84."""
    return moved(shapes, frame.to_lonlat)


def wkb(shapes: NDArray[np.object_]) -> pa.Array:
    """Return shapes as a column of well-known binary."""
    return pa.array(shapely.to_wkb(shapes).tolist(), pa.binary())


def point_wkb(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> pa.Array:
    """Return points (degrees) as a column of well-known binary."""
    row = np.zeros(len(lon), dtype=[("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])
    row["order"], row["type"], row["x"], row["y"] = 1, 1, lon, lat
    return fixed_bytes(row.view(np.uint8).reshape(len(lon), 21))


def batch(layer: str, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Return one batch of `layer`; `sample` is set, other columns left out are null."""
    schema = LAYERS[layer].schema
    rows = len(columns["uid"])
    arrays = []
    for field in schema:
        if field.name == "sample":
            arrays.append(pa.array(np.ones(rows, np.int8)))
        elif field.name not in columns:
            arrays.append(pa.nulls(rows, field.type))
        else:
            arrays.append(_column(columns[field.name], field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind, from_pandas=False)
