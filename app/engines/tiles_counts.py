"""Kernels that count and gather parts in a box or polygon, exactly. No GIL, no Qt.

Cells in a window of the city are told apart first: outside, whole inside, or on the edge
(`classify`). Blocks of the class-count cube that are whole inside are read from the cube, other
cells part by part, and only parts of edge cells are tested against the shape. Parts as in
`app.engines.tiles_points`; the place of a part is its row's corner, metres from the origin.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types

from app.engines.tiles_points import CELL, CELLS, I8, U1, U4, N

PAIRS = 1024  # class * 4 + state

_EDGES = types.Array(types.float64, 2, "C", readonly=True)
_GRID = types.Array(types.uint8, 2, "C")
_SEEN = types.Array(types.uint8, 2, "C", readonly=True)
_CUBE = types.Array(types.uint32, 2, "C", readonly=True)
_TALLY = types.Array(types.int64, 1, "C")
_OUT = types.Array(types.uint32, 1, "C")
_SHAPE = (_SEEN, N, N, _EDGES, I8, I8, types.boolean)


@numba.njit([types.void(_EDGES, N, N, _GRID)], nogil=True, cache=True, error_model="numpy")
def classify(edges, i0, j0, grid):  # type: ignore[no-untyped-def] # pragma: no cover
    """Set `grid` (rows, columns from cell (i0, j0)) to 0 outside, 1 inside, 2 on the edge.

    `edges` are x0 y0 x1 y1 of all sides, float64 (n, 4); inside by even-odd.
    """
    h, w = grid.shape
    flips = np.zeros((h, w + 1), np.uint8)
    for e in range(edges.shape[0]):
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        ra = max(math.floor(ay / CELL) - j0, 0)
        rb = min(math.floor(by / CELL) - j0, h - 1)
        for r in range(ra, rb + 1):
            low, high = max(ay, (r + j0) * CELL), min(by, (r + j0 + 1) * CELL)
            xa, xb = ax, bx
            if by > ay:
                slope = (bx - ax) / (by - ay)
                xa, xb = ax + (low - ay) * slope, ax + (high - ay) * slope
            left, right = min(xa, xb) - 0.01, max(xa, xb) + 0.01
            ca = max(math.floor(left / CELL) - i0, 0)
            cb = min(math.floor(right / CELL) - i0, w - 1)
            for c in range(ca, cb + 1):
                grid[r, c] = 2
            middle = (r + j0 + 0.5) * CELL
            if (ay <= middle) != (by <= middle):
                x = ax + (middle - ay) * (bx - ax) / (by - ay)
                at = math.ceil(x / CELL - 0.5) - i0
                flips[r, min(max(at, 0), w)] ^= 1
    for r in range(h):
        inside = 0
        for c in range(w):
            inside ^= flips[r, c]
            if grid[r, c] != 2:
                grid[r, c] = inside


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _holds(edges, band_off, band, row, box, x, y):  # type: ignore[no-untyped-def] # pragma: no cover
    """Whether the shape holds (x, y): a box with its borders, else by even-odd."""
    if box:
        return x >= edges[0, 0] and x <= edges[0, 2] and y >= edges[0, 1] and y <= edges[0, 3]
    odd = False
    for b in range(band_off[row], band_off[row + 1]):
        e = band[b]
        y0, y1 = edges[e, 1], edges[e, 3]
        if (y0 <= y) != (y1 <= y) and (
            edges[e, 0] + (y - y0) * (edges[e, 2] - edges[e, 0]) / (y1 - y0) > x
        ):
            odd = not odd
    return odd


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _whole(grid, r0, c0, size):  # type: ignore[no-untyped-def] # pragma: no cover
    """Whether all cells of a block lie in the window and inside."""
    h, w = grid.shape
    if r0 < 0 or c0 < 0 or r0 + size > h or c0 + size > w:
        return False
    for r in range(r0, r0 + size):
        for c in range(c0, c0 + size):
            if grid[r, c] != 1:
                return False
    return True


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _count_all(first, stop, cls, state, hist):  # type: ignore[no-untyped-def] # pragma: no cover
    for n in range(first, stop):
        hist[np.uint64(cls[n]) * 4 + (state[n] & 3)] += 1


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _count_held(  # type: ignore[no-untyped-def] # pragma: no cover
    first, stop, left, low, px, py, cls, state, edges, band_off, band, row, box, hist
):
    unit = CELL / 65536.0
    for n in range(first, stop):
        if _holds(edges, band_off, band, row, box, left + px[n] * unit, low + py[n] * unit):
            hist[np.uint64(cls[n]) * 4 + (state[n] & 3)] += 1


@numba.njit(
    [types.void(*CELLS, *_SHAPE, _CUBE, U1, N, N, _TALLY)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def tally(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, px, py, cls, state, want, side, grid, i0, j0, edges, band_off, band,
    box, cube, dirty, down, pairs, hist,
):  # fmt: skip
    """Count parts of the shape by class and state into `hist` (1024,); `want` is not asked.

    `cube` has a row for each block of 2 ** `down` cells a side, of which `pairs` columns are in
    use; rows that are `dirty` are not read, nor is a cube without rows.
    """
    h, w = grid.shape
    size = 1 << down
    blocks = side >> down
    for bj in range(j0 >> down, ((j0 + h - 1) >> down) + 1):
        for bi in range(i0 >> down, ((i0 + w - 1) >> down) + 1):
            r0, c0 = (bj << down) - j0, (bi << down) - i0
            b = bj * blocks + bi
            if b < cube.shape[0] and dirty[b] == 0 and _whole(grid, r0, c0, size):
                for p in range(pairs):
                    hist[p] += cube[b, p]
                continue
            for r in range(max(r0, 0), min(r0 + size, h)):
                for c in range(max(c0, 0), min(c0 + size, w)):
                    k = cell[(r + j0) * side + c + i0]
                    if grid[r, c] == 1 and k >= 0:
                        _count_all(start[k], start[k] + num[k], cls, state, hist)
                    elif grid[r, c] == 2 and k >= 0:
                        _count_held(
                            start[k], start[k] + num[k], (c + i0) * CELL, (r + j0) * CELL, px, py,
                            cls, state, edges, band_off, band, r, box, hist,
                        )  # fmt: skip


@numba.njit([types.int64(*CELLS, *_SHAPE, U4, _OUT)], nogil=True, cache=True, error_model="numpy")
def gather(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, px, py, cls, state, want, side, grid, i0, j0, edges, band_off, band,
    box, fid, out,
):  # fmt: skip
    """Write the rows' `fid` of wanted parts of the shape to `out`; returns how many."""
    h, w = grid.shape
    unit = CELL / 65536.0
    found, room = 0, len(out)
    for r in range(h):
        for c in range(w):
            k = cell[(r + j0) * side + c + i0]
            if grid[r, c] == 0 or k < 0:
                continue
            left, low = (c + i0) * CELL, (r + j0) * CELL
            for n in range(start[k], start[k] + num[k]):
                if (want[cls[n]] >> state[n]) & 1 == 0 or found >= room:
                    continue
                if grid[r, c] == 2 and not _holds(
                    edges, band_off, band, r, box, left + px[n] * unit, low + py[n] * unit
                ):
                    continue
                out[found] = fid[n]
                found += 1
    return found
