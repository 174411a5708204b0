"""All vital signs of one dimension, opened from the strip: value, trend, worst area, age."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.services.changes import SignRow
from widgets.i18n import tr
from widgets.overlay import Overlay
from widgets.sign_strip import draw_trend, sign_name, sign_note, sign_unit
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import age, figure

_ROW = 44
_HEAD = 52


class SignBoardPanel(Overlay):
    """One painted widget, however many signs; a click or Esc closes it."""

    def __init__(self, theme: Theme, now_ms: Callable[[], int], parent: QWidget) -> None:
        super().__init__(theme, parent, 720, 96)
        self._now_ms = now_ms
        self._signs: tuple[SignRow, ...] = ()
        self.dimension = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def open_with(self, dimension: str, signs: Sequence[SignRow]) -> None:
        """Open on the signs of a dimension."""
        self.dimension = dimension
        self.show_signs(signs)
        self.pop_up()
        self.setFocus()

    def show_signs(self, signs: Sequence[SignRow]) -> None:
        """Show these rows."""
        self._signs = tuple(signs)
        self.setAccessibleName("; ".join(f"{sign_name(s)} {figure(s.value)}" for s in signs))
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(720, _HEAD + max(1, len(self._signs)) * _ROW + 12)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close."""
        self.leave()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint head and rows."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(20, 700))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(20, 36), tr(f"dimension.{self.dimension}"))
            if not self._signs:
                painter.setFont(font(14))
                painter.setPen(QColor(self._theme.dim))
                painter.drawText(QPointF(20, _HEAD + 26), tr("signs.empty_how"))
            now = self._now_ms()
            for at, sign in enumerate(self._signs):
                self._paint_row(painter, sign, _HEAD + at * _ROW, now)

    def _paint_row(self, painter: QPainter, sign: SignRow, top: float, now_ms: int) -> None:
        theme, wide, middle = self._theme, self.width(), top + _ROW / 2
        painter.fillRect(QRectF(20, top, wide - 40, 1), QColor(theme.line))
        draw_state(painter, sign.state, QPointF(28, middle), 12, theme)
        painter.setFont(font(14, 500))
        painter.setPen(QColor(theme.text))
        name = metrics(14, 500).elidedText(sign_name(sign), Qt.TextElideMode.ElideRight, 190)
        painter.drawText(QRectF(46, top, 200, _ROW), _MIDDLE, name)
        value = figure(sign.value)
        painter.setFont(font(16, 700))
        painter.drawText(QRectF(236, top, 84, _ROW), _RIGHT, value)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QRectF(326, top, 70, _ROW), _MIDDLE, sign_unit(sign))
        draw_trend(painter, QRectF(396, top + 8, 120, _ROW - 16), sign, theme)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        note = metrics(12).elidedText(sign_note(sign), Qt.TextElideMode.ElideRight, 100)
        painter.drawText(QRectF(532, top, 104, _ROW), _MIDDLE, note)
        painter.drawText(QRectF(0, top, wide - 20, _ROW), _RIGHT, age(sign.at_ms, now_ms))


_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
