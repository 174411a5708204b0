"""The suggestion: who would get the case, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from widgets.facts import as_high_as_wide
from widgets.theme import Theme, font, metrics
from widgets.words import percent

_PAD = 12
_WRAP = Qt.TextFlag.TextWordWrap
_CHOICE = 28
_LINE = 21
_BETWEEN = "   "  # stands between what, unit and person in a title
_BELOW = 12  # air under the card, gone with it


@dataclass(frozen=True)
class Choice:
    """A matter that may be chosen by its number key."""

    code: str
    name: str
    per_mille: int


@dataclass(frozen=True)
class Advice:
    """What the card says. `per_mille` None paints no bar; `choices` only if there is a choice."""

    title: str
    per_mille: int | None
    state: str
    reasons: str
    choices: tuple[Choice, ...] = ()


class SuggestionCard(QWidget):
    """One painted card; a click on a choice, or its number key, emits `matter_chosen(code)`."""

    matter_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget, *, big: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._small = 14 if big else 12
        self._advice: Advice | None = None
        self._boxes: list[tuple[Choice, QRectF]] = []
        self.setSizePolicy(as_high_as_wide())

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_advice(self, advice: Advice | None) -> None:
        """Show an advice, or nothing at all."""
        self._advice = advice
        self.setVisible(advice is not None)
        if advice is not None:
            self.setAccessibleName(f"{advice.title}; {advice.reasons}")
        self._hold()
        self.updateGeometry()
        self.update()

    def choose(self, number: int) -> bool:
        """Choose by number key, from 1; False if there is no such choice."""
        choices = self._advice.choices if self._advice else ()
        if not 1 <= number <= len(choices):
            return False
        self.matter_chosen.emit(choices[number - 1].code)
        return True

    def sizeHint(self) -> QSize:
        """Return the size at a usual width."""
        return QSize(376, self.heightForWidth(376))

    def minimumSizeHint(self) -> QSize:
        """Return nothing to hold on to: the height follows the width."""
        return QSize(120, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as this width asks for."""
        self._hold()

    def _hold(self) -> None:
        high = self.heightForWidth(self.width())
        if high != self.minimumHeight():
            self.setMinimumHeight(high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the matter under the pointer."""
        for choice, box in self._boxes:
            if box.contains(event.position()):
                self.matter_chosen.emit(choice.code)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the card."""
        advice = self._advice
        if advice is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.line), 1))
            painter.setBrush(QColor(self._theme.panel))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5 - _BELOW), 6, 6
            )
            top = self._paint_title(painter, advice)
            top = self._paint_choices(painter, advice, top)
            painter.setFont(font(self._small))
            painter.setPen(QColor(self._theme.dim))
            box = QRectF(_PAD, top, self.width() - 2 * _PAD, self.height() - top)
            painter.drawText(box, _WRAP, advice.reasons)

    def _paint_title(self, painter: QPainter, advice: Advice) -> float:
        share = _share(advice)
        width = metrics(14, 600).horizontalAdvance(share)
        lines = _title_lines(advice, self.width())
        painter.setFont(font(14, 600))
        painter.setPen(QColor(self._theme.text))
        for at, line in enumerate(lines):
            painter.drawText(QPointF(_PAD, 26 + at * _LINE), line)
        low = (len(lines) - 1) * _LINE
        if advice.per_mille is None:
            return 38.0 + low
        painter.setPen(self._theme.ink(advice.state))
        painter.drawText(QPointF(self.width() - _PAD - width, 26), share)
        bar = QRectF(_PAD, 37 + low, self.width() - 2 * _PAD, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.track))
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(bar.width() * advice.per_mille / 1000)
        painter.setBrush(self._theme.state(advice.state))
        painter.drawRoundedRect(bar, 3, 3)
        return 49.0 + low

    def _paint_choices(self, painter: QPainter, advice: Advice, top: float) -> float:
        self._boxes = []
        for number, choice in enumerate(advice.choices, 1):
            box = QRectF(_PAD, top + 2, self.width() - 2 * _PAD, _CHOICE - 4)
            self._boxes.append((choice, box))
            key = QRectF(box.left(), box.top() + 2, 20, 19)
            painter.setPen(QPen(QColor(self._theme.line), 1))
            painter.setBrush(QColor(self._theme.field))
            painter.drawRoundedRect(key.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setFont(font(12))
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, str(number))
            share = f"{choice.per_mille / 10:.0f}%"
            painter.drawText(box, _RIGHT, share)
            painter.setFont(font(14))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(box.adjusted(30, 0, -48, 0), _LEFT, choice.name)
            top += _CHOICE
        return top + (4 if advice.choices else 0)

    def heightForWidth(self, width: int) -> int:
        """Return the height of title, bar, choices and wrapped reasons."""
        advice = self._advice
        if advice is None:
            return 0
        top = (38 if advice.per_mille is None else 49) + len(advice.choices) * _CHOICE
        top += 4 if advice.choices else 0
        top += (len(_title_lines(advice, width)) - 1) * _LINE
        room = max(60, width - 2 * _PAD)
        words = metrics(self._small).boundingRect(0, 0, room, 9999, _WRAP, advice.reasons)
        return top + (words.height() if advice.reasons else 0) + 10 + _BELOW


def _share(advice: Advice) -> str:
    return "" if advice.per_mille is None else percent(advice.per_mille)


def _title_lines(advice: Advice, width: int) -> list[str]:
    """Return the title whole: who gets the case is never cut, it takes another line."""
    measure = metrics(14, 600).horizontalAdvance
    room = width - 2 * _PAD - measure(_share(advice)) - 8
    lines = [""]
    for part in advice.title.split(_BETWEEN):
        longer = _BETWEEN.join(filter(None, (lines[-1], part)))
        if lines[-1] and measure(longer) > room:
            lines.append(part)
            room = width - 2 * _PAD
        else:
            lines[-1] = longer
    return [metrics(14, 600).elidedText(x, Qt.TextElideMode.ElideRight, width - 2 * _PAD)
            for x in lines]  # fmt: skip


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
