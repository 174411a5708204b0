"""Finds parts that may be told twice: the same class within half a metre, or the same code."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.data.gpkg_rows import decode_geometry
from app.data.spool import runs

WITHIN_M: Final = 0.5
METRE_LAT: Final = 1 / 111_195.0  # degrees a metre on the mean sphere
_AROUND: Final = """
SELECT new.fid, new.geom, other.geom
FROM part new CROSS JOIN rtree_part_geom r ON r.id = new.fid
CROSS JOIN rtree_part_geom near
  ON near.maxx >= r.minx - 2 * :span AND near.minx <= r.maxx + 2 * :span
  AND near.maxy >= r.miny - :span AND near.miny <= r.maxy + :span
CROSS JOIN part other ON other.fid = near.id
WHERE new.fid > :last AND other.fid <> new.fid AND other.class = new.class
"""
_X_BITS: Final = 28


def near_alike(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    cls: NDArray[np.uint8],
    within_m: float = WITHIN_M,
) -> NDArray[np.bool_]:
    """Tell which points (WGS 84 degrees) have another of their class within `within_m` metres.

    The points of each class are sorted by strip of latitude and longitude; each looks along its
    own strip, both ways, and along the strips above and below until it has found one or none can
    follow.
    """
    found = np.zeros(len(lon), dtype=np.bool_)
    by_class = np.argsort(cls, kind="stable").astype(np.uint32)
    ends = np.cumsum(np.bincount(cls, minlength=1))
    for first, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        some = by_class[first:end]
        some = some[np.isfinite(lon[some]) & np.isfinite(lat[some])]
        if len(some) > 1:
            found[some[_near(lon[some], lat[some], within_m)]] = True
    return found


def near_alike_count(
    places: NDArray[np.float64], cls: NDArray[np.uint8], first: int, within_m: float = WITHIN_M
) -> int:
    """Count the points from row `first` on that have one alike near them.

    `places`: (rows, 2), degrees. Goes from south to north, some at a time.
    """
    found = 0
    for rows, own in runs(places[:, 1], margin=2 * within_m * METRE_LAT):
        if len(rows):
            some = places[rows]
            alike = near_alike(some[:, 0], some[:, 1], cls[rows], within_m)
            found += int((alike & own & (rows >= first)).sum())
    return found


def _near(lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> NDArray[np.int64]:
    """Return which points of one class lie near another."""
    y = (lat - lat.min()) / METRE_LAT
    x = (lon - lon.min()) / (METRE_LAT / np.cos(np.radians(float(np.median(lat)))))
    row = (y / within_m).astype(np.int64) + 1
    order = np.argsort((row << _X_BITS) | _steps(x, within_m), kind="stable")
    search = _Search(row[order], x[order], y[order], within_m)
    near: NDArray[np.int64] = order[search.run()]
    return near


def _steps(x: NDArray[np.float64], within_m: float) -> NDArray[np.int64]:
    """Return x in eighths of the distance, as the low bits of a key."""
    steps: NDArray[np.int64] = np.clip(x / within_m * 8, 0, (1 << _X_BITS) - 1).astype(np.int64)
    return steps


class _Search:
    """Points in the order of their keys, and which of them have found one alike."""

    def __init__(
        self,
        row: NDArray[np.int64],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        within_m: float,
    ) -> None:
        self._row, self._x, self._y, self._within = row, x, y, within_m
        self._key = (row << _X_BITS) | _steps(x, within_m)
        self._alike = np.zeros(len(row), dtype=np.bool_)

    def run(self) -> NDArray[np.bool_]:
        """Look in all directions."""
        ones = np.arange(len(self._row))
        self._look(ones, ones + 1, 0, 1)
        self._look(ones, ones - 1, 0, -1)
        for up in (1, -1):
            west = _steps(self._x - self._within, self._within) - 1
            first = ((self._row + up) << _X_BITS) | np.maximum(west, 0)
            self._look(ones, np.searchsorted(self._key, first), up, 1)
        return self._alike

    def _look(self, ones: NDArray[np.int64], others: NDArray[np.int64], up: int, step: int) -> None:
        """Compare `ones` with `others`, and on by `step` while these lie near enough in x."""
        alike, x, y = self._alike, self._x, self._y
        slack = self._within / 4  # points of one step of the key are in any order of x
        while len(ones):
            todo = ~alike[ones] & (others >= 0) & (others < len(x))
            ones, others = ones[todo], others[todo]
            ahead = step * (x[others] - x[ones])
            reach = (self._row[others] == self._row[ones] + up) & (ahead <= self._within + slack)
            ones, others = ones[reach], others[reach]
            near = np.hypot(x[others] - x[ones], y[others] - y[ones]) <= self._within
            alike[ones[near]] = True
            alike[others[near]] = True
            ones, others = ones[~near], others[~near] + step


def same_codes(db: Any, layer: str) -> int:
    """Return how many codes of a layer are borne by more than one row; empty ones do not count."""
    rows = db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM \"{layer}\" WHERE code <> '' "
        "GROUP BY code HAVING count(*) > 1)"
    ).fetchone()
    return int(rows[0])


def doubles_of(db: Any, layer: str, last_fid: int) -> tuple[int, int]:
    """Return how many codes several rows bear, and how many rows after `last_fid` lie near alike.

    For a few rows, through the layer's indexes. Other layers than parts have no doubles.
    """
    if layer != "part":
        return 0, 0
    codes = db.execute(
        "SELECT count(DISTINCT new.code) FROM part new WHERE new.fid > ? AND new.code <> '' "
        "AND EXISTS (SELECT 1 FROM part other WHERE other.code = new.code "
        "AND other.fid <> new.fid)",
        (last_fid,),
    ).fetchone()[0]
    span = WITHIN_M * METRE_LAT * 1.1
    found = db.execute(_AROUND, {"last": last_fid, "span": span})
    near = {fid for fid, here, there in found if _metres(here, there) <= WITHIN_M}
    return int(codes), len(near)


def _metres(here: bytes, there: bytes) -> float:
    """Return the distance of two points close to each other, both as GeoPackage blobs."""
    west, south, *_ = decode_geometry(here).bounds
    lon, lat, *_ = decode_geometry(there).bounds
    east = (lon - west) * np.cos(np.radians(south))
    return float(np.hypot(east, lat - south) / METRE_LAT)
