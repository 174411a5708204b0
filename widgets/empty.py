"""An empty panel says what would be here and how to get it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.theme import Theme, font


class EmptyState(QWidget):
    """Two centred lines on the panel's ground."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._what = ""
        self._how = ""
        self.setMinimumHeight(120)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def say(self, what: str, how: str) -> None:
        """Show what would be here and how to get it."""
        self._what, self._how = what, how
        self.setAccessibleName(f"{what} {how}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint both lines a little above the middle."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            middle = self.height() * 0.38
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
            width = min(self.width() - 48, 300)
            left = (self.width() - width) / 2
            painter.setFont(font(16, 600))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(0, middle - 28, self.width(), 26), flags, self._what)
            painter.setFont(font(14))
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(QRectF(left, middle + 6, width, 120), flags, self._how)
