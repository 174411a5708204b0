"""Which street a cell belongs to: the store's segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore.cells import CELL, Columns
from app.engines.citystore.morton import morton

REST = "rest"
OUTSIDE = "outside"  # the cells around all areas


@dataclass(frozen=True)
class Segment:
    """A street's uid in hex (`REST` for what lies in none, `OUTSIDE` around all) and its name."""

    id: str
    name: str


def segments(areas: Columns, bits: int, box: Bounds) -> tuple[list[Segment], NDArray[np.uint16]]:
    """Return the segments, the rest first, and the number of each cell's by Morton key.

    `areas` are the store's columns of areas; a cell belongs to the street that holds its middle.
    Cells outside `box`, metres from the origin, are the last segment.
    """
    side = 1 << bits
    grid = np.zeros((side, side), np.uint16)
    found = [Segment(REST, "")]
    for row in np.flatnonzero(areas["kind"] == AREA_TIERS.index("street")):
        number = len(found)
        uid = bytes(areas["uid"][row]).hex() if len(areas["uid"]) else f"fid-{areas['fid'][row]}"
        off = areas.get("name.off")
        name = b"" if off is None else bytes(areas["name.txt"][off[row] : off[row + 1]])
        found.append(Segment(uid, name.decode()))
        _claim(grid, areas, int(row), number)
    _around(grid, box, len(found))
    found.append(Segment(OUTSIDE, ""))
    i, j = np.meshgrid(np.arange(side, dtype=np.uint32), np.arange(side, dtype=np.uint32))
    by_key = np.zeros(side * side, np.uint16)
    by_key[morton(i, j)] = grid
    return found, by_key


def _around(grid: NDArray[np.uint16], box: Bounds, number: int) -> None:
    """Give the free cells whose middle lies outside a box a number."""
    middle = (np.arange(len(grid)) + 0.5) * CELL
    in_x, in_y = (middle >= box.x0) & (middle <= box.x1), (middle >= box.y0) & (middle <= box.y1)
    grid[(grid == 0) & ~(in_y[:, None] & in_x[None, :])] = number


def _claim(grid: NDArray[np.uint16], areas: Columns, row: int, number: int) -> None:
    """Give the free cells whose middle lies in area `row` its number (even-odd)."""
    box, side = areas["box"][row], len(grid)
    i0, i1 = max(int(box[0] // CELL), 0), min(int(box[2] // CELL) + 1, side)
    j0, j1 = max(int(box[1] // CELL), 0), min(int(box[3] // CELL) + 1, side)
    if i1 <= i0 or j1 <= j0:
        return
    y = (np.arange(j0, j1) + 0.5) * CELL
    flips = np.zeros((j1 - j0, i1 - i0 + 1), np.int64)
    ring_off = areas["ring_off"]
    for r in range(areas["feature_off"][row], areas["feature_off"][row + 1]):
        p = areas["xy"][ring_off[r] : ring_off[r + 1]].astype(np.float64)
        q = np.roll(p, -1, axis=0)
        line, edge = np.nonzero((p[None, :, 1] <= y[:, None]) != (q[None, :, 1] <= y[:, None]))
        slope = (q[edge, 0] - p[edge, 0]) / (q[edge, 1] - p[edge, 1])
        x = p[edge, 0] + (y[line] - p[edge, 1]) * slope
        # the first cell whose middle lies to the right of the crossing
        at = np.clip(np.ceil(x / CELL - 0.5).astype(np.int64) - i0, 0, i1 - i0)
        np.add.at(flips, (line, at), 1)
    inside = np.cumsum(flips, axis=1)[:, :-1] % 2 == 1
    part = grid[j0:j1, i0:i1]
    part[inside & (part == 0)] = number
