"""Draws live units: a blue dot with a tick where it is heading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.domain.camera import Camera
from layers.cases.geometry import Points, in_sight
from layers.look import MapTheme

RADIUS = 5.0
TICK = 17.0


class UnitPainter:
    """Keeps the dot of one theme."""

    def __init__(self) -> None:
        self._key: object = None
        self._dot = QPixmap()

    def paint(
        self,
        painter: QPainter,
        points: Points,
        heading: NDArray[np.float64],
        camera: Camera,
        theme: MapTheme,
    ) -> int:
        """Draw all in sight; `heading` degrees from north, NaN for standing. Returns how many."""
        sx, sy, rows = in_sight(points, camera, TICK)
        if not len(rows):
            return 0
        dpr = painter.device().devicePixelRatioF()
        if self._key != (theme, dpr):
            self._key, self._dot = (theme, dpr), _dot(theme, dpr)
        angle = np.radians(heading[rows] - camera.heading)
        go = np.isfinite(angle)
        ex, ey = sx + np.sin(angle) * TICK, sy - np.cos(angle) * TICK
        ends = np.stack([sx, sy, ex, ey], axis=1)[go].tolist()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(theme.accent), 1.6))
        painter.drawLines([QLineF(*end) for end in ends])
        half = self._dot.width() / dpr / 2
        for x, y in zip((sx - half).tolist(), (sy - half).tolist(), strict=True):
            painter.drawPixmap(QPointF(x, y), self._dot)
        return len(rows)


def _dot(theme: MapTheme, dpr: float) -> QPixmap:
    size = RADIUS * 2 + 4
    picture = QPixmap(round(size * dpr), round(size * dpr))
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.panel), 1.6))
        painter.setBrush(QColor(theme.accent))
        middle = picture.width() / dpr / 2
        painter.drawEllipse(QPointF(middle, middle), RADIUS, RADIUS)
    finally:
        painter.end()
    return picture
