"""Parts for the store: sorted into cells, squeezed into nine bytes each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import PartColumns
from app.engines.citystore.morton import morton

CELL = 256  # metres
CUBE = 64  # blocks a side, at most

Columns = dict[str, NDArray[Any]]


def part_columns(
    blocks: Iterable[PartColumns], frame: CityFrame, origin: tuple[int, int], bits: int
) -> Columns:
    """Return the columns of `parts/` (see the package's docstring).

    Parts outside the 2 ** bits cells from `origin`, or without a finite place, are left out.
    """
    keys, xs, ys, rest = [], [], [], []
    for block in blocks:
        x, y = frame.to_xy(block.lon, block.lat)
        x, y = (x - origin[0]) / CELL, (y - origin[1]) / CELL
        inside = (x >= 0) & (y >= 0) & (x < 1 << bits) & (y < 1 << bits)
        i, j = x[inside].astype(np.uint32), y[inside].astype(np.uint32)
        keys.append(morton(i, j))
        xs.append(((x[inside] - i) * 65536).astype(np.uint16))
        ys.append(((y[inside] - j) * 65536).astype(np.uint16))
        rest.append((block.cls[inside], block.state[inside], block.fid[inside]))
    key = _joined(keys, np.uint32)
    order = np.argsort(key, kind="stable")
    cls = _joined([r[0] for r in rest], np.uint8)[order]
    off = np.zeros((1 << (2 * bits)) + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=1 << (2 * bits)), out=off[1:])
    return {
        "off": off,
        "x": _joined(xs, np.uint16)[order],
        "y": _joined(ys, np.uint16)[order],
        "cls": cls,
        "state": _joined([r[1] for r in rest], np.uint8)[order],
        "fid": _joined([r[2] for r in rest], np.uint32)[order],
        "cube": _cube(key[order], cls, bits),
    }


def _joined(arrays: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(arrays).astype(dtype) if arrays else np.empty(0, dtype)


def _cube(key: NDArray[np.generic], cls: NDArray[np.generic], bits: int) -> NDArray[np.uint32]:
    """Count by class and block: the top bits of a Morton key name its block."""
    top = min(bits, CUBE.bit_length() - 1)
    side = 1 << top
    block = (key.astype(np.int64) >> (2 * (bits - top))).astype(np.int64)
    flat = np.bincount(cls.astype(np.int64) * side * side + block, minlength=256 * side * side)
    i, j = np.meshgrid(np.arange(side, dtype=np.uint32), np.arange(side, dtype=np.uint32))
    return np.ascontiguousarray(flat.reshape(256, -1)[:, morton(i, j)]).astype(np.uint32)
