"""What lives on top of the map: cases, units, the selection; drawn at each frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QPainter

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.services.changes import UnitRow
from app.store import BAD, CRITICAL, MapCases
from layers.cases.geometry import Points, hit, points_of
from layers.cases.painter import LOUD, QUIET, CasePainter
from layers.look import MapTheme
from layers.selection import painter as selection_painter
from layers.selection.painter import Selection
from layers.units.painter import UnitPainter
from widgets.map_overlays import type_of
from widgets.map_picks import CASE_REACH, CasePicked, UnitPicked


class Live:
    """Cases, units and the selection of one map."""

    def __init__(self) -> None:
        self._cases, self._units = Points(), Points()
        self._heading: NDArray[np.float64] = np.empty(0)
        self._selection: Selection | None = None
        self._chosen: UUID | None = None
        self._case_painter, self._unit_painter = CasePainter(), UnitPainter()
        self._scale = 1.0

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

    def paint_under(
        self, painter: QPainter, camera: Camera, theme: MapTheme, shown: set[str]
    ) -> None:
        """Draw what names may lie over: units and cases in their normal course."""
        if "units" in shown:
            self._unit_painter.paint(painter, self._units, self._heading, camera, theme)
        if "cases" in shown:
            self._case_painter.paint(painter, self._cases, camera, theme, QUIET)

    def paint_over(
        self, painter: QPainter, camera: Camera, theme: MapTheme, shown: set[str]
    ) -> None:
        """Draw what lies over the names: cases that need a hand, the selection."""
        if "cases" in shown:
            self._case_painter.paint(painter, self._cases, camera, theme, LOUD)
        chosen = self._selection
        if "selection" in shown and chosen is not None and np.isfinite(chosen.x):
            font = type_of(round(14 * self._scale), QFont.Weight.Medium)
            selection_painter.paint(painter, chosen, camera, theme, font, self._scale)

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
