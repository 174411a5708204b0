"""The bottom strip: what of the machine is up, where the pointer is, how old the picture is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics


@dataclass(frozen=True)
class StatusItem:
    """One word with a state before it, if any; `name` if it may be opened."""

    text: str
    state: str = ""
    name: str = ""


class StatusStrip(QWidget):
    """Painted, 24 px: items from the left, one line at the right."""

    opened = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._items: tuple[StatusItem, ...] = ()
        self._doing = ""
        self._position = ""
        self._right = ""
        self._places: list[tuple[float, float, str]] = []
        self.setFixedHeight(24)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_items(self, items: Sequence[StatusItem], right: str) -> None:
        """Show the state of each part, and at the right how old the readings are."""
        if (tuple(items), right) != (self._items, self._right):
            self._items, self._right = tuple(items), right
            self.setAccessibleName("; ".join(item.text for item in items))
            self.update()

    def show_doing(self, text: str) -> None:
        """Show what goes on just now, before everything else; nothing for an empty text."""
        self._doing = text
        self.update()

    def show_position(self, text: str) -> None:
        """Show where the pointer is, with the coordinate system."""
        self._position = text
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open what an item stands for, if it stands for anything to open."""
        x = event.position().x()
        for left, right, name in self._places:
            if left <= x <= right:
                self.opened.emit(name)
                event.accept()
                return
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the strip."""
        theme = self._theme
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.panel))
            painter.fillRect(0, 0, self.width(), 1, QColor(theme.line))
            painter.setFont(font(12))
            left = 12.0
            self._places = []
            doing = [StatusItem(self._doing, "attention")] if self._doing else []
            for item in (*doing, *self._items, StatusItem(self._position)):
                start = left
                if item.state:
                    draw_state(painter, item.state, QPointF(left + 6, 12.5), 11, theme)
                    left += 16
                painter.setPen(QColor(theme.dim))
                painter.drawText(QPointF(left, 17), item.text)
                left += metrics(12).horizontalAdvance(item.text)
                if item.name:
                    self._places.append((start, left, item.name))
                left += 22
            width = metrics(12).horizontalAdvance(self._right)
            if self.width() - 12 - width > left:
                painter.drawText(QPointF(self.width() - 12 - width, 17), self._right)
