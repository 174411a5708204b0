"""The columns of an opened store with names; see the package's docstring for what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.engines.citystore.cells import CELL, CellIndex, Columns
from app.engines.citystore.detail import LEVELS
from app.engines.citystore.morton import unmorton

_NONE = 255


@dataclass(frozen=True, eq=False)
class Shapes:
    """Lines or polygons of one layer; see the package's docstring for the columns.

    Rows of kind 255 are no features: they have no extent, uid or fid. `levels` are thinned `xy`
    and `ring_off`, for ever smaller scales.
    """

    xy: NDArray[np.float32]
    ring_off: NDArray[np.int64]
    feature_off: NDArray[np.int64]
    box: NDArray[np.float32]
    block: NDArray[np.float32]
    kind: NDArray[np.uint8]
    width: NDArray[np.float32]
    fid: NDArray[np.uint32]
    uid: NDArray[np.uint8]
    spot: NDArray[np.float32]
    texts: dict[str, tuple[NDArray[np.int64], NDArray[np.uint8]]]
    levels: tuple[tuple[NDArray[np.float32], NDArray[np.int64]], ...] = ()

    def __len__(self) -> int:
        """How many rows, those that are no features among them."""
        return len(self.kind)

    @property
    def live(self) -> NDArray[np.intp]:
        """The rows that are features."""
        return np.flatnonzero(self.kind != _NONE)

    def lines_at(self, m_per_px: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return `xy` and `ring_off` of the level of detail that a scale needs."""
        found = self.xy, self.ring_off
        for level, lines in zip(LEVELS, self.levels, strict=False):
            if m_per_px >= level.m_per_px:
                found = lines
        return found

    def text(self, name: str, row: int) -> str:
        """Return the text column `name` of one feature; empty where there is none."""
        if name not in self.texts:
            return ""
        off, blob = self.texts[name]
        return bytes(blob[off[row] : off[row + 1]]).decode()

    def uid_of(self, row: int) -> bytes:
        """Return the 16 bytes of a feature's uid; empty where the layer has none."""
        return bytes(self.uid[row]) if len(self.uid) else b""

    def rings(self, row: int) -> list[NDArray[np.float32]]:
        """Return the rings (or lines) of one feature, shape (v, 2), relative to the origin."""
        first, last = self.feature_off[row], self.feature_off[row + 1]
        return [self.xy[self.ring_off[r] : self.ring_off[r + 1]] for r in range(first, last)]

    def within(self, box: Bounds) -> NDArray[np.intp]:
        """Return rows whose box meets `box` (relative to the origin)."""
        b = self.box
        hit = (b[:, 0] <= box.x1) & (b[:, 2] >= box.x0) & (b[:, 1] <= box.y1) & (b[:, 3] >= box.y0)
        return np.flatnonzero(hit)

    def is_inside(self, row: int, x: float, y: float) -> bool:
        """Whether (x, y), relative to the origin, lies in polygon `row` (even-odd)."""
        odd = False
        for ring in self.rings(row):
            p, q = ring.astype(np.float64), np.roll(ring, -1, axis=0).astype(np.float64)
            hit = (p[:, 1] <= y) != (q[:, 1] <= y)
            p, q = p[hit], q[hit]
            cut = p[:, 0] + (y - p[:, 1]) * (q[:, 0] - p[:, 0]) / (q[:, 1] - p[:, 1])
            odd ^= bool(np.count_nonzero(cut > x) % 2)
        return odd


@dataclass(frozen=True, eq=False)
class Points:
    """A small layer of points: `xy` float32 (n, 2) relative to the origin; kind, fid, names."""

    xy: NDArray[np.float32]
    kind: NDArray[np.uint8]
    fid: NDArray[np.uint32]
    name_off: NDArray[np.int64]
    name_txt: NDArray[np.uint8]

    def __len__(self) -> int:
        """How many points."""
        return len(self.kind)

    def name(self, row: int) -> str:
        """Return the name of a point."""
        return bytes(self.name_txt[self.name_off[row] : self.name_off[row + 1]]).decode()


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts in cells. `key` are the cells' Morton keys, `sub` uint16 (c, 64) counts by bin."""

    index: CellIndex
    key: NDArray[np.uint32]
    sub: NDArray[np.uint16]
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    cls: NDArray[np.uint8]
    state: NDArray[np.uint8]
    fid: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many parts."""
        return self.index.total

    def rows_of(self, i: int, j: int) -> slice:
        """Return the rows in the cell of column `i` and row `j`; none outside."""
        side = self.index.side
        if not (0 <= i < side and 0 <= j < side):
            return slice(0, 0)
        c = int(self.index.cell[j * side + i])
        start = int(self.index.start[c]) if c >= 0 else 0
        return slice(start, start + int(self.index.num[c])) if c >= 0 else slice(0, 0)

    def place(self, row: int) -> tuple[float, float]:
        """Return the middle of a row's grain, metres from the origin."""
        start = self.index.start
        (c,) = np.flatnonzero((start <= row) & (row < start + self.index.num))
        i, j = unmorton(self.key[c : c + 1])
        x = (int(i[0]) + (int(self.x[row]) + 0.5) / 65536) * CELL
        return x, (int(j[0]) + (int(self.y[row]) + 0.5) / 65536) * CELL


@dataclass(frozen=True, eq=False)
class Pipes:
    """Pieces of pipe in cells; `sub` float32 (c, 16) metres by bin."""

    index: CellIndex
    key: NDArray[np.uint32]
    sub: NDArray[np.float32]
    ax: NDArray[np.int16]
    ay: NDArray[np.int16]
    bx: NDArray[np.int16]
    by: NDArray[np.int16]
    kind: NDArray[np.uint8]
    size: NDArray[np.uint16]
    fid: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many pieces."""
        return self.index.total


def parts_of(index: CellIndex, rows: Columns, cells: Columns) -> Parts:
    """Return parts from their columns."""
    return Parts(index, cells["key"], cells["sub"], **rows)


def pipes_of(index: CellIndex, rows: Columns, cells: Columns) -> Pipes:
    """Return pipes from their columns."""
    return Pipes(index, cells["key"], cells["sub"], **rows)
