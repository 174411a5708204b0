"""Levels of detail: lines and outlines thinned when the store is built, never when it is drawn.

Areas of a tier share their edges, so what is left of an edge depends on the edge alone: vertices
where more than two lines meet stay, and between two of them the same vertices stay whichever
outline is walked, and from whichever end. No gap and no overlap comes of it.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

_F4 = types.Array(types.float32, 2, "C", readonly=True)
_I8 = types.Array(types.int64, 1, "C", readonly=True)
_B1 = types.Array(types.boolean, 1, "C", readonly=True)
_KEEP = types.Array(types.boolean, 1, "C")
_STACK = types.Array(types.int64, 2, "C")


def thinned(
    xy: NDArray[np.float32], ring_off: NDArray[np.int64], locked: NDArray[np.bool_], grain: float,
    *, closed: bool,
) -> NDArray[np.bool_]:  # fmt: skip
    """Return which vertices stay, shape (v,).

    Of a thinned ring the last vertex, which is the first again, does not stay: kernels close it.

    Args:
        xy: vertices in metres. ring_off: int64 (r + 1,), the vertices of each ring or line.
        locked: vertices that stay in any case. closed: whether rings end where they begin.
    """
    keep = np.zeros(len(xy), np.bool_)
    if len(xy):
        longest = int(np.diff(ring_off).max(initial=0))
        stack = np.empty((longest + 2, 2), np.int64)
        _thin(
            np.ascontiguousarray(xy, np.float32), np.ascontiguousarray(ring_off, np.int64),
            locked, grain * grain, closed, stack, keep,
        )  # fmt: skip
    return keep


def meeting(
    xy: NDArray[np.float32], ring_off: NDArray[np.int64], group: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Return the vertices of closed rings where other than two edges of their group meet.

    `group` is uint8 (r,), the tier of each ring: edges of different tiers don't meet.
    """
    if not len(xy):
        return np.zeros(0, np.bool_)
    size = np.diff(ring_off)
    ring = np.repeat(np.arange(len(size)), size)
    words = np.ascontiguousarray(xy, np.float32).view(np.uint32).astype(np.uint64)
    place = words[:, 0] << np.uint64(32) | words[:, 1]
    _known, name = np.unique(place, return_inverse=True)
    name = name.astype(np.int64) * 256 + group[ring]
    begin = np.flatnonzero(ring[1:] == ring[:-1])
    a, b = name[begin], name[begin + 1]
    many = np.int64(name.max() + 1)
    edges = np.unique((np.minimum(a, b) * many + np.maximum(a, b))[a != b])
    ends, count = np.unique(np.concatenate([edges // many, edges % many]), return_counts=True)
    at = np.minimum(np.searchsorted(ends, name), max(len(ends) - 1, 0))
    return np.asarray(count[at] != 2) if len(ends) else np.ones(len(xy), np.bool_)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _less(xy, a, b):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    return xy[a, 0] < xy[b, 0] or (xy[a, 0] == xy[b, 0] and xy[a, 1] < xy[b, 1])


@numba.njit(nogil=True, error_model="numpy")
def _away(xy, p, q, v):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the squared distance of vertex v from the piece between p and q."""
    if _less(xy, q, p):
        p, q = q, p
    px, py = np.float64(xy[p, 0]), np.float64(xy[p, 1])
    dx, dy = np.float64(xy[q, 0]) - px, np.float64(xy[q, 1]) - py
    vx, vy = np.float64(xy[v, 0]) - px, np.float64(xy[v, 1]) - py
    long = dx * dx + dy * dy
    if long > 0.0:
        along = min(max((vx * dx + vy * dy) / long, 0.0), 1.0)
        vx -= along * dx
        vy -= along * dy
    return vx * vx + vy * vy


@numba.njit(nogil=True, error_model="numpy")
def _farthest(xy, start, size, a, b):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the vertex farthest from the piece a to b among those between (a cycle), and how."""
    best, most = np.int64(-1), -1.0
    p, q = start + a % size, start + b % size
    for n in range(a + 1, b):
        v = start + n % size
        d = _away(xy, p, q, v)
        if d > most or (d == most and _less(xy, v, start + best % size)):
            best, most = np.int64(n), d
    return best, most


@numba.njit(nogil=True, error_model="numpy")
def _arc(xy, start, size, a, b, grain2, forced, stack, keep):  # type: ignore[no-untyped-def] # pragma: no cover
    """Keep what is needed between the kept vertices a and b; at least `forced` splits."""
    top = 0
    stack[0, 0], stack[0, 1] = a, b
    while top >= 0:
        a, b = stack[top, 0], stack[top, 1]
        top -= 1
        if b - a < 2:
            continue
        best, most = _farthest(xy, start, size, a, b)
        if most <= grain2 and forced <= 0:
            continue
        forced -= 1
        keep[start + best % size] = True
        stack[top + 1, 0], stack[top + 1, 1] = a, best
        stack[top + 2, 0], stack[top + 2, 1] = best, b
        top += 2


@numba.njit(nogil=True, error_model="numpy")
def _begin(xy, start, size, locked):  # type: ignore[no-untyped-def] # pragma: no cover
    """Return the vertex from which a ring is walked, the same for whoever shares it."""
    first = np.int64(0)
    for n in range(size):
        if locked[start + n]:
            return np.int64(n)
        if _less(xy, start + n, start + first):
            first = np.int64(n)
    return first


@numba.njit(nogil=True, error_model="numpy")
def _ring(xy, start, size, locked, grain2, stack, keep):  # type: ignore[no-untyped-def] # pragma: no cover
    a = first = _begin(xy, start, size, locked)
    keep[start + first] = True
    for n in range(first + 1, first + size + 1):
        if n == first + size or locked[start + n % size]:
            keep[start + n % size] = True
            _arc(xy, start, size, a, n, grain2, 2 if n - a == size else 0, stack, keep)
            a = n


@numba.njit(
    [types.void(_F4, _I8, _B1, types.float64, types.boolean, _STACK, _KEEP)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def _thin(xy, ring_off, locked, grain2, closed, stack, keep):  # type: ignore[no-untyped-def] # pragma: no cover
    for r in range(ring_off.shape[0] - 1):
        start, stop = ring_off[r], ring_off[r + 1]
        if stop - start < (6 if closed else 3):
            keep[start:stop] = True
        elif closed:
            _ring(xy, start, stop - start - 1, locked, grain2, stack, keep)
        else:
            keep[start] = keep[stop - 1] = True
            _arc(xy, start, stop - start, 0, stop - start - 1, grain2, 0, stack, keep)
