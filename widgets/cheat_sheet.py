"""All keys on one sheet, in four columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.i18n import tr
from widgets.overlay import Overlay
from widgets.palette import Command
from widgets.theme import Theme, font, metrics

_ROW = 28
_GROUPS = (("decide",), ("select", "signs"), ("map",), ("window",))
_WIDE = 1280


class CheatSheet(Overlay):
    """Painted; a click or Esc closes it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, _WIDE, 80)
        self._groups: dict[str, list[Command]] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def open_with(self, groups: Mapping[str, Sequence[Command]]) -> None:
        """Open with the keys by group: decide, select, map, window."""
        self._groups = {name: list(rows) for name, rows in groups.items()}
        self.pop_up()
        self.setFocus()

    def retranslate(self) -> None:
        """Close: its words were given in the other language."""
        self.hide()

    def sizeHint(self) -> QSize:
        """Return room for the longer column."""
        rows = max(
            sum(len(self._groups[name]) + 1.4 for name in column if name in self._groups)
            for column in _GROUPS
        )
        return QSize(_WIDE, round(rows * _ROW) + 64)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close."""
        self.leave()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint title and groups."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(20, 700))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(24, 40), tr("help.title"))
            width = (self.width() - 24 * (len(_GROUPS) + 1)) / len(_GROUPS)
            for at, column in enumerate(_GROUPS):
                top = 56.0
                for name in filter(self._groups.get, column):
                    top = self._paint_group(painter, name, 24 + at * (width + 24), top, width)

    def _paint_group(
        self, painter: QPainter, name: str, left: float, top: float, width: float
    ) -> float:
        painter.setFont(font(12))
        painter.setPen(QColor(self._theme.dim))
        painter.drawText(QPointF(left, top + 20), tr(f"help.{name}"))
        top += _ROW
        for command in self._groups.get(name, ()):
            painter.setFont(font(14))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(left, top + 19), command.text)
            right = left + width
            for key in reversed(command.keys.split("  ") if command.keys else []):
                right = self._paint_key(painter, key, right, top) - 6
            top += _ROW
        return top + 8

    def _paint_key(self, painter: QPainter, key: str, right: float, top: float) -> float:
        width = max(22, metrics(12).horizontalAdvance(key) + 12)
        box = QRectF(right - width + 0.5, top + 4.5, width - 1, 20)
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(QColor(self._theme.field))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(font(12))
        painter.setPen(QColor(self._theme.dim))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        return right - width
