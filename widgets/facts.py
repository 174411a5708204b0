"""Rows of name and value, painted: what a sheet says of a case, with inks that carry state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import Theme, font, metrics

_GAP = 14
_WRAP = Qt.TextFlag.TextWordWrap


@dataclass(frozen=True)
class Span:
    """A piece of a value: `ink` is empty (text), `dim` or a state."""

    text: str
    ink: str = ""
    weight: int = 400


@dataclass(frozen=True)
class Fact:
    """One row."""

    name: str
    spans: tuple[Span, ...]


class Facts(QWidget):
    """A table of facts as high as its rows, and `below` px of air; long values are wrapped."""

    def __init__(self, theme: Theme, parent: QWidget, below: int = 0, *, big: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._px, self._row, self._left = (16, 28, 96) if big else (14, 24, 80)
        self._below = below
        self._facts: tuple[Fact, ...] = ()
        self.setSizePolicy(as_high_as_wide())

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these rows."""
        if tuple(facts) == self._facts:
            return
        self._facts = tuple(facts)
        texts = [f"{f.name} {' '.join(s.text for s in f.spans)}" for f in self._facts]
        self.setAccessibleName("; ".join(texts))
        self.setVisible(bool(self._facts))
        self._hold()
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows in `width`."""
        return sum(self._height(fact, width) for fact in self._facts) + self._below

    def sizeHint(self) -> QSize:
        """Return the size at a usual width."""
        return QSize(376, self.heightForWidth(376))

    def minimumSizeHint(self) -> QSize:
        """Return nothing to hold on to: the height follows the width."""
        return QSize(120, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as this width asks for: a row is never cut."""
        self._hold()

    def _hold(self) -> None:
        high = self.heightForWidth(self.width())
        if high != self.minimumHeight():
            self.setMinimumHeight(high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint names and values."""
        with QPainter(self) as painter:
            top = 0
            for fact in self._facts:
                painter.setFont(font(self._px))
                painter.setPen(QColor(self._theme.dim))
                cut, room = Qt.TextElideMode.ElideRight, self._left - 6
                name = metrics(self._px).elidedText(fact.name, cut, room)
                painter.drawText(QPointF(0, top + self._row - 7), name)
                self._paint_value(painter, fact, top)
                top += self._height(fact, self.width())

    def _paint_value(self, painter: QPainter, fact: Fact, top: int) -> None:
        left, room = float(self._left), self._room(self.width())
        inline = self._line_width(fact) <= room
        for span in fact.spans:
            painter.setFont(font(self._px, span.weight))
            painter.setPen(self._ink(span.ink))
            if inline:
                painter.drawText(QPointF(left, top + self._row - 7), span.text)
                left += metrics(self._px, span.weight).horizontalAdvance(span.text) + _GAP
            else:
                height = self._wrapped(span, room)
                painter.drawText(QRectF(self._left, top + 2, room, height), _WRAP, span.text)
                top += height

    def _ink(self, ink: str) -> QColor:
        if not ink:
            return QColor(self._theme.text)
        return QColor(self._theme.dim) if ink == "dim" else self._theme.ink(ink)

    def _line_width(self, fact: Fact) -> int:
        widths = (metrics(self._px, s.weight).horizontalAdvance(s.text) for s in fact.spans)
        return sum(widths) + _GAP * (len(fact.spans) - 1)

    def _height(self, fact: Fact, width: int) -> int:
        room = self._room(width)
        if self._line_width(fact) <= room:
            return self._row
        return sum(self._wrapped(span, room) for span in fact.spans) + 4

    def _room(self, width: int) -> int:
        return max(60, width - self._left)

    def _wrapped(self, span: Span, room: int) -> int:
        box = metrics(self._px, span.weight).boundingRect(0, 0, room, 9999, _WRAP, span.text)
        return int(box.height())


def as_high_as_wide() -> QSizePolicy:
    """Return the policy of a widget whose height follows from its width."""
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    policy.setHeightForWidth(True)
    return policy
