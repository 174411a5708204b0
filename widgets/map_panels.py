"""Which panels float over a map, and where: the chip with counts, the legend."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_overlays import (
    Counts,
    LegendRow,
    Symbol,
    Words,
    chip_of,
    legend_box,
    paint_chip,
    paint_legend,
    paint_scale,
)


class Panels:
    """Chip and legend of one map; each can be hidden."""

    def __init__(self) -> None:
        self.chip = self.legend = True
        self.states: tuple[int, ...] = ()  # of cases in sight: the legend shows no others
        self.rows: tuple[LegendRow, ...] = ()  # of what else is in sight
        self._kept: dict[str, tuple[object, QPixmap]] = {}

    def boxes(self, counts: Counts, camera: Camera, theme: MapTheme, tr: Words) -> list[QRectF]:
        """Return what they cover, logical pixels."""
        boxes = [chip_of(counts, theme, tr)[0]] if self.chip else []
        return boxes + ([legend_box(camera, tr, self.states, self.rows)] if self.legend else [])

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
            box = chip_of(counts, theme, tr)[0]
            view: object = (counts, theme, box)
            self._lay(painter, "chip", box, view, lambda on: paint_chip(on, counts, theme, tr))
        if self.legend:
            states, rows = self.states, self.rows
            box = legend_box(camera, tr, states, rows)
            view = (theme, box, states, rows, tr("map.state_normal"))
            self._lay(
                painter, "legend", box, view,
                lambda on: paint_legend(on, camera, theme, tr, symbol, states, rows),
            )  # fmt: skip
            paint_scale(painter, box, camera.m_per_px, theme)

    def _lay(
        self, painter: QPainter, name: str, box: QRectF, view: object,
        draw: Callable[[QPainter], object],
    ) -> None:  # fmt: skip
        """Lay the picture of a panel, made again if `view`, what it depends on, is another."""
        dpr = painter.device().devicePixelRatioF()
        kept = self._kept.get(name)
        if kept is None or kept[0] != (view, dpr):
            picture = QPixmap((box.size() * dpr).toSize())
            picture.setDevicePixelRatio(dpr)
            picture.fill(Qt.GlobalColor.transparent)
            onto = QPainter(picture)
            try:
                onto.translate(-box.topLeft())
                draw(onto)
            finally:
                onto.end()
            kept = self._kept[name] = ((view, dpr), picture)
        painter.drawPixmap(box.topLeft(), kept[1])
