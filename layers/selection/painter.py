"""Draws what is selected: two rings and a chip with its name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.domain.camera import Camera
from layers.look import MapTheme

INNER, OUTER = 12.0, 21.0
_PAD, _GAP = 9.0, 9.0


@dataclass(frozen=True)
class Selection:
    """A selected point in local metres; `urgent` takes the colour of what needs a hand now."""

    x: float
    y: float
    label: str = ""
    urgent: bool = False


def paint(
    painter: QPainter, selection: Selection, camera: Camera, theme: MapTheme, font: QFont
) -> None:
    """Draw rings around the point and the chip beside it, on the side that has room."""
    sx, sy = camera.to_screen(selection.x, selection.y)
    if not (-OUTER < sx < camera.width + OUTER and -OUTER < sy < camera.height + OUTER):
        return
    centre = QPointF(sx, sy)
    colour = QColor(theme.critical if selection.urgent else theme.accent)
    pale = QColor(colour)
    pale.setAlphaF(0.45)
    wash = QColor(colour)
    wash.setAlphaF(0.10)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(wash)
    painter.setPen(QPen(pale, 2.0))
    painter.drawEllipse(centre, OUTER, OUTER)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2.4))
    painter.drawEllipse(centre, INNER, INNER)
    if selection.label:
        _chip(painter, selection.label, centre, camera, colour, theme, font)


def _chip(
    painter: QPainter, label: str, at: QPointF, camera: Camera, colour: QColor,
    theme: MapTheme, font: QFont,
) -> None:  # fmt: skip
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, 260)
    width, height = metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + 8
    left = at.x() + OUTER + _GAP
    if left + width > camera.width - 4:
        left = at.x() - OUTER - _GAP - width
    box = QRectF(round(left) + 0.5, round(at.y() - height / 2) + 0.5, round(width), round(height))
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(box, 5, 5)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
