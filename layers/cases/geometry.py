"""Cases and units as points in sight: projection, culling, hit test. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame

Floats = NDArray[np.float64]
# drawn in this order, so that what is worst lies on top; indices into app.store.STATES
ORDER = (0, 4, 1, 2, 3)


def _no_floats() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Points:
    """Things at places: `x`, `y` local metres; `mark` an index of what is drawn; shape (n,)."""

    uids: tuple[UUID, ...] = ()
    x: Floats = field(default_factory=_no_floats)
    y: Floats = field(default_factory=_no_floats)
    mark: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))

    def __len__(self) -> int:
        """How many."""
        return len(self.uids)

    def place_of(self, uid: UUID) -> tuple[float, float] | None:
        """Return the local metres of one of them, or None."""
        try:
            row = self.uids.index(uid)
        except ValueError:
            return None
        return float(self.x[row]), float(self.y[row])

    def mark_of(self, uid: UUID) -> int | None:
        """Return the mark of one of them, or None."""
        return int(self.mark[self.uids.index(uid)]) if uid in self.uids else None


def points_of(
    frame: CityFrame,
    uids: Sequence[UUID],
    lon: Floats,
    lat: Floats,
    mark: NDArray[np.uint8],
) -> Points:
    """Return points for degrees WGS 84; those without a finite place are left out."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    ok = np.isfinite(lon) & np.isfinite(lat)
    if not ok.all():
        uids = [u for u, good in zip(uids, ok, strict=True) if good]
        lon, lat, mark = lon[ok], lat[ok], mark[ok]
    x, y = frame.to_xy(lon, lat)
    return Points(tuple(uids), x, y, np.asarray(mark, np.uint8))


def in_sight(
    points: Points, camera: Camera, margin: float = 16.0
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return screen x and y of the points in sight, and their rows."""
    sx, sy = camera.to_screen_many(points.x, points.y)
    with np.errstate(invalid="ignore"):
        ok = (sx > -margin) & (sy > -margin)
        ok &= (sx < camera.width + margin) & (sy < camera.height + margin)
    rows = np.flatnonzero(ok)
    return sx[rows], sy[rows], rows


def hit(points: Points, camera: Camera, sx: float, sy: float, reach: float) -> UUID | None:
    """Return the point under a pixel: within `reach` the worst one, of equals the nearest."""
    px, py, rows = in_sight(points, camera)
    d2 = (px - sx) ** 2 + (py - sy) ** 2
    near = np.flatnonzero(d2 <= reach * reach)
    if not len(near):
        return None
    rank = np.array([ORDER.index(m) if m < len(ORDER) else 0 for m in points.mark[rows[near]]])
    return points.uids[int(rows[near[np.lexsort((d2[near], -rank))[0]]])]
