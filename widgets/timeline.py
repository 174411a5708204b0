"""What happened to a case, oldest first, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.facts import as_high_as_wide
from widgets.theme import Theme, font, metrics

_LEFT = 22
_LINE = 25
_WRAP = Qt.TextFlag.TextWordWrap


@dataclass(frozen=True)
class Event:
    """One entry: `kind` is done, undone, refused, waiting or next; `note` stands below, dim."""

    text: str
    at: str = ""
    note: str = ""
    kind: str = "done"


class Timeline(QWidget):
    """A column of dots with words and times, as high as its entries."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._events: tuple[Event, ...] = ()
        self.setSizePolicy(as_high_as_wide())

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_events(self, events: Sequence[Event]) -> None:
        """Show these entries."""
        self._events = tuple(events)
        self.setAccessibleName("; ".join(f"{e.at} {e.text} {e.note}" for e in self._events))
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        """Return the height of all entries in `width`."""
        return sum(_height(event, width) for event in self._events) + 4

    def sizeHint(self) -> QSize:
        """Return the size at a usual width."""
        return QSize(376, self.heightForWidth(376))

    def minimumSizeHint(self) -> QSize:
        """Return nothing to hold on to: the height follows the width."""
        return QSize(120, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint dots, words, times and notes."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            top = 0
            for one in self._events:
                self._paint_dot(painter, one, top + _LINE / 2)
                self._paint_words(painter, one, top)
                top += _height(one, self.width())

    def _paint_dot(self, painter: QPainter, event: Event, middle: float) -> None:
        theme = self._theme
        colour = QColor(getattr(theme, _DOTS[event.kind]))
        if event.kind in ("next", "waiting", "undone"):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.4))
            painter.drawEllipse(QPointF(4, middle), 3.4, 3.4)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(4, middle), 4, 4)

    def _paint_words(self, painter: QPainter, event: Event, top: int) -> None:
        theme = self._theme
        time_width = metrics(12).horizontalAdvance(event.at)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        where = QRectF(0, top, self.width(), _LINE)
        painter.drawText(where, _TIME, event.at)
        room = self.width() - _LEFT - time_width - 10
        written = QFont(font(14))
        written.setStrikeOut(event.kind == "undone")
        painter.setFont(written)
        painter.setPen(QColor(theme.text if event.kind in ("done", "refused") else theme.dim))
        box = QRectF(_LEFT, top + 3, room, _text_height(event, self.width()))
        painter.drawText(box, _WRAP, event.text)
        if event.note:
            painter.setFont(font(12))
            painter.setPen(QColor(theme.critical_ink if event.kind == "refused" else theme.dim))
            below = top + _text_height(event, self.width()) + 4
            width = self.width() - _LEFT
            painter.drawText(QRectF(_LEFT, below, width, 999), _WRAP, event.note)


def _text_height(event: Event, width: int) -> int:
    room = width - _LEFT - metrics(12).horizontalAdvance(event.at) - 10
    box = metrics(14).boundingRect(0, 0, max(60, room), 9999, _WRAP, event.text)
    return max(18, int(box.height()))


def _height(event: Event, width: int) -> int:
    height = max(_LINE, _text_height(event, width) + 5)
    if event.note:
        box = metrics(12).boundingRect(0, 0, max(60, width - _LEFT), 9999, _WRAP, event.note)
        height = _text_height(event, width) + 4 + int(box.height()) + 5
    return height


_DOTS = {
    "done": "accent",
    "undone": "unknown",
    "refused": "critical",
    "waiting": "attention",
    "next": "dim",
}
_TIME = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
