"""Draws a line or polygon: click by click, or with the hand held down (a lasso).

A click adds a corner, Backspace takes the last one back, Enter or a double click ends, Esc cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_overlays import paint_panel, type_of
from widgets.map_tools.tool import Hand, Idle

Places = NDArray[np.float64]
Label = Callable[[Places, bool], str]  # corners (n, 2) local metres, closed -> words

_SAME_PX = 3.0  # clicks nearer than this are one corner
_TRAIL_PX = 4.0  # a lasso takes a corner this often
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS = (*_ENDS, Qt.Key.Key_Backspace, Qt.Key.Key_Escape)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A finished line, or polygon if `closed` (its last corner is not the first again).

    `xy` are corners in local metres, float64 (n, 2).
    """

    xy: Places
    closed: bool
    shift: bool = False
    alt: bool = False


class DrawTool(QObject, Idle):
    """Draws one line or polygon after the other until it is put away.

    Args:
        closed: polygon, not line.
        label: words beside the pointer for what is drawn so far.
        freehand: the hand held down draws (a lasso); clicks do nothing.

    Signals:
        finished: `Drawing`, with two corners at least, three if closed.
        changed: nothing; the map is to be painted anew.
        cancelled: nothing; Esc with nothing drawn.
    """

    finished = Signal(object)
    changed = Signal()
    cancelled = Signal()

    def __init__(
        self,
        parent: QObject,
        *,
        closed: bool = False,
        label: Label | None = None,
        freehand: bool = False,
    ) -> None:
        super().__init__(parent)
        self.cursor = Qt.CursorShape.CrossCursor
        self._closed, self._label, self._freehand = closed, label, freehand
        self._xy: list[tuple[float, float]] = []
        self._pixel = QPointF()
        self._now: tuple[float, float] | None = None
        self._kept: Drawing | None = None

    @property
    def corners(self) -> Places:
        """What is drawn so far, local metres (n, 2)."""
        return np.array(self._xy, np.float64).reshape(-1, 2)

    @property
    def kept(self) -> Drawing | None:
        """The last finished shape, shown until the next is begun."""
        return self._kept

    def keep(self, drawing: Drawing | None) -> None:
        """Go on showing a finished shape."""
        self._kept = drawing
        self.changed.emit()

    def press(self, hand: Hand) -> bool:
        """Begin a lasso."""
        if not self._freehand:
            return False
        self._xy, self._kept = [], None
        self._add(hand)
        return True

    def drag(self, hand: Hand) -> None:
        """Go on with a lasso."""
        away = QPointF(hand.sx, hand.sy) - self._pixel
        if abs(away.x()) + abs(away.y()) >= _TRAIL_PX:
            self._add(hand)

    def release(self, hand: Hand) -> None:
        """End a lasso."""
        self._finish(hand)

    def hover(self, hand: Hand) -> None:
        """Draw on to the pointer."""
        self._now = (hand.x, hand.y)
        if self._xy:
            self.changed.emit()

    def click(self, hand: Hand) -> bool:
        """Add a corner."""
        if self._freehand:
            return True
        away = QPointF(hand.sx, hand.sy) - self._pixel
        if not self._xy or abs(away.x()) + abs(away.y()) >= _SAME_PX:
            self._kept = None
            self._add(hand)
        return True

    def twice(self, hand: Hand) -> bool:
        """End."""
        self._finish(hand)
        return True

    def wants(self, key: Qt.Key) -> bool:
        """Want the keys that end, take back and cancel."""
        return key in _KEYS if self._xy else key == Qt.Key.Key_Escape

    def key(self, key: Qt.Key) -> bool:
        """End, take back or cancel."""
        if key in _ENDS and self._xy:
            self._finish(None)
        elif key == Qt.Key.Key_Backspace and self._xy:
            self._xy.pop()
            self.changed.emit()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            return False
        return True

    def leave(self) -> None:
        """Forget what is drawn."""
        self._xy, self._kept = [], None
        self.changed.emit()

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw line, corners and label."""
        live = bool(self._xy)
        if not live and self._kept is None:
            return
        xy = self._live() if live or self._kept is None else self._kept.xy
        closed = self._closed and len(xy) > 2
        paint_shape(painter, xy, closed, camera, theme, corners=not self._freehand)
        if self._label is not None and len(xy) > 1:
            at = xy[-1] if not closed or live else xy.mean(axis=0)
            paint_label(painter, self._label(xy, self._closed), at, camera, theme)

    def _live(self) -> Places:
        more = [] if self._now is None or self._freehand else [self._now]
        return np.array([*self._xy, *more], np.float64).reshape(-1, 2)

    def _add(self, hand: Hand) -> None:
        self._pixel = QPointF(hand.sx, hand.sy)
        self._xy.append((hand.x, hand.y))
        self._now = (hand.x, hand.y)
        self.changed.emit()

    def _finish(self, hand: Hand | None) -> None:
        xy, self._xy = self.corners, []
        if len(xy) >= (3 if self._closed else 2):
            held = (False, False) if hand is None else (hand.shift, hand.alt)
            self._kept = Drawing(xy, self._closed, *held)
            self.finished.emit(self._kept)
        self.changed.emit()

    def _escape(self) -> None:
        drawn = bool(self._xy) or self._kept is not None
        self.leave()
        if not drawn:
            self.cancelled.emit()


def paint_shape(
    painter: QPainter, xy: Places, closed: bool, camera: Camera, theme: MapTheme,
    *, corners: bool = True,
) -> None:  # fmt: skip
    """Draw a line or polygon, local metres (n, 2), over the map."""
    sx, sy = camera.to_screen_many(xy[:, 0], xy[:, 1])
    dots = [QPointF(x, y) for x, y in zip(sx, sy, strict=True) if np.isfinite(x + y)]
    places = QPolygonF(dots)
    accent, halo, pale = QColor(theme.accent), QColor(theme.panel), QColor(theme.accent)
    pale.setAlphaF(0.12)
    halo.setAlphaF(0.8)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for pen in (QPen(halo, 5.0), QPen(accent, 2.2)):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(pale if closed and pen.widthF() < 5.0 else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(places) if closed else painter.drawPolyline(places)
    if corners:
        painter.setPen(QPen(accent, 2.0))
        painter.setBrush(QColor(theme.panel))
        for dot in dots:
            painter.drawEllipse(dot, 4.0, 4.0)


def paint_label(painter: QPainter, words: str, at: Places, camera: Camera, theme: MapTheme) -> None:
    """Draw words, line by line, beside a place in local metres, inside the map."""
    lines = words.splitlines()
    if not lines:
        return
    font = type_of(14)
    metrics = QFontMetricsF(font)
    wide = max(metrics.horizontalAdvance(line) for line in lines) + 20
    high = 20.0 * len(lines) + 12
    sx, sy = camera.to_screen(float(at[0]), float(at[1]))
    left = min(max(sx + 16, 8.0), camera.width - wide - 8)
    top = min(max(sy + 16, 8.0), camera.height - high - 8)
    box = QRectF(round(left), round(top), round(wide), high)
    paint_panel(painter, box, theme)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    for row, line in enumerate(lines):
        painter.drawText(QPointF(box.x() + 10, box.y() + 20.0 * (row + 1)), line)
