"""Draws cases: one prepared picture a state and size, laid at each place."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.domain.camera import Camera
from layers.cases.geometry import ORDER, Points, in_sight
from layers.look import MapTheme

SIZES = (9.0, 11.5, 10.0, 12.5, 9.5)  # normal, attention, bad, critical, unknown; logical pixels
FAR_SIZES = (4.5, 8.0, 8.0, 12.5, 4.5)  # over a whole city only what needs a hand stands out
QUIET, LOUD = ORDER[:2], ORDER[2:]  # states that lie under the names, and those over them
_NEAR_M, _FAR_M = 6.0, 30.0  # metres a pixel
_HALO = 1.5
_KEPT = 128


class CasePainter:
    """Keeps the pictures of one theme. `scale` enlarges all symbols."""

    def __init__(self) -> None:
        self.scale = 1.0
        self._key: object = None
        self._pictures: dict[tuple[int, float], QPixmap] = {}

    def paint(
        self,
        painter: QPainter,
        points: Points,
        camera: Camera,
        theme: MapTheme,
        states: Iterable[int] = ORDER,
    ) -> int:
        """Draw those of `states` in sight, the last state on top; returns how many."""
        dpr = self._prepare(painter, theme)
        sx, sy, rows = in_sight(points, camera, 16.0 * self.scale)
        marks = points.mark[rows]
        drawn = 0
        for state in states:
            at = (marks == state).nonzero()[0]
            if not len(at):
                continue
            size = size_at(state, camera.m_per_px * self.scale)
            picture = self._picture(state, size * self.scale, theme, dpr)
            half = picture.width() / dpr / 2
            for x, y in zip((sx[at] - half).tolist(), (sy[at] - half).tolist(), strict=True):
                painter.drawPixmap(QPointF(x, y), picture)
            drawn += len(at)
        return drawn

    def paint_symbol(self, painter: QPainter, state: int, at: QPointF, theme: MapTheme) -> None:
        """Draw one symbol, as in the legend."""
        dpr = self._prepare(painter, theme)
        picture = self._picture(state, SIZES[state], theme, dpr)
        half = picture.width() / dpr / 2
        painter.drawPixmap(QPointF(at.x() - half, at.y() - half), picture)

    def _prepare(self, painter: QPainter, theme: MapTheme) -> float:
        dpr = painter.device().devicePixelRatioF()
        if self._key != (theme, dpr) or len(self._pictures) > _KEPT:
            self._key = (theme, dpr)
            self._pictures.clear()
        return dpr

    def _picture(self, state: int, size: float, theme: MapTheme, dpr: float) -> QPixmap:
        picture = self._pictures.get((state, size))
        if picture is None:
            picture = self._pictures[state, size] = _picture(state, size, theme, dpr)
        return picture


def size_at(state: int, m_per_px: float) -> float:
    """Return how wide a state's symbol is, in logical pixels and steps of a half."""
    near, far = math.log(_NEAR_M), math.log(_FAR_M)
    size = np.interp(math.log(m_per_px), [near, far], [SIZES[state], FAR_SIZES[state]])
    return round(float(size) * 2) / 2


def _picture(state: int, size: float, theme: MapTheme, dpr: float) -> QPixmap:
    halo = max(_HALO, size * 0.12)
    side = round((size + 2 * halo + 2) * dpr)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        real = side / dpr
        _draw(painter, state, QPointF(real / 2, real / 2), size / 2, halo, theme)
    finally:
        painter.end()
    return picture


def _draw(
    painter: QPainter, state: int, centre: QPointF, half: float, halo: float, theme: MapTheme
) -> None:
    """Draw the symbol with a thin halo of the ground, so that it stands off roads and dots."""
    names = ("normal", "attention", "bad", "critical", "unknown")
    draw_shape(
        painter, state, centre, half, halo, QColor(getattr(theme, names[state])),
        QColor(theme.land),
    )  # fmt: skip


def draw_shape(
    painter: QPainter, state: int, centre: QPointF, half: float, halo: float, colour: QColor,
    ground: QColor,
) -> None:  # fmt: skip
    """Draw the shape that a state has everywhere: circle, triangle, square, diamond, ring."""
    pen = QPen(ground, halo)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(colour)
    x, y = centre.x(), centre.y()
    match state:
        case 0:
            painter.drawEllipse(centre, half, half)
        case 1:
            wide, low = half * 1.08, half * 0.86
            painter.drawPolygon(_polygon((x, y - half), (x + wide, y + low), (x - wide, y + low)))
        case 2:
            painter.drawRect(QRectF(x - half, y - half, half * 2, half * 2))
        case 3:
            painter.drawPolygon(
                _polygon((x, y - half), (x + half, y), (x, y + half), (x - half, y))
            )
        case _:
            painter.setBrush(ground)
            painter.setPen(QPen(colour, max(halo * 1.3, 1.4)))
            painter.drawEllipse(centre, half - 0.5, half - 0.5)


def _polygon(*corners: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in corners])
