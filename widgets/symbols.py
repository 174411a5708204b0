"""State has colour, shape and word: circle, triangle, square, diamond, hollow ring."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from widgets.theme import Theme


def draw_state(painter: QPainter, state: str, centre: QPointF, size: float, theme: Theme) -> None:
    """Draw the symbol of `state` within a square of `size` pixels around `centre`."""
    colour = theme.state(state)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(colour))
    half = size / 2
    match state:
        case "normal":
            painter.drawEllipse(centre, half * 0.92, half * 0.92)
        case "attention":
            painter.drawPolygon(_triangle(centre, half))
        case "bad":
            painter.drawRect(QRectF(centre.x() - half * 0.86, centre.y() - half * 0.86,
                                    size * 0.86, size * 0.86))  # fmt: skip
        case "critical":
            painter.drawPolygon(_diamond(centre, half * 1.08))
        case _:
            _ring(painter, colour, centre, half)
    painter.restore()


def draw_open_diamond(painter: QPainter, centre: QPointF, size: float, theme: Theme) -> None:
    """Draw the outline of the symbol of `critical`: the other half of its blink."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.state("critical"), 1.5))
    painter.drawPolygon(_diamond(centre, size / 2 * 1.08 - 1))
    painter.restore()


def _triangle(centre: QPointF, half: float) -> QPolygonF:
    x, y = centre.x(), centre.y()
    return QPolygonF(
        [
            QPointF(x, y - half),
            QPointF(x + half * 1.05, y + half * 0.85),
            QPointF(x - half * 1.05, y + half * 0.85),
        ]
    )


def _diamond(centre: QPointF, half: float) -> QPolygonF:
    x, y = centre.x(), centre.y()
    return QPolygonF(
        [QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)]
    )


def _ring(painter: QPainter, colour: QColor, centre: QPointF, half: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, max(1.5, half * 0.28)))
    painter.drawEllipse(centre, half * 0.78, half * 0.78)
