"""Draws cases: one prepared picture a state, laid at each place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.domain.camera import Camera
from layers.cases.geometry import ORDER, Points, in_sight
from layers.look import MapTheme

SIZES = (9.0, 11.5, 10.0, 12.5, 9.5)  # normal, attention, bad, critical, unknown; logical pixels
_HALO = 1.5


class CasePainter:
    """Keeps the pictures of one theme."""

    def __init__(self) -> None:
        self._key: object = None
        self._pictures: list[QPixmap] = []

    def paint(self, painter: QPainter, points: Points, camera: Camera, theme: MapTheme) -> int:
        """Draw all in sight, the worst on top; returns how many."""
        dpr = self._prepare(painter, theme)
        sx, sy, rows = in_sight(points, camera)
        marks = points.mark[rows]
        for state in ORDER:
            picture = self._pictures[state]
            half = picture.width() / dpr / 2
            at = (marks == state).nonzero()[0]
            for x, y in zip((sx[at] - half).tolist(), (sy[at] - half).tolist(), strict=True):
                painter.drawPixmap(QPointF(x, y), picture)
        return len(rows)

    def paint_symbol(self, painter: QPainter, state: int, at: QPointF, theme: MapTheme) -> None:
        """Draw one symbol, as in the legend."""
        dpr = self._prepare(painter, theme)
        picture = self._pictures[state]
        half = picture.width() / dpr / 2
        painter.drawPixmap(QPointF(at.x() - half, at.y() - half), picture)

    def _prepare(self, painter: QPainter, theme: MapTheme) -> float:
        dpr = painter.device().devicePixelRatioF()
        if self._key != (theme, dpr):
            self._key = (theme, dpr)
            self._pictures = [_picture(state, theme, dpr) for state in range(len(SIZES))]
        return dpr


def _picture(state: int, theme: MapTheme, dpr: float) -> QPixmap:
    size = SIZES[state] + 2 * _HALO + 2
    picture = QPixmap(round(size * dpr), round(size * dpr))
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        real = picture.width() / dpr
        _draw(painter, state, QPointF(real / 2, real / 2), SIZES[state] / 2, theme)
    finally:
        painter.end()
    return picture


def _draw(painter: QPainter, state: int, centre: QPointF, half: float, theme: MapTheme) -> None:
    """Draw the symbol with a thin halo of the ground, so that it stands off roads and dots."""
    names = ("normal", "attention", "bad", "critical", "unknown")
    colour = QColor(getattr(theme, names[state]))
    halo = QPen(QColor(theme.ground), _HALO)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(halo)
    painter.setBrush(colour)
    x, y = centre.x(), centre.y()
    match state:
        case 0:
            painter.drawEllipse(centre, half, half)
        case 1:
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x, y - half),
                        QPointF(x + half * 1.08, y + half * 0.86),
                        QPointF(x - half * 1.08, y + half * 0.86),
                    ]
                )
            )
        case 2:
            painter.drawRect(QRectF(x - half, y - half, half * 2, half * 2))
        case 3:
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x, y - half),
                        QPointF(x + half, y),
                        QPointF(x, y + half),
                        QPointF(x - half, y),
                    ]
                )
            )
        case _:
            painter.setBrush(QColor(theme.ground))
            painter.setPen(QPen(colour, 2.0))
            painter.drawEllipse(centre, half - 0.5, half - 0.5)
