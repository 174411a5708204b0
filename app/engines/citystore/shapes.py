"""Lines and polygons for the store: projected, turned the right way, sorted, boxed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import ShapeColumns, Texts
from app.engines.citystore.morton import morton

BLOCK = 64  # as in app.engines.tiles_shapes, which is slow to import
_GRAIN = 64.0

Columns = dict[str, NDArray[Any]]
F4 = NDArray[np.float32]
I8 = NDArray[np.int64]


def shape_columns(
    source: ShapeColumns, frame: CityFrame, origin: tuple[int, int], *, closed: bool
) -> Columns:
    """Return the store's columns for one layer (see the package's docstring).

    `closed` says polygons: rings are wound (outer left, holes right) and given inner points.
    Features without a finite vertex are left out.
    """
    x, y = frame.to_xy(source.coords[:, 0].copy(), source.coords[:, 1].copy())
    xy = np.stack([x - origin[0], y - origin[1]], axis=1).astype(np.float32)
    first = source.ring_off[source.feature_off[:-1]]
    last = source.ring_off[source.feature_off[1:]]
    box = _boxes(xy, first, last)
    keep = np.flatnonzero((last > first) & np.isfinite(box).all(axis=1))
    order = keep[_sorted(source.kind[keep], box[keep])]
    if closed:
        xy = _wound(xy, source.ring_off, source.hole)
    vertex, ring_off, feature_off = _taken(source, order)
    xy, box = xy[vertex], box[order]
    columns: Columns = {
        "xy": xy,
        "ring_off": ring_off,
        "feature_off": feature_off,
        "box": box,
        "block": _blocks(box),
        "kind": source.kind[order],
        "width": source.width[order].astype(np.float32),
        "fid": source.fid[order],
        "uid": source.uid[order] if len(source.uid) else source.uid.reshape(0, 16),
        "spot": _spots(xy, ring_off, feature_off, box, closed),
    }
    for name, texts in source.texts.items():
        columns[f"{name}.off"], columns[f"{name}.txt"] = packed(texts[order])
    return columns


def _boxes(xy: F4, first: I8, last: I8) -> F4:
    box = np.full((len(first), 4), np.nan, np.float32)
    some = np.flatnonzero(last > first)
    if len(some):
        # features are contiguous, so the starts of non-empty ones cut the vertices apart
        low = np.minimum.reduceat(xy, first[some], axis=0)
        high = np.maximum.reduceat(xy, first[some], axis=0)
        box[some] = np.concatenate([low, high], axis=1)
    return box


def _sorted(kind: NDArray[np.uint8], box: F4) -> NDArray[np.intp]:
    middle = (box[:, :2] + box[:, 2:]) / 2
    cell = np.clip(middle / _GRAIN, 0, 65535).astype(np.uint32)
    return np.lexsort((morton(cell[:, 0], cell[:, 1]), kind))


def _taken(source: ShapeColumns, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], I8, I8]:
    """Return which vertices to take, and the new offsets, with features in `order`."""
    rings, feature_off = _ranges(source.feature_off[:-1][order], source.feature_off[1:][order])
    vertex, ring_off = _ranges(source.ring_off[:-1][rings], source.ring_off[1:][rings])
    return vertex, ring_off, feature_off


def _ranges(start: I8, stop: I8) -> tuple[NDArray[np.intp], I8]:
    """Return all numbers of the ranges one after another, and where each range begins."""
    size = stop - start
    off = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    within = np.arange(off[-1], dtype=np.int64) - np.repeat(off[:-1], size)
    return (np.repeat(start, size) + within).astype(np.intp), off


def _wound(xy: F4, ring_off: I8, hole: NDArray[np.bool_]) -> F4:
    """Return vertices with the outer rings turning left and the holes right."""
    if not len(hole):
        return xy
    size = np.diff(ring_off)
    ring = np.repeat(np.arange(len(size)), size)
    nxt = np.arange(len(xy)) + 1
    full = size > 0
    nxt[ring_off[1:][full] - 1] = ring_off[:-1][full]
    p = xy.astype(np.float64)
    area = np.bincount(
        ring, p[:, 0] * p[nxt, 1] - p[nxt, 0] * p[:, 1], minlength=len(size)
    )  # twice, signed
    flip = (area < 0) != hole
    at = np.arange(len(xy)) - ring_off[ring]
    mirrored = ring_off[ring] + size[ring] - 1 - at
    return np.asarray(xy[np.where(flip[ring], mirrored, np.arange(len(xy)))])


def _blocks(box: F4) -> F4:
    if not len(box):
        return np.empty((0, 4), np.float32)
    start = np.arange(0, len(box), BLOCK)
    low = np.minimum.reduceat(box[:, :2], start, axis=0)
    high = np.maximum.reduceat(box[:, 2:], start, axis=0)
    return np.concatenate([low, high], axis=1)


def packed(texts: Texts) -> tuple[I8, NDArray[np.uint8]]:
    """Return where each text begins in the UTF-8 of all, and that."""
    encoded = [(text or "").encode() for text in texts]
    off = np.concatenate([[0], np.cumsum([len(e) for e in encoded])]).astype(np.int64)
    return off, np.frombuffer(b"".join(encoded), np.uint8)


def _spots(xy: F4, ring_off: I8, feature_off: I8, box: F4, closed: bool) -> F4:
    """Return a point of each feature: inside a polygon, at the middle vertex of a line."""
    if not closed:
        middle = (ring_off[feature_off[:-1]] + ring_off[feature_off[1:]]) // 2
        return np.asarray(xy[middle]) if len(middle) else np.empty((0, 2), np.float32)
    spots = (box[:, :2] + box[:, 2:]) / 2
    if len(box) > 100_000:
        return np.asarray(spots)  # buildings carry no labels of their own
    for f in range(len(box)):
        start, stop = ring_off[feature_off[f]], ring_off[feature_off[f + 1]]
        if stop - start > 5:
            rings = [
                xy[ring_off[r] : ring_off[r + 1]] for r in range(feature_off[f], feature_off[f + 1])
            ]
            spots[f] = widest_spot(rings, box[f])
    return np.asarray(spots)


def widest_spot(rings: list[F4], box: F4, rows: int = 9) -> F4:
    """Return the middle of the widest stretch inside, among `rows` level cuts (even-odd).

    Weighted so that a cut near the middle of the box wins among nearly equal ones.
    """
    best, spot = -1.0, np.asarray((box[:2] + box[2:]) / 2, np.float32)
    height = float(box[3] - box[1])
    for row in range(rows):
        share = (row + 0.5) / rows
        y = float(box[1]) + height * share
        cuts = np.sort(np.concatenate([_crossings(ring, y) for ring in rings]))
        for a, b in zip(cuts[0::2], cuts[1::2], strict=False):
            worth = float(b - a) * (1.0 - 0.8 * abs(share - 0.5))
            if worth > best:
                best, spot = worth, np.array([(a + b) / 2, y], np.float32)
    return spot


def _crossings(ring: F4, y: float) -> NDArray[np.float64]:
    p, q = ring.astype(np.float64), np.roll(ring, -1, axis=0).astype(np.float64)
    hit = (p[:, 1] <= y) != (q[:, 1] <= y)
    p, q = p[hit], q[hit]
    return np.asarray(p[:, 0] + (y - p[:, 1]) * (q[:, 0] - p[:, 0]) / (q[:, 1] - p[:, 1]))
