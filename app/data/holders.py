"""Finds the area that holds each point: grids of parts and places, parents of areas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.data.readers.shapes import point_coordinates

_PARENT_TIERS = {
    "district": ("city",),
    "street": ("district", "city"),
    "community": ("street", "district", "city"),
    "grid": ("community", "street", "district", "city"),
    "duty_grid": ("street", "district", "city"),
    "compound": ("community", "street", "district", "city"),
}


class Holders:
    """Areas of one tier, in the order of their codes: on an edge the first one holds."""

    def __init__(self, uids: Sequence[bytes], shapes: Sequence[BaseGeometry]) -> None:
        self._uids = uids
        self._shapes = np.array([*shapes, None], dtype=object)[:-1]
        self._tree = shapely.STRtree(self._shapes)
        self._boxes: BoxGrid | None = None

    @property
    def known(self) -> bool:
        """Tell whether there is any such area."""
        return bool(self._uids)

    def fill(
        self, given: list[bytes | None], points: list[bytes]
    ) -> tuple[list[bytes | None], int]:
        """Return holders' uids where none is given, and how many points (WKB) no area holds."""
        shapes = shapely.from_wkb(np.array(points, dtype=object))
        index, holder = self._tree.query(shapes, predicate="intersects")
        filled = list(given)
        for i, h in sorted(zip(index.tolist(), holder.tolist(), strict=True), reverse=True):
            if given[i] is None:
                filled[i] = self._uids[h]
        return filled, sum(uid is None for uid in filled)

    def filled(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
        """Return a batch (map columns, points as WKB) with `grid_uid` given where it was null.

        Also how many rows no area holds.
        """
        index, holder = self._found(batch.column("geom"))
        first = np.full(batch.num_rows, -1, np.int64)
        order = np.argsort(-holder, kind="stable")  # the lowest is written last
        first[index[order]] = holder[order]
        uids = pa.array(self._uids, pa.binary())
        found = uids.take(pa.array(first, mask=first < 0))
        column = pc.coalesce(batch.column("grid_uid"), found)
        at = batch.schema.get_field_index("grid_uid")
        return batch.set_column(at, batch.schema.field(at), column), column.null_count

    def _found(self, wkb: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of a point and an area that it touches."""
        known = point_coordinates(wkb)
        if known is None:
            shapes = shapely.from_wkb(np.array(wkb.to_pylist(), dtype=object))
            index, holder = self._tree.query(shapes, predicate="intersects")
            return index, holder
        if self._boxes is None:
            self._boxes = BoxGrid(self._shapes)
        x, y = np.ascontiguousarray(known.T)
        index, holder = self._boxes.pairs(x, y)
        touch = shapely.intersects_xy(self._shapes[holder], x[index], y[index])
        return index[touch], holder[touch]


class BoxGrid:
    """The boxes of areas by the squares of a grid, to find for many points at once which may hold.

    Prepares the areas. For points this is twice as fast as a tree, which wants each as an object.
    """

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        shapely.prepare(shapes)
        whole = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        self._of = np.flatnonzero(whole)
        self._bounds = shapely.bounds(shapes[whole]).reshape(-1, 4)
        self._side = max(int(2 * len(self._of) ** 0.5), 1)
        low = self._bounds.min(axis=0, initial=np.inf)[:2]
        high = self._bounds.max(axis=0, initial=-np.inf)[2:]
        self._low = np.where(np.isfinite(low), low, 0.0)
        span = np.where(np.isfinite(high - low) & (high > low), high - low, 1.0)
        self._scale = self._side / span
        first = self._square(self._bounds[:, 0], self._bounds[:, 1])
        last = self._square(self._bounds[:, 2], self._bounds[:, 3])
        wide, tall = last[0] - first[0] + 1, last[1] - first[1] + 1
        area = np.repeat(np.arange(len(self._of)), wide * tall)
        step = np.arange(len(area)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
        column, row = first[0][area] + step % wide[area], first[1][area] + step // wide[area]
        square = row * self._side + column
        order = np.argsort(square, kind="stable")
        self._areas = area[order]
        self._starts = np.searchsorted(square[order], np.arange(self._side**2 + 1))

    def pairs(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of a point (degrees) and an area whose box holds it."""
        points = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        column, row = self._square(x[points], y[points])
        square = row * self._side + column
        count = self._starts[square + 1] - self._starts[square]
        index = np.repeat(points, count)
        step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
        area = self._areas[np.repeat(self._starts[square], count) + step]
        west, south, east, north = self._bounds[area].T
        px, py = x[index], y[index]
        inside = (px >= west) & (px <= east) & (py >= south) & (py <= north)
        return index[inside], self._of[area[inside]]

    def _square(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        most = self._side - 1
        column = np.clip((x - self._low[0]) * self._scale[0], 0, most).astype(np.int64)
        row = np.clip((y - self._low[1]) * self._scale[1], 0, most).astype(np.int64)
        return column, row


def parents_of(
    orphans: Sequence[tuple[Any, str, BaseGeometry]], holders_of: Callable[[str], Holders]
) -> list[tuple[bytes, Any]]:
    """Return (uid of the parent, row) for `orphans` (row, tier, shape) that lie in an area above.

    `holders_of` returns the areas of a tier.
    """
    found: list[tuple[bytes, Any]] = []
    for tier in dict.fromkeys(one[1] for one in orphans):
        mine = [one for one in orphans if one[1] == tier]
        for above in _PARENT_TIERS.get(tier, ("city",)):
            holders = holders_of(above)
            if not mine or not holders.known:
                continue
            points = [shape.representative_point().wkb for _, _, shape in mine]
            uids, _ = holders.fill([None] * len(mine), points)
            found += [(uid, one[0]) for uid, one in zip(uids, mine, strict=True) if uid]
            mine = [one for uid, one in zip(uids, mine, strict=True) if not uid]
    return found
