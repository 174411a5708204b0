"""What lives on top of the map: cases, units, the selection; drawn at each frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QPainter

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.services.changes import UnitRow
from app.store import BAD, CRITICAL, MapCases
from layers.cases.geometry import Points, hit, in_sight, points_of
from layers.cases.painter import LOUD, QUIET, CasePainter
from layers.clusters import painter as clusters_painter
from layers.clusters.geometry import Bubbles, bubbles_of
from layers.look import MapTheme
from layers.selection import painter as selection_painter
from layers.selection.painter import Selection
from layers.units.painter import UnitPainter
from widgets.map_overlays import type_of
from widgets.map_picks import CASE_REACH, CasePicked, UnitPicked

_MOST_STACKED = 20


class Live:
    """Cases, units and the selection of one map."""

    def __init__(self) -> None:
        self._cases, self._units = Points(), Points()
        self._heading: NDArray[np.float64] = np.empty(0)
        self._kinds: tuple[str, ...] = ()  # of units
        self._selection: Selection | None = None
        self._chosen: UUID | None = None
        self._case_painter, self._unit_painter = CasePainter(), UnitPainter()
        self._scale = 1.0
        self.strengths: Mapping[str, float] = {}  # opacity by layer
        self._bubbles: tuple[float, Points, Bubbles] | None = None

    @property
    def selection(self) -> Selection | None:
        """What is ringed now."""
        return self._selection

    def set_scale(self, scale: float) -> None:
        """Enlarge symbols, rings and the chip."""
        self._scale = self._case_painter.scale = self._unit_painter.scale = scale

    @property
    def loud_places(self) -> NDArray[np.float64]:
        """Where names should not lie: cases that need attention or a hand, (n, 2) local metres."""
        rows = np.isin(self._cases.mark, LOUD)
        return np.stack([self._cases.x[rows], self._cases.y[rows]], axis=1)

    def set_cases(self, cases: MapCases, frame: CityFrame) -> bool:
        """Hold these open cases; returns whether `loud_places` are others now."""
        before = self.loud_places
        self._cases = points_of(frame, cases.uids, cases.lon, cases.lat, cases.state)
        self._follow()
        return not np.array_equal(before, self.loud_places)

    def set_units(self, units: Iterable[UnitRow], frame: CityFrame) -> None:
        """Hold these live units."""
        rows = list(units)
        table = np.array([(u.lon, u.lat, u.heading) for u in rows], np.float64).reshape(-1, 3)
        there = np.isfinite(table[:, :2]).all(axis=1)
        if not there.all():
            rows = [rows[i] for i in np.flatnonzero(there)]
            table = table[there]
        lon, lat, heading = (np.ascontiguousarray(column) for column in table.T)
        mark = np.zeros(len(rows), np.uint8)
        self._units = points_of(frame, [u.uid for u in rows], lon, lat, mark)
        self._heading = heading
        self._kinds = tuple(u.kind for u in rows)
        self._follow()

    def select(self, uid: UUID | None, label: str) -> bool:
        """Ring a case or unit, None for nothing; returns whether it is on the map."""
        self._chosen = uid
        self._selection = None if uid is None else Selection(np.nan, np.nan, label)
        self._follow()
        return self._selection is not None and bool(np.isfinite(self._selection.x))

    def ring(self, selection: Selection) -> None:
        """Ring a place."""
        self._chosen, self._selection = None, selection

    def at(self, camera: Camera, sx: float, sy: float) -> CasePicked | UnitPicked | None:
        """Return the case, else the unit, under a pixel."""
        uid = hit(self._cases, camera, sx, sy, CASE_REACH * self._scale)
        if uid is not None:
            return CasePicked(uid)
        uid = hit(self._units, camera, sx, sy, CASE_REACH * self._scale)
        return None if uid is None else UnitPicked(uid)

    def all_at(
        self, camera: Camera, sx: float, sy: float, shown: set[str]
    ) -> list[tuple[str, UUID, float, float]]:
        """Return every case and unit shown under a pixel: kind, uid, local metres."""
        x, y = camera.to_world(sx, sy)
        reach = CASE_REACH * self._scale * camera.m_per_px
        near = self.near(x, y, reach, _MOST_STACKED)
        return [(kind, uid, px, py) for kind, uid, px, py, _m in near if f"{kind}s" in shown]

    def near(
        self, x: float, y: float, radius: float, most: int
    ) -> list[tuple[str, UUID, float, float, float]]:
        """Return cases and units within `radius` metres: kind, uid, local metres, how far.

        `most` of each kind, cases first, the nearest of each first.
        """
        found = []
        for kind, points in (("case", self._cases), ("unit", self._units)):
            away = np.hypot(points.x - x, points.y - y)
            for row in np.argsort(away, kind="stable")[:most]:
                if away[row] <= radius:
                    place = float(points.x[row]), float(points.y[row])
                    found.append((kind, points.uids[row], *place, float(away[row])))
        return found

    def bubbles(self, camera: Camera) -> Bubbles:
        """Return the clusters of cases at the camera's scale, made anew when either changed."""
        octave = float(np.floor(np.log2(camera.m_per_px)))
        kept = self._bubbles
        if kept is None or kept[0] != octave or kept[1] is not self._cases:
            places = np.stack([self._cases.x, self._cases.y], axis=1)
            kept = self._bubbles = (octave, self._cases, bubbles_of(places, 2.0**octave))
        return kept[2]

    def states_in_sight(self, camera: Camera, shown: set[str]) -> tuple[int, ...]:
        """Return the states of cases that are drawn in sight, ascending."""
        if "cases" not in shown or not len(self._cases):
            return ()
        sx, sy = camera.to_screen_many(self._cases.x, self._cases.y)
        seen = (sx >= 0) & (sy >= 0) & (sx <= camera.width) & (sy <= camera.height)
        return tuple(int(state) for state in np.unique(self._cases.mark[seen]))

    def units_in_sight(self, camera: Camera, shown: set[str]) -> dict[str, int]:
        """Return how many units of each kind are drawn in sight."""
        counts: dict[str, int] = {}
        if "units" in shown:
            for row in in_sight(self._units, camera, 0.0)[2]:
                counts[self._kinds[row]] = counts.get(self._kinds[row], 0) + 1
        return counts

    def sizes_in_sight(self, camera: Camera, shown: set[str]) -> tuple[int, ...]:
        """Return the sizes of the clusters that are drawn in sight."""
        if "clusters" not in shown:
            return ()
        found = self.bubbles(camera)
        sx, sy = camera.to_screen_many(found.xy[:, 0], found.xy[:, 1])
        seen = (sx >= 0) & (sy >= 0) & (sx <= camera.width) & (sy <= camera.height)
        return tuple(int(n) for n in found.count[seen])

    def paint_under(
        self, painter: QPainter, camera: Camera, theme: MapTheme, shown: set[str]
    ) -> None:
        """Draw what names may lie over: units and cases in their normal course."""
        if "units" in shown:
            painter.setOpacity(self.strengths.get("units", 1.0))
            self._unit_painter.paint(painter, self._units, self._heading, camera, theme)
        if "cases" in shown:
            painter.setOpacity(self.strengths.get("cases", 1.0))
            self._case_painter.paint(painter, self._cases, camera, theme, QUIET)
        painter.setOpacity(1.0)

    def paint_over(
        self, painter: QPainter, camera: Camera, theme: MapTheme, shown: set[str]
    ) -> None:
        """Draw what lies over the names: cases that need a hand, the selection."""
        if "clusters" in shown:
            font = type_of(round(13 * self._scale), QFont.Weight.Medium)
            strength = self.strengths.get("clusters", 1.0)
            clusters_painter.paint(
                painter, self.bubbles(camera), camera, theme, font, self._scale, strength
            )
        if "cases" in shown:
            painter.setOpacity(self.strengths.get("cases", 1.0))
            self._case_painter.paint(painter, self._cases, camera, theme, LOUD)
            painter.setOpacity(1.0)
        chosen = self._selection
        if "selection" in shown and chosen is not None and np.isfinite(chosen.x):
            selection_painter.paint(painter, chosen, camera, theme, self._type(), self._scale)

    def boxes(self, camera: Camera, shown: set[str]) -> list[QRectF]:
        """Return what the selection's chip covers, logical pixels: no name lies under it."""
        if self._selection is None or "selection" not in shown:
            return []
        return [selection_painter.chip_box(self._selection, camera, self._type(), self._scale)]

    def _type(self) -> QFont:
        return type_of(round(14 * self._scale), QFont.Weight.Medium)

    def paint_symbol(self, painter: QPainter, state: int, at: QPointF, theme: MapTheme) -> None:
        """Draw one state's symbol, as in the legend."""
        self._case_painter.paint_symbol(painter, state, at, theme)

    def _follow(self) -> None:
        """Keep the rings on what is chosen, wherever it is now; unseen while it is not there."""
        if self._chosen is None or self._selection is None:
            return
        place = self._cases.place_of(self._chosen) or self._units.place_of(self._chosen)
        x, y = place or (np.nan, np.nan)
        urgent = self._cases.mark_of(self._chosen) in (BAD, CRITICAL)
        self._selection = replace(self._selection, x=x, y=y, urgent=urgent)
