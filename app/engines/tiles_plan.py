"""A whole tile in one compiled call: a list of steps that says what is drawn over what.

Each kernel called from Python takes the GIL when it ends, and under load waits for it: thirty times
a tile. `run` takes a table of steps instead, with the addresses of all arrays in it, and calls the
kernels one after another. Steps depend on the look and the scale, not on the place, so that one
table draws all tiles of a scale (`app.engines.tiles_canvas` writes it). No GIL, no Qt.

A step is a row of `WIDTH` int64 and one of `REALS` float64. Arrays are pairs of address and rows
from column 0 on; then come the columns named below. Whoever writes a table keeps its arrays.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from app.engines import tiles_fields, tiles_lines, tiles_points, tiles_shapes
from app.engines.tiles_fields import choropleth, heat
from app.engines.tiles_lines import lay_metres, metres, pipes
from app.engines.tiles_points import density, dots, lay_density
from app.engines.tiles_shapes import fill, lay_cover, lay_fill, mixed, stroke

_MADE_OF = (tiles_fields, tiles_lines, tiles_points, tiles_shapes)
WIDTH, REALS = 32, 4
WANT, FIRST, SECOND, COLOUR, ALPHA, FLAG, SIDE, KIND = range(24, 32)
CLEAR, KEEP, MIX, FILL, FILL_ELSE, STROKE, DENSITY, LAY_DENSITY, DOTS = range(9)
METRES, PIPES, VALUES, HEAT = range(9, 13)

_D = types.float64
_STEPS = types.Array(types.int64, 2, "C", readonly=True)
_NUMBERS = types.Array(types.float64, 2, "C", readonly=True)
_FOUND = types.Array(types.float64, 1, "C")
_IMAGE = types.Array(types.uint32, 2, "C")
_SUMS = types.Array(types.float32, 2, "C")
_WORDS = types.Array(types.uint64, 2, "C")
_COVER = types.Array(types.uint8, 2, "C")


def _to_pointer(_context: Any, address: Any) -> Any:
    """Compile an address into a pointer."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), code


_pointer: Any = intrinsic(_to_pointer)


@numba.njit(nogil=True, inline="always")
def _bytes(step, at):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    return carray(_pointer(step[at]), (step[at + 1],), np.uint8)


@numba.njit(nogil=True, inline="always")
def _mask(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (256,), np.uint8)


@numba.njit(nogil=True, inline="always")
def _inks(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (256,), np.uint32)


@numba.njit(nogil=True, inline="always")
def _longs(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1],), np.int64)


@numba.njit(nogil=True, inline="always")
def _floats(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1],), np.float32)


@numba.njit(nogil=True, inline="always")
def _pairs(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1], 2), np.float32)


@numba.njit(nogil=True, inline="always")
def _boxes(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1], 4), np.float32)


@numba.njit(nogil=True, inline="always")
def _shorts(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1],), np.uint16)


@numba.njit(nogil=True, inline="always")
def _ends(step, at):  # type: ignore[no-untyped-def] # pragma: no cover
    return carray(_pointer(step[at]), (step[at + 1],), np.int16)


@numba.njit(nogil=True, inline="always")
def _cells(step):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return cell, start, num of an index that begins a step."""
    return (
        carray(_pointer(step[0]), (step[1],), np.int32),
        _longs(step, 2),
        carray(_pointer(step[4]), (step[5],), np.uint32),
    )


@numba.njit(nogil=True, error_model="numpy")
def _shapes(step, real, x0, y1, inv, image, sums, words, cover):  # type: ignore[no-untyped-def] # pragma: no cover
    """Fill polygons, or stroke lines."""
    xy, ring_off, feature_off = _pairs(step, 0), _longs(step, 2), _longs(step, 4)
    box, block, kind = _boxes(step, 6), _boxes(step, 8), _bytes(step, 10)
    want, colour, alpha = _mask(step, WANT), np.uint32(step[COLOUR]), step[ALPHA]
    if step[KIND] != STROKE:
        drawn = fill(xy, ring_off, feature_off, box, block, kind, want, x0, y1, inv, sums)
        if drawn > 0:
            lay_fill(sums, image, colour, alpha)
        return drawn
    half = carray(_pointer(step[FIRST]), (256,), np.float32)
    drawn = stroke(
        xy, ring_off, feature_off, box, block, kind, want, half, step[FLAG], real[0], real[1],
        x0, y1, inv, cover,
    )  # fmt: skip
    if drawn > 0:
        lay_cover(words, cover, image, colour, alpha)
    return drawn


@numba.njit(nogil=True, error_model="numpy")
def _parts(step, real, x0, y1, inv, image, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Count parts into `counts`, or lay them as dots."""
    cell, start, num = _cells(step)
    sub = carray(_pointer(step[6]), (step[7], 64), np.uint16)
    x, y, cls, state = _shorts(step, 8), _shorts(step, 10), _bytes(step, 12), _bytes(step, 14)
    want, side = _mask(step, WANT), step[SIDE]
    if step[KIND] == DENSITY:
        return density(
            cell, start, num, sub, x, y, cls, state, want, side, step[FLAG] != 0, x0, y1, inv,
            counts,
        )  # fmt: skip
    return dots(
        cell, start, num, sub, x, y, cls, state, want, side, x0, y1, inv, _inks(step, FIRST),
        real[0], real[1], step[ALPHA], image,
    )  # fmt: skip


@numba.njit(nogil=True, error_model="numpy")
def _pipes(step, real, x0, y1, inv, image, field, words, cover):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay pipes by their metres, or as lines."""
    cell, start, num = _cells(step)
    sub = carray(_pointer(step[6]), (step[7], 16), np.float32)
    ax, ay, bx, by = _ends(step, 8), _ends(step, 10), _ends(step, 12), _ends(step, 14)
    kind, size, want, side = _bytes(step, 16), _shorts(step, 18), _mask(step, WANT), step[SIDE]
    if step[KIND] == METRES:
        total = metres(
            cell, start, num, sub, ax, ay, bx, by, kind, size, want, side, step[FLAG] != 0,
            x0, y1, inv, field,
        )  # fmt: skip
        if total > 0.0:
            lay_metres(field, image, _inks(step, FIRST), _mask(step, SECOND), real[0])
        return total
    drawn = pipes(
        cell, start, num, sub, ax, ay, bx, by, kind, size, want, side, real[0], x0, y1, inv,
        real[1], cover,
    )  # fmt: skip
    if drawn > 0:
        lay_cover(words, cover, image, np.uint32(step[COLOUR]), step[ALPHA])
    return float(drawn)


@numba.njit(nogil=True, error_model="numpy")
def _fields(step, real, x0, y1, inv, image, sums, field):  # type: ignore[no-untyped-def] # pragma: no cover
    """Fill areas by their value, or lay the heat of points."""
    if step[KIND] == VALUES:
        inks = carray(_pointer(step[12]), (step[13],), np.uint32)
        return float(
            choropleth(
                _pairs(step, 0), _longs(step, 2), _longs(step, 4), _boxes(step, 6),
                _floats(step, 8), _floats(step, 10), inks, _bytes(step, 14), x0, y1, inv,
                sums, image,
            )
        )  # fmt: skip
    total = heat(_pairs(step, 0), _floats(step, 2), x0, y1, inv, real[0], field)
    lay_metres(field, image, _inks(step, FIRST), _mask(step, SECOND), real[1])
    return total


@numba.njit(nogil=True, error_model="numpy")
def _whole(step, image, below):  # type: ignore[no-untyped-def] # pragma: no cover
    """Clear the image, keep it, or lay it with `alpha` of 256 on what was kept."""
    if step[KIND] == CLEAR:
        image[:] = np.uint32(step[COLOUR])
    elif step[KIND] == KEEP:
        below[:] = image
    else:
        h, w = image.shape
        for row in range(h):
            for x in range(w):
                image[row, x] = mixed(below[row, x], image[row, x], step[ALPHA])


@numba.njit(nogil=True, error_model="numpy")
def _lay_counts(steps, n, found, image, counts):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay what the steps just before have counted; returns how much."""
    step, total, last = steps[n], 0.0, n - 1
    while last >= 0 and steps[last, KIND] == DENSITY:
        total += found[last]
        last -= 1
    if total > 0.0:
        lay_density(counts, image, _inks(step, FIRST), _mask(step, SECOND))
    return total


def _stamp() -> int:
    """Return a number that stands for the sources of all kernels called here.

    numba looks for its cache by a function's own file, and would go on with what it has compiled
    from an older kernel of another one.
    """
    files = (__file__, *(one.__file__ for one in _MADE_OF))
    return zlib.crc32(b"".join(Path(str(file)).read_bytes() for file in files))


def _compiled(stamp: int) -> Any:
    """Return `run`; the number it closes over is part of its name in numba's cache."""

    @numba.njit(
        [types.void(_STEPS, _NUMBERS, _FOUND, _D, _D, _D, _IMAGE, _IMAGE, _SUMS, _SUMS, _WORDS,
                    _COVER, _IMAGE)],
        nogil=True, cache=True, error_model="numpy",
    )  # fmt: skip
    def run(  # type: ignore[no-untyped-def] # pragma: no cover
        steps, reals, found, x0, y1, inv, image, below, sums, field, words, cover, counts
    ):
        """Draw all `steps` into `image` (h, w), whose north west corner is (x0, y1).

        `found`, float64 (n,), takes what each step met. The other arrays are scratch: zero before
        and after, shaped (h, w) but `sums` (h, w + 2), `words` and its bytes `cover` (h, w / 8).
        """
        if stamp < 0:
            return
        for n in range(steps.shape[0]):
            step, real = steps[n], reals[n]
            kind = step[KIND]
            if kind <= MIX:
                _whole(step, image, below)
            elif kind == FILL_ELSE and found[n - 1] > 0.0:
                found[n] = found[n - 1]
            elif kind <= STROKE:
                found[n] = _shapes(step, real, x0, y1, inv, image, sums, words, cover)
            elif kind == LAY_DENSITY:
                found[n] = _lay_counts(steps, n, found, image, counts)
            elif kind <= DOTS:
                found[n] = _parts(step, real, x0, y1, inv, image, counts)
            elif kind <= PIPES:
                found[n] = _pipes(step, real, x0, y1, inv, image, field, words, cover)
            else:
                found[n] = _fields(step, real, x0, y1, inv, image, sums, field)

    return run


run = _compiled(_stamp())
