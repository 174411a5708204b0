"""Kernels over the parts of a city: density, dots, counts, the nearest one. No GIL, no Qt.

Parts lie in square cells of `CELL` metres in Morton order: those of cell key k are
`off[k]:off[k + 1]`; x and y in the cell are uint16, 65,536 to a cell (4 mm). `cx0`, `cy0` in the
arguments are local metres of cell (0, 0)'s south west corner, `bits` gives 2 ** bits cells a side.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types

from app.engines.tiles_shapes import mixed

CELL = 256.0

_OFF = types.Array(types.int64, 1, "C", readonly=True)
_U2 = types.Array(types.uint16, 1, "C", readonly=True)
_U1 = types.Array(types.uint8, 1, "C", readonly=True)
_U4 = types.Array(types.uint32, 1, "C", readonly=True)
_COUNTS = types.Array(types.uint32, 2, "C")
_TALLY = types.Array(types.int64, 1, "C")
_IMAGE = types.Array(types.uint32, 2, "C")
_D = types.float64
_N = types.int64
_CELLS = (_OFF, _U2, _U2, _U1, _U1, _D, _D, _N)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _spread(v):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    v &= 0xFFFF
    v = (v | (v << 8)) & 0x00FF00FF
    v = (v | (v << 4)) & 0x0F0F0F0F
    v = (v | (v << 2)) & 0x33333333
    return (v | (v << 1)) & 0x55555555


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _span(low, high, start, bits):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the first and last cell that metres low to high touch (last < first: none)."""
    a = math.floor((low - start) / CELL)
    b = math.floor((high - start) / CELL)
    return max(a, 0), min(b, (1 << bits) - 1)


@numba.njit(
    [types.int64(*_CELLS, types.boolean, _D, _D, _D, _COUNTS)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def density(off, px, py, cls, want, cx0, cy0, bits, every, x0, y1, inv, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count wanted parts into pixels of `counts` (h, w); returns how many fell inside.

    `every` says that all classes are wanted, so that none need be read.
    """
    h, w = counts.shape
    ia, ib = _span(x0, x0 + w / inv, cx0, bits)
    ja, jb = _span(y1 - h / inv, y1, cy0, bits)
    unit = CELL / 65536.0 * inv
    side = CELL * inv
    total = 0
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            key = _spread(i) | (_spread(j) << 1)
            if off[key] == off[key + 1]:
                continue
            left = (cx0 + i * CELL - x0) * inv
            down = (y1 - cy0 - j * CELL) * inv
            if every and left >= 0.0 and left + side < w and down < h and down - side >= 0.0:
                total += off[key + 1] - off[key]
                for n in range(off[key], off[key + 1]):
                    # unsigned, so that no test for counting from the end is compiled in
                    counts[np.uint64(down - py[n] * unit), np.uint64(left + px[n] * unit)] += 1
                continue
            for n in range(off[key], off[key + 1]):
                if not every and want[cls[n]] == 0:
                    continue
                fx = left + px[n] * unit
                fy = down - py[n] * unit
                if fx >= 0.0 and fy >= 0.0 and fx < w and fy < h:
                    counts[np.uint64(fy), np.uint64(fx)] += 1
                    total += 1
    return total


@numba.njit([types.void(_COUNTS, _IMAGE, _U4, _U1)], nogil=True, cache=True, error_model="numpy")
def lay_density(counts, image, colours, alphas):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay the ramp (`colours`, `alphas`, shape (256,), index = count, capped) over `image`."""
    h, w = image.shape
    for row in range(h):
        for x in range(w):
            c = counts[row, x]
            if c > 0:
                step = min(c, 255)
                image[row, x] = mixed(image[row, x], colours[step], alphas[step])


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _disc(image, fx, fy, radius, reach, colour, ground, alpha):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay one disc, and `ground` around it out to `reach`."""
    h, w = image.shape
    rim = reach > radius + 0.5
    for row in range(max(0, int(fy - reach)), min(h, int(fy + reach) + 1)):
        for col in range(max(0, int(fx - reach)), min(w, int(fx + reach) + 1)):
            d = math.sqrt((col + 0.5 - fx) ** 2 + (row + 0.5 - fy) ** 2)
            if d >= reach:
                continue
            if rim:
                c = min(reach - d, 1.0)
                image[row, col] = mixed(image[row, col], ground, int(c * alpha))
            c = min(radius + 0.5 - d, 1.0)
            if c > 0.0:
                image[row, col] = mixed(image[row, col], colour, int(c * alpha))


@numba.njit(
    [types.int64(*_CELLS, _D, _D, _D, _U4, _D, _D, _N, _IMAGE)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def dots(off, px, py, cls, want, cx0, cy0, bits, x0, y1, inv, colours, radius, rim, alpha, image):  # type: ignore[no-untyped-def] # pragma: no cover
    """Draw wanted parts as discs of `radius` pixels, `colours` by class (256,).

    `rim` pixels around each disc are cleared towards index 255 of `colours` (the ground), so that
    neighbours stay apart. Returns how many were drawn.
    """
    h, w = image.shape
    reach = radius + rim + 0.5
    edge = reach / inv
    ia, ib = _span(x0 - edge, x0 + w / inv + edge, cx0, bits)
    ja, jb = _span(y1 - h / inv - edge, y1 + edge, cy0, bits)
    unit = CELL / 65536.0 * inv
    drawn = 0
    for j in range(jb, ja - 1, -1):
        for i in range(ia, ib + 1):
            key = _spread(i) | (_spread(j) << 1)
            left = (cx0 + i * CELL - x0) * inv
            down = (y1 - cy0 - j * CELL) * inv
            for n in range(off[key], off[key + 1]):
                if want[cls[n]] == 0:
                    continue
                fx, fy = left + px[n] * unit, down - py[n] * unit
                if fx < -reach or fy < -reach or fx > w + reach or fy > h + reach:
                    continue
                drawn += 1
                colour = colours[cls[n]]
                _disc(image, fx, fy, radius, reach, colour, colours[255], alpha)
    return drawn


@numba.njit(
    [types.int64(*_CELLS, _D, _D, _D, _D, _TALLY)], nogil=True, cache=True, error_model="numpy"
)
def tally(off, px, py, cls, want, cx0, cy0, bits, x0, y0, x1, y1, by_class):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count wanted parts in a box of local metres, exactly, by class into `by_class` (256,)."""
    ia, ib = _span(x0, x1, cx0, bits)
    ja, jb = _span(y0, y1, cy0, bits)
    unit = CELL / 65536.0
    total = 0
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            key = _spread(i) | (_spread(j) << 1)
            left, down = cx0 + i * CELL, cy0 + j * CELL
            whole = left >= x0 and down >= y0 and left + CELL <= x1 and down + CELL <= y1
            for n in range(off[key], off[key + 1]):
                if want[cls[n]] == 0:
                    continue
                if not whole:
                    x, y = left + px[n] * unit, down + py[n] * unit
                    if x < x0 or x > x1 or y < y0 or y > y1:
                        continue
                by_class[cls[n]] += 1
                total += 1
    return total


@numba.njit([types.int64(*_CELLS, _D, _D, _D)], nogil=True, cache=True, error_model="numpy")
def nearest(off, px, py, cls, want, cx0, cy0, bits, x, y, radius):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the row of the wanted part nearest to (x, y) within `radius` metres, or -1."""
    ia, ib = _span(x - radius, x + radius, cx0, bits)
    ja, jb = _span(y - radius, y + radius, cy0, bits)
    unit = CELL / 65536.0
    best, found = radius * radius, -1
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            key = _spread(i) | (_spread(j) << 1)
            left, down = cx0 + i * CELL - x, cy0 + j * CELL - y
            for n in range(off[key], off[key + 1]):
                if want[cls[n]] == 0:
                    continue
                dx, dy = left + px[n] * unit, down + py[n] * unit
                d2 = dx * dx + dy * dy
                if d2 <= best:
                    best, found = d2, n
    return found
