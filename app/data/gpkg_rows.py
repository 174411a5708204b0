"""Row writes to a GeoPackage: the geometry blob, and the functions its R-tree triggers call.

OGC GeoPackage 1.2, clause 2.1.3 (binary format) and annex F.3 (R-tree extension).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_SRS = 4326
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_EMPTY = 0b0001_0000
_HEADER = struct.Struct("<2sBBi4d")


def encode_geometries(wkb: Iterable[bytes]) -> list[bytes]:
    """Return GeoPackage blobs (little-endian, with envelope, EPSG:4326) for WKB geometries."""
    shapes = shapely.from_wkb(np.array(list(wkb), dtype=object))
    bounds: NDArray[np.float64] = shapely.bounds(shapes)
    raw = shapely.to_wkb(shapes, byte_order=1)
    return [
        _HEADER.pack(b"GP", 0, 0b0000_0011, _SRS, minx, maxx, miny, maxy) + body
        for (minx, miny, maxx, maxy), body in zip(bounds.tolist(), raw, strict=True)
    ]


def decode_geometry(blob: bytes) -> BaseGeometry:
    """Return the shape in a GeoPackage blob."""
    return shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 0b111] :])


def register_functions(connection: Any) -> None:
    """Give a SQLite connection the `ST_` functions that GeoPackage triggers call."""
    connection.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)
    for name, index in (("ST_MinX", 0), ("ST_MaxX", 1), ("ST_MinY", 2), ("ST_MaxY", 3)):
        connection.create_function(name, 1, _bound(index), deterministic=True)


def _is_empty(blob: bytes | None) -> int | None:
    if blob is None:
        return None
    return int(bool(blob[3] & _EMPTY) or decode_geometry(blob).is_empty)


def _bound(index: int) -> Callable[[bytes | None], float | None]:
    def read(blob: bytes | None) -> float | None:
        if blob is None:
            return None
        if (blob[3] >> 1) & 0b111:
            order = "<" if blob[3] & 1 else ">"
            return float(struct.unpack_from(f"{order}4d", blob, 8)[index])
        minx, miny, maxx, maxy = decode_geometry(blob).bounds
        return float((minx, maxx, miny, maxy)[index])

    return read
