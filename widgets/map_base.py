"""The base map as the ground sees it: tiles that are there, laid under our own; never waits."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.domain.camera import Camera
from app.engines.basemap import BaseMapTiles
from app.engines.basemap_cache import BaseKey, base_keys, level_for
from layers.look import MapTheme
from widgets.map_mosaic import Grid, lay_part, lay_whole
from widgets.map_overlays import type_of

_CREDIT = 11  # pixels
_PAD = 6.0


class BaseUnder:
    """Paints one base map. On the window's thread; `tiles` belongs to whoever made it."""

    def __init__(self, tiles: BaseMapTiles) -> None:
        self._tiles = tiles

    def listen(self, on_ready: Callable[[], None]) -> None:
        """Have `on_ready` called on the tiles' thread whenever more is there."""
        self._tiles.on_ready = on_ready

    def want(self, camera: Camera, dpr: float) -> None:
        """Ask for what a view shows."""
        self._tiles.want(base_keys(level_for(camera.m_per_px / dpr), camera.bounds()))

    def paint(self, painter: QPainter, camera: Camera, grid: Grid, *, smooth: bool) -> None:
        """Lay what is there on a painter in physical pixels; the rest stays as it is."""
        painter.save()
        painter.setOpacity(self._tiles.base.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        try:
            level = level_for(grid.scale)
            near = sorted(self._tiles.levels() - {level}, key=lambda one: abs(one - level))
            for key in base_keys(level, camera.bounds()):
                pixels = self._tiles.get(key)
                if pixels is not None:
                    lay_whole(painter, pixels, grid.place(key.bounds), opaque=False)
                else:
                    self._stand_in(painter, grid, key, near)
        finally:
            painter.restore()

    def paint_credit(self, painter: QPainter, free: QRectF, theme: MapTheme) -> None:
        """Write whose map it is at the lower right corner of what is free."""
        words = self._tiles.base.attribution
        if not words:
            return
        painter.save()
        face = type_of(_CREDIT)
        metrics = QFontMetricsF(face)
        width = metrics.horizontalAdvance(words)
        box = QRectF(
            free.right() - width - 2 * _PAD, free.bottom() - metrics.height() - 2,
            width + 2 * _PAD, metrics.height() + 2,
        )  # fmt: skip
        ground = QColor(theme.panel)
        ground.setAlphaF(0.8)
        painter.fillRect(box, ground)
        painter.setFont(face)
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(box.x() + _PAD, box.bottom() - metrics.descent() - 1), words)
        painter.restore()

    def _stand_in(self, painter: QPainter, grid: Grid, key: BaseKey, near: list[int]) -> None:
        """Fill a place from the nearest level that has all of it."""
        box = key.bounds
        for level in near:
            if level - key.level < -2:
                continue
            inner = box.grown(-1e-3 * box.width)
            pieces = [(one, self._tiles.get(one)) for one in base_keys(level, inner)]
            if all(pixels is not None for _, pixels in pieces):
                for one, pixels in pieces:
                    assert pixels is not None
                    lay_part(painter, pixels, one.bounds, box, grid, opaque=False)
                return
