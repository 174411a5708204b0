"""Parts for the store: put into cells, squeezed into ten bytes each; and the class-count cube."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import PartColumns
from app.engines.citystore.cells import CELL, Celled, Columns, cell_columns
from app.engines.citystore.morton import morton, unmorton

BINS = 64  # 8 x 8 of 32 m
STATES = 4
_CUBE = 6  # bits: 64 blocks a side, at most


def part_columns(
    blocks: Iterable[PartColumns],
    frame: CityFrame,
    origin: tuple[int, int],
    bits: int,
    segment: NDArray[np.uint16],
) -> Celled:
    """Return the columns of `parts/` (see the package's docstring).

    Parts outside the 2 ** bits cells from `origin`, or without a finite place, are left out.
    """
    placed = [_placed(block, frame, origin, bits) for block in blocks]
    key = joined([p[0] for p in placed], np.uint32)
    kinds = (("x", np.uint16), ("y", np.uint16), ("cls", np.uint8), ("state", np.uint8),
             ("fid", np.uint32))  # fmt: skip
    rows = {name: joined([p[1][name] for p in placed], dtype) for name, dtype in kinds}  # type: Columns
    return celled_parts(key, rows, segment)


def celled_parts(key: NDArray[np.uint32], rows: Columns, segment: NDArray[np.uint16]) -> Celled:
    """Sort placed parts (columns x, y, cls, state, fid and Morton keys of cells)."""
    bins = ((rows["y"] >> 13) * 8 + (rows["x"] >> 13)).astype(np.uint8)
    return cell_columns(rows, key, bins, None, BINS, segment)


def _placed(
    block: PartColumns, frame: CityFrame, origin: tuple[int, int], bits: int
) -> tuple[NDArray[np.uint32], Columns]:
    x, y = frame.to_xy(block.lon, block.lat)
    key, cx, cy, inside = in_cells(x - origin[0], y - origin[1], bits)
    state = np.minimum(block.state[inside], STATES - 1)
    return key, {
        "x": cx, "y": cy, "cls": block.cls[inside], "state": state, "fid": block.fid[inside],
    }  # fmt: skip


def in_cells(
    x: NDArray[np.float64], y: NDArray[np.float64], bits: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint16], NDArray[np.bool_]]:
    """Return cell keys, places in the cell, and which of (x, y), metres from the origin, fit."""
    x, y = x / CELL, y / CELL
    inside = (x >= 0) & (y >= 0) & (x < 1 << bits) & (y < 1 << bits)
    x, y = x[inside], y[inside]
    i, j = x.astype(np.uint32), y.astype(np.uint32)
    cx, cy = ((x - i) * 65536).astype(np.uint16), ((y - j) * 65536).astype(np.uint16)
    return morton(i, j), cx, cy, inside


def joined(arrays: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    """Return arrays as one of `dtype`; an empty one of none."""
    return np.concatenate(arrays).astype(dtype, copy=False) if arrays else np.empty(0, dtype)


def cube_side(bits: int) -> int:
    """Return how many blocks of the cube lie along a side."""
    return 1 << min(bits, _CUBE)


def block_of(key: NDArray[np.uint32], bits: int) -> NDArray[np.int64]:
    """Return the blocks of the cube that cells lie in."""
    side = cube_side(bits)
    down = np.uint32(bits - (side.bit_length() - 1))
    i, j = unmorton(key)
    return (j >> down).astype(np.int64) * side + (i >> down)


def cube_of(
    key: NDArray[np.uint32], num: NDArray[np.uint32], cls: NDArray[np.uint8],
    state: NDArray[np.uint8], bits: int,
) -> NDArray[np.uint32]:  # fmt: skip
    """Count by block, class and state: uint32 (s * s, 256 * STATES), block row * s + column.

    `key` and `num` are those of the cells that hold the rows of `cls` and `state`, in order.
    """
    side = cube_side(bits)
    block = block_of(key, bits)
    pair = np.minimum(state, STATES - 1) + cls.astype(np.int64) * STATES
    flat = np.bincount(
        np.repeat(block, num) * (256 * STATES) + pair, minlength=side * side * 256 * STATES
    )
    return flat.reshape(side * side, 256 * STATES).astype(np.uint32)
