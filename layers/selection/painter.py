"""Draws what is selected: two rings and a chip with its name; a wide glow too if it is urgent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.domain.camera import Camera
from layers.look import MapTheme

INNER, OUTER, GLOW = 12.0, 21.0, 46.0
_PAD, _GAP, _WIDEST = 9.0, 9.0, 260.0


@dataclass(frozen=True)
class Selection:
    """A selected point in local metres; `urgent` takes the colour of what needs a hand now."""

    x: float
    y: float
    label: str = ""
    urgent: bool = False


def paint(
    painter: QPainter, selection: Selection, camera: Camera, theme: MapTheme, font: QFont,
    scale: float = 1.0,
) -> None:  # fmt: skip
    """Draw rings around the point and the chip beside it, on the side that has room.

    `scale` enlarges rings and paddings; `font` is as large as it is to be.
    """
    sx, sy = camera.to_screen(selection.x, selection.y)
    reach = GLOW * scale
    if not (-reach < sx < camera.width + reach and -reach < sy < camera.height + reach):
        return
    centre = QPointF(sx, sy)
    colour = QColor(theme.critical if selection.urgent else theme.accent)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if selection.urgent:
        painter.setPen(QPen(_pale(colour, 0.30), 1.2 * scale))
        painter.setBrush(_pale(colour, 0.10))
        painter.drawEllipse(centre, reach, reach)
    painter.setBrush(_pale(colour, 0.10))
    painter.setPen(QPen(_pale(colour, 0.5), 2.0 * scale))
    painter.drawEllipse(centre, OUTER * scale, OUTER * scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2.4 * scale))
    painter.drawEllipse(centre, INNER * scale, INNER * scale)
    if selection.label:
        _chip(painter, selection.label, centre, camera, colour, theme, font, scale)


def _pale(colour: QColor, alpha: float) -> QColor:
    pale = QColor(colour)
    pale.setAlphaF(alpha)
    return pale


def _chip(
    painter: QPainter, label: str, at: QPointF, camera: Camera, colour: QColor,
    theme: MapTheme, font: QFont, scale: float,
) -> None:  # fmt: skip
    text, box = _placed(label, at, camera, font, scale)
    painter.setPen(QPen(colour, 1.4 * scale))
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(box, 5 * scale, 5 * scale)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def chip_box(selection: Selection, camera: Camera, font: QFont, scale: float) -> QRectF:
    """Return what the chip covers, logical pixels; empty without one."""
    if not selection.label or not math.isfinite(selection.x):
        return QRectF()
    at = QPointF(*camera.to_screen(selection.x, selection.y))
    return _placed(selection.label, at, camera, font, scale)[1]


def _placed(
    label: str, at: QPointF, camera: Camera, font: QFont, scale: float
) -> tuple[str, QRectF]:
    """Return the chip's words and box."""
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, _WIDEST * scale)
    width = metrics.horizontalAdvance(text) + 2 * _PAD * scale
    height = metrics.height() + 8 * scale
    away = (OUTER + _GAP) * scale
    left = at.x() + away
    if left + width > camera.width - 4:
        left = at.x() - away - width
    top = round(at.y() - height / 2) + 0.5
    return text, QRectF(round(left) + 0.5, top, round(width), round(height))
