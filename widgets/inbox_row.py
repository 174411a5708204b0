"""Paints one row of the inbox: symbol, title, place, what remains, a pill."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.engines.titles import what_of
from app.services.changes import CaseRow
from app.store import state_of
from widgets.i18n import tr, tr_or
from widgets.models.case_list import ROW_ROLE
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import matter_named, named, percent, remaining

ROW_HEIGHT = 60
_LEFT, _TEXT, _RIGHT = 12, 38, 13


class CaseRowDelegate(QStyledItemDelegate):
    """The look of a case in a list. `now_ms` is asked whenever a row is painted."""

    def __init__(
        self, theme: Theme, now_ms: Callable[[], int], parent: QObject, *, big: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._now_ms = now_ms
        self._strong, self._small = (16, 14) if big else (14, 12)
        self._scale = 1.2 if big else 1.0

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme` from now on."""
        self._theme = theme

    @property
    def row_height(self) -> int:
        """The height of every row in pixels."""
        return self._px(ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row at `index`."""
        row: CaseRow | None = index.data(ROW_ROLE)
        if row is None:
            return
        area: QRect = option.rect
        state_flags: QStyle.StateFlag = option.state
        now = self._now_ms()
        painter.save()
        self._ground(painter, area, state_flags)
        state = state_of(row, now)
        dot = QPointF(area.left() + 17, area.top() + self._px(21))
        draw_state(painter, state, dot, self._px(11), self._theme)
        reserved = self._right_side(painter, area, row, state, now)
        self._words(painter, area, row, reserved)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the same size for every row."""
        return QSize(200, self.row_height)

    def _px(self, size: int) -> int:
        return round(size * self._scale)

    def _ground(self, painter: QPainter, area: QRect, flags: QStyle.StateFlag) -> None:
        theme = self._theme
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.selected))
            painter.fillRect(area.left(), area.top(), 3, area.height(), QColor(theme.accent))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(theme.hover))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(theme.line))

    def _words(self, painter: QPainter, area: QRect, row: CaseRow, reserved: int) -> None:
        width = area.width() - _TEXT - reserved - 12
        title = what_of(row.title, row.address) or matter_named(row.matter_name)
        title = title or tr("inbox.untitled")
        left, top = area.left() + _TEXT, area.top()
        painter.setFont(font(self._strong, 600))
        painter.setPen(QColor(self._theme.text))
        elided = metrics(self._strong, 600).elidedText(title, Qt.TextElideMode.ElideRight, width)
        line = QRect(left, top + self._px(9), width, self._px(22))
        painter.drawText(line, _VCENTER, elided)
        painter.setFont(font(self._small))
        painter.setPen(QColor(self._theme.dim))
        place = named(row.address) or row.grid_code
        elided = metrics(self._small).elidedText(place, Qt.TextElideMode.ElideRight, width)
        line = QRect(left, top + self._px(31), width, self._px(18))
        painter.drawText(line, _VCENTER, elided)

    def _right_side(
        self, painter: QPainter, area: QRect, row: CaseRow, state: str, now_ms: int
    ) -> int:
        late = state in ("bad", "critical")
        near = row.is_open and row.due_ms is not None and row.due_ms - now_ms < 3_600_000
        weight = 600 if late or near else 400
        text = remaining(row.due_ms, now_ms) if row.is_open else step_name(row)
        painter.setFont(font(self._small, weight))
        ink = "critical" if late else "bad" if near else ""
        painter.setPen(self._theme.ink(ink) if ink else QColor(self._theme.dim))
        right = area.right() - _RIGHT
        width = metrics(self._small, weight).horizontalAdvance(text)
        line = QRect(right - width, area.top() + self._px(10), width + 2, self._px(18))
        painter.drawText(line, _VCENTER, text)
        pill = self._pill(painter, right, area.top() + self._px(31), row)
        return max(width, pill) + _RIGHT

    def _pill(self, painter: QPainter, right: int, top: int, row: CaseRow) -> int:
        text, ink = pill_of(row)
        if not text:
            return 0
        width = metrics(self._small).horizontalAdvance(text) + 16
        box = QRectF(right - width + 0.5, top + 0.5, width, self._px(19))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setFont(font(self._small))
        painter.setPen(self._theme.ink(ink) if ink else QColor(self._theme.dim))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return width


def step_name(row: CaseRow) -> str:
    """Return the step of a case in words."""
    return tr_or(f"step.{row.step}", row.step)


def pill_of(row: CaseRow) -> tuple[str, str]:
    """Return what the pill of a row says, and its ink: the one thing worth knowing next."""
    if row.returned and row.step in ("reported", "filed"):
        return tr("inbox.back", n=row.returned), "attention"
    if row.reworked and row.is_open:
        return tr("inbox.rework", n=row.reworked), "attention"
    if row.step in ("reported", "filed") and row.confidence is not None:
        return percent(row.confidence), ""
    if row.auto and row.step in ("dispatched", "signed"):
        return tr("inbox.auto"), ""
    if not row.is_open:
        return named(row.unit_name), ""
    return step_name(row), ""


_VCENTER = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
