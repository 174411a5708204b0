"""Kernels over the parts of a city: density, dots, the nearest ones. No GIL, no Qt.

Parts lie in square cells of `CELL` metres: the rows of the cell in column i and row j are
`start[c]:start[c] + num[c]` with `c = cell[j * side + i]`, -1 for none; in a cell they follow its
8 x 8 bins, `sub[c]` of them in each. x and y in the cell are uint16, 65,536 to a cell (4 mm).
`want` is uint8 (256,): bit s of `want[cls]` says that state s of the class is wanted.
`x0`, `y1` are metres from the store's origin, `inv` pixels a metre.

*Measured* on 15,000,000 parts at the densest spot: milliseconds of one thread's own time (best of
11, two cores under load 4), before | now: the whole city in one 1080p frame 32 | 8.8 (a scan of
5 bytes a part takes 3.9), of it half of the classes 67 | 42; a 512 px tile at 60 m a pixel
13.3 | 2.0, 31: 5.5 | 2.9, 16: 1.65 | 0.79, 8: 0.43 | 0.27; with half of the classes 27 | 16.7,
11.8 | 5.8, 3.8 | 2.1, 0.90 | 0.59. Before: one loop over parts. Now: bins of 32 m while a pixel
holds one, else pixels of a cell's parts worked out in SIMD and counted in four stretches, so that
no addition waits for its neighbour's. `python -m app bench kernels --json` measures it again.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types

from app.engines.tiles_shapes import mixed

CELL = 256.0
BIN = 32.0
AT_ONCE = 4096  # rows whose pixels are worked out before any is counted

I4 = types.Array(types.int32, 1, "C", readonly=True)
I8 = types.Array(types.int64, 1, "C", readonly=True)
U4 = types.Array(types.uint32, 1, "C", readonly=True)
U2 = types.Array(types.uint16, 1, "C", readonly=True)
U1 = types.Array(types.uint8, 1, "C", readonly=True)
SUB = types.Array(types.uint16, 2, "C", readonly=True)
COUNTS = types.Array(types.uint32, 2, "C")
IMAGE = types.Array(types.uint32, 2, "C")
D = types.float64
N = types.int64
CELLS = (I4, I8, U4, SUB, U2, U2, U1, U1, U1, N)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def span(low, high, side):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the first and last cell that metres low to high touch (last < first: none)."""
    return max(math.floor(low / CELL), 0), min(math.floor(high / CELL), side - 1)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _by_group(sub, group, left, down, step, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count a cell by squares of `group` x `group` bins, each `step` pixels wide."""
    h, w = counts.shape
    total = 0
    for by in range(0, 8, group):
        fy = down - (by + 0.5 * group) * step / group
        if fy < 0.0 or fy >= h:
            continue
        for bx in range(0, 8, group):
            fx = left + (bx + 0.5 * group) * step / group
            if fx < 0.0 or fx >= w:
                continue
            n = 0
            for r in range(by, by + group):
                for c in range(bx, bx + group):
                    n += sub[r * 8 + c]
            counts[np.uint64(fy), np.uint64(fx)] += np.uint32(n)
            total += n
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _pixels_of_bins(left, down, inv, w, pixel):  # type: ignore[no-untyped-def] # pragma: no cover
    """Write the pixel of each bin of a cell that lies whole in the image."""
    for b in range(64):
        fx = left + ((b & 7) + 0.5) * BIN * inv
        fy = down - ((b >> 3) + 0.5) * BIN * inv
        pixel[b] = np.int32(fy) * np.int32(w) + np.int32(fx)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _scatter(flat, at, m):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count the pixels `at[:m]`, four stretches at a time: neighbours in a row share pixels, and
    an addition to a pixel has to wait for the one before it."""
    q = m >> 2
    for n in range(q):
        flat[np.uint32(at[n])] += np.uint32(1)
        flat[np.uint32(at[n + q])] += np.uint32(1)
        flat[np.uint32(at[n + 2 * q])] += np.uint32(1)
        flat[np.uint32(at[n + 3 * q])] += np.uint32(1)
    for n in range(4 * q, m):
        flat[np.uint32(at[n])] += np.uint32(1)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _scatter_some(flat, at, ones, m):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add `ones[:m]` to the pixels `at[:m]`; returns their sum."""
    q, total = m >> 2, 0
    for n in range(m):
        total += ones[n]
    for n in range(q):
        flat[np.uint32(at[n])] += np.uint32(ones[n])
        flat[np.uint32(at[n + q])] += np.uint32(ones[n + q])
        flat[np.uint32(at[n + 2 * q])] += np.uint32(ones[n + 2 * q])
        flat[np.uint32(at[n + 3 * q])] += np.uint32(ones[n + 3 * q])
    for n in range(4 * q, m):
        flat[np.uint32(at[n])] += np.uint32(ones[n])
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _whole_cell(  # type: ignore[no-untyped-def] # pragma: no cover
    first, stop, px, py, cls, state, want, every, left, down, unit, bins, counts, at, ones, pixel
):
    """Count a cell that lies whole in the image: pixels first, in SIMD, then the additions."""
    h, w = counts.shape
    flat = counts.reshape(h * w)
    u, x0, y0, wide = np.float32(unit), np.float32(left), np.float32(down), np.int32(w)
    total = 0
    for begin in range(first, stop, AT_ONCE):
        m = min(stop - begin, AT_ONCE)
        xs, ys = px[begin : begin + m], py[begin : begin + m]
        if bins:
            for n in range(m):
                at[n] = pixel[np.uint64((ys[n] >> 13) * 8 + (xs[n] >> 13))]
        else:
            for n in range(m):
                row = np.int32(y0 - np.float32(ys[n]) * u)
                at[n] = row * wide + np.int32(x0 + np.float32(xs[n]) * u)
        if every:
            _scatter(flat, at, m)
            total += m
            continue
        kinds, states = cls[begin : begin + m], state[begin : begin + m]
        for n in range(m):
            ones[n] = (want[kinds[n]] >> states[n]) & 1
        total += _scatter_some(flat, at, ones, m)
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _by_bin(first, stop, sub, cls, state, want, left, down, inv, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count wanted parts of a cell on the image's border, each at the middle of its bin."""
    h, w = counts.shape
    total = 0
    begin = first
    for b in range(64):
        end = min(begin + np.int64(sub[b]), stop)
        fx = left + ((b & 7) + 0.5) * BIN * inv
        fy = down - ((b >> 3) + 0.5) * BIN * inv
        if fx >= 0.0 and fy >= 0.0 and fx < w and fy < h:
            found = 0
            for n in range(begin, end):
                found += (want[cls[n]] >> state[n]) & 1
            counts[np.uint64(fy), np.uint64(fx)] += np.uint32(found)
            total += found
        begin = end
    return total


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _by_point(first, stop, px, py, cls, state, want, every, left, down, unit, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count a cell part by part."""
    h, w = counts.shape
    total = 0
    for n in range(first, stop):
        if not every and (want[cls[n]] >> state[n]) & 1 == 0:
            continue
        fx = left + px[n] * unit
        fy = down - py[n] * unit
        if fx >= 0.0 and fy >= 0.0 and fx < w and fy < h:
            # unsigned, so that no test for counting from the end is compiled in
            counts[np.uint64(fy), np.uint64(fx)] += np.uint32(1)
            total += 1
    return total


@numba.njit(
    [types.int64(*CELLS, types.boolean, D, D, D, COUNTS)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def density(cell, start, num, sub, px, py, cls, state, want, side, every, x0, y1, inv, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count wanted parts into pixels of `counts` (h, w); returns how many fell inside.

    `every` says that all are wanted, so that classes need not be read. From 32 metres a pixel on
    a bin is counted at its middle: right to half a pixel, and each part is counted once.
    """
    h, w = counts.shape
    ia, ib = span(x0, x0 + w / inv, side)
    ja, jb = span(y1 - h / inv, y1, side)
    unit = CELL / 65536.0 * inv
    reach = CELL * inv
    group = 1
    while group < 8 and 2 * group * BIN * inv <= 1.0:
        group *= 2
    bins = BIN * inv <= 1.0
    at, ones = np.empty(AT_ONCE, np.int32), np.empty(AT_ONCE, np.uint8)
    pixel = np.empty(64, np.int32)
    total = 0
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            c = cell[j * side + i]
            if c < 0:
                continue
            first, stop = start[c], start[c] + num[c]
            left = (i * CELL - x0) * inv
            down = (y1 - j * CELL) * inv
            if bins and every:
                total += _by_group(sub[c], group, left, down, group * BIN * inv, counts)
            elif (
                left > 0.01 and left + reach < w - 0.01 and down < h - 0.01 and down - reach > 0.01
            ):
                if bins:
                    _pixels_of_bins(left, down, inv, w, pixel)
                total += _whole_cell(
                    first, stop, px, py, cls, state, want, every, left, down, unit, bins, counts,
                    at, ones, pixel,
                )  # fmt: skip
            elif bins:
                total += _by_bin(first, stop, sub[c], cls, state, want, left, down, inv, counts)
            else:
                total += _by_point(
                    first, stop, px, py, cls, state, want, every, left, down, unit, counts
                )
    return total


@numba.njit([types.void(COUNTS, IMAGE, U4, U1)], nogil=True, cache=True, error_model="numpy")
def lay_density(counts, image, colours, alphas):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay the ramp (`colours`, `alphas`, shape (256,), index = count, capped) over `image`.

    Clears `counts`.
    """
    h, w = image.shape
    for row in range(h):
        for x in range(w):
            c = counts[row, x]
            if c > 0:
                step = min(c, 255)
                image[row, x] = mixed(image[row, x], colours[step], alphas[step])
                counts[row, x] = 0


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
    [types.int64(*CELLS, D, D, D, U4, D, D, N, IMAGE)], nogil=True, cache=True, error_model="numpy"
)
def dots(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, px, py, cls, state, want, side, x0, y1, inv, colours, radius, rim,
    alpha, image,
):  # fmt: skip
    """Draw wanted parts as discs of `radius` pixels, `colours` by class (256,).

    `rim` pixels around each disc are cleared towards index 255 of `colours` (the ground), so that
    neighbours stay apart. Returns how many were drawn.
    """
    h, w = image.shape
    reach = radius + rim + 0.5
    edge = reach / inv
    ia, ib = span(x0 - edge, x0 + w / inv + edge, side)
    ja, jb = span(y1 - h / inv - edge, y1 + edge, side)
    unit = CELL / 65536.0 * inv
    drawn = 0
    for j in range(jb, ja - 1, -1):
        for i in range(ia, ib + 1):
            c = cell[j * side + i]
            if c < 0:
                continue
            left = (i * CELL - x0) * inv
            down = (y1 - j * CELL) * inv
            for n in range(start[c], start[c] + num[c]):
                if (want[cls[n]] >> state[n]) & 1 == 0:
                    continue
                fx, fy = left + px[n] * unit, down - py[n] * unit
                if fx < -reach or fy < -reach or fx > w + reach or fy > h + reach:
                    continue
                drawn += 1
                colour = colours[cls[n]]
                _disc(image, fx, fy, radius, reach, colour, colours[255], alpha)
    return drawn


_ROWS = types.Array(types.int64, 1, "C")
_PLACES = types.Array(types.float64, 2, "C")


@numba.njit(
    [types.int64(*CELLS, D, D, D, _ROWS, _PLACES)], nogil=True, cache=True, error_model="numpy"
)
def nearest(  # type: ignore[no-untyped-def] # pragma: no cover
    cell, start, num, sub, px, py, cls, state, want, side, x, y, radius, rows, places
):
    """Find the wanted parts nearest to (x, y) within `radius` metres, at most `len(rows)`.

    Writes their rows and places (metres from the origin, squared distance), the nearest first;
    returns how many.
    """
    ia, ib = span(x - radius, x + radius, side)
    ja, jb = span(y - radius, y + radius, side)
    unit = CELL / 65536.0
    most, found, worst = len(rows), 0, radius * radius
    for j in range(ja, jb + 1):
        for i in range(ia, ib + 1):
            c = cell[j * side + i]
            if c < 0:
                continue
            for n in range(start[c], start[c] + num[c]):
                fx, fy = i * CELL + (px[n] + 0.5) * unit, j * CELL + (py[n] + 0.5) * unit
                d2 = (fx - x) ** 2 + (fy - y) ** 2
                if d2 > worst or (want[cls[n]] >> state[n]) & 1 == 0:
                    continue
                if found == most and d2 >= places[most - 1, 2]:
                    continue
                at = found if found < most else most - 1
                found = min(found + 1, most)
                while at > 0 and places[at - 1, 2] > d2:
                    rows[at] = rows[at - 1]
                    places[at, 0], places[at, 1] = places[at - 1, 0], places[at - 1, 1]
                    places[at, 2] = places[at - 1, 2]
                    at -= 1
                rows[at], places[at, 0], places[at, 1], places[at, 2] = n, fx, fy, d2
    return found
