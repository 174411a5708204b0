"""The first picture: the whole city at about a thousand pixels, made when the store is built.

One coverage plane a layer, free of colours, so that it serves every theme. It is laid with plain
NumPy when a window opens, before the kernels are there. Boundaries and roads are sampled along
their length, polygons filled by the parity of crossings: at this scale that is enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.map_columns import AREA_TIERS, ROAD_KINDS
from app.engines.citystore.cells import CELL, Columns
from app.engines.citystore.morton import unmorton

SIDE = 1024
PLANES = ("green", "water", "road_minor", "road_major", "area", "parts")

F8 = NDArray[np.float64]


def overview_columns(
    made: dict[str, Columns], bounds: Bounds, origin: tuple[int, int]
) -> tuple[NDArray[np.uint8], Bounds]:
    """Return coverage, uint8 (len(PLANES), h, w), and the box it spans in local metres."""
    scale = max(bounds.width, bounds.height) / SIDE
    w, h = max(int(bounds.width / scale), 1), max(int(bounds.height / scale), 1)
    box = Bounds(bounds.x0, bounds.y1 - h * scale, bounds.x0 + w * scale, bounds.y1)
    canvas = _Canvas(w, h, box.x0 - origin[0], box.y1 - origin[1], 1 / scale)
    road, area = made["road"], made["area"]
    big = np.isin(road["kind"], [ROAD_KINDS.index(k) for k in ("arterial", "expressway")])
    small = np.isin(road["kind"], [ROAD_KINDS.index("collector")])
    outline = np.isin(area["kind"], [AREA_TIERS.index("city"), AREA_TIERS.index("district")])
    planes = [
        canvas.filled(made["green"]),
        canvas.filled(made["water"]),
        canvas.lined(road, small),
        canvas.lined(road, big),
        canvas.lined(area, outline),
        canvas.dotted(made["parts"]),
    ]
    return np.stack(planes), box


class _Canvas:
    """Draws planes of one size."""

    def __init__(self, w: int, h: int, x0: float, y1: float, inv: float) -> None:
        self._w, self._h, self._x0, self._y1, self._inv = w, h, x0, y1, inv

    def lined(self, shapes: Columns, wanted: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return where the lines or outlines of `wanted` features run."""
        plane = np.zeros((self._h, self._w), np.uint8)
        if wanted.any():
            a, b = self._segments(shapes, wanted)
            steps = np.ceil(np.abs(b - a).max(axis=1)).astype(np.int64) + 1
            share = _within(steps) / np.repeat(steps, steps)
            at = np.repeat(a, steps, axis=0) + np.repeat(b - a, steps, axis=0) * share[:, None]
            self._mark(plane, at)
        return plane

    def filled(self, shapes: Columns) -> NDArray[np.uint8]:
        """Return the insides of all polygons, by parity of crossings along each row."""
        flips = np.zeros((self._h, self._w + 1), np.int32)
        if len(shapes["kind"]):
            a, b = self._segments(shapes, np.ones(len(shapes["kind"]), np.bool_))
            low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
            first = np.clip(np.ceil(low - 0.5), 0, self._h).astype(np.int64)
            last = np.clip(np.ceil(high - 0.5), 0, self._h).astype(np.int64)
            rows = last - first
            line = np.repeat(np.arange(len(a)), rows)
            row = np.repeat(first, rows) + _within(rows)
            a, b = a[line], b[line]
            x = a[:, 0] + (row + 0.5 - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
            np.add.at(flips, (row, np.clip(np.round(x), 0, self._w).astype(np.int64)), 1)
        inside = np.cumsum(flips, axis=1)[:, :-1] % 2
        return (inside * 255).astype(np.uint8)

    def dotted(self, parts: Columns) -> NDArray[np.uint8]:
        """Return how dense parts lie: 255 for the densest hundredth."""
        i, j = (np.repeat(part, parts["num"]) for part in unmorton(parts["key"]))
        x = (i + parts["x"].astype(np.float64) / 65536) * CELL
        y = (j + parts["y"].astype(np.float64) / 65536) * CELL
        col = ((x - self._x0) * self._inv).astype(np.int64)
        row = ((self._y1 - y) * self._inv).astype(np.int64)
        ok = (col >= 0) & (row >= 0) & (col < self._w) & (row < self._h)
        flat = np.bincount(row[ok] * self._w + col[ok], minlength=self._w * self._h)
        counts = flat.reshape(self._h, self._w)
        top = np.percentile(counts[counts > 0], 99) if counts.any() else 1.0
        share = np.log1p(counts) / np.log1p(top)
        return np.asarray(np.clip(share * 255, 0, 255), dtype=np.uint8)

    def _segments(self, shapes: Columns, wanted: NDArray[np.bool_]) -> tuple[F8, F8]:
        """Return both ends of all segments of `wanted` features in pixels."""
        xy = shapes["xy"].astype(np.float64)
        ring_size = _sizes(shapes["ring_off"])
        ring_feature = np.repeat(np.arange(len(wanted)), _sizes(shapes["feature_off"]))
        ring = np.repeat(np.arange(len(ring_size)), ring_size)
        use = wanted[ring_feature][ring]
        same = np.append(ring[1:] == ring[:-1], False) & use
        pixels = np.stack([xy[:, 0] - self._x0, self._y1 - xy[:, 1]], axis=1) * self._inv
        at = np.flatnonzero(same)
        return pixels[at], pixels[at + 1]

    def _mark(self, plane: NDArray[np.uint8], at: F8) -> None:
        col, row = at[:, 0].astype(np.int64), at[:, 1].astype(np.int64)
        ok = (col >= 0) & (row >= 0) & (col < self._w) & (row < self._h)
        plane[row[ok], col[ok]] = 255


def _sizes(off: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lengths of the ranges between offsets."""
    return np.asarray(off[1:] - off[:-1], np.int64)


def _within(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0, 1, … size - 1 for each size, one after another."""
    start = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(start, sizes)
