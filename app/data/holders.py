"""Finds the area that holds each point: grids of parts and places, parents of areas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
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
        self._tree = shapely.STRtree(shapes)

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
        points = _points(batch.column("geom"))
        index, holder = self._tree.query(points, predicate="intersects")
        first = np.full(batch.num_rows, -1, np.int64)
        order = np.argsort(-holder, kind="stable")  # the lowest is written last
        first[index[order]] = holder[order]
        uids = pa.array(self._uids, pa.binary())
        found = uids.take(pa.array(first, mask=first < 0))
        column = pc.coalesce(batch.column("grid_uid"), found)
        at = batch.schema.get_field_index("grid_uid")
        return batch.set_column(at, batch.schema.field(at), column), column.null_count


def _points(wkb: pa.Array) -> Any:
    known = point_coordinates(wkb)
    if known is not None:
        return shapely.points(known)
    return shapely.from_wkb(np.array(wkb.to_pylist(), dtype=object))


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
