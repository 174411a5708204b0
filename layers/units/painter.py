"""Draws live units: a blue dot with a tick where it is heading; a speck far away."""

from __future__ import annotations

import math

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
TICKS_UNTIL = 12.0  # metres a pixel
_SMALL = 1.8
_NEAR_M, _FAR_M = 3.0, 24.0  # metres a pixel between which dots shrink
_CLEAR_M, _FAINT_M, _FAINT = 12.0, 60.0, 0.55  # and between which they fade, and how far
_CROWD = 0.7  # of that, where there are many


class UnitPainter:
    """Keeps the dots of one theme. `scale` enlarges all symbols."""

    def __init__(self) -> None:
        self.scale = 1.0
        self._key: object = None
        self._dots: dict[tuple[float, float], QPixmap] = {}

    def paint(
        self,
        painter: QPainter,
        points: Points,
        heading: Floats,
        camera: Camera,
        theme: MapTheme,
    ) -> int:
        """Draw all in sight; `heading` degrees from north, NaN for standing. Returns how many."""
        sx, sy, rows = in_sight(points, camera, TICK * self.scale)
        if not len(rows):
            return 0
        m_per_px = camera.m_per_px * self.scale
        many = len(rows) > MANY
        radius = _SMALL if many else radius_at(m_per_px)
        if not many and m_per_px < TICKS_UNTIL:
            angle = np.radians(heading[rows] - camera.heading)
            _ticks(painter, sx, sy, angle, radius * 3.4 * self.scale, theme)
        if many:
            sx, sy = _apart(sx, sy, radius * self.scale)
        dot = self._dot(painter, theme, radius * self.scale, shade_at(m_per_px, many=many))
        half = dot.width() / dot.devicePixelRatio() / 2
        _lay(painter, dot, sx - half, sy - half, whole=many)
        return len(rows)

    def _dot(self, painter: QPainter, theme: MapTheme, radius: float, shade: float) -> QPixmap:
        dpr = painter.device().devicePixelRatioF()
        if self._key != (theme, dpr):
            self._key = (theme, dpr)
            self._dots.clear()
        dot = self._dots.get((radius, shade))
        if dot is None:
            dot = self._dots[radius, shade] = _dot(theme, dpr, radius, shade)
        return dot


def radius_at(m_per_px: float) -> float:
    """Return a unit's radius in logical pixels, in steps of a half."""
    near, far = math.log(_NEAR_M), math.log(_FAR_M)
    radius = np.interp(math.log(m_per_px), [near, far], [RADIUS, 3.0])
    return round(float(radius) * 2) / 2


def shade_at(m_per_px: float, *, many: bool) -> float:
    """Return how strong a unit is drawn, 1 near; over a whole city the cases come first."""
    near, far = math.log(_CLEAR_M), math.log(_FAINT_M)
    shade = float(np.interp(math.log(m_per_px), [near, far], [1.0, _FAINT]))
    faint = shade < 1.0 and many
    return round(shade * (_CROWD if faint else 1.0) * 20) / 20


def _lay(painter: QPainter, dot: QPixmap, left: Floats, top: Floats, *, whole: bool) -> None:
    """Lay a dot at each place; at `whole` pixels in half the time."""
    lay = painter.drawPixmap
    if whole:
        for x, y in zip(_whole(left), _whole(top), strict=True):
            lay(x, y, dot)
    else:
        for x, y in zip(left.tolist(), top.tolist(), strict=True):
            lay(QPointF(x, y), dot)


def _whole(values: Floats) -> list[int]:
    whole: list[int] = np.rint(values).astype(np.int64).tolist()
    return whole


def _apart(sx: Floats, sy: Floats, step: float) -> tuple[Floats, Floats]:
    """Return one place of those that would lie on each other."""
    cell = np.floor(sx / step) * 1e5 + np.floor(sy / step)
    _, first = np.unique(cell, return_index=True)
    return sx[first], sy[first]


def _ticks(
    painter: QPainter, sx: Floats, sy: Floats, angle: Floats, length: float, theme: MapTheme
) -> None:
    """Draw where each is heading; NaN stands still."""
    go = np.isfinite(angle)
    ex, ey = sx + np.sin(angle) * length, sy - np.cos(angle) * length
    ends = np.stack([sx, sy, ex, ey], axis=1)[go].tolist()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(theme.accent), length / 10.5))
    painter.drawLines([QLineF(*end) for end in ends])


def _dot(theme: MapTheme, dpr: float, radius: float, shade: float) -> QPixmap:
    side = round((radius * 2 + 4) * dpr)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(shade)
        painter.setPen(QPen(QColor(theme.panel), 1.6 if radius > 4 else 0.8))
        painter.setBrush(QColor(theme.accent))
        middle = side / dpr / 2
        painter.drawEllipse(QPointF(middle, middle), radius, radius)
    finally:
        painter.end()
    return picture
