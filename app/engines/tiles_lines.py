"""Kernels over pieces of pipe: metres a pixel far away, lines of true width near. No GIL, no Qt.

Pieces lie in cells like parts (see `app.engines.tiles_points`); their ends are int16, 128 to a
metre, from the middle of the cell that holds the piece's middle. `sub[c]` is metres in 4 x 4 bins.
`want` is uint8 (256,) by kind, not 0 for wanted.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types

from app.engines.tiles_points import CELL, I4, I8, IMAGE, U1, U2, U4, D, N, span
from app.engines.tiles_shapes import _capsule, mixed

REACH = 248.0  # metres from a cell's middle to the farthest end of its pieces
BIN = 64.0
_FAR = 1.0 / 10.0  # pixels a metre below which lines are mere density

_S2 = types.Array(types.int16, 1, "C", readonly=True)
_SUB = types.Array(types.float32, 2, "C", readonly=True)
_SUMS = types.Array(types.float32, 2, "C")
_COVER = types.Array(types.uint8, 2, "C")
PIPES = (I4, I8, U4, _SUB, _S2, _S2, _S2, _S2, U1, U2, U1, N)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _add(sums, fx, fy, metres):  # type: ignore[no-untyped-def] # pragma: no cover
    h, w = sums.shape
    if fx >= 0.0 and fy >= 0.0 and fx < w and fy < h:
        sums[np.uint64(fy), np.uint64(fx)] += metres
        return metres
    return 0.0


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _share(sums, fx, fy, metres):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add metres to the four pixels around a place, by nearness."""
    h, w = sums.shape
    fx -= 0.5
    fy -= 0.5
    col, row = math.floor(fx), math.floor(fy)
    if col < 0 or row < 0 or col + 1 >= w or row + 1 >= h:
        dx, dy = fx - col, fy - row
        for r in range(2):
            for c in range(2):
                if 0 <= row + r < h and 0 <= col + c < w:
                    part = (dx if c == 1 else 1.0 - dx) * (dy if r == 1 else 1.0 - dy)
                    sums[row + r, col + c] += metres * part
        return
    dx, dy = fx - col, fy - row
    right, left = metres * dx, metres * (1.0 - dx)
    a, b = np.uint64(row), np.uint64(col)
    sums[a, b] += left * (1.0 - dy)
    sums[a, b + np.uint64(1)] += right * (1.0 - dy)
    sums[a + np.uint64(1), b] += left * dy
    sums[a + np.uint64(1), b + np.uint64(1)] += right * dy


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _bins(sub, left, down, inv, sums):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add a cell's bins at their middles."""
    total = 0.0
    for b in range(16):
        m = sub[b]
        if m > 0.0:
            fx = left + ((b & 3) - 1.5) * BIN * inv
            total += _add(sums, fx, down - ((b >> 2) - 1.5) * BIN * inv, m)
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _far_piece(sums, px, py, dx, dy, length, ground):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add a piece in steps of about a pixel, each to the pixel it falls in."""
    if length < 1.5:
        return _add(sums, px + dx * 0.5, py + dy * 0.5, length * ground)
    total = 0.0
    steps = int(length) + 1
    m = length * ground / steps
    for s in range(steps):
        t = (s + 0.5) / steps
        total += _add(sums, px + dx * t, py + dy * t, m)
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _near_piece(sums, px, py, dx, dy, length, inv):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add a piece in steps of at most a pixel, each shared among the pixels around."""
    h, w = sums.shape
    if max(px, px + dx) < -1.0 or min(px, px + dx) > w + 1.0:
        return 0.0
    if max(py, py + dy) < -1.0 or min(py, py + dy) > h + 1.0:
        return 0.0
    steps = int(length) + 1
    m = length / (inv * steps)
    for s in range(steps):
        t = (s + 0.5) / steps
        _share(sums, px + dx * t, py + dy * t, m)
    return length / inv


@numba.njit(
    [types.float64(*PIPES, types.boolean, D, D, D, _SUMS)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def metres(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, ax, ay, bx, by, kind, size, want, side, every, x0, y1, inv, sums
):
    """Add metres of wanted pipe to the pixels of `sums`, float32 (h, w).

    Pieces are laid in steps of about a pixel: below 10 metres a pixel shared among the four
    pixels around (a smooth line), farther away to the pixel itself (an exact density). From 64
    metres a pixel on, with `every` kind wanted, bins are added at their middles. Returns the
    metres in sight (far away: exactly what was added).
    """
    h, w = sums.shape
    ia, ib = span(x0 - 128.0, x0 + w / inv + 128.0, side)
    ja, jb = span(y1 - h / inv - 128.0, y1 + 128.0, side)
    far, bins = inv < _FAR, every and BIN * inv <= 1.0
    unit, ground = inv / 128.0, 1.0 / inv
    total = 0.0
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            c = cell[j * side + i]
            if c < 0:
                continue
            left = ((i + 0.5) * CELL - x0) * inv
            down = (y1 - (j + 0.5) * CELL) * inv
            if bins:
                total += _bins(sub[c], left, down, inv, sums)
                continue
            for n in range(start[c], start[c] + num[c]):
                if want[kind[n]] == 0:
                    continue
                px, py = left + ax[n] * unit, down - ay[n] * unit
                dx, dy = (np.int64(bx[n]) - ax[n]) * unit, (np.int64(ay[n]) - by[n]) * unit
                length = math.sqrt(dx * dx + dy * dy)
                if far:
                    total += _far_piece(sums, px, py, dx, dy, length, ground)
                else:
                    total += _near_piece(sums, px, py, dx, dy, length, inv)
    return total


@numba.njit([types.void(_SUMS, IMAGE, U4, U1, D)], nogil=True, cache=True, error_model="numpy")
def lay_metres(sums, image, colours, alphas, scale):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay the ramp (256,) at step `sums * scale` (capped) over `image`, and clear `sums`."""
    h, w = image.shape
    for row in range(h):
        for x in range(w):
            m = sums[row, x]
            if m > 0.0:
                step = min(int(m * scale + 0.5), 255)
                image[row, x] = mixed(image[row, x], colours[step], alphas[step])
                sums[row, x] = 0.0


@numba.njit(
    [types.int64(*PIPES, D, D, D, D, D, _COVER)], nogil=True, cache=True, error_model="numpy"
)
def pipes(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, ax, ay, bx, by, kind, size, want, side, least, x0, y1, inv, wider, cover
):
    """Raise `cover` along wanted pieces, as wide as they are and at least `least` pixels.

    A pipe of `size` millimetres is `size / 1000 * inv + wider` pixels wide. Returns how many
    pieces met the tile.
    """
    h, w = cover.shape
    ia, ib = span(x0 - 136.0, x0 + w / inv + 136.0, side)
    ja, jb = span(y1 - h / inv - 136.0, y1 + 136.0, side)
    unit = inv / 128.0
    drawn = 0
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            c = cell[j * side + i]
            if c < 0:
                continue
            left = ((i + 0.5) * CELL - x0) * inv
            down = (y1 - (j + 0.5) * CELL) * inv
            for n in range(start[c], start[c] + num[c]):
                if want[kind[n]] == 0:
                    continue
                half = max(size[n] * 0.001 * inv + wider, least) * 0.5
                px, py = left + ax[n] * unit, down - ay[n] * unit
                qx, qy = left + bx[n] * unit, down - by[n] * unit
                edge = half + 0.5
                if max(px, qx) < -edge or min(px, qx) > w + edge:
                    continue
                if max(py, qy) < -edge or min(py, qy) > h + edge:
                    continue
                drawn += 1
                most = int(min(half * 2.0, 1.0) * 255.0)
                _capsule(cover, px, py, qx, qy, max(half, 0.5), most)
    return drawn
