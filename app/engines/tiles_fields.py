"""Kernels for values over the map: areas filled by a value, heat of points.

No GIL, no Qt. Images and `x0`, `y1`, `inv` as in `app.engines.tiles_shapes`; points are float32
metres from the store's origin.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types

from app.engines.tiles_points import I8, IMAGE, U1, U4, D
from app.engines.tiles_shapes import _edge, mixed

_F4 = types.Array(types.float32, 2, "C", readonly=True)
_F4V = types.Array(types.float32, 1, "C", readonly=True)
_SUMS = types.Array(types.float32, 2, "C")


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _lay_rows(sums, image, top, low, left, right, colour, alpha):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay a colour where `sums` says inside, within rows and columns, and clear them."""
    for row in range(top, low):
        total = 0.0
        inside = 0
        for x in range(left, right):
            step = sums[row, x]
            if step != 0.0:
                total += step
                sums[row, x] = 0.0
                inside = int(min(abs(total), 1.0) * alpha + 0.5)
            if inside > 0 and x < image.shape[1]:
                image[row, x] = mixed(image[row, x], colour, inside)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _outline(xy, ring_off, first, last, x0, y1, inv, sums, w, h):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add the edges of some rings."""
    for r in range(first, last):
        start, stop = ring_off[r], ring_off[r + 1]
        if stop - start < 3:
            continue
        px, py = (xy[stop - 1, 0] - x0) * inv, (y1 - xy[stop - 1, 1]) * inv
        for n in range(start, stop):
            qx, qy = (xy[n, 0] - x0) * inv, (y1 - xy[n, 1]) * inv
            _edge(sums, px, py, qx, qy, w, h)
            px, py = qx, qy


@numba.njit(
    [types.int64(_F4, I8, I8, _F4, _F4V, _F4V, U4, U1, D, D, D, _SUMS, IMAGE)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def choropleth(  # type: ignore[no-untyped-def] # pragma: no cover
    xy, ring_off, feature_off, box, value, limit, colours, alphas, x0, y1, inv, sums, image
):
    """Fill areas by their value; returns how many met the tile.

    `value`, float32 (n,), has one for each row of the layer; NaN leaves an area alone. An area
    takes colour and alpha number k where k limits (ascending) lie at or below its value, so
    `colours` (0xRRGGBB) and `alphas` (of 255) have one more than `limit`. Each is laid alone.
    """
    h, w = image.shape
    drawn = 0
    tx1, ty0 = x0 + w / inv, y1 - h / inv
    for f in range(value.shape[0]):
        v = value[f]
        if math.isnan(v) or box[f, 0] > tx1 or box[f, 2] < x0 or box[f, 1] > y1 or box[f, 3] < ty0:
            continue
        drawn += 1
        step = 0
        while step < limit.shape[0] and v >= limit[step]:
            step += 1
        _outline(xy, ring_off, feature_off[f], feature_off[f + 1], x0, y1, inv, sums, w, h)
        top = min(max(math.floor((y1 - box[f, 3]) * inv), 0), h)
        low = min(max(math.ceil((y1 - box[f, 1]) * inv) + 1, 0), h)
        left = min(max(math.floor((box[f, 0] - x0) * inv), 0), w)
        right = min(max(math.ceil((box[f, 2] - x0) * inv) + 2, 0), w + 2)
        alpha = (np.int64(alphas[step]) * 257 + 128) >> 8
        _lay_rows(sums, image, top, low, left, right, colours[step], alpha)
    return drawn


@numba.njit(
    [types.float64(_F4, _F4V, D, D, D, D, _SUMS)], nogil=True, cache=True, error_model="numpy"
)
def heat(points, weight, x0, y1, inv, radius, field):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add each point's weight to `field` as a round hill of `radius` pixels; returns the sum.

    The hill is (1 - d2 / r2) squared, scaled so that its volume is the weight: the field adds up
    to the weights of points whose hills lie whole in the tile. Points beyond reach are passed.
    """
    h, w = field.shape
    total = 0.0
    peak = 3.0 / (math.pi * radius * radius)
    for n in range(points.shape[0]):
        fx, fy = (points[n, 0] - x0) * inv, (y1 - points[n, 1]) * inv
        if fx < -radius or fy < -radius or fx > w + radius or fy > h + radius:
            continue
        if fx >= 0.0 and fy >= 0.0 and fx < w and fy < h:
            total += weight[n]
        for row in range(max(0, math.floor(fy - radius)), min(h, math.ceil(fy + radius) + 1)):
            dy2 = (row + 0.5 - fy) ** 2
            for col in range(max(0, math.floor(fx - radius)), min(w, math.ceil(fx + radius) + 1)):
                s = 1.0 - ((col + 0.5 - fx) ** 2 + dy2) / (radius * radius)
                if s > 0.0:
                    field[row, col] += weight[n] * peak * s * s
    return total
