"""Tools that name places on the map by hand or keys: one place, a line, or cells to be chosen.

Arrows move a cross by a pixel (Page Up: ten, a hundred; Page Down: fewer), a click puts it there;
Space adds what the cross is on, Backspace takes the last one back, Enter ends, Esc cancels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.draw import paint_label, paint_shape
from widgets.map_tools.tool import Hand, Idle

Place = tuple[float, float]  # local metres
Say = Callable[[Place], str]
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0), Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0), Qt.Key.Key_Down: (0.0, -1.0),
}  # fmt: skip
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_OTHER = (Qt.Key.Key_Space, Qt.Key.Key_Backspace, Qt.Key.Key_Escape, Qt.Key.Key_PageUp,
          Qt.Key.Key_PageDown, *_ENDS)  # fmt: skip
_ARM = 14.0
_STRIDES = (1.0, 10.0, 100.0)


class Crosshair(QObject, Idle):
    """A cross that hand and keys move; `scale` gives metres a pixel, `say` words beside it.

    Signals:
        added: (x, y) local metres: a click or Space.
        taken_back: nothing; Backspace.
        ended: (x, y): Enter or a double click.
        cancelled: nothing.
        changed: nothing; the map is to be painted anew.
    """

    added = Signal(object)
    taken_back = Signal()
    ended = Signal(object)
    cancelled = Signal()
    changed = Signal()

    def __init__(self, parent: QObject, scale: Callable[[], float], say: Say | None = None) -> None:
        super().__init__(parent)
        self.cursor = Qt.CursorShape.CrossCursor
        self._scale, self._say = scale, say
        self._stride = 0
        self.at: Place = (0.0, 0.0)
        self.line: list[Place] = []
        self.shapes: list[NDArray[np.float64]] = []

    def begin(self, at: Place) -> None:
        """Stand at a place with nothing drawn."""
        self.at, self.line, self.shapes = at, [], []
        self.changed.emit()

    def show_shapes(self, shapes: Sequence[NDArray[np.float64]]) -> None:
        """Show rings, local metres (n, 2) each, as a preview."""
        self.shapes = list(shapes)
        self.changed.emit()

    def click(self, hand: Hand) -> bool:
        """Move there and add."""
        self.at = (hand.x, hand.y)
        self.added.emit(self.at)
        self.changed.emit()
        return True

    def twice(self, hand: Hand) -> bool:
        """End."""
        self.ended.emit(self.at)
        return True

    def wants(self, key: Qt.Key) -> bool:
        """Want arrows and what adds, takes back, ends and cancels."""
        return key in _ARROWS or key in _OTHER

    def key(self, key: Qt.Key) -> bool:
        """Move, add, take back, end or cancel."""
        if key in _ARROWS:
            step = _STRIDES[self._stride] * self._scale()
            dx, dy = _ARROWS[key]
            self.at = (self.at[0] + dx * step, self.at[1] + dy * step)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            by = 1 if key == Qt.Key.Key_PageUp else -1
            self._stride = max(0, min(len(_STRIDES) - 1, self._stride + by))
        elif key == Qt.Key.Key_Space:
            self.added.emit(self.at)
        elif key == Qt.Key.Key_Backspace:
            self.taken_back.emit()
        elif key in _ENDS:
            self.ended.emit(self.at)
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            return False
        self.changed.emit()
        return True

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw preview, line, cross and words."""
        for ring in self.shapes:
            paint_shape(painter, ring, True, camera, theme, corners=False)
        if len(self.line) > 0:
            line = np.array([*self.line, self.at], np.float64)
            paint_shape(painter, line, False, camera, theme)
        sx, sy = camera.to_screen(*self.at)
        for ink, width in ((theme.panel, 5.0), (theme.accent, 2.0)):
            painter.setPen(QPen(QColor(ink), width))
            painter.drawLine(QPointF(sx - _ARM, sy), QPointF(sx + _ARM, sy))
            painter.drawLine(QPointF(sx, sy - _ARM), QPointF(sx, sy + _ARM))
        if self._say is not None:
            paint_label(painter, self._say(self.at), np.array(self.at), camera, theme)
