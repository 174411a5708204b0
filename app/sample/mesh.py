"""A plane cut into polygons that share their corners exactly: no gap, no overlap, ever.

Polygons are rings of corner numbers, counter-clockwise. A cut puts new corners on the edges it
meets, and every polygon on the other side of such an edge learns of them in `expand`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ring = list[int]


@dataclass(frozen=True)
class Cut:
    """Two polygons from one, and the corners between which the cut runs."""

    first: Ring
    second: Ring
    start: int
    end: int


_CLEAR = 0.01
_TRIES = (
    # turn of the cut (in half turns), share or None for the one asked for, least part, snap?
    (0.5, None, 0.6, True), (0.5, None, 0.6, False), (0.5, 0.5, 0.3, False), (0.5, 0.4, 0.3, False),
    (0.5, 0.6, 0.3, False), (0.0, 0.5, 0.3, False), (0.25, 0.5, 0.2, False),
    (0.75, 0.5, 0.2, False), (0.5, 0.5, 0.02, False), (0.0, 0.5, 0.02, False),
)  # fmt: skip


@dataclass(frozen=True)
class _Meeting:
    """Where a line meets the ring: how far along, on which edge, at which corner if at one."""

    along: float
    edge: int
    corner: int | None


class Mesh:
    """Corners (metres) and the cuts made so far."""

    def __init__(self, corners: NDArray[np.float64]) -> None:
        """Start with corners of shape (n, 2)."""
        self.x: list[float] = corners[:, 0].tolist()
        self.y: list[float] = corners[:, 1].tolist()
        self._middle: dict[tuple[int, int], int] = {}

    def corners(self) -> NDArray[np.float64]:
        """Return all corners, float64, shape (n, 2)."""
        return np.column_stack([self.x, self.y])

    def expand(self, ring: Ring) -> Ring:
        """Return `ring` with the corners that cuts of neighbours have put on its edges."""
        middle = self._middle
        out: Ring = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            out.append(a)
            if (a, b) in middle:
                self._between(a, b, out)
        return out

    def path(self, start: int, end: int) -> Ring:
        """Return the corners from `start` to `end` of a cut, both included."""
        out: Ring = [start]
        if (start, end) in self._middle:
            self._between(start, end, out)
        out.append(end)
        return out

    def _between(self, a: int, b: int, out: Ring) -> None:
        m = self._middle[a, b]
        if (a, m) in self._middle:
            self._between(a, m, out)
        out.append(m)
        if (m, b) in self._middle:
            self._between(m, b, out)

    def area(self, ring: Ring) -> float:
        """Return the area in m², positive for a counter-clockwise ring."""
        x, y = self.x, self.y
        total = 0.0
        b = ring[-1]
        for a in ring:
            total += x[b] * y[a] - x[a] * y[b]
            b = a
        return total / 2

    def extent(self, ring: Ring, angle: float) -> float:
        """Return the width of `ring` measured in direction `angle` (radians from east)."""
        c, s = math.cos(angle), math.sin(angle)
        x, y = self.x, self.y
        along = [c * x[i] + s * y[i] for i in ring]
        return max(along) - min(along)

    def halve(self, ring: Ring, angle: float, share: float, snap: float) -> Cut | None:
        """Cut `ring` across its longer side, `angle` being the direction of one pair of sides.

        `share` is how much of the length goes to the first part. A cut meets the end of a
        neighbour's cut within `snap` metres, so that roads go on. None if no cut is sound.
        """
        ring = self.expand(ring)
        if self.extent(ring, angle) < self.extent(ring, angle + math.pi / 2):
            angle += math.pi / 2
        whole = self.area(ring)
        for turn, other, least, snaps in _TRIES:
            part = share if other is None else other
            least *= min(part, 1 - part) * whole
            cut = self._try(ring, angle + turn * math.pi, part, snap if snaps else 0.0, least)
            if cut is not None:
                return cut
        return None

    def _try(self, ring: Ring, angle: float, share: float, snap: float, least: float) -> Cut | None:
        """Cut along a line in direction `angle`, if both parts are sound and `least` m² large."""
        c, s = math.cos(angle), math.sin(angle)
        x, y = self.x, self.y
        off = [c * y[i] - s * x[i] for i in ring]
        low, high = min(off), max(off)
        at = low + share * (high - low)
        if snap:
            near = min(off, key=lambda d: abs(d - at))
            if abs(near - at) < snap:
                at = near
        meetings = self._meetings(ring, off, at, (c, s), snap)
        if len(meetings) < 2:
            return None
        pairs = zip(meetings[::2], meetings[1::2], strict=False)
        start, end = max(pairs, key=lambda pair: pair[1].along - pair[0].along)
        return self._part(ring, (start, end), (c, s, at), least)

    def _meetings(
        self, ring: Ring, off: list[float], at: float, way: tuple[float, float], snap: float
    ) -> list[_Meeting]:
        """Return where the line crosses the ring, sorted along the line."""
        c, s = way
        x, y = self.x, self.y
        found: list[_Meeting] = []
        for k, (a, b) in enumerate(zip(ring, ring[1:] + ring[:1], strict=True)):
            d0, d1 = off[k] - at, off[(k + 1) % len(ring)] - at
            if (d0 >= 0) == (d1 >= 0):
                continue
            t = d0 / (d0 - d1)
            a0, a1 = c * x[a] + s * y[a], c * x[b] + s * y[b]
            length = math.hypot(x[b] - x[a], y[b] - y[a])
            reach = max(min(snap, length * 0.45), 0.5)
            corner = a if t * length < reach else b if (1 - t) * length < reach else None
            found.append(_Meeting(a0 + t * (a1 - a0), k, corner))
        found.sort(key=lambda meeting: meeting.along)
        return found

    def _part(
        self,
        ring: Ring,
        meetings: tuple[_Meeting, _Meeting],
        line: tuple[float, float, float],
        least: float,
    ) -> Cut | None:
        """Split the ring at two meetings, or leave all as it was."""
        c, s, at = line
        first_new = len(self.x)
        ends: list[int] = []
        added: dict[int, int] = {}
        for meeting in meetings:
            if meeting.corner is None:
                added[meeting.edge] = len(self.x)
                self.x.append(c * meeting.along - s * at)
                self.y.append(s * meeting.along + c * at)
            ends.append(added[meeting.edge] if meeting.corner is None else meeting.corner)
        cut = self._sound(ring, added, (ends[0], ends[1]), least)
        if cut is None:
            del self.x[first_new:], self.y[first_new:]
            return None
        for edge, corner in added.items():
            a, b = ring[edge], ring[(edge + 1) % len(ring)]
            self._middle[a, b] = self._middle[b, a] = corner
        return cut

    def _sound(
        self, ring: Ring, added: dict[int, int], ends: tuple[int, int], least: float
    ) -> Cut | None:
        if ends[0] == ends[1]:
            return None
        full: Ring = []
        for edge, corner in enumerate(ring):
            full.append(corner)
            if edge in added:
                full.append(added[edge])
        i, j = sorted((full.index(ends[0]), full.index(ends[1])))
        first, second = full[i : j + 1], full[j:] + full[: i + 1]
        if len(first) < 3 or len(second) < 3 or min(self.area(first), self.area(second)) <= least:
            return None
        if self._crosses(full, ends):
            return None
        return Cut(first, second, *ends)

    def _crosses(self, ring: Ring, ends: tuple[int, int]) -> bool:
        """Tell whether the straight way between two corners of `ring` leaves it on the way."""
        x, y = self.x, self.y
        p, q = ends
        px, py = x[p], y[p]
        dx, dy = x[q] - px, y[q] - py
        side = [dx * (y[i] - py) - dy * (x[i] - px) for i in ring]
        if self._brushes(ring, ends, side):
            return True
        for k, (a, b) in enumerate(zip(ring, ring[1:] + ring[:1], strict=True)):
            if a in ends or b in ends:
                continue
            s0, s1 = side[k], side[(k + 1) % len(ring)]
            if (s0 > 0) == (s1 > 0):
                continue
            ex, ey = x[b] - x[a], y[b] - y[a]
            across = ex * dy - ey * dx
            if across and -1e-9 < (ex * (y[a] - py) - ey * (x[a] - px)) / across < 1 + 1e-9:
                return True
        return False

    def _brushes(self, ring: Ring, ends: tuple[int, int], side: list[float]) -> bool:
        """Tell whether the way between two corners comes within `_CLEAR` metres of a third."""
        p, q = ends
        px, py = self.x[p], self.y[p]
        dx, dy = self.x[q] - px, self.y[q] - py
        length = math.hypot(dx, dy)
        for corner, away in zip(ring, side, strict=True):
            if corner in ends or abs(away) >= _CLEAR * length:
                continue
            along = (self.x[corner] - px) * dx + (self.y[corner] - py) * dy
            if 0 < along < length * length:
                return True
        return False
