"""Pipes for the store: cut into straight pieces, put into cells, 15 bytes each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import PipeColumns
from app.engines.citystore.cells import CELL, Celled, Columns, cell_columns
from app.engines.citystore.morton import morton
from app.engines.citystore.parts import joined

BINS = 16  # 4 x 4 of 64 m
LONGEST = 240.0  # metres of one piece; longer ones are cut evenly
GRAIN = 128.0  # steps a metre (8 mm)
REACH = CELL / 2 + LONGEST / 2  # metres from a cell's middle to the end of a piece in it

F8 = NDArray[np.float64]
_COLUMNS = (
    ("ax", np.int16), ("ay", np.int16), ("bx", np.int16), ("by", np.int16),
    ("kind", np.uint8), ("size", np.uint16), ("fid", np.uint32),
)  # fmt: skip


def pipe_columns(
    blocks: Iterable[PipeColumns],
    frame: CityFrame,
    origin: tuple[int, int],
    bits: int,
    segment: NDArray[np.uint16],
) -> Celled:
    """Return the columns of `pipes/` (see the package's docstring).

    A piece belongs to the cell of its middle; pieces without a finite place, or with their
    middle outside the 2 ** bits cells from `origin`, are left out.
    """
    cut = [_pieces(block, frame, origin, bits) for block in blocks]
    key = joined([c[0] for c in cut], np.uint32)
    rows: Columns = {name: joined([c[1][name] for c in cut], dtype) for name, dtype in _COLUMNS}
    return celled_pipes(key, rows, segment)


def celled_pipes(key: NDArray[np.uint32], rows: Columns, segment: NDArray[np.uint16]) -> Celled:
    """Sort placed pieces; `sub` gets the metres in each bin."""
    d = [rows[b].astype(np.float32) - rows[a] for a, b in (("ax", "bx"), ("ay", "by"))]
    metres = (np.hypot(*d) / GRAIN).astype(np.float32)
    column, row = (
        np.clip(
            (rows[a].astype(np.int32) + rows[b] + int(CELL * GRAIN)) >> 14, 0, 3
        )
        for a, b in (("ax", "bx"), ("ay", "by"))
    )  # fmt: skip
    bins = (row * 4 + column).astype(np.uint8)
    return cell_columns(rows, key, bins, metres, BINS, segment)


def _pieces(
    block: PipeColumns, frame: CityFrame, origin: tuple[int, int], bits: int
) -> tuple[NDArray[np.uint32], Columns]:
    """Return Morton keys and columns of the pieces of a block of lines."""
    x, y = frame.to_xy(block.coords[:, 0].copy(), block.coords[:, 1].copy())
    xy = np.stack([x - origin[0], y - origin[1]], axis=1)
    owner = np.repeat(np.arange(len(block)), np.diff(block.line_off))
    first = np.flatnonzero(owner[1:] == owner[:-1])
    a, b, owner = _cut(xy[first], xy[first + 1], owner[first])
    middle = (a + b) / 2 / CELL
    ok = np.isfinite(middle).all(axis=1) & (middle >= 0).all(axis=1)
    ok &= (middle < 1 << bits).all(axis=1)
    a, b, owner = a[ok], b[ok], owner[ok]
    cell = middle[ok].astype(np.uint32)
    centre = (cell + 0.5) * CELL
    qa, qb = (np.round((end - centre) * GRAIN).astype(np.int16) for end in (a, b))
    size = np.clip(np.nan_to_num(block.size[owner]), 0, 65535)
    return morton(cell[:, 0], cell[:, 1]), {
        "ax": qa[:, 0], "ay": qa[:, 1], "bx": qb[:, 0], "by": qb[:, 1],
        "kind": block.kind[owner], "size": np.round(size).astype(np.uint16),
        "fid": block.fid[owner],
    }  # fmt: skip


def _cut(a: F8, b: F8, owner: NDArray[np.intp]) -> tuple[F8, F8, NDArray[np.intp]]:
    """Cut pieces longer than `LONGEST` into even ones."""
    long = np.hypot(*(b - a).T)
    if not (long > LONGEST).any():
        return a, b, owner
    times = np.where(np.isfinite(long), np.maximum(np.ceil(long / LONGEST), 1), 0).astype(np.int64)
    at = np.repeat(np.arange(len(a)), times)
    step = np.arange(len(at)) - np.repeat(np.cumsum(times) - times, times)
    d = (b - a)[at] / times[at][:, None]
    begin = a[at] + d * step[:, None]
    return begin, begin + d, owner[at]
