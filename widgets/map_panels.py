"""Which panels float over a map, and where: the chip with counts, the legend."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_overlays import (
    Counts,
    Symbol,
    Words,
    chip_of,
    legend_box,
    paint_chip,
    paint_legend,
)


class Panels:
    """Chip and legend of one map; each can be hidden."""

    def __init__(self) -> None:
        self.chip = self.legend = True

    def boxes(self, counts: Counts, camera: Camera, theme: MapTheme, tr: Words) -> list[QRectF]:
        """Return what they cover, logical pixels."""
        boxes = [chip_of(counts, theme, tr)[0]] if self.chip else []
        return boxes + ([legend_box(camera, tr)] if self.legend else [])

    def paint(
        self,
        painter: QPainter,
        counts: Counts,
        camera: Camera,
        theme: MapTheme,
        tr: Words,
        symbol: Symbol,
    ) -> None:
        """Draw those that are shown."""
        if self.chip:
            paint_chip(painter, counts, theme, tr)
        if self.legend:
            paint_legend(painter, camera, theme, tr, symbol)
