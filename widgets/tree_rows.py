"""Painted rows of a tree: headings, switches, sliders, ranges with two handles, buttons.

One widget for all of them, so that a row that changes loses neither its place nor the keys:
↑↓ walk, Space switches, →← open, close and push handles (Shift: the upper one), O only this,
X all but this. It shows what it is given and says what a person wants; it changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from widgets.i18n import tr
from widgets.icons import SMALL, draw_icon
from widgets.theme import Theme, font, metrics

USUAL_ROW, TOUCH_ROW = 28, 44
_INDENT, _INSIDE, _KNOB, _SWATCH = 16, 8, 6.0, 10
_LABEL, _FIGURE = 86, 52  # of a slider: room for its words and for its figure
_STEP = 0.05
_HANDLED = ("slider", "range")


@dataclass(frozen=True)
class TreeRow:
    """One row.

    Attributes:
        name: what signals carry.
        words: what it says; `note` stands dim at the right, `tip` is said under the pointer.
        kind: head, check, slider, range, text, swatch or button.
        on: of a check; None is partly.
        opened: whether what is below it is shown; None has nothing below.
        colour: '#RRGGBB' of a swatch before the words.
        low, high: of handles, shares from 0 to 1; a slider has only `high`.
        step: by which keys move a handle. mark: share of a tick on the track, where one is now.
        single: whether "only this" and "all but this" mean something here.
        faint: there, but not drawn now.
    """

    name: str
    words: str
    kind: str = "check"
    depth: int = 0
    on: bool | None = False
    opened: bool | None = None
    colour: str = ""
    note: str = ""
    tip: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = _STEP
    mark: float | None = None
    single: bool = False
    faint: bool = False


class TreeRows(QWidget):
    """The rows.

    Signals:
        switched: name, on. opened: name, whether. slid: name, low, high. pressed: name.
        only, without: name. stepped: y and height of the row the keys went to.
    """

    switched = Signal(str, bool)
    opened = Signal(str, bool)
    slid = Signal(str, float, float)
    pressed = Signal(str)
    only = Signal(str)
    without = Signal(str)
    stepped = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget, *, touch: bool = False) -> None:
        super().__init__(parent)
        self.theme = theme
        self.rows: tuple[TreeRow, ...] = ()
        self.at = 0
        self._row = TOUCH_ROW if touch else USUAL_ROW
        self._hover, self._held = -1, -1
        self._upper = True  # which handle the hand holds
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    @property
    def row_height(self) -> int:
        """Pixels a row takes."""
        return self._row

    def fill(self, rows: Sequence[TreeRow]) -> None:
        """Show these; the keys stay with the row of the same name."""
        before = self.rows[self.at].name if self.rows else ""
        self.rows = tuple(rows)
        names = [row.name for row in self.rows]
        self.at = names.index(before) if before in names else min(self.at, len(names) - 1)
        if self.rows and self.rows[self.at].kind == "text":
            self.step(1)
        said = (f"{row.words} {row.note}" for row in self.rows if row.kind != "head")
        self.setAccessibleName("; ".join(said))
        self.setMinimumHeight(len(rows) * self._row)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(260, len(self.rows) * self._row)

    def step(self, by: int) -> None:
        """Go to the next row that keys mean something to."""
        at = self.at + by
        while 0 <= at < len(self.rows) and self.rows[at].kind in ("text", "swatch"):
            at += 1 if by > 0 else -1
        if 0 <= at < len(self.rows):
            self.at = at
            self.stepped.emit(at * self._row, self._row)
            self.update()

    # ---- keys and hands ---------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, switch, open, slide."""
        row = self.rows[self.at] if 0 <= self.at < len(self.rows) else None
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if row is None or not self._take(Qt.Key(event.key()), row, shift):
            super().keyPressEvent(event)

    def _take(self, key: Qt.Key, row: TreeRow, shift: bool) -> bool:
        match key:
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                self.step(1 if key == Qt.Key.Key_Down else -1)
            case Qt.Key.Key_PageDown | Qt.Key.Key_PageUp:
                by = 8 if key == Qt.Key.Key_PageDown else -8
                self.step(max(-self.at, min(by, len(self.rows) - 1 - self.at)))
            case Qt.Key.Key_Space | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._do(row)
            case Qt.Key.Key_Right | Qt.Key.Key_Left:
                self._aside(row, 1 if key == Qt.Key.Key_Right else -1, shift)
            case Qt.Key.Key_O if row.single:
                self.only.emit(row.name)
            case Qt.Key.Key_X if row.single:
                self.without.emit(row.name)
            case _:
                return False
        return True

    def _aside(self, row: TreeRow, by: int, shift: bool) -> None:
        if row.kind in _HANDLED:
            upper = row.kind == "slider" or shift
            self._slide(row, (row.high if upper else row.low) + by * row.step, upper)
        elif row.opened is not None and row.opened != (by > 0):
            self.opened.emit(row.name, by > 0)
        elif by < 0:
            above = [n for n in range(self.at) if self.rows[n].depth < row.depth]
            self.step(above[-1] - self.at if above else 0)

    def _do(self, row: TreeRow) -> None:
        if row.kind == "check":
            self.switched.emit(row.name, row.on is not True)
        elif row.kind == "button":
            self.pressed.emit(row.name)
        elif row.opened is not None:
            self.opened.emit(row.name, not row.opened)

    def _slide(self, row: TreeRow, share: float, upper: bool) -> None:
        share = round(min(max(share, 0.0), 1.0) / row.step) * row.step
        low, high = (row.low, max(share, row.low)) if upper else (min(share, row.high), row.high)
        if (low, high) != (row.low, row.high):
            self.slid.emit(row.name, low, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Switch, open, take a handle."""
        at, x = self._row_at(event.position().y()), event.position().x()
        if at < 0 or event.button() != Qt.MouseButton.LeftButton:
            return
        row = self.rows[at]
        if row.kind not in ("text", "swatch"):
            self.at = at
        if row.kind in _HANDLED:
            share = self._share(x)
            self._held = at
            middle = (row.low + row.high) / 2
            self._upper = row.kind == "slider" or share > middle
            self._slide(row, share, self._upper)
        elif row.single and x > self._words_box(row).right():
            self._press_single(row, x)
        elif row.kind == "check" and row.opened is not None and x < self._left(row) + 18:
            self.opened.emit(row.name, not row.opened)
        else:
            self._do(row)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag a handle, or light up what is under the pointer."""
        if 0 <= self._held < len(self.rows):
            self._slide(self.rows[self._held], self._share(event.position().x()), self._upper)
            return
        hover = self._row_at(event.position().y())
        if hover != self._hover:
            self._hover = hover
            self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go of a handle."""
        self._held = -1

    def leaveEvent(self, _event: QEvent) -> None:
        """Light up nothing."""
        self._hover = -1
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say under the pointer what a row means."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), self.rows[at].tip if at >= 0 else "", self)
            return True
        return super().event(event)

    def _press_single(self, row: TreeRow, x: float) -> None:
        only, _without = self._single_boxes(row)
        (self.only if x < only.right() + 3 else self.without).emit(row.name)

    def _row_at(self, y: float) -> int:
        at = int(y // self._row)
        return at if 0 <= at < len(self.rows) else -1

    # ---- where things stand in a row --------------------------------------------------------

    def _left(self, row: TreeRow) -> float:
        return _INSIDE + _INDENT * max(0, row.depth - 1)

    def _track(self) -> tuple[float, float]:
        return _INSIDE + _INDENT + _LABEL + _KNOB, self.width() - _INSIDE - _FIGURE - _KNOB

    def _share(self, x: float) -> float:
        left, right = self._track()
        return (x - left) / max(right - left, 1.0)

    def _single_boxes(self, row: TreeRow) -> tuple[QRectF, QRectF]:
        """Return where "only" and "all but" stand, at the right before the note."""
        note = metrics(12).horizontalAdvance(row.note)
        right = self.width() - _INSIDE - max(note, 34) - 8
        wide = [metrics(12).horizontalAdvance(tr(key)) + 10 for key in _SINGLE]
        but = QRectF(right - wide[1], 0, wide[1], self._row)
        return QRectF(but.left() - wide[0] - 2, 0, wide[0], self._row), but

    def _words_box(self, row: TreeRow) -> QRectF:
        """Return the room for the words of a row."""
        left = self._left(row)
        if row.kind == "check":
            left += 18 + 22 + (_SWATCH + 6 if row.colour else 0)
        elif row.kind == "swatch":
            left += 18 + _SWATCH + 8
        elif row.kind in ("text", "button"):
            left += _INDENT
        note = metrics(12).horizontalAdvance(row.note)
        right = float(self.width() - _INSIDE - (note + 8 if row.note else 0))
        if row.single and self.rows.index(row) in (self._hover, self.at):
            right = self._single_boxes(row)[0].left() - 4
        return QRectF(left, 0, right - left, self._row)

    # ---- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in sight."""
        first = max(0, event.rect().top() // self._row)
        last = min(len(self.rows), event.rect().bottom() // self._row + 1)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for at in range(first, last):
                painter.save()
                painter.translate(0, at * self._row)
                self._paint_row(painter, at, self.rows[at])
                painter.restore()

    def _paint_row(self, painter: QPainter, at: int, row: TreeRow) -> None:
        theme = self.theme
        lit = at == self.at and self.hasFocus()
        if lit or (at == self._hover and row.kind not in ("text", "swatch")):
            painter.setPen(QPen(QColor(theme.accent), 1) if lit else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(QRectF(2.5, 1.5, self.width() - 5, self._row - 3), 4, 4)
        if row.kind in _HANDLED:
            self._paint_track(painter, row)
            return
        self._paint_marks(painter, row)
        box = self._words_box(row)
        strong = row.kind == "head"
        ink = theme.accent if row.kind == "button" else theme.text
        dim = strong or row.faint or row.kind == "text"
        size, weight = (12, 600) if strong else (12 if row.kind == "text" else 14, 400)
        painter.setFont(font(size, weight))
        painter.setPen(QColor(theme.dim if dim else ink))
        words = metrics(size, weight).elidedText(
            row.words, Qt.TextElideMode.ElideRight, round(box.width())
        )
        painter.drawText(box, _LEFT, words)
        self._paint_right(painter, at, row)

    def _paint_marks(self, painter: QPainter, row: TreeRow) -> None:
        """Paint chevron, box and swatch."""
        theme, left, high = self.theme, self._left(row), self._row
        if row.opened is not None:
            icon = "chevron-down" if row.opened else "chevron-right"
            x = self.width() - _INSIDE - 18 if row.kind == "head" else left
            draw_icon(painter, icon, QRectF(x, 0, 18, high), QColor(theme.dim), SMALL)
        if row.kind == "check":
            icon = {True: "checkbox-marked-outline", False: "checkbox-blank-outline",
                    None: "minus-box-outline"}[row.on]  # fmt: skip
            ink = QColor(theme.dim if row.faint or row.on is False else theme.accent)
            draw_icon(painter, icon, QRectF(left + 18, 0, 18, high), ink, SMALL)
        if row.colour:
            x = left + 18 + (22 if row.kind == "check" else 0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(row.colour))
            box = QRectF(x, (high - _SWATCH) / 2, _SWATCH, _SWATCH)
            painter.drawRoundedRect(box, 3, 3)

    def _paint_right(self, painter: QPainter, at: int, row: TreeRow) -> None:
        """Paint the note, and "only" and "all but" where hand or keys are."""
        painter.setFont(font(12))
        painter.setPen(QColor(self.theme.dim))
        if row.kind != "head" or row.note:
            box = QRectF(
                0, 0, self.width() - _INSIDE - (22 if row.kind == "head" else 0), self._row
            )
            painter.drawText(box, _RIGHT, row.note)
        if row.single and at in (self._hover, self.at if self.hasFocus() else -1):
            painter.setPen(QColor(self.theme.accent))
            for box, key in zip(self._single_boxes(row), _SINGLE, strict=True):
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tr(key))

    def _paint_track(self, painter: QPainter, row: TreeRow) -> None:
        theme, y = self.theme, self._row / 2
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(
            QRectF(_INSIDE + _INDENT + 18, 0, _LABEL - 18, self._row), _LEFT, row.words
        )
        painter.drawText(QRectF(0, 0, self.width() - _INSIDE, self._row), _RIGHT, row.note)
        left, right = self._track()
        along = right - left
        low = left + along * (row.low if row.kind == "range" else 0.0)
        high = left + along * row.high
        for ink, x0, x1 in ((theme.line, left, right), (theme.accent, low, high)):
            painter.setPen(QPen(QColor(ink), 3, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x0, y), QPointF(x1, y))
        if row.mark is not None:
            x = left + along * min(max(row.mark, 0.0), 1.0)
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.drawLine(QPointF(x, y - 8), QPointF(x, y + 8))
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.setBrush(QColor(theme.panel))
        for x in (low, high) if row.kind == "range" else (high,):
            painter.drawEllipse(QPointF(x, y), _KNOB, _KNOB)


_SINGLE = ("layer.only", "layer.without")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
