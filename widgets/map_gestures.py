"""Hands on the map: drag, throw, wheel, double click, keys. Says what was meant, moves nothing."""

from __future__ import annotations

import math
from collections import deque

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from app.domain.camera import RUNGS

_SLACK = 4.0  # pixels before a press becomes a drag
_RECENT_MS = 90
_PAUSE_MS = 60
_STEP = 120.0
_NOTCH = 120.0
_KEYS = {
    Qt.Key.Key_Left: (_STEP, 0.0),
    Qt.Key.Key_Right: (-_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, _STEP),
    Qt.Key.Key_Down: (0.0, -_STEP),
}


class Gestures(QObject):
    """Turns events of a map into intentions.

    Signals (payloads are tuples of float, in logical pixels):
        touched: nothing; a hand is on the map, so what moves by itself stops.
        dragged: (dx, dy) since the last.
        thrown: (vx, vy) pixels a second at release.
        clicked: (x, y).
        zoomed: (x, y, rungs), negative rungs are nearer.
        nudged: (dx, dy) to move the ground by, from a key.
        homed: nothing; the whole city is wanted.
    """

    touched = Signal()
    dragged = Signal(object)
    thrown = Signal(object)
    clicked = Signal(object)
    zoomed = Signal(object)
    nudged = Signal(object)
    homed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._dragging = False
        self._trail: deque[tuple[int, QPointF]] = deque(maxlen=16)
        self._wheel = 0.0

    @property
    def is_dragging(self) -> bool:
        """Whether the ground follows the hand."""
        return self._dragging

    def press(self, event: QMouseEvent) -> None:
        """Take a mouse button going down."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.touched.emit()
            self._pressed = self._last = event.position()
            self._dragging = False
            self._trail.clear()

    def move(self, event: QMouseEvent) -> None:
        """Take a movement of the mouse."""
        if self._pressed is None:
            return
        at = event.position()
        if not self._dragging:
            away = at - self._pressed
            self._dragging = math.hypot(away.x(), away.y()) > _SLACK
            if not self._dragging:
                return
        step = at - self._last
        self._last = at
        self._trail.append((event.timestamp(), at))
        self.dragged.emit((step.x(), step.y()))

    def release(self, event: QMouseEvent) -> None:
        """Take a mouse button going up: a click, or the end of a drag."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        was_dragging, self._dragging, self._pressed = self._dragging, False, None
        at = event.position()
        if not was_dragging:
            self.clicked.emit((at.x(), at.y()))
            return
        self.thrown.emit(self._speed(event.timestamp()))

    def double_click(self, event: QMouseEvent) -> None:
        """Take a double click: an octave nearer."""
        if event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self.zoomed.emit((at.x(), at.y(), -float(RUNGS)))

    def wheel(self, event: QWheelEvent) -> None:
        """Take a turn of the wheel: half an octave a notch, touchpads by the pixel."""
        self._wheel += event.angleDelta().y() / _NOTCH * RUNGS / 2
        rungs = math.trunc(self._wheel)
        self._wheel -= rungs
        if rungs:
            at = event.position()
            self.zoomed.emit((at.x(), at.y(), -float(rungs)))
        event.accept()

    def key(self, event: QKeyEvent, width: int, height: int) -> bool:
        """Take a key; returns whether it meant something here."""
        key = Qt.Key(event.key())
        if key in _KEYS:
            self.nudged.emit(_KEYS[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoomed.emit((width / 2, height / 2, -RUNGS / 2))
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.zoomed.emit((width / 2, height / 2, RUNGS / 2))
        elif key == Qt.Key.Key_0:
            self.homed.emit()
        else:
            return False
        return True

    def _speed(self, now_ms: int) -> tuple[float, float]:
        recent = [(t, p) for t, p in self._trail if now_ms - t <= _RECENT_MS]
        if len(recent) < 2 or now_ms - recent[-1][0] > _PAUSE_MS:
            return 0.0, 0.0
        (t0, p0), (t1, p1) = recent[0], recent[-1]
        seconds = max((t1 - t0) / 1000, 1e-3)
        way = p1 - p0
        return way.x() / seconds, way.y() / seconds
