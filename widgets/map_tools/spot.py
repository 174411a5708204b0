"""Picks one place on the map with a click: what is done there is for whoever listens."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.tool import Hand, Idle


class SpotTool(QObject, Idle):
    """Takes each click until it is put away.

    Signals:
        picked: `Hand` of the click. changed: nothing; the map is to be painted anew.
        cancelled: nothing; Esc.
    """

    picked = Signal(object)
    changed = Signal()
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.cursor = Qt.CursorShape.CrossCursor

    def click(self, hand: Hand) -> bool:
        """Pick the place."""
        self.picked.emit(hand)
        return True

    def twice(self, hand: Hand) -> bool:
        """Take the second click of two: the first has picked."""
        return True

    def wants(self, key: Qt.Key) -> bool:
        """Want the key that cancels."""
        return key == Qt.Key.Key_Escape

    def key(self, key: Qt.Key) -> bool:
        """Cancel."""
        if key != Qt.Key.Key_Escape:
            return False
        self.cancelled.emit()
        return True

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw nothing: the pointer says it."""
