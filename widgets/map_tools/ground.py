"""Shows the selected ground, whatever tool is in hand; takes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.tool import Idle

Rings = Sequence[NDArray[np.float64]]


class GroundTool(Idle):
    """Holds rings in local metres, filled by even-odd."""

    def __init__(self) -> None:
        self._rings: Rings = ()

    def show(self, rings: Rings | None) -> None:
        """Show these rings, None for nothing."""
        self._rings = rings or ()

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw the ground."""
        if not self._rings:
            return
        path = QPainterPath()
        for ring in self._rings:
            sx, sy = camera.to_screen_many(ring[:, 0], ring[:, 1])
            places = [QPointF(x, y) for x, y in zip(sx, sy, strict=True) if np.isfinite(x + y)]
            path.addPolygon(QPolygonF([*places, *places[:1]]))
        path.setFillRule(Qt.FillRule.OddEvenFill)
        pale = QColor(theme.accent)
        pale.setAlphaF(0.10)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(pale)
        painter.setPen(QPen(QColor(theme.accent), 1.8))
        painter.drawPath(path)
