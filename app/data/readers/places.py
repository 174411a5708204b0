"""Bring points of a source to WGS 84, with what is wrong about them said early or row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from app.data.readers.crs import Array, Box, SourceCrs, inside, no_crs, refuse_misdeclared
from app.data.readers.refusals import Bools, Refusals

_ENOUGH: Final = 100
_FAR: Final = 10.0
_FEW: Final = 10
_TURNS: Final[tuple[tuple[str, Callable[[Array, Array], tuple[Array, Array]]], ...]] = (
    ("the sign of its longitude is wrong", lambda lon, lat: (-lon, lat)),
    ("the sign of its latitude is wrong", lambda lon, lat: (lon, -lat)),
    ("its longitude and latitude are exchanged", lambda lon, lat: (lat, lon)),
)


class Placer:
    """Places the points of one source; remembers that it checked them, and where most lie."""

    def __init__(
        self,
        source: str,
        crs: SourceCrs | None,
        where: Box | None,
        no_place: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.extent: Box | None = None
        self._source = source
        self._crs = crs
        self._where = where
        self._no_place = no_place
        self._checked = False
        self._home: Box | None = None
        self._rough = True
        self._told = 0

    @property
    def crs(self) -> SourceCrs:
        """The source's system; raises InvalidInput (field `--crs`) if none was stated."""
        if self._crs is None:
            raise no_crs(self._source)
        return self._crs

    def place(self, x: Array, y: Array, refusals: Refusals, *, needed: bool) -> tuple[Array, Array]:
        """Return lon and lat in WGS 84 degrees, NaN where there is none.

        `x`, `y`: numbers of the source, NaN where missing. Rows are refused that have only one
        of the two, lie where the system is not valid, or lie far off where a wrong sign would
        explain it; with `needed` also those without a place.
        """
        texts = _Pairs(x, y)
        blank = self._blank(x, y)
        gone = blank | (np.isnan(x) & np.isnan(y))
        half = ~gone & (np.isnan(x) | np.isnan(y))
        refusals.refuse(half, "lon, lat", texts, "half missing", "give both coordinates")
        if needed:
            refusals.refuse(blank, "lon, lat", texts, "stands for no place", "survey the place")
            refusals.refuse(gone, "lon, lat", texts, "missing", "give both coordinates")
        told = ~gone & ~half & ~refusals.out
        if not told.any():
            return np.full(len(x), np.nan), np.full(len(x), np.nan)
        self.check(x[told], y[told])
        lon, lat, right = self.crs.to_wgs84(np.where(told, x, np.nan), np.where(told, y, np.nan))
        self._told += int(right.sum())
        if self.crs.degrees and self._rough:
            self._rough = _is_rough(x[right]) and _is_rough(y[right])
        mend = f"coordinates must be valid in {self.crs.shown}"
        refusals.refuse(told & ~right, "lon, lat", texts, "out of range", mend)
        self._refuse_turned(lon, lat, texts, refusals)
        kept = told & ~refusals.out
        return np.where(kept, lon, np.nan), np.where(kept, lat, np.nan)

    def check(self, x: Array, y: Array) -> None:
        """Refuse the whole source, on its first points, if they deny what was declared."""
        if not self._checked:
            self._checked = True
            refuse_misdeclared(self._source, self.crs, x, y, self._where)

    def state(self) -> dict[str, Any]:
        """Return what was learned so far, as JSON's own kinds."""
        return {
            "extent": self.extent,
            "checked": self._checked,
            "home": self._home,
            "rough": self._rough,
            "told": self._told,
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Know again what `state` told."""
        self.extent = _box(state["extent"])
        self._checked = state["checked"]
        self._home = _box(state["home"])
        self._rough = state["rough"]
        self._told = state["told"]

    def widen(self, lon: Array, lat: Array) -> None:
        """Let `extent` cover these points (WGS 84 degrees; NaN is passed over)."""
        if not np.isfinite(lon).any():
            return
        here = (np.nanmin(lon), np.nanmin(lat), np.nanmax(lon), np.nanmax(lat))
        west, south, east, north = (float(side) for side in here)
        if self.extent is not None:
            west, south = min(west, self.extent[0]), min(south, self.extent[1])
            east, north = max(east, self.extent[2]), max(north, self.extent[3])
        self.extent = (west, south, east, north)

    def notes(self) -> list[str]:
        """Return a remark if all the points were rounded until they are a kilometre wrong."""
        if self._crs is None or not (self.crs.degrees and self._rough and self._told >= _FEW):
            return []
        return ["all coordinates have at most two decimals of a degree: a kilometre is lost"]

    def _blank(self, x: Array, y: Array) -> Bools:
        """Tell which pairs stand for an unknown place: 0, 0 and what the mapping names."""
        blank: Bools = (x == 0) & (y == 0)
        for lon, lat in self._no_place:
            blank |= (x == lon) & (y == lat)
        return blank

    def _refuse_turned(self, lon: Array, lat: Array, texts: _Pairs, refusals: Refusals) -> None:
        """Refuse rows over 10° away from where the source's points lie, if turned they fit."""
        good = np.isfinite(lon) & ~refusals.out
        if self._home is None and good.sum() >= _ENOUGH:
            west, east = np.percentile(lon[good], [2, 98])
            south, north = np.percentile(lat[good], [2, 98])
            self._home = (float(west - 1), float(south - 1), float(east + 1), float(north + 1))
        if self._home is None:
            return
        west, south, east, north = self._home
        wide = (west - _FAR, south - _FAR, east + _FAR, north + _FAR)
        far = good & ~inside(wide, lon, lat)
        for reason, turn in _TURNS:
            turned = far & inside(self._home, *turn(lon, lat))
            refusals.refuse(turned, "lon, lat", texts, reason, "turn it and import again")


class _Pairs:
    """Pairs of coordinates as texts, written only when asked for."""

    def __init__(self, x: Array, y: Array) -> None:
        self._x, self._y = x, y

    def __len__(self) -> int:
        return len(self._x)

    def __getitem__(self, at: int) -> str:
        return f"{self._x[at]:.10g}, {self._y[at]:.10g}"


def _box(sides: Sequence[float] | None) -> Box | None:
    if sides is None:
        return None
    west, south, east, north = sides
    return west, south, east, north


def _is_rough(degrees: Array) -> bool:
    """Whether all numbers have at most two decimals."""
    return bool(np.all(np.abs(degrees * 100 - np.round(degrees * 100)) < 1e-6))
