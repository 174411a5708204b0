"""The six dimensions in one painted widget: value, unit, trend, worst area, age."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.scenes import DIMENSIONS
from app.services.changes import SignRow
from widgets.i18n import language, tr, tr_or
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import age, figure, named

_STALE_MS = 60_000


def sign_note(sign: SignRow) -> str:
    """Return the worst area, or what the sign says of itself."""
    note = sign.note_en if language() == "en" else sign.note_zh
    return note or named(sign.worst_area)


def sign_name(sign: SignRow) -> str:
    """Return the sign's name in the language spoken."""
    return sign.name_en if language() == "en" and sign.name_en else sign.name_zh


def sign_unit(sign: SignRow) -> str:
    """Return the unit in words where it is a word."""
    return tr_or(f"unit.{sign.unit}", sign.unit)


def draw_trend(painter: QPainter, box: QRectF, sign: SignRow, theme: Theme) -> None:
    """Draw the last values as a line over the normal band; a missing value breaks the line."""
    values = [value for value in sign.history if not math.isnan(value)]
    if len(values) < 2:
        return
    limits = [limit for limit in (sign.low, sign.high) if limit is not None and limit == limit]
    low, high = min(values), max(values)
    if len(limits) == 2 and high > low:  # only as far as the line itself goes, or it were flat
        _draw_band(painter, box, (limits[0] - low) / (high - low), (limits[1] - low) / (high - low),
                   theme)  # fmt: skip
    room = (high - low) or 1.0
    colour = theme.state(sign.state)
    painter.setPen(QPen(colour, max(1.2, box.height() / 22)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    step = box.width() / (len(sign.history) - 1)
    line = QPolygonF()
    for at, value in enumerate(sign.history):
        if math.isnan(value):
            painter.drawPolyline(line)
            line = QPolygonF()
            continue
        share = 0.12 + 0.76 * (value - low) / room if high > low else 0.5
        line.append(QPointF(box.left() + at * step, box.bottom() - share * box.height()))
    painter.drawPolyline(line)
    if line.size():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        dot = max(2.4, box.height() / 11)
        painter.drawEllipse(line.last(), dot, dot)


def _draw_band(painter: QPainter, box: QRectF, low: float, high: float, theme: Theme) -> None:
    """Fill what is normal between two shares of the line's own range."""
    bottom, top = (box.bottom() - (0.12 + 0.76 * max(-0.16, min(1.16, share))) * box.height()
                   for share in (low, high))  # fmt: skip
    painter.fillRect(QRectF(box.left(), top, box.width(), bottom - top), QColor(theme.hover))


class SignStrip(QWidget):
    """Six cards side by side, 112 px high. A click emits `dimension_chosen(name)`."""

    dimension_chosen = Signal(object)

    def __init__(self, theme: Theme, now_ms: Callable[[], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._now_ms = now_ms
        self._signs: Mapping[str, SignRow] = {}
        self.setFixedHeight(112)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.update()

    def show_signs(self, headlines: Mapping[str, SignRow]) -> None:
        """Show the headline of each dimension."""
        self._signs = headlines
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the dimension under the pointer."""
        at = int(event.position().x() // (self.width() / len(DIMENSIONS)))
        self.dimension_chosen.emit(DIMENSIONS[min(at, len(DIMENSIONS) - 1)])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint all cards."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            painter.fillRect(0, 0, self.width(), 1, QColor(self._theme.line))
            width = self.width() / len(DIMENSIONS)
            now = self._now_ms()
            for at, dimension in enumerate(DIMENSIONS):
                box = QRectF(round(at * width), 1, round(width), self.height() - 1)
                if at:
                    painter.fillRect(
                        QRectF(box.left(), 1, 1, box.height()), QColor(self._theme.line)
                    )
                self._paint_card(painter, box, dimension, now)

    def _paint_card(self, painter: QPainter, box: QRectF, dimension: str, now_ms: int) -> None:
        theme = self._theme
        sign = self._signs.get(dimension)
        inside = box.adjusted(14, 0, -14, 0)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(inside.left(), 24), tr(f"dimension.{dimension}"))
        if sign is not None:
            self._paint_name(painter, inside, dimension, sign)
        if sign is None:
            self._paint_missing(painter, inside)
            return
        self._paint_value(painter, inside, sign)
        trend = min(110.0, inside.width() * 0.36)
        place = QRectF(inside.right() - trend, 34, trend, 34)
        draw_trend(painter, place, sign, theme)
        self._paint_foot(painter, inside, sign, now_ms)

    def _paint_name(self, painter: QPainter, inside: QRectF, dimension: str, sign: SignRow) -> None:
        left = inside.left() + metrics(12).horizontalAdvance(tr(f"dimension.{dimension}")) + 8
        name = sign_name(sign)
        if name != tr(f"dimension.{dimension}"):
            painter.setPen(QColor(self._theme.unknown))
            room = int(inside.right() - left)
            words = metrics(12).elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(left, 24), words)

    def _paint_missing(self, painter: QPainter, inside: QRectF) -> None:
        painter.setFont(font(28, 600))
        painter.setPen(QColor(self._theme.unknown))
        painter.drawText(QPointF(inside.left(), 64), "–")
        painter.setFont(font(12))
        painter.drawText(QPointF(inside.left(), 94), tr("signs.none"))

    def _paint_value(self, painter: QPainter, inside: QRectF, sign: SignRow) -> None:
        theme, left = self._theme, inside.left()
        if sign.state == "critical":
            draw_state(painter, sign.state, QPointF(left + 13, 54), 26, theme)
            left += 36
        text = figure(sign.value)
        painter.setFont(font(28, 700))
        critical = sign.state == "critical"
        painter.setPen(theme.ink("critical") if critical else QColor(theme.text))
        painter.drawText(QPointF(left, 64), text)
        left += metrics(28, 700).horizontalAdvance(text) + 6
        room = inside.right() - min(110.0, inside.width() * 0.36) - 8 - left
        unit = metrics(12).elidedText(sign_unit(sign), Qt.TextElideMode.ElideRight, int(room))
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(left, 64), unit)

    def _paint_foot(self, painter: QPainter, inside: QRectF, sign: SignRow, now_ms: int) -> None:
        theme = self._theme
        old = now_ms - sign.at_ms > _STALE_MS
        aged = age(sign.at_ms, now_ms)
        width = metrics(12).horizontalAdvance(aged)
        painter.setFont(font(12))
        painter.setPen(theme.ink("attention") if old else QColor(theme.dim))
        painter.drawText(QPointF(inside.right() - width, 94), aged)
        note = sign_note(sign) or sign_name(sign)
        room = int(inside.width()) - width - 12
        painter.setPen(QColor(theme.dim))
        words = metrics(12).elidedText(note, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(inside.left(), 94), words)
