"""Draws live units: a blue dot with a tick where it is heading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.domain.camera import Camera
from layers.cases.geometry import Points, in_sight
from layers.look import MapTheme

Floats = NDArray[np.float64]

RADIUS = 5.0
TICK = 17.0
MANY = 250  # in sight, from which on units are small dots without ticks
_SMALL = 2.6


class UnitPainter:
    """Keeps the dot of one theme."""

    def __init__(self) -> None:
        self._key: object = None
        self._dots: tuple[QPixmap, QPixmap] = (QPixmap(), QPixmap())

    def paint(
        self,
        painter: QPainter,
        points: Points,
        heading: Floats,
        camera: Camera,
        theme: MapTheme,
    ) -> int:
        """Draw all in sight; `heading` degrees from north, NaN for standing. Returns how many."""
        sx, sy, rows = in_sight(points, camera, TICK)
        if not len(rows):
            return 0
        dpr = painter.device().devicePixelRatioF()
        if self._key != (theme, dpr):
            self._key = (theme, dpr)
            self._dots = (_dot(theme, dpr, RADIUS), _dot(theme, dpr, _SMALL))
        many = len(rows) > MANY
        if not many:
            _ticks(painter, sx, sy, np.radians(heading[rows] - camera.heading), theme)
        dot = self._dots[many]
        half = dot.width() / dpr / 2
        for x, y in zip((sx - half).tolist(), (sy - half).tolist(), strict=True):
            painter.drawPixmap(QPointF(x, y), dot)
        return len(rows)


def _ticks(painter: QPainter, sx: Floats, sy: Floats, angle: Floats, theme: MapTheme) -> None:
    """Draw where each is heading; NaN stands still."""
    go = np.isfinite(angle)
    ex, ey = sx + np.sin(angle) * TICK, sy - np.cos(angle) * TICK
    ends = np.stack([sx, sy, ex, ey], axis=1)[go].tolist()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(theme.accent), 1.6))
    painter.drawLines([QLineF(*end) for end in ends])


def _dot(theme: MapTheme, dpr: float, radius: float) -> QPixmap:
    size = radius * 2 + 4
    picture = QPixmap(round(size * dpr), round(size * dpr))
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.panel), 1.6 if radius > 4 else 0.8))
        painter.setBrush(QColor(theme.accent))
        middle = picture.width() / dpr / 2
        painter.drawEllipse(QPointF(middle, middle), radius, radius)
    finally:
        painter.end()
    return picture
