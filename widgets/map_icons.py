"""Parts at street level as icons: each class's own outline in its family's hue.

What is not whole bears the shape and colour of its state (a triangle for broken, a square for
lost, a ring for given up) and is shown first where there is no room for all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.domain.camera import Camera
from app.engines.citystore import CityStore
from layers.cases.painter import draw_shape
from layers.look import Look
from layers.parts.geometry import ICONS_FROM, within
from widgets.icons import draw_icon

_SIDE, _GLYPH = 19.0, 12  # logical pixels
_BADGE = 3.6  # half of its width
_APART = 17.0  # pixels of ground that hold one icon; the others there stay dots
_MOST = 8_000  # in sight; beyond, dots have to do
_EDGE = 12.0
_SHAPES = (0, 1, 2, 4)  # of `layers.cases`, by the state of a part
_RANK = np.array([0, 2, 3, 1])  # by state: who is shown where only one has room

Ints = NDArray[np.intp]


class PartIcons:
    """Keeps one picture a class and state of parts in the present look."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._pictures: dict[tuple[int, int], QPixmap] = {}

    def paint(self, painter: QPainter, store: CityStore, look: Look, camera: Camera) -> int:
        """Draw the wanted parts in sight over their dots, if near enough; returns how many."""
        m_per_px = camera.m_per_px * look.scale
        shown = look.shows("parts", camera.m_per_px)
        if m_per_px > ICONS_FROM or not shown or not look.icons:
            return 0
        if self._look is not look:
            self._look = look
            self._pictures.clear()
        x, y, cls, state = within(store, camera.bounds(_EDGE * look.scale), look.states)
        wanted = np.flatnonzero(look.want[cls])
        if not 0 < len(wanted) <= _MOST:
            return 0
        rows = wanted[roomy(x[wanted], y[wanted], state[wanted], _APART * m_per_px)]
        return self._lay(painter, look, camera, x[rows], y[rows], cls[rows], state[rows])

    def _lay(
        self, painter: QPainter, look: Look, camera: Camera, x: NDArray[np.float64],
        y: NDArray[np.float64], cls: NDArray[np.uint8], state: NDArray[np.uint8],
    ) -> int:  # fmt: skip
        sx, sy = camera.to_screen_many(x, y)
        half = _SIDE * look.scale / 2
        order = np.lexsort((sy, _RANK[state]))  # what is not whole on top, then north first
        places = zip(
            (sx[order] - half).tolist(), (sy[order] - half).tolist(), cls[order].tolist(),
            state[order].tolist(), strict=True,
        )  # fmt: skip
        for left, top, kind, how in places:
            painter.drawPixmap(QPointF(left, top), self._picture(kind, how, look))
        return len(sx)

    def _picture(self, kind: int, state: int, look: Look) -> QPixmap:
        picture = self._pictures.get((kind, state))
        if picture is None:
            picture = self._pictures[kind, state] = icon_of(kind, state, look)
        return picture


def roomy(
    x: NDArray[np.float64], y: NDArray[np.float64], state: NDArray[np.uint8], metres: float
) -> Ints:
    """Return the rows that are shown: one in each square of the ground, what is not whole first.

    The squares lie fast on the ground, so that a pan changes nothing.
    """
    order = np.argsort(-_RANK[state], kind="stable")
    column, line = (np.floor(v[order] / metres).astype(np.int64) for v in (x, y))
    _, first = np.unique((column << 32) + line, return_index=True)
    rows: Ints = np.sort(order[first])
    return rows


def icon_of(kind: int, state: int, look: Look) -> QPixmap:
    """Return the icon of a class of parts in one of its states."""
    side = round(_SIDE * look.unit)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(look.dpr)
    picture.fill(Qt.GlobalColor.transparent)
    hue, land = _colour(int(look.family_colours()[kind])), _colour(look.land)
    ink = _colour(look.states_ink[state]) if state else hue
    real = side / look.dpr
    box = QRectF(0, 0, real, real)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(ink, (1.6 if state else 1.1) * look.scale))
        painter.setBrush(land)
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        name = look.icons[kind] if kind < len(look.icons) else ""
        draw_icon(painter, name, box, hue, round(_GLYPH * look.scale))
        if state:
            badge = _BADGE * look.scale
            corner = QPointF(real - badge - 0.8, real - badge - 0.8)
            draw_shape(painter, _SHAPES[state], corner, badge, look.scale, ink, land)
    finally:
        painter.end()
    return picture


def _colour(number: int) -> QColor:
    return QColor.fromRgb(0xFF000000 | number)
