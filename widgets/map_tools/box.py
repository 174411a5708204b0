"""Selects a box: Shift and drag, at any time; with Ctrl held it is taken away, not added."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.draw import Drawing, paint_shape
from widgets.map_tools.tool import Hand, Idle

_LEAST_PX = 6.0


class BoxTool(QObject, Idle):
    """Draws an upright box on the screen; on a turned map it is a turned one on the ground.

    `always` takes each drag, not only those with Shift held. `alt` of what `finished` carries
    says that Ctrl (or Alt) was held: take it away from what is selected.

    Signals:
        finished: `Drawing` of four corners.
        changed: nothing; the map is to be painted anew.
    """

    finished = Signal(object)
    changed = Signal()

    def __init__(self, parent: QObject, *, always: bool = False) -> None:
        super().__init__(parent)
        self.cursor = Qt.CursorShape.CrossCursor
        self._always = always
        self._from: Hand | None = None
        self._to: Hand | None = None
        self._camera = Camera()

    def see(self, camera: Camera) -> None:
        """Know the camera whose pixels the hand speaks of."""
        self._camera = camera

    def press(self, hand: Hand) -> bool:
        """Begin a box."""
        if not (hand.shift or self._always):
            return False
        self._from = self._to = hand
        return True

    def drag(self, hand: Hand) -> None:
        """Draw it wider."""
        self._to = hand
        self.changed.emit()

    def release(self, hand: Hand) -> None:
        """End it, if it is more than a twitch."""
        begun, self._from = self._from, None
        self.changed.emit()
        if begun is None:
            return
        if abs(hand.sx - begun.sx) < _LEAST_PX or abs(hand.sy - begun.sy) < _LEAST_PX:
            return
        corners = self._corners(begun, hand)
        self.finished.emit(Drawing(corners, True, hand.shift, hand.ctrl or hand.alt))

    def leave(self) -> None:
        """Forget the box."""
        self._from = None
        self.changed.emit()

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw the box."""
        self._camera = camera
        if self._from is not None and self._to is not None:
            xy = self._corners(self._from, self._to)
            paint_shape(painter, xy, True, camera, theme, corners=False)

    def _corners(self, a: Hand, b: Hand) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        pixels = ((a.sx, a.sy), (b.sx, a.sy), (b.sx, b.sy), (a.sx, b.sy))
        return np.array([self._camera.to_world(*p) for p in pixels], np.float64)
