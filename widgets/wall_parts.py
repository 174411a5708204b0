"""Parts of the wall: head, cards of the dimensions, the river of cases, the alarm.

Sizes are given for 3,840 pixels of width and scale with it; the smallest text is 32 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.services.changes import SignRow
from widgets.i18n import tr
from widgets.sign_strip import draw_trend, sign_name, sign_note, sign_unit
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import age, figure

_STALE_MS = 60_000
_TITLES = (76, 64, 54)  # of an alarm: smaller before it is cut
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class WallPart(QWidget):
    """A part that knows the scale of its wall. It lets every pointer through."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.scale = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self.theme = theme
        self.update()

    def px(self, size: float) -> int:
        """Return `size` of a wall 3,840 wide in pixels of this one."""
        return max(1, round(size * self.scale))

    def pen(self, painter: QPainter, size: float, weight: int, colour: QColor | str) -> None:
        """Write from now on in that size, weight and colour."""
        painter.setFont(font(self.px(size), weight))
        painter.setPen(QColor(colour))

    def wide(self, text: str, size: float, weight: int = 400) -> int:
        """Return how wide `text` is, in pixels of this wall."""
        return metrics(self.px(size), weight).horizontalAdvance(text)

    def card(self, painter: QPainter, edge: QColor | None = None) -> None:
        """Paint the ground of a card, opaque: the map below need not be painted again for it."""
        painter.fillRect(self.rect(), QColor(self.theme.ground))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.px(5) if edge else 1
        painter.setPen(QPen(edge or QColor(self.theme.line), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = width / 2
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, self.px(16), self.px(16))


class WallHead(WallPart):
    """Title, date, time, 示意; at the right how old the readings are."""

    title = ""
    words: tuple[str, ...] = ()
    mark = ""
    right = ""
    right_state = ""

    def say(self, title: str, words: tuple[str, ...], mark: str, right: str, state: str) -> None:
        """Show these words; only those that are other are painted again."""
        before = (self.title, self.mark, self.right, self.right_state, self.words[:-1])
        self.title, self.words, self.mark = title, words, mark
        self.right, self.right_state = right, state
        if before == (title, mark, right, state, words[:-1]):
            self.update(self._box_of_last())
        else:
            self.update()

    def _box_of_last(self) -> QRect:
        """Return where the last of the words stands, which is the time of day."""
        left = self.px(66) + self.wide(self.title, 72, 700) + self.px(64)
        left += sum(self.wide(words, 40) + self.px(56) for words in self.words[:-1])
        return QRect(left, 0, self.wide(self.words[-1], 40) + self.px(8), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the head over a gradient that lets the map fade out."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fade = QLinearGradient(0, 0, 0, self.height())
            ground = QColor(self.theme.ground)
            for stop, alpha in ((0.0, 250), (0.6, 225), (1.0, 0)):
                ground.setAlpha(alpha)
                fade.setColorAt(stop, ground)
            painter.fillRect(self.rect(), fade)
            line = self.px(156)
            self.pen(painter, 72, 700, self.theme.text)
            painter.drawText(QRectF(self.px(66), 0, self.width(), line), _MIDDLE, self.title)
            left = self.px(66) + self.wide(self.title, 72, 700) + self.px(64)
            for words in self.words:
                self.pen(painter, 40, 400, self.theme.text)
                painter.drawText(QRectF(left, 0, self.width(), line), _MIDDLE, words)
                left += self.wide(words, 40) + self.px(56)
            if self.mark:
                self._paint_mark(painter, left, line)
            self.pen(painter, 36, 400, self.theme.ink(self.right_state) if self.right_state
                     else self.theme.dim)  # fmt: skip
            painter.drawText(QRectF(0, 0, self.width() - self.px(66), line), _RIGHT, self.right)

    def _paint_mark(self, painter: QPainter, left: float, line: int) -> None:
        width = self.wide(self.mark, 36, 600) + self.px(40)
        box = QRectF(left, line / 2 - self.px(30), width, self.px(60))
        painter.setPen(QPen(QColor(self.theme.attention), self.px(3)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, self.px(12), self.px(12))
        self.pen(painter, 36, 600, self.theme.attention)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.mark)


class WallCard(WallPart):
    """One dimension: value, trend, note, age. A stale one fades and says so."""

    dimension = ""
    sign: SignRow | None = None
    now_ms = 0

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def tick(self, now_ms: int) -> None:
        """Let time pass; paint again only if the age is said in other words."""
        old = self.sign and age(self.sign.at_ms, self.now_ms)
        self.now_ms = now_ms
        if self.sign is not None and age(self.sign.at_ms, now_ms) != old:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the card."""
        with QPainter(self) as painter:
            self.card(painter)
            pad, sign = self.px(36), self.sign
            inside = QRectF(self.rect()).adjusted(pad, 0, -pad, 0)
            stale = sign is not None and self.now_ms - sign.at_ms > _STALE_MS
            state = "unknown" if sign is None or stale else sign.state
            top = QRectF(inside.left(), self.px(24), inside.width(), self.px(72))
            self.pen(painter, 44, 600, self.theme.text)
            painter.drawText(top, _MIDDLE, tr(f"dimension.{self.dimension}"))
            centre = QPointF(inside.right() - self.px(22), top.center().y())
            draw_state(painter, state, centre, self.px(42), self.theme)
            if sign is None:
                self.pen(painter, 120, 600, self.theme.unknown)
                painter.drawText(QPointF(inside.left(), self.px(208)), "–")
                self.pen(painter, 36, 400, self.theme.dim)
                painter.drawText(
                    QPointF(inside.left(), self.height() - self.px(36)), tr("signs.none")
                )
                return
            painter.setOpacity(0.45 if stale else 1.0)
            self._paint_value(painter, inside, sign)
            trend = QRectF(inside.left(), self.px(246), inside.width(), self.px(86))
            draw_trend(painter, trend, sign, self.theme)
            painter.setOpacity(1.0)
            self._paint_foot(painter, inside, sign, stale=stale)

    def _paint_value(self, painter: QPainter, inside: QRectF, sign: SignRow) -> None:
        text, base = figure(sign.value), self.px(208)
        critical = sign.state == "critical"
        self.pen(painter, 120, 700, self.theme.ink("critical") if critical else self.theme.text)
        painter.drawText(QPointF(inside.left(), base), text)
        left = inside.left() + self.wide(text, 120, 700) + self.px(20)
        self.pen(painter, 40, 400, self.theme.dim)
        painter.drawText(QPointF(left, base), sign_unit(sign))

    def _paint_foot(self, painter: QPainter, inside: QRectF, sign: SignRow, *, stale: bool) -> None:
        base = self.height() - self.px(36)
        aged = age(sign.at_ms, self.now_ms)
        self.pen(painter, 36, 400, self.theme.ink("attention") if stale else self.theme.dim)
        width = self.wide(aged, 36)
        painter.drawText(QPointF(inside.right() - width, base), aged)
        name = sign_name(sign)
        own = name if name != tr(f"dimension.{self.dimension}") else ""
        note = " ".join(filter(None, (own, sign_note(sign))))
        room = int(inside.width()) - width - self.px(24)
        self.pen(painter, 36, 400, self.theme.dim)
        words = metrics(self.px(36)).elidedText(note, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(inside.left(), base), words)


@dataclass(frozen=True)
class Bend:
    """One number of the river with its name above and a line below."""

    name: str
    value: str
    below: str
    state: str = ""


class CaseRiver(WallPart):
    """The way of all cases in seven numbers."""

    bends: Sequence[Bend] = ()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers side by side."""
        with QPainter(self) as painter:
            self.card(painter)
            width = self.width() / max(1, len(self.bends))
            for at, bend in enumerate(self.bends):
                left = at * width + self.px(36)
                if at:
                    line = QRectF(at * width, 1, max(1, self.px(2)), self.height() - 2)
                    painter.fillRect(line, QColor(self.theme.line))
                self.pen(painter, 36, 400, self.theme.dim)
                painter.drawText(QPointF(left, self.px(64)), bend.name)
                ink = self.theme.ink(bend.state) if bend.state else QColor(self.theme.text)
                self.pen(painter, 92, 700, ink)
                painter.drawText(QPointF(left, self.px(168)), bend.value)
                self.pen(painter, 34, 400, self.theme.dim)
                painter.drawText(QPointF(left, self.px(222)), bend.below)


class AlarmCard(WallPart):
    """One sentence: what, how bad, who is going, and by when."""

    title = ""
    text = ""
    figure = ""
    caption = ""
    late = False

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the alarm."""
        with QPainter(self) as painter:
            self.card(painter, QColor(self.theme.critical))
            pad = self.px(58)
            right = max(self.wide(self.figure, 108, 700), self.wide(self.caption, 36)) + self.px(24)
            draw_state(painter, "critical", QPointF(pad + self.px(36), self.px(100)), self.px(72),
                       self.theme)  # fmt: skip
            left = pad + self.px(92)
            room = self.width() - left - pad - right
            size = next(
                (px for px in _TITLES if self.wide(self.title, px, 700) <= room), _TITLES[-1]
            )
            self.pen(painter, size, 700, self.theme.text)
            words = metrics(self.px(size), 700).elidedText(
                self.title, Qt.TextElideMode.ElideRight, int(room)
            )
            painter.drawText(QRectF(left, self.px(40), room, self.px(120)), _MIDDLE, words)
            self.pen(painter, 44, 400, self.theme.text)
            box = QRectF(pad, self.px(170), self.width() - 2 * pad - right, self.px(140))
            painter.drawText(box, Qt.TextFlag.TextWordWrap, self.text)  # a time stays in one piece
            side = QRectF(self.width() - pad - right, self.px(40), right, self.px(130))
            self.pen(
                painter, 108, 700, self.theme.ink("critical") if self.late else self.theme.accent
            )
            painter.drawText(side, _RIGHT, self.figure)
            self.pen(painter, 36, 400, self.theme.dim)
            painter.drawText(side.translated(0, self.px(112)), _RIGHT, self.caption)
