"""The strip below the map: live now; replay is to come and says so."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.i18n import tr
from widgets.theme import Theme, font, metrics

_BY_TAB, _BY_BACKTAB = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
_SPEEDS = ("×1", "×10", "×60")


class TimeStrip(QWidget):
    """Painted: a dot and the word live, the line of time at its end, speeds of the replay.

    Replay is not there yet: hover, focus and a click all say so in plain words (`asked`).
    """

    asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(44)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.setToolTip(tr("timebar.later"))
        self.setAccessibleName(f"{tr('timebar.live')}. {tr('timebar.replay')}")
        self.setAccessibleDescription(tr("timebar.later"))
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say to the keyboard what hovering says."""
        super().focusInEvent(event)
        if event.reason() in (_BY_TAB, _BY_BACKTAB):
            self.asked.emit(tr("timebar.later"))
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Lose the ring."""
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say why nothing happens."""
        self.asked.emit(tr("timebar.later"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the strip."""
        theme, middle = self._theme, self.height() / 2 + 0.5
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(theme.panel))
            painter.fillRect(0, 0, self.width(), 1, QColor(theme.line))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.state("normal"))
            painter.drawEllipse(QPointF(19, middle), 6, 6)
            painter.setFont(font(14, 600))
            painter.setPen(theme.ink("normal"))
            painter.drawText(QPointF(31, middle + 5), tr("timebar.live"))
            left = 31 + metrics(14, 600).horizontalAdvance(tr("timebar.live")) + 12
            right = self._paint_replay(painter, middle)
            self._paint_line(painter, left, right - 16, middle)
            if self.hasFocus():
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 3, -2, -2), 6, 6)

    def _paint_line(self, painter: QPainter, left: float, right: float, middle: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.accent))
        painter.drawRoundedRect(QRectF(left, middle - 2, right - left, 4), 2, 2)
        painter.setPen(QPen(QColor(self._theme.panel), 2))
        painter.drawEllipse(QPointF(right - 4, middle), 8, 8)

    def _paint_replay(self, painter: QPainter, middle: float) -> float:
        theme, right = self._theme, self.width() - 13.0
        painter.setFont(font(12))
        for speed in reversed(_SPEEDS):
            width = metrics(12).horizontalAdvance(speed) + 12
            box = QRectF(right - width, middle - 9.5, width, 18)
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(theme.unknown))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, speed)
            right -= width + 10
        painter.setFont(font(14))
        word = tr("timebar.replay")
        right -= metrics(14).horizontalAdvance(word) + 2
        painter.drawText(QPointF(right, middle + 5), word)
        return right
