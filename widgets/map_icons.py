"""Parts at street level as icons: each class's own outline in its family's hue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.domain.camera import Camera
from app.engines.citystore import CityStore
from layers.look import Look
from layers.parts.geometry import ICONS_FROM, within
from widgets.icons import draw_icon

_SIDE, _GLYPH = 17.0, 11  # logical pixels
_MOST = 1_500  # in sight; beyond, dots have to do
_EDGE = 12.0


class PartIcons:
    """Keeps one picture a class of parts in the present look."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._pictures: dict[int, QPixmap] = {}

    def paint(self, painter: QPainter, store: CityStore, look: Look, camera: Camera) -> int:
        """Draw all wanted parts in sight over their dots, if near enough; returns how many."""
        m_per_px = camera.m_per_px * look.scale
        shown = look.shows("parts", camera.m_per_px)
        if m_per_px > ICONS_FROM or not shown or not look.icons:
            return 0
        if self._look is not look:
            self._look = look
            self._pictures.clear()
        x, y, cls = within(store, camera.bounds(_EDGE * look.scale), look.states)
        wanted = look.want[cls] != 0
        if not 0 < np.count_nonzero(wanted) <= _MOST:
            return 0
        return self._lay(painter, look, camera, x[wanted], y[wanted], cls[wanted])

    def _lay(
        self, painter: QPainter, look: Look, camera: Camera,
        x: NDArray[np.float64], y: NDArray[np.float64], cls: NDArray[np.uint8],
    ) -> int:  # fmt: skip
        sx, sy = camera.to_screen_many(x, y)
        half = _SIDE * look.scale / 2
        north_first = np.argsort(sy, kind="stable")
        places = zip(
            (sx[north_first] - half).tolist(), (sy[north_first] - half).tolist(),
            cls[north_first].tolist(), strict=True,
        )  # fmt: skip
        for left, top, kind in places:
            painter.drawPixmap(QPointF(left, top), self._picture(kind, look))
        return len(sx)

    def _picture(self, kind: int, look: Look) -> QPixmap:
        picture = self._pictures.get(kind)
        if picture is None:
            picture = self._pictures[kind] = _drawn(kind, look)
        return picture


def _drawn(kind: int, look: Look) -> QPixmap:
    side = round(_SIDE * look.unit)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(look.dpr)
    picture.fill(Qt.GlobalColor.transparent)
    hue = QColor.fromRgb(0xFF000000 | int(look.family_colours()[kind]))
    real = side / look.dpr
    box = QRectF(0, 0, real, real)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(hue, look.scale))
        painter.setBrush(QColor.fromRgb(0xFF000000 | look.land))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        name = look.icons[kind] if kind < len(look.icons) else ""
        draw_icon(painter, name, box, hue, round(_GLYPH * look.scale))
    finally:
        painter.end()
    return picture
