"""Rows of a map as PostgreSQL's binary COPY takes them, made from Arrow columns by NumPy.

Format: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format": a signature, then a row
as the number of its fields and each field as its length (-1: null) and its bytes in network order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.map_schema import GEOMETRY

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
_SRID: Final = 4326
_WITH_SRID: Final = 0x20000000
_WKB_HEAD: Final = 5
_PLAIN_KINDS: Final = 7
_NUMBERS: Final = {
    "int8": ">i2", "uint8": ">i2", "int16": ">i4", "int64": ">i8", "double": ">f8",
}  # fmt: skip

Octets = NDArray[np.uint8]


@dataclass(frozen=True)
class _Field:
    """A column: its values one after another, and how long each is; -1 for null."""

    data: Octets
    sizes: NDArray[np.int64]


def copy_bytes(batch: pa.RecordBatch) -> bytes:
    """Return the rows of a batch (map columns, geometry as WKB) for `COPY … (FORMAT BINARY)`."""
    fields = [_field(name, batch.column(name)) for name in batch.schema.names]
    held = [np.maximum(field.sizes, 0) for field in fields]
    widths = np.full(batch.num_rows, 2, np.int64)
    for sizes in held:
        widths += 4 + sizes
    ends = np.cumsum(widths)
    made = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    at = ends - widths
    _put_fixed(made, at, _network(np.full(batch.num_rows, len(fields)), ">i2"))
    at = at + 2
    for field, sizes in zip(fields, held, strict=True):
        _put_fixed(made, at, _network(field.sizes, ">i4"))
        _put(made, at + 4, field.data, sizes)
        at = at + 4 + sizes
    return made.tobytes()


def _field(name: str, column: Any) -> _Field:
    if name == GEOMETRY:
        return _shapes(column)
    kind = _NUMBERS.get(str(column.type))
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if kind is None:
        return _binary(column.cast(pa.binary()))
    values = column.fill_null(0).to_numpy(zero_copy_only=False)[~missing]
    octets = _network(values, kind)
    return _Field(octets.reshape(-1), np.where(missing, -1, octets.shape[1]).astype(np.int64))


def _binary(column: Any) -> _Field:
    """Return texts or bytes; what a null slot may hold in Arrow's buffer is left out."""
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        whole = _binary(column.drop_null())
        sizes = np.full(len(column), -1, np.int64)
        sizes[~missing] = whole.sizes
        return _Field(whole.data, sizes)
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    ends = offsets.astype(np.int64) if len(column) else np.zeros(1, np.int64)
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    return _Field(data[ends[0] : ends[-1]], np.diff(ends))


def _shapes(column: Any) -> _Field:
    """Return WKB with its spatial reference put in behind the type (EWKB)."""
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        whole = _shapes(column.drop_null())
        sizes = np.full(len(column), -1, np.int64)
        sizes[~missing] = whole.sizes
        return _Field(whole.data, sizes)
    plain = _binary(column)
    starts = np.cumsum(plain.sizes) - plain.sizes
    heads = plain.data[starts[:, None] + np.arange(_WKB_HEAD)] if len(starts) else None
    if heads is None:
        return plain
    kinds = np.ascontiguousarray(heads[:, 1:]).view("<u4")[:, 0]
    if (heads[:, 0] != 1).any() or (kinds > _PLAIN_KINDS).any():
        shapes = shapely.from_wkb(np.array(column.to_pylist(), dtype=object))
        known = shapely.to_wkb(shapely.set_srid(shapes, _SRID), byte_order=1, include_srid=True)
        return _binary(pa.array(known, pa.binary()))
    sizes = plain.sizes + 4
    made = np.empty(int(sizes.sum()), np.uint8)
    at = np.cumsum(sizes) - sizes
    head = np.empty((len(sizes), _WKB_HEAD + 4), np.uint8)
    head[:, 0] = 1
    head[:, 1:5] = (kinds | _WITH_SRID).astype("<u4")[:, None].view(np.uint8)
    head[:, 5:] = np.frombuffer(_SRID.to_bytes(4, "little"), np.uint8)
    _put_fixed(made, at, head)
    body = np.ones(len(plain.data), np.bool_)
    body[(starts[:, None] + np.arange(_WKB_HEAD)).reshape(-1)] = False
    _put(made, at + _WKB_HEAD + 4, plain.data[body], plain.sizes - _WKB_HEAD)
    return _Field(made, sizes)


def _network(values: NDArray[Any], kind: str) -> Octets:
    """Return numbers in network order, shape (rows, bytes)."""
    width = np.dtype(kind).itemsize
    return np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(-1, width)


def _put_fixed(made: Octets, at: NDArray[np.int64], values: Octets) -> None:
    made[at[:, None] + np.arange(values.shape[1])] = values


def _put(made: Octets, at: NDArray[np.int64], data: Octets, sizes: NDArray[np.int64]) -> None:
    """Put values of `sizes`, one after another in `data`, each to its place."""
    starts = np.cumsum(sizes) - sizes
    made[np.repeat(at - starts, sizes) + np.arange(len(data))] = data
