"""Draws clusters as discs with their count; a cluster of one is a plain dot."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app.domain.camera import Camera
from layers.clusters.geometry import Bubbles
from layers.look import MapTheme


def radius_of(count: int) -> float:
    """Return the radius of a disc in logical pixels: its area grows with the digits."""
    return 5.0 if count == 1 else 12.0 + 4.0 * math.log10(count)


def paint(
    painter: QPainter, bubbles: Bubbles, camera: Camera, theme: MapTheme, font: QFont,
    scale: float = 1.0, opacity: float = 1.0,
) -> None:  # fmt: skip
    """Draw the clusters in sight."""
    sx, sy = camera.to_screen_many(bubbles.xy[:, 0], bubbles.xy[:, 1])
    ground, ink = QColor(theme.accent), QColor("#FFFFFF")
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setFont(font)
    for x, y, count in zip(sx, sy, bubbles.count, strict=True):
        reach = radius_of(int(count)) * scale
        if not (-reach < x < camera.width + reach and -reach < y < camera.height + reach):
            continue
        painter.setPen(QPen(QColor(theme.panel), 1.6 * scale))
        painter.setBrush(ground)
        painter.drawEllipse(QPointF(x, y), reach, reach)
        if count > 1:
            painter.setPen(ink)
            box = QRectF(x - reach, y - reach, 2 * reach, 2 * reach)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{count:,}")
    painter.restore()
