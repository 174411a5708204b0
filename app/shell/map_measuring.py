"""Lengths and areas measured on one map: shown until they are deleted, listed with their sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.domain.geodesy import CityFrame
from app.domain.measures import area_of, length_of, said_area, said_length
from widgets.i18n import tr
from widgets.map_card import CardRow, MapCard
from widgets.map_tools.draw import Drawing
from widgets.map_tools.kept import KeptTool
from widgets.map_view import MapView

_MOST = 50


class Measuring(QObject):
    """Keeps what was measured on one map."""

    def __init__(self, view: MapView, frame: CityFrame, card: MapCard, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._frame, self._card = view, frame, card
        self.kept = KeptTool(self.label)

    def label(self, xy: NDArray[np.float64], closed: bool) -> str:
        """Return length, or area and perimeter, of a shape in local metres (n, 2)."""
        if not closed:
            return said_length(length_of(xy, self._frame))
        around = length_of(np.vstack([xy, xy[:1]]), self._frame)
        return f"{said_area(area_of(xy, self._frame))}\n{said_length(around)}"

    def take(self, drawing: Drawing) -> None:
        """Keep one more."""
        self.kept.drawings = (*self.kept.drawings, drawing)[-_MOST:]
        self.kept.lit = len(self.kept.drawings) - 1
        self.show()

    def drop(self, at: int) -> None:
        """Delete one of those listed."""
        drawings = self.kept.drawings
        if 0 <= at < len(drawings):
            self.kept.drawings = (*drawings[:at], *drawings[at + 1 :])
            self.kept.lit = min(at, len(self.kept.drawings) - 1)
            self.show()

    def clear(self) -> None:
        """Delete all."""
        self.kept.drawings, self.kept.lit = (), -1
        self._card.leave()
        self._view.update()

    def light(self, at: int) -> Drawing | None:
        """Mean one of those listed, and return it."""
        if not 0 <= at < len(self.kept.drawings):
            return None
        self.kept.lit = at
        self._view.update()
        return self.kept.drawings[at]

    def show(self) -> None:
        """List them on the card; with none left, close it."""
        self._view.update()
        if not self.kept.drawings:
            self._card.leave()
            return
        rows = []
        for drawing in self.kept.drawings:
            words = self.label(drawing.xy, drawing.closed).split("\n")
            icon = "ruler-square" if drawing.closed else "ruler"
            rows.append(CardRow(words[0], words[1] if len(words) > 1 else "", icon))
        lines = [d.xy for d in self.kept.drawings if not d.closed]
        total = said_length(sum(length_of(xy, self._frame) for xy in lines)) if lines else ""
        self._card.fill(
            tr("measure.title"), rows, total=total if len(lines) > 1 else "",
            buttons=(("measure:drop", tr("measure.drop")), ("measure:clear", tr("measure.clear"))),
            note=tr("measure.how"),
        )  # fmt: skip
