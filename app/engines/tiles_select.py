"""Counting, selecting and finding parts by place, class and state. Imports numba (slow).

Shapes are a box or polygon rings (any turn, holes and lassos by even-odd), local metres. A part
lies where its row says, to 4 mm. All answers are exact and see edits that are not folded in yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.engines import tiles_counts, tiles_points
from app.engines.citystore import CityStore
from app.engines.tiles_canvas import EVERY_STATE, Mask, cells_of, state_bits

Ring = NDArray[np.float64]  # (v, 2)
Shape = Bounds | Sequence[Ring]

CELL = 256.0
_NONE = np.empty((0, tiles_counts.PAIRS), np.uint32)
_kernels: Any = tiles_counts
_points: Any = tiles_points


@dataclass(frozen=True)
class PartFound:
    """A part: row in map.gpkg, class, state, local metres, metres from where it was sought."""

    fid: int
    cls: int
    state: int
    x: float
    y: float
    distance: float


@dataclass(frozen=True)
class Selection:
    """Selected parts: `fids` uint32 (n,), `by_class` int64 (256,)."""

    fids: NDArray[np.uint32]
    by_class: NDArray[np.int64]


def tally(store: CityStore, shape: Shape) -> NDArray[np.int64]:
    """Return how many parts lie in a shape, by class and state: int64 (256, 4)."""
    hist = np.zeros(tiles_counts.PAIRS, np.int64)
    window = _window(store, shape)
    if window is None:
        return hist.reshape(256, 4)
    now = store.live.now
    blocks = round(len(store.cube) ** 0.5)
    down = (now.pieces[0].index.side // blocks).bit_length() - 1
    bits = np.zeros(256, np.uint8)
    for number, piece in enumerate(now.pieces):
        cube = store.cube if number == 0 else _NONE
        pairs = tiles_counts.PAIRS
        _kernels.tally(*cells_of(piece, bits), *window, cube, now.dirty, down, pairs, hist)
    return hist.reshape(256, 4)


def count(store: CityStore, shape: Shape, want: Mask, states: int = EVERY_STATE) -> int:
    """Return how many wanted parts lie in a shape, `states` as bits."""
    return int(tally(store, shape)[_chosen(want, states)].sum())


def count_parts(
    store: CityStore, box: Bounds, want: Mask, states: int = EVERY_STATE
) -> tuple[int, NDArray[np.int64]]:
    """Return how many wanted parts lie in `box`, in all and by class (256,)."""
    by_class = np.where(_chosen(want, states), tally(store, box), 0).sum(axis=1)
    return int(by_class.sum()), by_class


def select(store: CityStore, shape: Shape, want: Mask, states: int = EVERY_STATE) -> Selection:
    """Return the rows in map.gpkg of the wanted parts in a shape, and counts by class."""
    by_class = np.where(_chosen(want, states), tally(store, shape), 0).sum(axis=1)
    window = _window(store, shape)
    out = np.empty(int(by_class.sum()), np.uint32)
    found, bits = 0, state_bits(want, states)
    if window is not None:
        for piece in store.live.now.pieces:
            found += _kernels.gather(*cells_of(piece, bits), *window, piece.fid, out[found:])
    return Selection(out[:found], by_class)


def nearest_parts(
    store: CityStore, x: float, y: float, radius: float, want: Mask, *, most: int = 1,
    states: int = EVERY_STATE,
) -> list[PartFound]:  # fmt: skip
    """Return the `most` wanted parts nearest to (x, y) within `radius` metres, nearest first."""
    ox, oy = store.origin
    found: list[PartFound] = []
    for piece in store.live.now.pieces:
        rows, places = np.empty(most, np.int64), np.empty((most, 3))
        n = _points.nearest(
            *cells_of(piece, state_bits(want, states)), x - ox, y - oy, radius, rows, places
        )
        found += [
            PartFound(
                int(piece.fid[row]), int(piece.cls[row]), int(piece.state[row]),
                float(px) + ox, float(py) + oy, float(d2) ** 0.5,
            )
            for row, (px, py, d2) in zip(rows[:n], places[:n], strict=True)
        ]  # fmt: skip
    return sorted(found, key=lambda part: part.distance)[:most]


def _chosen(want: Mask, states: int) -> NDArray[np.bool_]:
    """Return which pairs of class and state are wanted, (256, 4)."""
    state = np.array([states >> s & 1 for s in range(4)], bool)
    return np.asarray((want != 0)[:, None] & state[None, :])


def _window(store: CityStore, shape: Shape) -> tuple[Any, ...] | None:
    """Return what tells cells and places of a shape apart; None if it misses the city."""
    edges, box = _edges(store, shape)
    side = store.parts.index.side
    if not len(edges) or not np.isfinite(edges).all():
        return None
    low = np.floor(edges[:, :2].min(axis=0) / CELL), np.floor(edges[:, 2:].min(axis=0) / CELL)
    high = np.floor(edges[:, :2].max(axis=0) / CELL), np.floor(edges[:, 2:].max(axis=0) / CELL)
    i0, j0 = (int(v) for v in np.maximum(np.minimum(*low), 0))
    i1, j1 = (int(v) for v in np.minimum(np.maximum(*high), side - 1))
    if i1 < i0 or j1 < j0:
        return None
    grid = np.zeros((j1 - j0 + 1, i1 - i0 + 1), np.uint8)
    _kernels.classify(edges, i0, j0, grid)
    band_off, band = _bands(edges, j0, len(grid))
    if box:
        edges = np.array([[edges[:, 0].min(), edges[:, 1].min(), edges[:, 0].max(),
                           edges[:, 1].max()]])  # fmt: skip
    return grid, i0, j0, edges, band_off, band, box


def _edges(store: CityStore, shape: Shape) -> tuple[NDArray[np.float64], bool]:
    """Return the sides of a shape relative to the origin, (n, 4), and whether it is a box."""
    if isinstance(shape, Bounds):
        b = store.relative(shape)
        if b.x1 < b.x0 or b.y1 < b.y0:
            return np.empty((0, 4)), True
        ring = np.array([[b.x0, b.y0], [b.x1, b.y0], [b.x1, b.y1], [b.x0, b.y1]], np.float64)
        return np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1), True
    rings = [np.asarray(ring, np.float64) - store.origin for ring in shape if len(ring) > 2]
    sides = [np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1) for ring in rings]
    return np.concatenate(sides) if sides else np.empty((0, 4)), False


def _bands(
    edges: NDArray[np.float64], j0: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sides that each row of cells meets: offsets (height + 1,) and numbers."""
    low = np.floor(np.minimum(edges[:, 1], edges[:, 3]) / CELL).astype(np.int64) - j0
    high = np.floor(np.maximum(edges[:, 1], edges[:, 3]) / CELL).astype(np.int64) - j0
    low, high = np.maximum(low, 0), np.minimum(high, height - 1)
    size = np.maximum(high - low + 1, 0)
    edge = np.repeat(np.arange(len(edges)), size)
    row = np.repeat(low, size) + np.arange(len(edge)) - np.repeat(np.cumsum(size) - size, size)
    order = np.argsort(row, kind="stable")
    off = np.searchsorted(row[order], np.arange(height + 1))
    return off.astype(np.int64), edge[order].astype(np.int64)
